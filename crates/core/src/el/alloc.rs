//! The accounts of `alloc` and the state root. Source: geth `core/types/account.go`,
//! `core/genesis.go` (`hashAlloc`); Yellow Paper, section 4.1.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;

use alloy_primitives::{Address, B256, U256, b256, keccak256};
use alloy_rlp::{BufMut, Encodable};
use rayon::prelude::*;

use super::error::{Error, Problem, invalid, shorten};
use super::json::{Cursor, fold, unescape};
use super::number::{hex_or_decimal_64, hex_or_decimal_256, storage_word, unprefixed_address};
use super::state_sink::StateSink;
use super::stream::{Entries, Stream};
use super::trie::{self, EMPTY_ROOT_HASH, Leaf};

mod bounded;

pub use bounded::BoundedState;

/// `keccak256("")`, the code hash of an account without code.
pub const EMPTY_CODE_HASH: B256 =
    b256!("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");

/// An account in the state trie.
#[derive(Debug, Clone)]
pub struct Account {
    /// `keccak256(address)`, its key in the trie.
    pub hashed_address: B256,
    /// Number of transactions sent, or of contracts created.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Root of the storage trie.
    pub storage_root: B256,
    /// `keccak256(code)`.
    pub code_hash: B256,
}

impl Leaf for Account {
    fn key(&self) -> &[u8] {
        &self.hashed_address[..]
    }

    fn encode_value(&self, out: &mut dyn BufMut) {
        let payload_length = self.nonce.length() + self.balance.length() + 33 + 33;
        alloy_rlp::Header { list: true, payload_length }.encode(out);
        self.nonce.encode(out);
        self.balance.encode(out);
        self.storage_root.encode(out);
        self.code_hash.encode(out);
    }
}

/// A storage slot.
#[derive(Debug, Clone)]
pub struct Slot {
    /// `keccak256(slot)`, its key in the trie.
    pub hashed_slot: B256,
    /// The value; its encoding has no leading zeros.
    pub value: U256,
}

impl Leaf for Slot {
    fn key(&self) -> &[u8] {
        &self.hashed_slot[..]
    }

    fn encode_value(&self, out: &mut dyn BufMut) {
        self.value.encode(out);
    }
}

/// An entry of an alloc as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEntry {
    /// Bytes of the file: the value, braces included.
    pub range: Range<u64>,
    /// These bytes.
    pub text: Vec<u8>,
}

/// The accounts of a genesis, in trie order.
#[derive(Debug, Default)]
pub struct State<'a> {
    accounts: Vec<Account>,
    sink: Option<&'a dyn StateSink>,
    watched: BTreeMap<Address, Option<RawEntry>>,
}

/// Receives accounts while a file is read.
pub trait Accounts: Send {
    /// Shows the next entry of the file before it is parsed: key and value, and the offset of the value.
    fn show(&mut self, key: &[u8], value: &[u8], offset: u64) {
        let _ = (key, value, offset);
    }
    /// Adds the next account of the file.
    fn add(&mut self, account: Account);
    /// Called at the end of an `alloc`.
    ///
    /// # Errors
    /// The accounts cannot be kept.
    fn end(&mut self) -> Result<(), Error> {
        Ok(())
    }
    /// Removes all accounts, as a later `"alloc": null` does in geth.
    fn clear(&mut self);
    /// Receives the parts of the accounts that are not in an [`Account`].
    fn sink(&self) -> Option<&dyn StateSink> {
        None
    }
}

/// Reads the entries of an `alloc` after its opening brace, and hashes them on all cores.
///
/// # Errors
/// geth rejects an entry. The error has the entry's address, and is the first in the file's order.
pub fn read<R: Read + Send>(
    stream: &mut Stream<R>,
    accounts: &mut impl Accounts,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), Error> {
    if stream.peek()? == Some(b'}') {
        return stream.expect(b'}', "`}`");
    }
    let mut batch = stream.entries()?;
    loop {
        // Delimit the next batch while this one is parsed.
        let (next, done) = rayon::join(
            || (!batch.last).then(|| stream.entries()).transpose(),
            || read_entries(&batch, accounts),
        );
        done?;
        progress(batch.end());
        let Some(next) = next? else {
            return accounts.end();
        };
        stream.recycle(std::mem::replace(&mut batch, next));
    }
}

fn read_entries(batch: &Entries, accounts: &mut impl Accounts) -> Result<(), Error> {
    let Entries { text, origin, pairs, .. } = batch;
    // In chunks, because the parsed accounts are as large as the text.
    for chunk in pairs.chunks(CHUNK) {
        for (key, value) in chunk {
            accounts.show(&text[key.clone()], &text[value.clone()], origin + value.start as u64);
        }
        let sink = accounts.sink();
        let read: Vec<_> = chunk
            .par_iter()
            .map(|(key, value)| {
                let offset = origin + key.start as u64;
                let value = (&text[value.clone()], origin + value.start as u64);
                entry(&text[key.clone()], value, sink).map_err(|mut error| {
                    error.offset = error.offset.or(Some(offset));
                    error.under(shorten(&text[key.clone()]))
                })
            })
            .collect();
        for account in read {
            accounts.add(account?);
        }
    }
    Ok(())
}

/// The number of entries that are parsed before their accounts are passed on.
const CHUNK: usize = 8192;

impl Accounts for State<'_> {
    fn show(&mut self, key: &[u8], value: &[u8], offset: u64) {
        if self.watched.is_empty() {
            return;
        }
        let address = unprefixed_address(&unescape(key)).ok().map(Address::from);
        if let Some(entry) = address.and_then(|address| self.watched.get_mut(&address)) {
            let range = offset..offset + value.len() as u64;
            *entry = Some(RawEntry { range, text: value.to_vec() });
        }
    }

    fn add(&mut self, account: Account) {
        self.accounts.push(account);
    }

    /// A repeated address replaces the earlier account, even across several `alloc`s.
    fn end(&mut self) -> Result<(), Error> {
        let read = self.accounts.len();
        // Stable, so that of equal keys the last one read is last.
        self.accounts.par_sort_by_key(|account| account.hashed_address);
        in_effect(&mut self.accounts);
        if let Some(sink) = self.sink.filter(|_| self.accounts.len() < read) {
            sink.replaced();
        }
        Ok(())
    }

    fn clear(&mut self) {
        if let Some(sink) = self.sink.filter(|_| !self.accounts.is_empty()) {
            sink.replaced();
        }
        self.accounts.clear();
        self.watched.values_mut().for_each(|entry| *entry = None);
    }

    fn sink(&self) -> Option<&dyn StateSink> {
        self.sink
    }
}

/// Of an address that comes twice in sorted accounts, the last one stays.
fn in_effect(accounts: &mut Vec<Account>) {
    accounts.reverse();
    accounts.dedup_by_key(|account| account.hashed_address);
    accounts.reverse();
}

impl<'a> State<'a> {
    /// A state without accounts, whose parts go to `sink`.
    pub fn with_sink(sink: Option<&'a dyn StateSink>) -> Self {
        Self { sink, ..Self::default() }
    }

    /// The same, keeping the entries of these addresses as the file has them.
    #[must_use]
    pub fn watching(mut self, addresses: impl IntoIterator<Item = Address>) -> Self {
        self.watched.extend(addresses.into_iter().map(|address| (address, None)));
        self
    }

    /// The last entry of a watched address.
    pub fn entry(&self, address: Address) -> Option<&RawEntry> {
        self.watched.get(&address)?.as_ref()
    }

    /// Adds raw entries, `"0x…": {…}` each. They replace existing accounts.
    ///
    /// # Errors
    /// As [`read`].
    pub fn add_entries(&mut self, entries: &[String]) -> Result<(), Error> {
        let text = format!("{}}}", entries.join(","));
        read(&mut Stream::new(text.as_bytes()), self, &|_| ())
    }

    /// The number of accounts.
    pub fn len(&self) -> usize {
        self.accounts.len()
    }

    /// Whether there are no accounts.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// The account at `address`.
    pub fn account(&self, address: Address) -> Option<&Account> {
        let key = keccak256(address);
        let found = self.accounts.binary_search_by_key(&key, |account| account.hashed_address);
        found.ok().map(|index| &self.accounts[index])
    }

    /// The sum of all balances, in wei.
    pub fn total(&self) -> U256 {
        self.accounts.iter().fold(U256::ZERO, |sum, account| sum.saturating_add(account.balance))
    }

    /// The state root. Empty accounts are included: EIP-161 does not apply at genesis.
    pub fn root(&self) -> B256 {
        let Some(sink) = self.sink else { return trie::root(&self.accounts) };
        self.accounts.par_iter().for_each(|account| sink.account(account));
        trie::root_with_nodes(&self.accounts, &|hash, rlp| sink.node(hash, rlp))
    }
}

/// Reads an entry. `value` has the offset of its text in the file.
fn entry(
    key: &[u8],
    (value, origin): (&[u8], u64),
    sink: Option<&dyn StateSink>,
) -> Result<Account, Error> {
    // The stream has delimited the key without checking it.
    let quoted = [b"\"", key, b"\""].concat();
    let mut strict = Cursor::new(&quoted, origin);
    strict.string()?;
    let address = unprefixed_address(&unescape(key))?;
    // An entry is nested in two objects: the document and the alloc.
    let mut cursor = Cursor::within(value, origin, 2);
    if cursor.peek() != Some(b'{') {
        let raw = cursor.value()?;
        return Err(invalid(raw, "an account: {\"balance\": …}").into());
    }
    let mut balance = None;
    let mut nonce = 0;
    let mut code = Vec::new();
    let mut slots = Vec::new();
    cursor.object(|key, cursor| {
        match &*fold(key) {
            b"balance" => match cursor.value()? {
                b"null" => balance = None,
                raw => balance = Some(hex_or_decimal_256(raw)?),
            },
            b"nonce" => match cursor.value()? {
                b"null" => nonce = 0,
                raw => nonce = hex_or_decimal_64(raw)?,
            },
            b"code" => code = read_code(cursor)?,
            b"storage" => storage(cursor, &mut slots, sink)?,
            _ => drop(cursor.value()?),
        }
        Ok(())
    })?;
    cursor.end()?;
    let balance = balance.ok_or_else(|| Error::from(Problem::Missing).under("balance"))?;
    let hashed_address = keccak256(address);
    let code_hash = if code.is_empty() { EMPTY_CODE_HASH } else { keccak256(&code) };
    let storage_root = match sink {
        None => storage_root(slots),
        Some(sink) => {
            sink.preimage(&hashed_address, &address[..]);
            if !code.is_empty() {
                sink.code(&code_hash, &code);
            }
            let slots = in_trie_order(slots);
            slots.iter().for_each(|slot| sink.slot(&hashed_address, slot));
            trie::root_with_nodes(&slots, &|hash, rlp| sink.node(hash, rlp))
        }
    };
    Ok(Account { hashed_address, nonce, balance, storage_root, code_hash })
}

fn read_code(cursor: &mut Cursor<'_>) -> Result<Vec<u8>, Error> {
    match cursor.value()? {
        b"null" => Ok(Vec::new()),
        raw => Ok(super::number::hex_bytes(raw)?),
    }
}

fn storage(
    cursor: &mut Cursor<'_>,
    slots: &mut Vec<Slot>,
    sink: Option<&dyn StateSink>,
) -> Result<(), Error> {
    if cursor.peek() != Some(b'{') {
        return match cursor.value()? {
            b"null" => {
                slots.clear();
                Ok(())
            }
            raw => Err(invalid(raw, "an object of slots").into()),
        };
    }
    cursor.object(|key, cursor| {
        let slot = storage_word(key)?;
        let value = match cursor.peek() {
            Some(b'"') => storage_word(&unescape(cursor.string()?))?,
            _ => match cursor.value()? {
                b"null" => [0; 32],
                raw => return Err(invalid(raw, "a value in quotes, as hex").into()),
            },
        };
        let (hashed_slot, value) = (keccak256(slot), U256::from_be_bytes(value));
        if let Some(sink) = sink.filter(|_| !value.is_zero()) {
            sink.preimage(&hashed_slot, &slot[..]);
        }
        slots.push(Slot { hashed_slot, value });
        Ok(())
    })
}

/// The storage root. Slots with the value zero are left out. The last value of a repeated slot is
/// in effect.
pub fn storage_root(slots: Vec<Slot>) -> B256 {
    if slots.is_empty() {
        return EMPTY_ROOT_HASH;
    }
    trie::root(&in_trie_order(slots))
}

/// The slots in effect, as [`storage_root`] describes them.
fn in_trie_order(mut slots: Vec<Slot>) -> Vec<Slot> {
    slots.sort_by_key(|slot| slot.hashed_slot);
    slots.reverse();
    slots.dedup_by_key(|slot| slot.hashed_slot);
    slots.reverse();
    slots.retain(|slot| !slot.value.is_zero());
    slots
}

#[cfg(test)]
mod tests;

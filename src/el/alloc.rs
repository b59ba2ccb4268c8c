//! The accounts of `alloc` and the state root. Source: geth `core/types/account.go`,
//! `core/genesis.go` (`hashAlloc`); Yellow Paper, section 4.1.

use std::io::Read;

use alloy_primitives::{Address, B256, U256, b256, keccak256};
use alloy_rlp::{BufMut, Encodable};
use rayon::prelude::*;

use super::error::{Error, Problem, invalid, shorten};
use super::json::{Cursor, fold, unescape};
use super::number::{hex_or_decimal_64, hex_or_decimal_256, storage_word, unprefixed_address};
use super::stream::{Entries, Stream};
use super::trie::{self, EMPTY_ROOT_HASH, Leaf};

/// `keccak256("")`, the code hash of an account without code.
pub const EMPTY_CODE_HASH: B256 =
    b256!("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");

/// An account as the state trie holds it.
#[derive(Debug, Clone)]
pub struct Account {
    /// `keccak256(address)`, its place in the trie.
    pub hashed_address: B256,
    /// Transactions sent, or contracts created.
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

/// A storage slot: `keccak256(slot)` and its value, leading zeros stripped when encoded.
#[derive(Debug, Clone)]
pub struct Slot {
    /// `keccak256(slot)`, its place in the trie.
    pub hashed_slot: B256,
    /// The value.
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

/// The accounts of a genesis, in trie order.
#[derive(Debug, Default)]
pub struct State {
    accounts: Vec<Account>,
}

/// Where accounts go as they are read.
pub trait Accounts: Send {
    /// Takes the next account of the file.
    fn add(&mut self, account: Account);
    /// Called at the end of an `alloc`.
    fn end(&mut self) {}
    /// Drops all accounts, as a later `"alloc": null` does in geth.
    fn clear(&mut self);
}

/// Reads the entries of an `alloc` whose opening brace is behind, hashing on all cores.
///
/// # Errors
/// Whatever geth refuses in an entry, under its address; the first in the file's order.
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
        // The next entries are looked for while these are read.
        let (next, done) = rayon::join(
            || (!batch.last).then(|| stream.entries()).transpose(),
            || read_entries(&batch, accounts),
        );
        done?;
        progress(batch.end());
        let Some(next) = next? else {
            accounts.end();
            return Ok(());
        };
        stream.recycle(std::mem::replace(&mut batch, next));
    }
}

fn read_entries(batch: &Entries, accounts: &mut impl Accounts) -> Result<(), Error> {
    let Entries { text, origin, pairs, .. } = batch;
    // A share at a time: what they are read into is as large as the text.
    for share in pairs.chunks(SHARE) {
        let read: Vec<_> = share
            .par_iter()
            .map(|(key, value)| {
                let offset = origin + key.start as u64;
                entry(&text[key.clone()], &text[value.clone()], origin + value.start as u64)
                    .map_err(|mut error| {
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

/// How many entries are read before their accounts are handed on.
const SHARE: usize = 8192;

impl Accounts for State {
    fn add(&mut self, account: Account) {
        self.accounts.push(account);
    }

    /// An address that comes again replaces the earlier account, also that of an earlier `alloc`.
    fn end(&mut self) {
        // Stable, so that of equal keys the one read last comes last.
        self.accounts.par_sort_by_key(|account| account.hashed_address);
        self.accounts.reverse();
        self.accounts.dedup_by_key(|account| account.hashed_address);
        self.accounts.reverse();
    }

    fn clear(&mut self) {
        self.accounts.clear();
    }
}

impl State {
    /// Adds raw entries, `"0x…": {…}` each, over what is there.
    ///
    /// # Errors
    /// As [`read`].
    pub fn add_entries(&mut self, entries: &[String]) -> Result<(), Error> {
        let text = format!("{}}}", entries.join(","));
        read(&mut Stream::new(text.as_bytes()), self, &|_| ())
    }

    /// How many accounts there are.
    pub fn len(&self) -> usize {
        self.accounts.len()
    }

    /// Whether there is no account.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// The account at `address`.
    pub fn account(&self, address: Address) -> Option<&Account> {
        let key = keccak256(address);
        let found = self.accounts.binary_search_by_key(&key, |account| account.hashed_address);
        found.ok().map(|index| &self.accounts[index])
    }

    /// The state root. Empty accounts count (EIP-161 does not apply at genesis).
    pub fn root(&self) -> B256 {
        trie::root(&self.accounts)
    }
}

fn entry(key: &[u8], value: &[u8], origin: u64) -> Result<Account, Error> {
    // The stream has only delimited the key; this checks it.
    let quoted = [b"\"", key, b"\""].concat();
    let mut strict = Cursor::new(&quoted, origin);
    strict.string()?;
    let address = unprefixed_address(&unescape(key))?;
    // Around an entry, the document and the alloc are open.
    let mut cursor = Cursor::within(value, origin, 2);
    if cursor.peek() != Some(b'{') {
        let raw = cursor.value()?;
        return Err(invalid(raw, "an account: {\"balance\": …}").into());
    }
    let mut balance = None;
    let mut nonce = 0;
    let mut code_hash = EMPTY_CODE_HASH;
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
            b"code" => code_hash = hash_of_code(cursor)?,
            b"storage" => storage(cursor, &mut slots)?,
            _ => drop(cursor.value()?),
        }
        Ok(())
    })?;
    cursor.end()?;
    Ok(Account {
        hashed_address: keccak256(address),
        nonce,
        balance: balance.ok_or_else(|| Error::from(Problem::Missing).under("balance"))?,
        storage_root: storage_root(slots),
        code_hash,
    })
}

fn hash_of_code(cursor: &mut Cursor<'_>) -> Result<B256, Error> {
    let raw = cursor.value()?;
    if raw == b"null" {
        return Ok(EMPTY_CODE_HASH);
    }
    Ok(keccak256(super::number::hex_bytes(raw)?))
}

fn storage(cursor: &mut Cursor<'_>, slots: &mut Vec<Slot>) -> Result<(), Error> {
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
        slots.push(Slot { hashed_slot: keccak256(slot), value: U256::from_be_bytes(value) });
        Ok(())
    })
}

/// Root of the slots that are not zero; of a slot that comes twice, the later value.
pub fn storage_root(mut slots: Vec<Slot>) -> B256 {
    if slots.is_empty() {
        return EMPTY_ROOT_HASH;
    }
    slots.sort_by_key(|slot| slot.hashed_slot);
    slots.reverse();
    slots.dedup_by_key(|slot| slot.hashed_slot);
    slots.reverse();
    slots.retain(|slot| !slot.value.is_zero());
    trie::root(&slots)
}

#[cfg(test)]
mod tests;

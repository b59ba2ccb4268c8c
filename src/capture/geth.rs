//! `debug_accountRange`, page by page, and `debug_storageRangeAt` for accounts that are too big
//! for an answer. Source: geth `eth/api_debug.go`, `core/state/dump.go`.
//!
//! What these methods hide: more than 256 accounts are never given, whatever is asked for; an
//! account or slot whose preimage the node has not kept is left out, unless `incompletes` is set,
//! and then only the account is there, under `pre(0x…)`; an error in the middle of the trie ends
//! the page, without a word.

use alloy_primitives::{Address, B256};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::Error;
use super::account::{Account, StorageSlot, word};
use super::block::Block;
use super::collect::Alloc;
use super::rpc::Rpc;
use crate::el::alloc::Slot;
use crate::el::json::Cursor as Json;
use crate::el::trie::Builder;

/// geth's `AccountRangeMaxResults`.
const MOST: usize = 256;
/// Longest answer that is taken as a page; where one is longer, fewer accounts are asked for.
const PAGE_LIMIT: u64 = 8 << 20;
/// Longest answer for one account, where nothing shorter can be had.
const WHOLE_LIMIT: u64 = 512 << 20;
/// Slots in a page of storage.
const SLOTS: usize = 4096;

/// Where the next page begins, as the node wrote it: hex, or base64 before geth 1.11.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// As it is kept for a capture that is taken up again.
    pub fn resume(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As the node wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The hash that it stands for.
    fn hash(&self) -> Option<B256> {
        match self.0.strip_prefix("0x") {
            Some(_) => word(self.0.as_bytes()).ok(),
            None => base64(&self.0).and_then(|bytes| B256::try_from(&bytes[..]).ok()),
        }
    }

    /// How much of the trie lies before it, from 0 to 1.
    pub fn progress(&self) -> f64 {
        let first = self.hash().map_or(0, |hash| u16::from_be_bytes([hash[0], hash[1]]));
        f64::from(first) / f64::from(u16::MAX)
    }
}

/// Standard base64 with its padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for c in text.trim_end_matches('=').bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

/// What a page has.
#[derive(Debug)]
pub enum Page {
    /// Accounts, in the trie's order.
    Accounts(Vec<Account>),
    /// An account whose storage is too big for an answer, without it.
    Large(Box<Account>),
}

/// The accounts of a block, page by page.
#[derive(Debug)]
pub struct Pages<R> {
    rpc: R,
    block: B256,
    state_root: B256,
    next: Option<Cursor>,
    /// Whether the first page is still to come.
    begins: bool,
    last: Option<B256>,
    most: usize,
}

impl<'a> Pages<&'a dyn Rpc> {
    /// From the first account on, or from where an earlier run has come to.
    pub fn new(rpc: &'a dyn Rpc, block: &Block, from: Option<Cursor>) -> Self {
        Self {
            rpc,
            block: block.hash.unwrap_or_default(),
            state_root: block.state_root,
            begins: from.is_none(),
            next: Some(from.unwrap_or(Cursor("0x".to_owned()))),
            last: None,
            most: MOST,
        }
    }

    /// Where the next page begins.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.next.as_ref()
    }

    /// The next page; `None` behind the last.
    ///
    /// # Errors
    /// The node refuses, answers out of order, or with another state.
    pub fn next_page(&mut self) -> Result<Option<Page>, Error> {
        loop {
            let Some(cursor) = self.next.clone() else { return Ok(None) };
            let (accounts, next) = match self.ask(&cursor, self.most, false, PAGE_LIMIT) {
                Err(Error::Rpc(error)) if error.asks_for_less() && self.most > 1 => {
                    // Not by halves: the node makes each answer in full before it is refused.
                    self.most = (self.most / 16).max(1);
                    continue;
                }
                Err(Error::Rpc(error)) if error.asks_for_less() => {
                    let (accounts, next) = self.ask(&cursor, 1, true, PAGE_LIMIT)?;
                    self.step(&accounts, next)?;
                    let account = accounts.into_iter().next();
                    return Ok(account.map(|account| Page::Large(Box::new(account))));
                }
                asked => asked?,
            };
            self.step(&accounts, next)?;
            self.most = (self.most * 2).min(MOST);
            return Ok(Some(Page::Accounts(accounts)));
        }
    }

    /// Goes on behind a page, which must bring the end nearer.
    fn step(&mut self, accounts: &[Account], next: Option<Cursor>) -> Result<(), Error> {
        let first = accounts.first().map(|account| account.hashed_address);
        let last = accounts.last().map(|account| account.hashed_address);
        let behind = self.last.is_none_or(|before| first.is_none_or(|first| before < first));
        let next_hash = next.as_ref().map(Cursor::hash);
        let ahead = match (next_hash, last) {
            (None, _) => true,
            (Some(Some(next)), Some(last)) => last < next,
            (Some(_), _) => false,
        };
        if !behind || !ahead {
            return Err(Error::Loop { cursor: next.map_or_else(String::new, |next| next.0) });
        }
        self.begins = false;
        self.last = last.or(self.last);
        self.next = next;
        Ok(())
    }

    fn ask(
        &self,
        cursor: &Cursor,
        most: usize,
        nostorage: bool,
        limit: u64,
    ) -> Result<Asked, Error> {
        let params = |cursor: &str| {
            json!([self.block, cursor, most, false, nostorage, true /* incompletes */])
        };
        let answer = self.rpc.call("debug_accountRange", &params(cursor.as_str()), limit);
        let raw = match answer {
            // Before geth 1.11 the cursor is base64, in which the start is an empty text.
            Err(super::rpc::Error::Refused { message, .. })
                if self.begins && message.contains("base64") =>
            {
                self.rpc.call("debug_accountRange", &params(""), limit)?
            }
            answer => answer?,
        };
        if raw == b"null" {
            return Err(Error::NoDump { method: "debug_accountRange" });
        }
        let (root, asked) = page(&raw)?;
        if root.is_some_and(|root| root != self.state_root) {
            let found = root.unwrap_or_default();
            return Err(Error::AnotherState { found, expected: self.state_root });
        }
        Ok(asked)
    }

    /// The storage of a large account in one answer, however long.
    ///
    /// # Errors
    /// The node refuses, or the answer is not that account.
    pub fn whole(&self, account: &Account) -> Result<Account, Error> {
        let cursor = Cursor(account.hashed_address.to_string());
        let (accounts, _) = self.ask(&cursor, 1, false, WHOLE_LIMIT)?;
        let is_it = |found: &Account| found.hashed_address == account.hashed_address;
        accounts.into_iter().find(is_it).ok_or(Error::Loop { cursor: cursor.0 })
    }
}

/// Accounts in the trie's order, and where the next page begins.
type Asked = (Vec<Account>, Option<Cursor>);

/// A page, and its state root if it says it.
fn page(raw: &[u8]) -> Result<(Option<B256>, Asked), Error> {
    let (mut root, mut entries, mut next) = (None, Vec::new(), None);
    let mut text = Json::new(raw, 0);
    let quoted = |raw: &[u8]| serde_json::from_slice::<String>(raw).ok();
    text.object(|key, text| {
        match key {
            b"accounts" if text.peek() == Some(b'{') => text.object(|key, text| {
                entries.push((key.to_vec(), text.value()?));
                Ok(())
            })?,
            b"root" => root = quoted(text.value()?).and_then(|text| word(text.as_bytes()).ok()),
            b"next" => next = quoted(text.value()?).filter(|text| !text.is_empty()).map(Cursor),
            _ => drop(text.value()?),
        }
        Ok(())
    })
    .and_then(|()| text.end())
    .map_err(|error| Error::Answer(format!("debug_accountRange: {error}")))?;
    let parse = |(key, value): &(Vec<u8>, &[u8])| {
        Account::parse(key, value).map_err(|error| {
            let key = String::from_utf8_lossy(key).into_owned();
            Error::Answer(format!("debug_accountRange: {}", error.under(key)))
        })
    };
    let mut accounts = entries.par_iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    accounts.sort_unstable_by_key(|account| account.hashed_address);
    Ok((root, (accounts, next)))
}

/// What became of a storage that was fetched in parts.
#[derive(Debug, PartialEq, Eq)]
pub enum Parts {
    /// It is in the alloc, and its root is the account's.
    Whole,
    /// Something of it is missing; what is in the alloc of it must go.
    Incomplete,
}

/// Adds an account whose storage is fetched in parts, as it was before block `child`.
///
/// # Errors
/// As [`storage`]; what was written of the account must go then, too.
pub fn add_in_parts<W: std::io::Write>(
    rpc: &dyn Rpc,
    child: B256,
    address: Address,
    account: &Account,
    alloc: &mut Alloc<W>,
) -> Result<Parts, Error> {
    let mut trie = Builder::default();
    let mut complete = true;
    alloc.add_in_parts(address, account, |write| {
        storage(rpc, child, address, &mut |slots| {
            for slot in slots {
                complete &= trie.push(&slot.leaf());
                match slot.resolved(|_| None) {
                    Some(slot) => write(slot)?,
                    None => complete = false,
                }
            }
            Ok(())
        })
    })?;
    let whole = complete && account.storage_root == Some(trie.root());
    Ok(if whole { Parts::Whole } else { Parts::Incomplete })
}

/// A slot as the storage trie has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashedSlot {
    /// `keccak256(slot)`.
    pub hashed_slot: B256,
    /// The slot, if the node has its preimage.
    pub slot: Option<B256>,
    /// The value.
    pub value: B256,
}

impl HashedSlot {
    fn leaf(&self) -> Slot {
        Slot { hashed_slot: self.hashed_slot, value: self.value.into() }
    }

    /// The slot and its value, the slot from the node or from `known`.
    pub fn resolved(&self, known: impl Fn(&B256) -> Option<B256>) -> Option<StorageSlot> {
        let slot = self.slot.or_else(|| known(&self.hashed_slot))?;
        Some((slot, self.value.into()))
    }
}

/// Calls `each` with the slots of an account, in the trie's order, a page at a time. They are those
/// before the first transaction of block `child`: of the state behind its parent.
///
/// # Errors
/// The node refuses, answers out of order, or `each` fails.
pub fn storage(
    rpc: &dyn Rpc,
    child: B256,
    address: Address,
    each: &mut dyn FnMut(&[HashedSlot]) -> Result<(), Error>,
) -> Result<(), Error> {
    const METHOD: &str = "debug_storageRangeAt";
    let mut start = "0x".to_owned();
    let mut last = None;
    loop {
        let params = json!([child, 0, address, start, SLOTS]);
        let raw = rpc.call(METHOD, &params, PAGE_LIMIT)?;
        let (slots, next) = storage_page(&raw)?;
        let behind = slots.first().is_none_or(|first| last < Some(first.hashed_slot));
        last = slots.last().map(|slot| slot.hashed_slot).or(last);
        each(&slots)?;
        let Some(next) = next else { return Ok(()) };
        if !behind || last >= Some(next) {
            return Err(Error::Loop { cursor: next.to_string() });
        }
        start = next.to_string();
    }
}

fn storage_page(raw: &[u8]) -> Result<(Vec<HashedSlot>, Option<B256>), Error> {
    let wrong = || Error::Answer("debug_storageRangeAt answers with another shape".to_owned());
    let answer: Value = serde_json::from_slice(raw).map_err(|_| wrong())?;
    if answer.is_null() {
        return Err(Error::NoDump { method: "debug_storageRangeAt" });
    }
    let hash = |value: &Value| value.as_str().and_then(|text| word(text.as_bytes()).ok());
    let mut slots = Vec::new();
    for (key, entry) in answer["storage"].as_object().into_iter().flatten() {
        slots.push(HashedSlot {
            hashed_slot: word(key.as_bytes()).map_err(|_| wrong())?,
            slot: hash(&entry["key"]),
            value: hash(&entry["value"]).ok_or_else(wrong)?,
        });
    }
    slots.sort_unstable_by_key(|slot| slot.hashed_slot);
    Ok((slots, hash(&answer["nextKey"])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_hex_or_base64() {
        let hash = B256::repeat_byte(0x5a);
        let old = "WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=";
        assert_eq!(Cursor(old.to_owned()).hash(), Some(hash));
        assert_eq!(Cursor(hash.to_string()).hash(), Some(hash));
        assert_eq!(Cursor("nonsense!".to_owned()).hash(), None);
        assert!((Cursor(hash.to_string()).progress() - 0.353).abs() < 0.001);
    }
}

//! `debug_storageRangeAt`: the storage of an account, page by page.

use alloy_primitives::{Address, B256};
use serde_json::{Value, json};

use super::super::Error;
use super::super::account::{Account, StorageSlot, word};
use super::super::alloc_writer::AllocWriter;
use super::{Cursor, PAGE_LIMIT};
use crate::el::alloc::Slot;
use crate::el::trie::Builder;
use crate::rpc::Rpc;

/// Slots in a page.
const SLOTS: usize = 4096;

/// Result of fetching a storage in parts.
#[derive(Debug, PartialEq, Eq)]
pub enum Parts {
    /// The storage is in the alloc, and its root is the account's.
    Complete,
    /// A part is missing: the caller removes the account from the alloc.
    Incomplete,
}

/// Adds an account whose storage is fetched in parts, as it was before block `child`.
///
/// # Errors
/// As [`storage`]; the caller then removes the account from the alloc, too.
pub fn add_in_parts<W: std::io::Write>(
    rpc: &dyn Rpc,
    child: B256,
    address: Address,
    account: &Account,
    alloc: &mut AllocWriter<W>,
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
    let is_complete = complete && account.storage_root == Some(trie.root());
    Ok(if is_complete { Parts::Complete } else { Parts::Incomplete })
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

    /// The slot and its value; the slot comes from the node, else from `known`.
    pub fn resolved(&self, known: impl Fn(&B256) -> Option<B256>) -> Option<StorageSlot> {
        let slot = self.slot.or_else(|| known(&self.hashed_slot))?;
        Some((slot, self.value.into()))
    }
}

/// Calls `each` with the slots of an account, a page at a time, in the order of the trie. They are those
/// before the first transaction of block `child`, so those of its parent's state.
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
        let is_after = slots.first().is_none_or(|first| last < Some(first.hashed_slot));
        last = slots.last().map(|slot| slot.hashed_slot).or(last);
        each(&slots)?;
        let Some(next) = next else { return Ok(()) };
        if !is_after || last >= Some(next) {
            return Err(Error::Loop { cursor: next.to_string() });
        }
        start = next.to_string();
    }
}

fn storage_page(raw: &[u8]) -> Result<(Vec<HashedSlot>, Option<B256>), Error> {
    let wrong = || Error::Answer("debug_storageRangeAt returns an unexpected response".to_owned());
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
    let next = match &answer["nextKey"] {
        Value::String(text) if !text.is_empty() => {
            Some(Cursor::parse(text).and_then(|cursor| cursor.hash()).ok_or_else(wrong)?)
        }
        _ => None,
    };
    Ok((slots, next))
}

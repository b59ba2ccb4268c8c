//! Two states, compared by account and slot.
//!
//! The fields of both are distributed by the first byte of the address, on disk where they do not fit into
//! memory, and then sorted and merged: a comparison holds a 256th of random addresses.

pub mod chain;

use std::io;

use alloy_primitives::{Address, B256, U256};

use super::account::Account;
use super::alloc_writer::Counts;
use crate::geth_database::sort::{self, length, put};
use crate::sort::{Parts, Space};

/// Bytes of the address and the number of its entry, with which each key starts.
const ENTRY: usize = 20 + 8;

/// One for each first byte of an address.
const PARTS: usize = 256;

/// Bytes of a part in memory before they go to disk.
const LIMIT: usize = 256 << 10;

/// The fields of an account, in the order in which they are compared.
const BALANCE: u8 = 0;
const NONCE: u8 = 1;
const CODE: u8 = 2;
const SLOT: u8 = 3;

/// A state, to be sorted.
#[derive(Debug)]
pub struct Side<'a> {
    parts: Parts<'a>,
    /// The accounts that were added.
    pub counts: Counts,
}

/// An account that one of the states does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Whole {
    /// Wei.
    pub balance: U256,
    /// Its nonce.
    pub nonce: u64,
    /// Bytes of code.
    pub code: u64,
    /// Storage slots.
    pub slots: u64,
}

/// Code by its size and hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CodeOf {
    /// Bytes.
    pub size: u64,
    /// Keccak-256.
    pub hash: B256,
}

/// How the states differ in one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Only the first state has the account.
    Removed(Whole),
    /// Only the second state has it.
    Added(Whole),
    /// Its balance in wei.
    Balance(U256, U256),
    /// Its nonce.
    Nonce(u64, u64),
    /// Its code.
    Code(CodeOf, CodeOf),
    /// A slot and its values; 0: the state does not have it.
    Slot(B256, U256, U256),
}

impl<'a> Side<'a> {
    /// An empty state; `space` has room for what does not fit into memory.
    pub fn new(space: &'a dyn Space) -> Self {
        Self::within(space, LIMIT)
    }

    fn within(space: &'a dyn Space, limit: usize) -> Self {
        Self { parts: Parts::new(space, PARTS, limit), counts: Counts::default() }
    }

    /// Adds an account. That the disk is full is an error of [`compare`].
    pub fn add(&mut self, account: &Account) {
        let address = account.address.unwrap_or_default();
        // Of an address that is listed twice, geth takes the last entry: it is the first here.
        let entry = (u64::MAX - self.counts.accounts).to_be_bytes();
        let add = |field: u8, key: &[u8], value: &[u8]| {
            let key = [address.as_slice(), &entry, &[field], key].concat();
            let length = length(&key, value);
            self.parts.add(address[0].into(), length, |out| put(out, &key, value));
        };
        add(BALANCE, &[], &account.balance.to_be_bytes::<32>());
        add(NONCE, &[], &account.nonce.to_be_bytes());
        if !account.code.is_empty() {
            let size = (account.code.len() as u64).to_be_bytes();
            let hash = account.computed_code_hash();
            add(CODE, &[], &[&size[..], hash.as_slice()].concat());
        }
        for (slot, value) in &account.storage {
            add(SLOT, slot.as_slice(), &value.to_be_bytes::<32>());
        }
        self.counts.accounts += 1;
        self.counts.contracts += u64::from(!account.code.is_empty());
        self.counts.storage_slots += account.storage.len() as u64;
    }

    fn sorted(self) -> io::Result<Sorted<'a>> {
        let records = sort::Sorted::default();
        let mut sorted = Sorted { parts: self.parts, next: 0, records, at: 0, entry: None };
        sorted.read()?;
        Ok(sorted)
    }
}

/// The fields of a state in order.
struct Sorted<'a> {
    parts: Parts<'a>,
    /// The part after that of `records`.
    next: usize,
    records: sort::Sorted,
    /// The record that is the head.
    at: usize,
    /// Address and entry of the last head.
    entry: Option<[u8; ENTRY]>,
}

impl Sorted<'_> {
    /// Makes the next record the head, if it is not of an earlier entry of the same address; reads the next
    /// part after the last record.
    fn read(&mut self) -> io::Result<()> {
        loop {
            let Self { parts, next, records, at, entry } = self;
            match records.get(*at).and_then(|(key, _)| key.first_chunk()) {
                Some(found) if entry.is_some_and(|last| is_earlier(&last, found)) => *at += 1,
                Some(found) => {
                    *entry = Some(*found);
                    return Ok(());
                }
                None if *next == PARTS => return Ok(()),
                None => {
                    records.fill(|bytes| parts.take(*next, bytes))?;
                    (*next, *at) = (*next + 1, 0);
                }
            }
        }
    }

    fn address(&self) -> Option<Address> {
        let (key, _) = self.records.get(self.at)?;
        key.get(..20).map(Address::from_slice)
    }

    /// Field and slot of the head, if it belongs to `address`.
    fn field(&self, address: Address) -> Option<&[u8]> {
        let (key, _) = self.records.get(self.at)?;
        (key.get(..20)? == address.as_slice()).then_some(&key[ENTRY..])
    }

    fn take(&mut self) -> io::Result<Vec<u8>> {
        let value = self.records.get(self.at).map(|(_, value)| value.to_vec()).unwrap_or_default();
        self.at += 1;
        self.read()?;
        Ok(value)
    }

    /// All of an account.
    fn whole(&mut self, address: Address) -> io::Result<Whole> {
        let mut whole = Whole::default();
        while let Some(field) = self.field(address).and_then(|field| field.first().copied()) {
            let value = self.take()?;
            match field {
                BALANCE => whole.balance = word(&value),
                NONCE => whole.nonce = number(&value),
                CODE => whole.code = code(&value).size,
                _ => whole.slots += 1,
            }
        }
        Ok(whole)
    }
}

/// Whether `found` is an earlier entry of the address of `last` in the alloc.
fn is_earlier(last: &[u8; ENTRY], found: &[u8; ENTRY]) -> bool {
    found[..20] == last[..20] && found != last
}

fn word(bytes: &[u8]) -> U256 {
    U256::try_from_be_slice(bytes).unwrap_or_default()
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn code(bytes: &[u8]) -> CodeOf {
    match bytes.split_at_checked(8) {
        Some((size, hash)) if hash.len() == 32 => {
            CodeOf { size: number(size), hash: B256::from_slice(hash) }
        }
        _ => CodeOf::default(),
    }
}

/// Compares two states; `each` receives the differences in the order of the addresses. An account with
/// no code, no slot and no balance differs from an account that is not there.
///
/// # Errors
/// The sorted fields cannot be read, or `each` fails.
pub fn compare(
    first: Side<'_>,
    second: Side<'_>,
    each: &mut dyn FnMut(Address, Difference) -> io::Result<()>,
) -> io::Result<()> {
    let (mut first, mut second) = (first.sorted()?, second.sorted()?);
    loop {
        match (first.address(), second.address()) {
            (Some(one), Some(other)) if one == other => {
                account(one, &mut first, &mut second, each)?;
            }
            (Some(one), other) if other.is_none_or(|other| one < other) => {
                each(one, Difference::Removed(first.whole(one)?))?;
            }
            (_, Some(other)) => each(other, Difference::Added(second.whole(other)?))?,
            (_, None) => return Ok(()),
        }
    }
}

/// Compares the fields of an account that both states have.
fn account(
    address: Address,
    first: &mut Sorted<'_>,
    second: &mut Sorted<'_>,
    each: &mut dyn FnMut(Address, Difference) -> io::Result<()>,
) -> io::Result<()> {
    loop {
        let (one, other) = (first.field(address), second.field(address));
        let key = match (one, other) {
            (None, None) => return Ok(()),
            (Some(one), Some(other)) => one.min(other).to_vec(),
            (Some(key), None) | (None, Some(key)) => key.to_vec(),
        };
        let value = |side: &mut Sorted<'_>| -> io::Result<Vec<u8>> {
            if side.field(address) == Some(&key[..]) { side.take() } else { Ok(Vec::new()) }
        };
        let (one, other) = (value(first)?, value(second)?);
        if one == other {
            continue;
        }
        let difference = match key.split_first() {
            Some((&BALANCE, _)) => Difference::Balance(word(&one), word(&other)),
            Some((&NONCE, _)) => Difference::Nonce(number(&one), number(&other)),
            Some((&CODE, _)) => Difference::Code(code(&one), code(&other)),
            Some((_, slot)) => {
                Difference::Slot(B256::try_from(slot).unwrap_or_default(), word(&one), word(&other))
            }
            None => continue,
        };
        each(address, difference)?;
    }
}

#[cfg(test)]
mod tests;

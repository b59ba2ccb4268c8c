//! The flat snapshot: accounts and slots by hash, which geth reads before the trie. Sources: geth
//! `core/state/snapshot/journal.go`, `triedb/pathdb/journal.go` (`loadGenerator`).
//!
//! Without its root and its generator, geth generates the flat snapshot from the trie after its start, in
//! the background. It then replaces or removes every entry that differs.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use alloy_primitives::B256;
use alloy_rlp::{Decodable, Header};

use super::journal::{Cursor, add_slots, put};
use super::rlp::{Items, string};
use super::{Error, Parts, schema};
use crate::el::alloc::EMPTY_CODE_HASH;
use crate::el::trie::EMPTY_ROOT_HASH;
use crate::geth_database::reader::Database;

/// The root of the flat snapshot on disk, if it is complete.
pub(super) fn complete_root(database: &Database<'_>) -> Result<Option<B256>, Error> {
    let generator = database.get(schema::SNAPSHOT_GENERATOR)?;
    if !generator.is_some_and(|generator| is_done(&generator)) {
        return Ok(None);
    }
    let root = database.get(schema::SNAPSHOT_ROOT)?;
    Ok(root.and_then(|root| B256::try_from(&root[..]).ok()))
}

/// Whether the generation has ended: `[wiping, done, marker, …]`.
fn is_done(mut generator: &[u8]) -> bool {
    let mut done = || -> alloy_rlp::Result<bool> {
        let mut fields = Header::decode_bytes(&mut generator, true)?;
        bool::decode(&mut fields)?;
        bool::decode(&mut fields)
    };
    done().unwrap_or(false)
}

/// In the hash scheme, the changes that lead from the flat snapshot on disk to `root`; `None` if it does
/// not lead there.
pub(super) fn changes_to(database: &Database<'_>, root: &B256) -> Result<Option<Parts>, Error> {
    let Some(base) = complete_root(database)? else { return Ok(None) };
    if base == *root {
        return Ok(Some(Parts::new()));
    }
    let journal = database.get(schema::SNAPSHOT_JOURNAL)?;
    // geth ignores a journal that it cannot read.
    Ok(journal.and_then(|journal| read_journal(&journal, &base, root).ok().flatten()))
}

/// ```text
/// version, root on disk                                       RLP items, one by one
/// root, accounts: [[hash, account], …], slots: [[…], …]       one state, repeated
/// ```
fn read_journal(bytes: &[u8], base: &B256, root: &B256) -> Result<Option<Parts>, Error> {
    /// Deleted accounts are a list of their own, which geth accepts if it is empty.
    const WITH_DESTRUCTS: u64 = 0;
    const CURRENT: u64 = 1;
    let mut cursor = Cursor { bytes, at: 0 };
    let version: u64 = cursor.value()?;
    let found: B256 = cursor.value()?;
    if version > CURRENT || found != *base {
        return Ok(None);
    }
    let mut parts = Parts::new();
    while cursor.at < bytes.len() {
        let layer: B256 = cursor.value()?;
        if version == WITH_DESTRUCTS && bytes[cursor.item()?] != [alloy_rlp::EMPTY_LIST_CODE] {
            return Ok(None);
        }
        let (accounts, slots) = (cursor.item()?, cursor.item()?);
        let wrong = Error::Journal(accounts.start);
        add_accounts(&bytes[accounts], &mut parts).ok_or(wrong)?;
        let wrong = Error::Journal(slots.start);
        add_slots(&bytes[slots], &mut parts).ok_or(wrong)?;
        if layer == *root {
            return Ok(Some(parts));
        }
    }
    Ok(None)
}

/// `[[hash, account], …]`.
fn add_accounts(rlp: &[u8], parts: &mut Parts) -> Option<()> {
    let mut entries = Items::of(rlp)?;
    while !entries.is_empty() {
        let mut entry = entries.list()?;
        let key = [&[schema::ACCOUNT], entry.string()?].concat();
        put(parts, key, entry.string()?);
    }
    Some(())
}

/// Compares the flat snapshot with the leaves of a trie.
#[derive(Debug)]
pub(super) struct Comparison<'a> {
    database: &'a Database<'a>,
    changes: &'a Parts,
    accounts: AtomicU64,
    slots: AtomicU64,
    difference: OnceLock<String>,
}

impl<'a> Comparison<'a> {
    /// For the flat snapshot on disk with `changes`.
    pub(super) fn new(database: &'a Database<'a>, changes: &'a Parts) -> Self {
        let (accounts, slots) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { database, changes, accounts, slots, difference: OnceLock::new() }
    }

    /// Compares an account: its hash, and its RLP in the trie.
    pub(super) fn account(&self, hash: &B256, rlp: &[u8]) -> Result<(), Error> {
        self.accounts.fetch_add(1, Ordering::Relaxed);
        let key = [&[schema::ACCOUNT], &hash[..]].concat();
        let expected = slim(rlp);
        self.entry(&key, expected.as_deref(), &|| format!("account {hash}"))
    }

    /// Compares a slot: the hashes of address and slot, and its RLP in the trie.
    pub(super) fn slot(&self, owner: &B256, hash: &B256, rlp: &[u8]) -> Result<(), Error> {
        self.slots.fetch_add(1, Ordering::Relaxed);
        let key = [&[schema::SLOT], &owner[..], &hash[..]].concat();
        self.entry(&key, Some(rlp), &|| format!("slot {hash} of account {owner}"))
    }

    fn entry(
        &self,
        key: &[u8],
        expected: Option<&[u8]>,
        name: &dyn Fn() -> String,
    ) -> Result<(), Error> {
        if self.difference.get().is_some() {
            return Ok(());
        }
        let found = match self.changes.get(key) {
            Some(changed) => changed.clone(),
            None => self.database.get(key)?,
        };
        if found.is_none() || found.as_deref() != expected {
            self.difference.get_or_init(name);
        }
        Ok(())
    }

    /// The first difference, in words, after all leaves were compared.
    pub(super) fn finish(self) -> Result<Option<String>, Error> {
        for (prefix, length, leaves, what) in [
            (schema::ACCOUNT, 1 + B256::len_bytes(), &self.accounts, "accounts"),
            (schema::SLOT, 1 + 2 * B256::len_bytes(), &self.slots, "slots"),
        ] {
            if self.difference.get().is_some() {
                break;
            }
            let (found, expected) = (self.count(prefix, length)?, leaves.load(Ordering::Relaxed));
            if found != expected {
                self.difference
                    .get_or_init(|| format!("{found} {what}, and {expected} in the trie"));
            }
        }
        Ok(self.difference.into_inner())
    }

    /// Entries whose keys have this prefix and length.
    fn count(&self, prefix: u8, length: usize) -> Result<u64, Error> {
        let has_form = |key: &[u8]| key.len() == length && key.first() == Some(&prefix);
        let changed = self.changes.iter().filter(|(key, value)| has_form(key) && value.is_some());
        let mut count = changed.count() as u64;
        let mut entries = self.database.range(&[prefix])?;
        while let Some(key) = entries.next_key()? {
            count += u64::from(has_form(&key) && !self.changes.contains_key(&key));
        }
        Ok(count)
    }
}

/// An account as the flat snapshot has it, from its RLP in the trie: roots and code hashes of nothing are
/// empty strings.
fn slim(rlp: &[u8]) -> Option<Vec<u8>> {
    let mut items = Items::of(rlp)?;
    let mut payload = [items.item()?, items.item()?].concat();
    for nothing in [EMPTY_ROOT_HASH, EMPTY_CODE_HASH] {
        match items.item()? {
            item if string(item)? == &nothing[..] => payload.push(alloy_rlp::EMPTY_STRING_CODE),
            item => payload.extend_from_slice(item),
        }
    }
    let mut out = Vec::with_capacity(payload.len() + 9);
    Header { list: true, payload_length: payload.len() }.encode(&mut out);
    out.extend_from_slice(&payload);
    items.is_empty().then_some(out)
}

//! The journal of the path scheme: the states after the one on disk, each as its changes. Source: geth
//! `triedb/pathdb/journal.go`, `nodes.go`, `states.go`, `flush.go`.
//!
//! ```text
//! version, root on disk                                                     RLP items, one by one
//! root, state id, nodes, states                                             collected changes
//! root, block number, nodes, [earlier nodes,] states, 2 × earlier states    one block, repeated
//! ```

use std::ops::Range;

use alloy_primitives::B256;
use alloy_rlp::Decodable;

use super::rlp::{Items, split, string};
use super::{Error, Parts, schema};

/// The version of geth 1.16 and 1.17.
const VERSION: u64 = 3;

/// A journal.
#[derive(Debug)]
pub(super) struct Journal {
    bytes: Vec<u8>,
    /// Root of the state on disk that it continues.
    pub(super) base: B256,
    layers: Vec<Layer>,
}

/// The changes that lead to a state.
#[derive(Debug)]
struct Layer {
    root: B256,
    /// In the journal: a list of nodes by owner.
    nodes: Range<usize>,
    /// Accounts and slots of the flat snapshot.
    accounts: Range<usize>,
    slots: Range<usize>,
}

/// Reads items one by one.
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl Cursor<'_> {
    pub(super) fn item(&mut self) -> Result<Range<usize>, Error> {
        let (item, _) = split(&self.bytes[self.at..]).ok_or(Error::Journal(self.at))?;
        let start = self.at;
        self.at += item.len();
        Ok(start..self.at)
    }

    pub(super) fn value<T: Decodable>(&mut self) -> Result<T, Error> {
        let range = self.item()?;
        T::decode(&mut &self.bytes[range.clone()]).map_err(|_| Error::Journal(range.start))
    }

    fn is_list_next(&self) -> bool {
        self.bytes.get(self.at).is_some_and(|byte| *byte >= alloy_rlp::EMPTY_LIST_CODE)
    }

    fn layer(&mut self, is_first: bool) -> Result<Layer, Error> {
        let root = self.value()?;
        // The id of the state, or the number of the block.
        let _: u64 = self.value()?;
        let nodes = self.item()?;
        // Earlier values of the nodes, if geth keeps their history.
        if !is_first && self.is_list_next() {
            self.item()?;
        }
        let _has_raw_keys: bool = self.value()?;
        let (accounts, slots) = (self.item()?, self.item()?);
        if !is_first {
            // Earlier values of accounts and slots.
            self.item()?;
            self.item()?;
        }
        Ok(Layer { root, nodes, accounts, slots })
    }
}

impl Journal {
    /// Reads a journal.
    pub(super) fn read(bytes: Vec<u8>) -> Result<Self, Error> {
        let mut cursor = Cursor { bytes: &bytes, at: 0 };
        let version = cursor.value()?;
        if version != VERSION {
            return Err(Error::JournalVersion(version));
        }
        let base = cursor.value()?;
        let mut layers = vec![cursor.layer(true)?];
        while cursor.at < cursor.bytes.len() {
            layers.push(cursor.layer(false)?);
        }
        Ok(Self { bytes, base, layers })
    }

    /// The roots of its states, the oldest first.
    pub(super) fn roots(&self) -> impl Iterator<Item = B256> {
        self.layers.iter().map(|layer| layer.root)
    }

    /// The changes from the state on disk to the one with `root`: to the trie, and to the flat snapshot.
    pub(super) fn changes_to(&self, root: &B256) -> Result<(Parts, Parts), Error> {
        let (mut trie, mut flat) = (Parts::new(), Parts::new());
        let Some(last) = self.layers.iter().rposition(|layer| layer.root == *root) else {
            return Ok((trie, flat));
        };
        for layer in &self.layers[..=last] {
            let of = |range: &Range<usize>| &self.bytes[range.clone()];
            let wrong = |range: &Range<usize>| Error::Journal(range.start);
            add_nodes(of(&layer.nodes), &mut trie).ok_or_else(|| wrong(&layer.nodes))?;
            add_accounts(of(&layer.accounts), &mut flat).ok_or_else(|| wrong(&layer.accounts))?;
            add_slots(of(&layer.slots), &mut flat).ok_or_else(|| wrong(&layer.slots))?;
        }
        Ok((trie, flat))
    }
}

pub(super) fn put(parts: &mut Parts, key: Vec<u8>, value: &[u8]) {
    parts.insert(key, (!value.is_empty()).then(|| value.to_vec()));
}

/// `[[owner, [[path, node], …]], …]`: the owner of the account trie is zero.
fn add_nodes(rlp: &[u8], trie: &mut Parts) -> Option<()> {
    let mut owners = Items::of(rlp)?;
    while !owners.is_empty() {
        let mut entry = owners.list()?;
        let owner = B256::try_from(entry.string()?).ok()?;
        let mut nodes = entry.list()?;
        while !nodes.is_empty() {
            let mut node = nodes.list()?;
            let (path, node) = (node.string()?, node.string()?);
            put(trie, schema::node(Some(&owner).filter(|owner| !owner.is_zero()), path), node);
        }
    }
    Some(())
}

/// `[[hash, …], [account, …]]`.
fn add_accounts(rlp: &[u8], flat: &mut Parts) -> Option<()> {
    let mut lists = Items::of(rlp)?;
    let (mut hashes, mut accounts) = (lists.list()?, lists.list()?);
    while !hashes.is_empty() {
        let key = [&[schema::ACCOUNT], hashes.string()?].concat();
        put(flat, key, accounts.string()?);
    }
    Some(())
}

/// `[[hash, [hash of slot, …], [value, …]], …]`.
pub(super) fn add_slots(rlp: &[u8], flat: &mut Parts) -> Option<()> {
    let mut owners = Items::of(rlp)?;
    while !owners.is_empty() {
        let mut entry = owners.list()?;
        let owner = entry.string()?;
        let (mut slots, mut values) = (entry.list()?, entry.list()?);
        while !slots.is_empty() {
            let key = [&[schema::SLOT], owner, slots.string()?].concat();
            put(flat, key, string(values.item()?)?);
        }
    }
    Some(())
}

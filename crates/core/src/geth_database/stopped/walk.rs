//! Walks a state trie: every node must have the hash that its parent names.

use alloy_primitives::{B256, U256, keccak256};
use alloy_rlp::Decodable;
use rayon::prelude::*;

use super::changes::Rebased;
use super::rlp::{Items, string};
use super::{Error, Parts, Scheme, schema};
use crate::el::alloc::EMPTY_CODE_HASH;
use crate::el::trie::EMPTY_ROOT_HASH;
use crate::geth_database::reader::Database;

/// Nibbles of a path.
const NIBBLES: usize = 64;

/// A state that is walked.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    database: &'a Database<'a>,
    scheme: Scheme,
    changes: &'a Parts,
    /// Whether several threads visit leaves, in any order.
    is_parallel: bool,
}

/// Receives the key and the value of a leaf.
pub(super) type Take<'a> = dyn Fn(B256, &[u8]) -> Result<(), Error> + Sync + 'a;

/// A trie: that of the accounts, or that of an account's slots.
#[derive(Clone, Copy)]
struct Trie<'a> {
    owner: Option<&'a B256>,
    take: &'a Take<'a>,
}

impl Trie<'_> {
    fn place(&self, path: &[u8]) -> String {
        let nibbles: String =
            path.iter().filter_map(|nibble| char::from_digit(u32::from(*nibble), 16)).collect();
        match self.owner {
            Some(owner) => format!("path {nibbles:?} of the storage of {owner}"),
            None => format!("path {nibbles:?} of the accounts"),
        }
    }
}

impl<'a> Walk<'a> {
    pub(super) fn of(rebased: &'a Rebased<'_>, is_parallel: bool) -> Self {
        let (database, scheme) = (rebased.database(), rebased.scheme());
        Self { database, scheme, changes: rebased.trie(), is_parallel }
    }

    /// Visits the leaves of the trie with this root: of the accounts, or of the slots of `owner`.
    pub(super) fn trie(
        &self,
        owner: Option<&B256>,
        root: &B256,
        take: &Take<'_>,
    ) -> Result<(), Error> {
        if *root == EMPTY_ROOT_HASH {
            return Ok(());
        }
        self.named(Trie { owner, take }, &[], root)
    }

    /// Visits the node that its parent names by `hash`.
    fn named(&self, trie: Trie<'_>, path: &[u8], hash: &B256) -> Result<(), Error> {
        let node = match self.scheme {
            Scheme::Hash => self.database.get(&hash[..])?,
            Scheme::Path => {
                let key = schema::node(trie.owner, path);
                match self.changes.get(&key) {
                    Some(changed) => changed.clone(),
                    None => self.database.get(&key)?,
                }
            }
        };
        let node = node.filter(|node| keccak256(node) == *hash);
        let wrong = || Error::Trie { what: "node", hash: *hash, place: trie.place(path) };
        self.node(trie, path, &node.ok_or_else(wrong)?)
    }

    fn node(&self, trie: Trie<'_>, path: &[u8], rlp: &[u8]) -> Result<(), Error> {
        let wrong = || Error::Node(trie.place(path));
        let mut items = Items::of(rlp).ok_or_else(wrong)?;
        let mut found = Vec::with_capacity(17);
        while !items.is_empty() && found.len() < 17 {
            found.push(items.item().ok_or_else(wrong)?);
        }
        match found[..] {
            [key, value] => {
                let key = string(key).ok_or_else(wrong)?;
                let (path, is_leaf) = extended(path, key).ok_or_else(wrong)?;
                if !is_leaf {
                    return self.child(trie, &path, value);
                }
                let value = string(value).ok_or_else(wrong)?;
                (trie.take)(key_of(&path).ok_or_else(wrong)?, value)
            }
            [ref children @ .., _] if children.len() == 16 && path.len() < NIBBLES => {
                let visit = |(nibble, child): (u8, &&[u8])| {
                    self.child(trie, &[path, &[nibble]].concat(), child)
                };
                if self.is_parallel && path.len() < 2 {
                    let children: Vec<_> = (0..).zip(children).collect();
                    return children.into_par_iter().try_for_each(visit);
                }
                (0..).zip(children).try_for_each(visit)
            }
            _ => Err(wrong()),
        }
    }

    /// Visits a child: nothing, a hash, or a node of less than 32 bytes.
    fn child(&self, trie: Trie<'_>, path: &[u8], rlp: &[u8]) -> Result<(), Error> {
        match string(rlp) {
            Some([]) => Ok(()),
            Some(hash) => {
                let hash = B256::try_from(hash).map_err(|_| Error::Node(trie.place(path)))?;
                self.named(trie, path, &hash)
            }
            None if path.len() <= NIBBLES => self.node(trie, path, rlp),
            None => Err(Error::Node(trie.place(path))),
        }
    }

    /// The code of an account.
    pub(super) fn code(&self, account: &B256, hash: &B256) -> Result<Vec<u8>, Error> {
        if *hash == EMPTY_CODE_HASH {
            return Ok(Vec::new());
        }
        let found = self.database.get(&[&[schema::CODE], &hash[..]].concat())?;
        found.filter(|found| keccak256(found) == *hash).ok_or_else(|| {
            let place = format!("account {account}");
            Error::Trie { what: "code", hash: *hash, place }
        })
    }
}

/// An account in the trie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf {
    pub(super) nonce: u64,
    pub(super) balance: U256,
    pub(super) storage_root: B256,
    pub(super) code_hash: B256,
}

impl Leaf {
    /// Reads the account with the hash `key`.
    pub(super) fn read(key: &B256, rlp: &[u8]) -> Result<Self, Error> {
        Self::decode(rlp).ok_or_else(|| Error::Node(format!("account {key}")))
    }

    fn decode(rlp: &[u8]) -> Option<Self> {
        let mut items = Items::of(rlp)?;
        let nonce = u64::decode(&mut items.item()?).ok()?;
        let balance = U256::decode(&mut items.item()?).ok()?;
        let storage_root = B256::try_from(items.string()?).ok()?;
        let code_hash = B256::try_from(items.string()?).ok()?;
        items.is_empty().then_some(Self { nonce, balance, storage_root, code_hash })
    }
}

/// The path after a key in hex-prefix encoding, and whether it ends there (Yellow Paper, appendix C).
fn extended(path: &[u8], key: &[u8]) -> Option<(Vec<u8>, bool)> {
    let (first, rest) = key.split_first()?;
    let (flags, nibble) = (first >> 4, first & 15);
    let mut out = path.to_vec();
    match flags & 1 {
        1 => out.push(nibble),
        _ if nibble != 0 => return None,
        _ => {}
    }
    out.extend(rest.iter().flat_map(|byte| [byte >> 4, byte & 15]));
    let is_leaf = flags & 2 != 0;
    (flags < 4 && out.len() <= NIBBLES && (is_leaf || out.len() > path.len()))
        .then_some((out, is_leaf))
}

fn key_of(path: &[u8]) -> Option<B256> {
    let (pairs, rest) = path.as_chunks::<2>();
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    B256::try_from(&bytes[..]).ok().filter(|_| rest.is_empty())
}

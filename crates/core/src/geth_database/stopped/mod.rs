//! The chain of a stopped geth: its blocks, the states that its database still has, and what must change
//! in the database so that one of these states is that of a new block 0.
//!
//! Nothing of the state is read for that: a new genesis block with the state root of an old block is
//! enough. Sources: geth `core/rawdb/schema.go`, `core/rawdb/accessors_chain.go`, `core/blockchain.go`
//! (`Stop`), `triedb/pathdb/journal.go`.

mod accounts;
mod blocks;
mod changes;
mod error;
mod flat;
mod journal;
mod prove;
mod rlp;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::BTreeMap;
use std::fmt::Write;

use alloy_primitives::{B256, keccak256};
use alloy_rlp::Decodable;

pub use accounts::StoredAccount;
pub use blocks::Blocks;
pub use changes::{Changes, Rebased, Sink};
pub use error::Error;
pub use prove::{Proven, prove};

use self::journal::Journal;
use super::reader::{Database, Freezer};
use super::{DATABASE_VERSION, schema};
use crate::el::header::Header;
use crate::el::trie::EMPTY_ROOT_HASH;

/// Blocks whose states are looked for after one that has none.
const LOOKED_AT: u64 = 100_000;
/// Ranges of blocks in a message.
const RANGES: usize = 4;

/// The scheme of the state trie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Nodes by hash.
    Hash,
    /// Nodes by path: those of one state, and changes to it in a journal.
    Path,
}

impl Scheme {
    /// Its name in geth's `--state.scheme`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hash => "hash",
            Self::Path => "path",
        }
    }
}

/// A block of the chain.
#[derive(Debug, Clone)]
pub struct StoredBlock {
    /// Its header.
    pub header: Header,
    /// Its hash.
    pub hash: B256,
}

/// A part of the state trie or of the flat snapshot: the key, and the value; `None` if it is deleted.
type Parts = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// The chain in the database of a stopped geth.
#[derive(Debug)]
pub struct Chain<'a> {
    database: &'a Database<'a>,
    blocks: Blocks<'a>,
    scheme: Scheme,
    /// The last block.
    pub head: StoredBlock,
    /// Hash of block 0.
    pub genesis: B256,
    /// `config` as JSON.
    pub config: Vec<u8>,
    /// The roots of the states in the path scheme, the oldest first.
    roots: Vec<B256>,
    journal: Option<Journal>,
}

impl<'a> Chain<'a> {
    /// Reads the chain. `journal` is the file `triedb/merkle.journal` beside the database, if it exists;
    /// `freezer` has the blocks in `ancient/chain`.
    ///
    /// # Errors
    /// The database has no complete chain, another version, or is damaged.
    pub fn open(
        database: &'a Database<'a>,
        freezer: Option<&'a Freezer<'a>>,
        journal: Option<Vec<u8>>,
    ) -> Result<Self, Error> {
        check_version(database)?;
        check_synced(database)?;
        let blocks = Blocks { database: Some(database), freezer };
        let (head, genesis) = (blocks.head()?, blocks.genesis()?);
        let config = blocks.config(&genesis)?.ok_or(Error::NoConfig(genesis))?;
        let mut chain = Self {
            database,
            blocks,
            scheme: Scheme::Hash,
            head,
            genesis,
            config,
            roots: Vec::new(),
            journal: None,
        };
        chain.find_states(journal)?;
        Ok(chain)
    }

    /// The scheme of its state trie.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    fn find_states(&mut self, journal: Option<Vec<u8>>) -> Result<(), Error> {
        let Some(root) = self.database.get(&[schema::ACCOUNT_NODE])? else { return Ok(()) };
        self.scheme = Scheme::Path;
        let root = keccak256(root);
        self.roots.push(root);
        let journal = match journal {
            Some(journal) => Some(journal),
            None => self.database.get(schema::TRIE_JOURNAL)?,
        };
        // After a kill, it belongs to an earlier state: geth ignores it, too.
        let journal = journal.map(Journal::read).transpose()?;
        self.journal = journal.filter(|journal| journal.base == root);
        self.roots.extend(self.journal.iter().flat_map(Journal::roots));
        Ok(())
    }

    /// The number of the block `hash`, or of the last finalized one.
    ///
    /// # Errors
    /// There is no such block in the chain, or a file is damaged.
    pub fn number_of(&self, hash: Option<B256>) -> Result<u64, Error> {
        self.blocks.number(hash)
    }

    /// The canonical block with this number; `None` if neither the database nor the freezer has it.
    ///
    /// # Errors
    /// A file is damaged.
    pub fn block(&self, number: u64) -> Result<Option<StoredBlock>, Error> {
        self.blocks.header(number)
    }

    /// Whether the database has the state with this root.
    fn has_state(&self, root: &B256) -> Result<bool, Error> {
        Ok(match self.scheme {
            _ if *root == EMPTY_ROOT_HASH => true,
            Scheme::Hash => self.database.get(&root[..])?.is_some(),
            Scheme::Path => self.roots.contains(root),
        })
    }

    /// The last block whose state is in the database.
    ///
    /// # Errors
    /// No block has one, or the database is damaged.
    pub fn latest(&self) -> Result<StoredBlock, Error> {
        let head = self.head.header.number;
        for number in (head.saturating_sub(LOOKED_AT)..=head).rev() {
            if let Some(block) = self.block(number)?
                && self.has_state(&block.header.state_root)?
            {
                return Ok(block);
            }
        }
        Err(Error::NoStates { head })
    }

    /// The block `number`, whose state is in the database.
    ///
    /// # Errors
    /// The chain has no such block, or the database not its state; or the database is damaged.
    pub fn with_state(&self, number: u64) -> Result<StoredBlock, Error> {
        let head = self.head.header.number;
        if number > head {
            return Err(Error::AfterHead { number, head });
        }
        let block = self.block(number)?.ok_or(Error::Frozen { number, head })?;
        if self.has_state(&block.header.state_root)? {
            return Ok(block);
        }
        Err(Error::NoState { number, others: self.describe_states()? })
    }

    /// The blocks whose states are in the database, in words: the newest ranges.
    fn describe_states(&self) -> Result<String, Error> {
        let head = self.head.header.number;
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for number in (head.saturating_sub(LOOKED_AT)..=head).rev() {
            let block = self.block(number)?;
            let has = block.map(|block| self.has_state(&block.header.state_root)).transpose()?;
            if has != Some(true) {
                continue;
            }
            let count = ranges.len();
            match ranges.last_mut() {
                Some((first, _)) if *first == number + 1 => *first = number,
                _ if count == RANGES => break,
                _ => ranges.push((number, number)),
            }
        }
        let mut text = String::new();
        for (first, last) in ranges {
            let comma = if text.is_empty() { "" } else { ", " };
            let _ = match last - first {
                0 => write!(text, "{comma}{last}"),
                _ => write!(text, "{comma}{first} to {last}"),
            };
        }
        Ok(if text.is_empty() { "none".to_owned() } else { text })
    }
}

/// Checks that the schema is the known one. After `geth init` alone, the database has no version yet.
fn check_version(database: &Database<'_>) -> Result<(), Error> {
    let Some(version) = database.get(schema::DATABASE_VERSION)? else { return Ok(()) };
    let version = u64::decode(&mut &version[..]).map_err(|_| Error::Value("DatabaseVersion"))?;
    if version == DATABASE_VERSION { Ok(()) } else { Err(Error::Version(version)) }
}

/// Checks that geth was not still downloading a state.
fn check_synced(database: &Database<'_>) -> Result<(), Error> {
    const RUNNING: u8 = 1;
    match database.get(schema::SNAP_SYNC_STATUS)? {
        Some(status) if status == [RUNNING] => Err(Error::Syncing),
        _ => Ok(()),
    }
}

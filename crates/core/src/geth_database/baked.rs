//! The properties of a database that is not stamped.

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use super::{ENGINE, SCHEME};
use crate::file::FileDigest;

/// A database that is not stamped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BakedDatabase {
    /// [`ENGINE`](super::ENGINE).
    pub engine: String,
    /// [`SCHEME`](super::SCHEME).
    pub scheme: String,
    /// geth's `DatabaseVersion`.
    pub version: u64,
    /// Root of the state that it has: with a chain, that of the last block.
    pub state_root: B256,
    /// No sequence number in the tables is greater. A stamp's is.
    pub sequence: u64,
    /// Number of the log that adds the stamp.
    pub log: u64,
    /// Its files, which are below `baked/geth` in a snapshot.
    pub files: Vec<FileDigest>,
    /// The chain in it. Without one, it has a state and no block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<ImportedChain>,
}

/// A chain whose blocks geth has executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedChain {
    /// Hash of block 0, whose chain config a stamp replaces.
    pub genesis: B256,
    /// Hash of the last block.
    pub head: B256,
    /// The geth that imported it, as `geth --version` prints it.
    pub client: String,
}

impl BakedDatabase {
    /// Whether the stack's geth opens it, which runs with [`ENGINE`] and [`SCHEME`].
    pub fn is_of_stack(&self) -> bool {
        (&*self.engine, &*self.scheme) == (ENGINE, SCHEME)
    }
}

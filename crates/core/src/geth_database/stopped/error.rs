//! Why a stopped chain cannot become a snapshot.

use alloy_primitives::B256;

use super::super::DATABASE_VERSION;
use super::super::reader;

/// A stopped chain cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its database cannot be read.
    #[error(transparent)]
    Database(#[from] reader::Error),
    /// The database has no head, no block 0 or no version.
    #[error("the database has no complete chain of geth")]
    NoChain,
    /// A value has another form.
    #[error("the value of {0} in the database is not valid")]
    Value(&'static str),
    /// The schema is another one.
    #[error("the database has version {0}, expected {DATABASE_VERSION}")]
    Version(u64),
    /// geth was stopped while it downloaded a state.
    #[error("geth was stopped while it synchronised: the state in the database is not complete")]
    Syncing,
    /// There is no chain config.
    #[error("the database has no chain config for its block 0, {0}")]
    NoConfig(B256),
    /// A header is not that of its hash.
    #[error("the header of block {0} in the database is not valid")]
    Header(u64),
    /// There is no such block.
    #[error("--block is {number}, but the last block is {head}")]
    AfterHead {
        /// The requested block.
        number: u64,
        /// The last block.
        head: u64,
    },
    /// There is no block with this hash in the chain.
    #[error("the chain in the database has no block {0}")]
    NoBlock(B256),
    /// There is no finalized block.
    #[error("the chain in the database has no finalized block")]
    NotFinalized,
    /// The block is among those that geth has moved out of the database, and its freezer is not there.
    #[error("block {number} is neither in the database nor in ancient/chain")]
    Frozen {
        /// The requested block.
        number: u64,
        /// The last block.
        head: u64,
    },
    /// A block of the history is gone.
    #[error("block {0} is incomplete: its body is neither in the database nor in ancient/chain")]
    Bodiless(u64),
    /// A body has another form.
    #[error("the body of block {0} is not valid")]
    Body(u64),
    /// The state of the block is gone.
    #[error("the database does not have the state of block {number}; it has those of: {others}")]
    NoState {
        /// The requested block.
        number: u64,
        /// The blocks whose states it has.
        others: String,
    },
    /// No state is there.
    #[error("the database has the state of none of the last blocks before block {head}")]
    NoStates {
        /// The last block.
        head: u64,
    },
    /// The journal of the path scheme has another format.
    #[error("the journal of the state has version {0}, expected 3")]
    JournalVersion(u64),
    /// The journal of the path scheme is damaged.
    #[error("the journal of the state is damaged: offset {0}")]
    Journal(usize),
    /// A node of the trie is missing or has another hash.
    #[error("the state is damaged: {what} {hash} at {place} is missing or has another hash")]
    Trie {
        /// Node or code.
        what: &'static str,
        /// Its hash.
        hash: B256,
        /// Where it is referenced.
        place: String,
    },
    /// The log cannot be written.
    #[error("the log cannot be written: {0}")]
    Write(std::io::Error),
    /// A node has another form.
    #[error("the state is damaged: the node at {0} is not valid")]
    Node(String),
}

impl Error {
    /// The remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Database(reader::Error::Io { .. }) => {
                "check the path, and that the user may read it"
            }
            Self::Database(reader::Error::Unknown { .. })
            | Self::Version(_)
            | Self::JournalVersion(_) => {
                "the directory must be that of geth 1.16 or 1.17: start such a geth on it, and stop it"
            }
            Self::Write(_) => "check the free space",
            Self::NoChain | Self::NoConfig(_) => {
                "pass the directory of geth's --datadir, in which a chain was started"
            }
            Self::Syncing => "let geth finish its synchronisation, and stop it",
            Self::NoBlock(_) | Self::NotFinalized => "choose another --block",
            Self::AfterHead { .. } | Self::NoState { .. } => {
                "choose another --block; geth writes the state of its head when SIGTERM stops it"
            }
            Self::Frozen { .. } => {
                "choose a later --block, or copy geth's --datadir.ancient to geth/chaindata/ancient"
            }
            Self::Bodiless(_) => {
                "a history must be complete: geth --history.chain all keeps it; or capture the state \
                 alone (--mode state)"
            }
            Self::NoStates { .. } => {
                "start geth on the directory once, and stop it with SIGTERM: it then writes the state"
            }
            Self::Database(_)
            | Self::Value(_)
            | Self::Header(_)
            | Self::Body(_)
            | Self::Journal(_)
            | Self::Trie { .. }
            | Self::Node(_) => {
                "the files are damaged: use a copy of the directory from before that"
            }
        }
    }
}

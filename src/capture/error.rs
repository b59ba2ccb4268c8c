//! Why a capture fails.

use alloy_primitives::B256;

use super::client::ClientKind;
use crate::el;
use crate::rpc;

/// A fault of a source, or of what came of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A node cannot be reached, or refuses.
    #[error(transparent)]
    Rpc(#[from] rpc::Error),
    /// A node's answer is not what the method answers.
    #[error("{0}")]
    Answer(String),
    /// A fault in a file, with its JSON path.
    #[error(transparent)]
    File(#[from] el::Error),
    /// The file has no state that anybody here knows.
    #[error("is no dump that this program knows: {found}")]
    UnknownFile {
        /// What it is instead.
        found: String,
    },
    /// A page of a dump was taken for the whole.
    #[error("is one page of a longer dump: {accounts} accounts, and `next` says there are more")]
    OnePage {
        /// How many accounts it has.
        accounts: usize,
    },
    /// A fork has what was touched alone, and fetches the rest from elsewhere.
    #[error(
        "the state is that of a fork (anvil --fork-url): it has only the accounts and slots that were \
         touched, and no state root to prove them with"
    )]
    Fork,
    /// op-deployer's state without an alloc of the chain.
    #[error("{}", deployments(.known))]
    NoDeployment {
        /// The chains that have one.
        known: Vec<u64>,
    },
    /// A state within a file that cannot be read.
    #[error("{part}: {what}")]
    Embedded {
        /// Where it is.
        part: String,
        /// What is wrong with it.
        what: String,
    },
    /// anvil wrote the file while it made a block.
    #[error("has best_block_number {best}, but its last block is {last}")]
    TornFile {
        /// What it calls the best block.
        best: u64,
        /// The last block in it.
        last: u64,
    },
    /// A beacon node's config makes no sense.
    #[error("/eth/v1/config/spec: {0}")]
    Config(#[from] crate::cl::Error),
    /// The source cannot be read to its end.
    #[error("cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// An answer that goes on and on.
    #[error("the node's answer has more than {most} bytes, which is no devnet's state")]
    Endless {
        /// The most that is taken.
        most: u64,
    },
    /// A change of the state that cannot be made.
    #[error("{0}")]
    Change(String),
    /// What was captured cannot be written.
    #[error("{0}")]
    Write(std::io::Error),
    /// There is no such block.
    #[error("the node has no block {id}")]
    NoBlock {
        /// What was asked for.
        id: String,
    },
    /// A method that is a stub.
    #[error("{method} answers null")]
    NoDump {
        /// The method.
        method: &'static str,
    },
    /// A method that dumps something else, as Besu's.
    #[error("{method} answers without accounts")]
    OtherDump {
        /// The method.
        method: &'static str,
    },
    /// Pages that do not bring the end nearer.
    #[error("the node's pages are out of order: the next one would begin at {cursor:?}")]
    Loop {
        /// Where the next page would begin.
        cursor: String,
    },
    /// A page of another state.
    #[error("the node answers with state root {found}, but the block has {expected}")]
    AnotherState {
        /// The root of the page.
        found: B256,
        /// The root of the block.
        expected: B256,
    },
    /// Another chain answers at the end than at the beginning.
    #[error("the node was on chain {before}, and now is on chain {now}")]
    AnotherChain {
        /// Chain id at the beginning.
        before: u64,
        /// Chain id at the end.
        now: u64,
    },
    /// Blocks are not to be had in any way that is known.
    #[error("the node does not give whole blocks: {tried}")]
    NoBlocks {
        /// What was tried.
        tried: String,
    },
    /// A block that the node must have had is gone, or a part of it.
    #[error("the node does not have block {number} any more: {what}")]
    Pruned {
        /// Its number.
        number: u64,
        /// What it answers.
        what: String,
    },
    /// A block that is not the one that was asked for.
    #[error("the node answers the question for block {number} with one that {what}")]
    WrongBlock {
        /// What was asked for.
        number: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The captured block is no longer of the chain.
    #[error("block {number} {hash} is not on the node's chain: it was reorganised")]
    Reorganised {
        /// Its number.
        number: u64,
        /// Its hash.
        hash: B256,
    },
}

fn deployments(known: &[u64]) -> String {
    let all: Vec<_> = known.iter().map(u64::to_string).collect();
    match &all[..] {
        [] => "has no state: l1StateDump and all allocs are empty".to_owned(),
        [one] => format!("has the state of chain {one} alone; l1StateDump is empty"),
        all => format!("has the states of chains {} alone; l1StateDump is empty", all.join(", ")),
    }
}

impl Error {
    /// What to do about it, with this client.
    pub fn hint_for(&self, client: ClientKind) -> Option<&'static str> {
        match self {
            _ if matches!(client, ClientKind::Geth | ClientKind::Other) => self.hint(),
            Self::Rpc(error) if error.is_unknown_method() => Some(client.to_give_state()),
            Self::Rpc(error) if error.is_about_lost_state() => Some(client.to_keep_state()),
            Self::NoDump { .. } | Self::OtherDump { .. } | Self::NoBlocks { .. } => {
                Some(client.to_give_state())
            }
            error => error.hint(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Rpc(error) => error.hint(),
            Self::File(error) => return error.hint(),
            Self::UnknownFile { .. } => {
                "taken are: geth dump, geth dump --iterative, anvil --dump-state, anvil_dumpState, \
                 forge's vm.dumpState, genesis.json, op-deployer's state.json"
            }
            Self::Fork => {
                "capture the chain that was forked; or take what was touched as it is, not proven: \
                 jq .accounts STATE.json > alloc.json (STATE.json is of anvil --dump-state), then \
                 capture --state alloc.json --chain-id NUMBER"
            }
            Self::NoDeployment { known } if known.is_empty() => {
                "op-deployer keeps states with --deployment-target genesis; of a live L1, capture \
                 the nodes (--el-rpc)"
            }
            Self::NoDeployment { .. } => "--chain-id NUMBER takes the state of one of these chains",
            Self::Embedded { .. } => "the file is damaged, or of a version that is not known here",
            Self::OnePage { .. } => {
                "debug_dumpBlock never gives more than 256 accounts: capture with --el-rpc, or \
                 use geth dump"
            }
            Self::TornFile { .. } => "dump it again while anvil makes no block",
            Self::Config(_) => "give a beacon node of the chain, or leave --cl-rpc out",
            Self::Answer(_) | Self::Loop { .. } => {
                "the node is of a kind that is not known here: capture from a file (geth dump)"
            }
            Self::Read(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                "the file ends too early: was it copied whole?"
            }
            Self::Endless { .. } => {
                "have the node write it to a file, and capture that: --state FILE"
            }
            Self::Write(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                "the state is larger than this disk, or the node never ends: choose another --out"
            }
            Self::Read(_) | Self::Write(_) | Self::Change(_) => return None,
            Self::NoBlock { .. } => "--block takes latest, finalized, a number, or a hash",
            Self::NoDump { .. } | Self::OtherDump { .. } => {
                "reth and others have no dump: use a geth node of the same chain"
            }
            Self::AnotherState { .. } | Self::Reorganised { .. } => {
                "run it again; --block finalized is never reorganised"
            }
            Self::NoBlocks { .. } => {
                "start the node with the namespace open: geth --http.api eth,net,web3,debug"
            }
            Self::Pruned { .. } => {
                "a past can only be had whole: use a node that keeps all blocks (geth --history.chain \
                 all, reth or erigon as archive), or keep the state alone (--mode state)"
            }
            Self::WrongBlock { .. } => {
                "no part of this is kept: use another node of the chain; blocks of a fork that this \
                 version does not know need a later version"
            }
            Self::AnotherChain { .. } => "capture from one node, not from a pool of nodes",
        })
    }
}

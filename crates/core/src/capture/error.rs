//! Errors of a capture.

mod hint;

use std::io;

use alloy_primitives::B256;

use super::client::ClientKind;
use crate::file::{Input, ReadError};
use crate::geth_database::stopped;
use crate::rpc;
use crate::snapshot::mnemonics;
use crate::{cl, el, keys, l2};

/// Where to find a chain's genesis.
pub const WHERE_GENESIS_IS: &str = "pass the file that the chain's nodes started from: \
    --genesis FILE; in a Kurtosis container it is /network-configs/genesis.json, in a regenesis \
    runtime directory metadata/genesis.json";

/// An error of a source, or of its data.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A node cannot be reached, or refuses.
    #[error(transparent)]
    Rpc(#[from] rpc::Error),
    /// A node's answer does not have the form that the method specifies.
    #[error("{0}")]
    Answer(String),
    /// An error of a node whose client is known.
    #[error("{error}")]
    Client {
        /// The client, for the hint.
        client: ClientKind,
        /// The error.
        error: Box<Error>,
    },
    /// The node supports no known way to return its state.
    #[error("{error}")]
    NoSource {
        /// The client, for the hint.
        client: ClientKind,
        /// The error of the first source.
        error: Box<Error>,
    },
    /// An input cannot be read.
    #[error("{}: {source}", .input.label())]
    Input {
        /// The input.
        input: Input,
        /// Why.
        source: io::Error,
    },
    /// A file with a state has an error.
    #[error("{}: {error}", .input.label())]
    StateFile {
        /// The file.
        input: Input,
        /// The error.
        error: Box<Error>,
    },
    /// `genesis.json` has an error.
    #[error("{}: {error}", .input.label())]
    Genesis {
        /// The file.
        input: Input,
        /// The error.
        error: Box<el::Error>,
    },
    /// A file of an L2 has an error, or does not belong to the others.
    #[error("{}: {error}", .input.label())]
    L2 {
        /// The file.
        input: Input,
        /// The error.
        error: Box<l2::Error>,
    },
    /// The node of an L2 is on another chain than its files.
    #[error("--l2-rpc {name}: {what} of the node is {node}, but {label} has {file}")]
    L2OfAnotherChain {
        /// Name of the L2.
        name: String,
        /// What differs.
        what: &'static str,
        /// The node's value.
        node: String,
        /// The value in `rollup.json`.
        file: String,
        /// The name of that file in messages.
        label: String,
    },
    /// `mnemonics.yaml` has an error.
    #[error("{}: {error}", .input.label())]
    Mnemonics {
        /// The file.
        input: Input,
        /// The error.
        error: mnemonics::Error,
    },
    /// An error in a file, with its JSON path.
    #[error(transparent)]
    File(#[from] el::Error),
    /// The file has no state in a known format.
    #[error("is not a state dump in a known format: {found}")]
    UnknownFile {
        /// The content of the file.
        found: String,
    },
    /// The file is one page of a dump.
    #[error(
        "is incomplete: next is {next}, expected null: its {accounts} accounts are one page of a longer dump"
    )]
    OnePage {
        /// How many accounts it has.
        accounts: usize,
        /// The start of the next page.
        next: String,
    },
    /// The state of a fork has only touched accounts; the others are on the chain that was forked.
    #[error(
        "the state is that of a fork (anvil --fork-url): it has only the accounts and slots that were \
         touched, and no state root to prove them with"
    )]
    Fork,
    /// op-deployer's state without an alloc of the requested chain.
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
        /// The error.
        what: String,
    },
    /// anvil wrote the file while it mined a block.
    #[error("has best_block_number {best}, but its last block is {last}")]
    TornFile {
        /// `best_block_number`.
        best: u64,
        /// The last block of the file.
        last: u64,
    },
    /// The state of a file is not that of the node's block.
    #[error("{file}: has the state {found}, but block {number} has {expected}")]
    FileOfAnotherBlock {
        /// The file.
        file: String,
        /// State root of the file.
        found: B256,
        /// Number of the node's block.
        number: u64,
        /// State root of the node's block.
        expected: B256,
    },
    /// A beacon node's config is invalid.
    #[error("/eth/v1/config/spec: {0}")]
    Config(#[from] cl::Error),
    /// The template of `config.yaml` is invalid: a bug.
    #[error("the template of config.yaml: {0}")]
    Template(Box<cl::Error>),
    /// An execution config is invalid.
    #[error("{from}: {error}")]
    ExecutionConfig {
        /// Where the config comes from.
        from: &'static str,
        /// The error.
        error: Box<el::Error>,
    },
    /// No source has a chain id.
    #[error("the chain id is unknown: the file does not have it")]
    NoChainId,
    /// The config is that of another chain.
    #[error("the chain id is {chain_id}, but {from} has {named}")]
    ConfigOfAnotherChain {
        /// The chain that is captured.
        chain_id: u64,
        /// Where the config comes from.
        from: &'static str,
        /// The chain id in it.
        named: u64,
    },
    /// `config.yaml` of the chain has an error.
    #[error("{}: {error}", .input.label())]
    ConfigFile {
        /// The file.
        input: Input,
        /// The error.
        error: Box<cl::Error>,
    },
    /// The beacon node, or the file with its config, is of another chain.
    #[error("{from} is of chain {beacon}, not of chain {chain_id}")]
    BeaconOfAnotherChain {
        /// The flag of the node, or the file.
        from: String,
        /// Its `DEPOSIT_CHAIN_ID`.
        beacon: u64,
        /// The chain that is captured.
        chain_id: u64,
    },
    /// A genesis does not produce the chain's block 0.
    #[error("{file}: {what}")]
    GenesisOfAnotherChain {
        /// The file.
        file: String,
        /// The difference.
        what: String,
    },
    /// A history that ends with block 0.
    #[error("block 0 has no history")]
    NoHistory,
    /// A dump of the head cannot have an earlier block.
    #[error("{method} returns the state of the head, {head}, not of block {requested}")]
    HeadOnly {
        /// The method.
        method: &'static str,
        /// Number of the head.
        head: u64,
        /// Number of the requested block.
        requested: u64,
    },
    /// A key of the mnemonics is not on the chain.
    #[error("{file}: {name} is not a validator of the chain")]
    UnknownValidator {
        /// The file.
        file: String,
        /// Name of the validator.
        name: String,
    },
    /// The sample's keys are not those of the chain.
    #[error("the chain's validators do not use ethereum-package's mnemonic")]
    OtherMnemonic,
    /// Keys cannot be derived: a bug.
    #[error("validator keys cannot be derived: {0}")]
    Keys(keys::Error),
    /// The source cannot be read to its end.
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    /// A work file is damaged.
    #[error("{file}: {what}")]
    WorkFile {
        /// The file.
        file: String,
        /// The error.
        what: String,
    },
    /// The collected genesis is invalid: a bug.
    #[error("the captured genesis cannot be read back: {0}")]
    ReadBack(Box<el::Error>),
    /// An answer that may never end.
    #[error("the node's answer has more than {most} bytes, too many for a devnet's state")]
    Endless {
        /// The limit.
        most: u64,
    },
    /// A change of the state that is impossible.
    #[error("{0}")]
    Change(String),
    /// The capture cannot be written.
    #[error("{0}")]
    Write(io::Error),
    /// There is no such block.
    #[error("the node has no block {id}")]
    NoBlock {
        /// The requested block.
        id: String,
    },
    /// The source has no accounts.
    #[error("{kind} returns no accounts")]
    NoAccounts {
        /// The source.
        kind: String,
        /// The client, for the hint.
        client: ClientKind,
    },
    /// Accounts that cannot be completed.
    #[error(
        "{kind}: {count} of {all} accounts are incomplete: {missing}; hash preimages unavailable"
    )]
    Incomplete {
        /// The source.
        kind: String,
        /// How many are incomplete.
        count: u64,
        /// How many there are.
        all: u64,
        /// The missing parts.
        missing: String,
        /// The client, for the hint.
        client: ClientKind,
    },
    /// The state root of the capture is not the block's.
    #[error(
        "{kind} returned {accounts} accounts with the state root {root}, but the block has {expected}: \
         the capture is incomplete"
    )]
    StateRoot {
        /// The source.
        kind: String,
        /// How many accounts it returned.
        accounts: u64,
        /// Their state root.
        root: B256,
        /// The block's.
        expected: B256,
        /// The client, for the hint.
        client: ClientKind,
    },
    /// A method that is a stub.
    #[error("{method} returns null")]
    NoDump {
        /// The method.
        method: &'static str,
    },
    /// A method of this name that does something else, as Besu's.
    #[error("{method} returns a response without accounts")]
    OtherDump {
        /// The method.
        method: &'static str,
    },
    /// A page that does not advance.
    #[error("the node's pages are out of order: the next one would start at {cursor:?}")]
    Loop {
        /// Start of the next page.
        cursor: String,
    },
    /// A page of another state.
    #[error("the node returns state root {found}, but the block has {expected}")]
    AnotherState {
        /// State root of the page.
        found: B256,
        /// State root of the block.
        expected: B256,
    },
    /// The node has changed its chain during the capture.
    #[error("the node was on chain {before}, and is now on chain {now}")]
    AnotherChain {
        /// Chain id at the start.
        before: u64,
        /// Chain id at the end.
        now: u64,
    },
    /// The node supports no known way to return blocks.
    #[error("the node does not return complete blocks: {tried}")]
    NoBlocks {
        /// The errors of all ways.
        tried: String,
    },
    /// The files of a stopped geth are not complete.
    #[error(transparent)]
    Stopped(#[from] stopped::Error),
    /// A block that the node no longer has.
    #[error("the node no longer has block {number}: {what}")]
    Pruned {
        /// Number of the block.
        number: u64,
        /// The node's answer.
        what: String,
    },
    /// A block that is not the requested one.
    #[error("for block {number}, the node returns one that {what}")]
    WrongBlock {
        /// The requested number.
        number: u64,
        /// The difference.
        what: String,
    },
    /// The captured block left the chain.
    #[error("block {number} {hash} is not on the node's chain: it was reorganised")]
    Reorganised {
        /// Number of the block.
        number: u64,
        /// Hash of the block.
        hash: B256,
    },
}

fn deployments(known: &[u64]) -> String {
    let all: Vec<_> = known.iter().map(u64::to_string).collect();
    match &all[..] {
        [] => "has no state: l1StateDump and all allocs are empty".to_owned(),
        [one] => format!("has the state of chain {one} only; l1StateDump is empty"),
        all => format!("has the states of chains {} only; l1StateDump is empty", all.join(", ")),
    }
}

impl Error {
    /// The same error, with a hint for this client.
    #[must_use]
    pub fn from_client(self, client: ClientKind) -> Self {
        match (client, self) {
            (ClientKind::Geth | ClientKind::Other, error)
            | (_, error @ (Self::Input { .. } | Self::Write(_))) => error,
            (client, error) => Self::Client { client, error: Box::new(error) },
        }
    }

    /// The same error, of this file with a state.
    #[must_use]
    pub fn in_state_file(self, input: &Input) -> Self {
        match self {
            Self::Input { .. } | Self::Write(_) => self,
            error => Self::StateFile { input: input.clone(), error: Box::new(error) },
        }
    }
}

impl From<ReadError> for Error {
    fn from(ReadError { input, source }: ReadError) -> Self {
        Self::Input { input, source }
    }
}

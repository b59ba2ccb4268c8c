//! How to fix an error of a capture.

use std::io::ErrorKind;

use super::{Error, WHERE_GENESIS_IS};
use crate::capture::client::ClientKind;

impl Error {
    /// How to fix it with this client.
    fn hint_for(&self, client: ClientKind) -> Option<&'static str> {
        match self {
            Self::Rpc(error) if error.is_unknown_method() => Some(client.how_to_dump()),
            Self::Rpc(error) if error.is_about_lost_state() => Some(client.how_to_keep_state()),
            Self::NoDump { .. } | Self::OtherDump { .. } | Self::NoBlocks { .. } => {
                Some(client.how_to_dump())
            }
            error => error.hint(),
        }
    }

    /// How to fix it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Rpc(error) => error.hint(),
            Self::File(error) => return error.hint(),
            Self::Genesis { error, .. } | Self::ExecutionConfig { error, .. } => {
                return error.hint();
            }
            Self::StateFile { error, .. } => return error.hint(),
            Self::ConfigFile { error, .. } => return error.hint(),
            Self::L2 { error, .. } => error.hint(),
            Self::L2OfAnotherChain { .. } => "pass the files that this node started from",
            Self::Client { client, error } => return error.hint_for(*client),
            Self::NoSource { client, .. } => client.how_to_dump(),
            Self::UnknownFile { .. } => {
                "accepted formats: geth dump, geth dump --iterative, anvil --dump-state, \
                 anvil_dumpState, forge's vm.dumpState, genesis.json, op-deployer's state.json"
            }
            Self::Fork => {
                "capture the chain that was forked; or use the touched accounts as they are, without \
                 a proof: jq .accounts STATE.json > alloc.json (STATE.json is from anvil \
                 --dump-state), then capture --state alloc.json --chain-id NUMBER"
            }
            Self::NoDeployment { known } if known.is_empty() => {
                "op-deployer keeps states only with --deployment-target genesis; to capture a live L1, \
                 use its nodes (--el-rpc)"
            }
            Self::NoDeployment { .. } => "choose one of these chains with --chain-id NUMBER",
            Self::Embedded { .. } => "the file is damaged, or its version is not supported",
            Self::OnePage { .. } => {
                "debug_dumpBlock and debug_accountRange return at most 256 accounts: capture the node \
                 with --el-rpc URL, which reads all pages, or write a complete file with geth dump"
            }
            Self::TornFile { .. } => "dump it again while anvil mines no blocks",
            Self::FileOfAnotherBlock { .. } => "pass the file's block: --block NUMBER",
            Self::Config(_) => "use a beacon node of the chain, or omit --cl-rpc",
            Self::NoChainId => "pass --chain-id NUMBER, --genesis FILE, or --el-rpc URL",
            Self::ConfigOfAnotherChain { .. } => "pass the genesis of the captured chain",
            Self::BeaconOfAnotherChain { .. } => "use two nodes of the same chain",
            Self::GenesisOfAnotherChain { .. } => WHERE_GENESIS_IS,
            Self::NoHistory => "capture the state alone: --mode state",
            Self::HeadOnly { .. } => "omit --block",
            Self::UnknownValidator { .. } | Self::OtherMnemonic => {
                "pass the mnemonics of the chain's own validators: --mnemonics FILE"
            }
            Self::Answer(_) | Self::Loop { .. } => {
                "the node's client is not supported: capture from a file (geth dump)"
            }
            Self::Read(error) if error.kind() == ErrorKind::UnexpectedEof => {
                "the file ends too early: check that it was copied completely"
            }
            Self::Endless { .. } => {
                "have the node write its state to a file, and capture that: --state FILE"
            }
            Self::Write(error) if error.kind() == ErrorKind::StorageFull => {
                "the state is larger than this disk, or the node's answer never ends: choose \
                 another --out"
            }
            Self::NoBlock { .. } => "--block accepts latest, finalized, a number, or a hash",
            Self::NoAccounts { kind, client } if is_lookup(kind) => client.how_to_name_accounts(),
            Self::NoAccounts { .. } => "check that this is the chain you want to capture",
            Self::Incomplete { client: ClientKind::Geth | ClientKind::Other, .. } => {
                "geth keeps preimages when it is initialised and run with --cache.preimages, or \
                 started with --override.genesis and --gcmode archive; --genesis FILE adds those \
                 of the chain's genesis, and --gcmode archive those of its transactions"
            }
            Self::Incomplete { client, .. } => client.how_to_name_accounts(),
            Self::StateRoot { kind, client, accounts, .. } => {
                of_state_root(kind, *client, *accounts)
            }
            Self::NoDump { .. } | Self::OtherDump { .. } => {
                "reth and others have no dump: use a geth node of the same chain"
            }
            Self::AnotherState { .. } | Self::Reorganised { .. } => {
                "run it again; --block finalized is never reorganised"
            }
            Self::NoBlocks { .. } => {
                "start the node with the namespace open: geth --http.api eth,net,web3,debug"
            }
            Self::Stopped(error) => error.hint(),
            Self::Pruned { .. } => {
                "a history must be complete: use a node that keeps all blocks (geth --history.chain \
                 all, reth or erigon as archive), or capture the state alone (--mode state)"
            }
            Self::WrongBlock { .. } => {
                "nothing of this capture is kept: use another node of the chain; if its blocks are of a \
                 fork that this version does not know, update regenesis"
            }
            Self::AnotherChain { .. } => "capture from one node, not from a pool of nodes",
            Self::Template(_) | Self::Keys(_) | Self::ReadBack(_) => "please report this bug",
            Self::Input { .. }
            | Self::Mnemonics { .. }
            | Self::WorkFile { .. }
            | Self::Read(_)
            | Self::Write(_)
            | Self::Change(_) => return None,
        })
    }
}

/// How to capture the whole state.
fn of_state_root(kind: &str, client: ClientKind, accounts: u64) -> &'static str {
    if is_lookup(kind) {
        client.how_to_name_accounts()
    } else if kind.contains("anvil") {
        "state that was set without a transaction is in no block yet: mine one (evm_mine)"
    } else if accounts == 256 {
        "exactly 256 accounts are one page of a dump, not the state"
    } else {
        "the source omits accounts: use geth dump, or another source"
    }
}

/// Whether accounts were looked up by address, so that only named ones were found.
fn is_lookup(kind: &str) -> bool {
    kind == "eth_getProof"
}

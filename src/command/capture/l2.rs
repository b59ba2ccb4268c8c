//! The L2s of a capture: their flags, files and nodes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use super::super::named::named;
use super::super::{Failure, connect};
use super::Args;
use crate::capture::chain::{BlockId, Chain, SMALL_LIMIT};
use crate::capture::l2::{Deployed, L1};
use crate::capture::{CaptureContext, Captured, Node, Request};
use crate::exit;
use crate::file::Input;
use crate::io::console::Console;
use crate::io::fs::{self, Files};
use crate::io::http::RetryPolicy;
use crate::io::rpc_client::Client;
use crate::keys::SecretText;
use crate::rpc::{self, Rpc as _};
use crate::snapshot::metadata::Mode;

/// The flags of an L2.
#[derive(Debug, Default)]
struct Flags {
    rpc: Option<String>,
    node: Option<String>,
    rollup: Option<Input>,
    genesis: Option<Input>,
    batcher_key: Option<SecretText>,
}

/// An L2 that was found in an enclave; flags of its name have precedence.
#[derive(Debug)]
pub(super) struct FoundL2 {
    pub(super) name: String,
    pub(super) l2_chain_id: u64,
    pub(super) rpc: Option<String>,
    pub(super) rollup: Input,
    pub(super) genesis: Option<Input>,
    pub(super) batcher_key: Option<SecretText>,
}

/// The L2s that the flags name, in the order of their names.
#[derive(Debug)]
pub(super) struct L2s(BTreeMap<String, Flags>);

/// An L2 whose files were read and whose node was asked.
pub(super) struct Opened<'a> {
    pub(super) name: String,
    deployed: Deployed,
    batcher_key: Option<SecretText>,
    node: Option<(Client<'a>, Chain)>,
}

impl L2s {
    /// Reads the flags, and adds what was found.
    ///
    /// # Errors
    /// A flag has another form, or one of an L2 is missing.
    pub(super) fn of(args: &Args, found: Vec<FoundL2>) -> Result<Self, Failure> {
        let file = |path: String| Some(Input::file(PathBuf::from(path)));
        let mut all: BTreeMap<String, Flags> = BTreeMap::new();
        for (name, url) in named("--l2-rpc", &args.l2_rpc)? {
            all.entry(name).or_default().rpc = Some(url);
        }
        for (name, url) in named("--l2-node", &args.l2_node)? {
            all.entry(name).or_default().node = Some(url);
        }
        for (name, path) in named("--l2-rollup", &args.l2_rollup)? {
            all.entry(name).or_default().rollup = file(path);
        }
        for (name, path) in named("--l2-genesis", &args.l2_genesis)? {
            all.entry(name).or_default().genesis = file(path);
        }
        for l2 in found {
            let flags = all.entry(l2.name).or_default();
            flags.rpc = flags.rpc.take().or(l2.rpc);
            flags.genesis = flags.genesis.take().or(l2.genesis);
            flags.batcher_key = l2.batcher_key;
            if flags.node.is_none() {
                flags.rollup = flags.rollup.take().or(Some(l2.rollup));
            }
        }
        for (name, flags) in &all {
            let missing = |flag: &str, hint| {
                Err(Failure::usage(format!("the L2 {name} has no {flag} {name}=…"), hint))
            };
            if flags.genesis.is_none() {
                return missing(
                    "--l2-genesis",
                    "pass the genesis.json that op-geth was initialised with, or op-deployer's state.json",
                );
            }
            match (&flags.rollup, &flags.node) {
                (None, None) => {
                    let hint =
                        "pass the rollup.json of op-node, or --l2-node NAME=URL of the op-node";
                    return missing("--l2-rollup", hint);
                }
                (Some(_), Some(_)) => {
                    let message = format!("--l2-rollup and --l2-node are both given for {name}");
                    return Err(Failure::usage(message, "omit --l2-node: the file says the same"));
                }
                _ => {}
            }
        }
        Ok(Self(all))
    }

    /// Refuses a block that only the L1 has, if the state of an L2 is captured: that would be a later one.
    pub(super) fn check_block(&self, block: BlockId) -> Result<(), Failure> {
        let is_one = matches!(block, BlockId::Number(_) | BlockId::Hash(_));
        if is_one && self.0.values().any(|flags| flags.rpc.is_some()) {
            return Err(Failure::usage(
                "--block is one block of the L1, but capture reads the latest state of its L2s",
                "capture latest or finalized, or leave out the state of the L2s: omit --l2-rpc, and \
                 with --enclave pass --op-node none",
            ));
        }
        Ok(())
    }

    /// Reads the files, and asks the nodes for their chains. `l1` is the chain id of the L1, if it is known.
    ///
    /// # Errors
    /// A file is not valid, files and node are of different chains, or a node fails.
    pub(super) fn open<'a>(
        &self,
        l1: Option<u64>,
        retry: RetryPolicy,
        console: &'a Console,
    ) -> Result<Vec<Opened<'a>>, Failure> {
        let open = |(name, flags): (&String, &Flags)| {
            let rollup = match (&flags.rollup, &flags.node) {
                (Some(file), _) => Input::memory(&file.label(), fs::read(file)?),
                (None, Some(url)) => {
                    let node = connect("--l2-node", url, retry, console)?;
                    let method = "optimism_rollupConfig";
                    let config = node.call(method, &json!([]), SMALL_LIMIT);
                    let config = config.map_err(|error| of_op_node(&error))?;
                    Input::memory(&format!("{method} of {}", node.label()), config)
                }
                (None, None) => return Err(Failure::bug("an L2 without a rollup.json")),
            };
            let genesis = flags.genesis.clone();
            let genesis = genesis.ok_or_else(|| Failure::bug("an L2 without genesis"))?;
            let deployed = Deployed::read(name, (rollup, genesis), l1, &Files)?;
            let node = match &flags.rpc {
                None => None,
                Some(url) => {
                    let rpc = connect("--l2-rpc", url, retry, console)?;
                    let chain = Chain::fetch(&rpc)?;
                    deployed.check(Node { rpc: &rpc, chain: &chain })?;
                    Some((rpc, chain))
                }
            };
            let batcher_key = flags.batcher_key.clone();
            Ok(Opened { name: name.clone(), deployed, batcher_key, node })
        };
        self.0.iter().map(open).collect()
    }
}

/// An error of an op-node, which has no namespaces to open.
fn of_op_node(error: &rpc::Error) -> Failure {
    let hint = match error {
        rpc::Error::Refused { .. } => "pass the RPC of op-node (its --rpc.port), or --l2-rollup",
        error => error.hint(),
    };
    Failure::new(exit::SOURCE, format!("--l2-node: {error}"), Some(hint))
}

impl Opened<'_> {
    /// Captures the L2 beside `captured`, the L1 of `node`. `request` is that of the L1.
    ///
    /// # Errors
    /// A node fails, or did not return the complete state.
    pub(super) fn capture(
        &self,
        context: &CaptureContext<'_>,
        request: Request,
        node: Option<Node<'_>>,
        captured: &mut Captured,
    ) -> Result<(), Failure> {
        // A number or hash is of a block of the L1: `check_block`.
        let block = match request.block {
            BlockId::Finalized => BlockId::Finalized,
            _ => BlockId::Latest,
        };
        let genesis = Some(self.deployed.genesis().clone());
        let request = Request { block, genesis, ..request };
        let context = CaptureContext { request: &request, ..*context };
        let source = captured.metadata.source.as_ref();
        let block = source.and_then(|source| source.block.as_ref());
        let block = block.and_then(|block| Some((block.number, block.hash?)));
        let chain_id = captured.metadata.chain_id;
        let l1 = L1 { chain_id, node, block, history: captured.metadata.mode == Mode::History };
        let l2 = self.node.as_ref().map(|(rpc, chain)| Node { rpc, chain });
        let files = self.deployed.capture(&context, l2, &l1)?;
        let key = self.batcher_key.as_ref();
        let key = key.and_then(|key| self.deployed.batcher_key(&context, key, &files));
        captured.files.extend(files.into_iter().chain(key));
        captured.metadata.l2.push(self.name.clone());
        Ok(())
    }
}

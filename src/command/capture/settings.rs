//! Checks the arguments, and turns them into settings.

use std::path::PathBuf;
use std::time::Duration;

use super::super::{Failure, connect, given};
use super::Args;
use crate::capture::chain::BlockId;
use crate::capture::{Request, Sample, WHERE_GENESIS_IS};
use crate::file::Input;
use crate::io::console::Console;
use crate::io::http::RetryPolicy;
use crate::io::rpc_client::Client;

/// What to keep of the chain.
#[derive(Debug)]
pub(super) enum Goal {
    /// The state after one block.
    State,
    /// All blocks up to one.
    History {
        /// The chain's own genesis.
        genesis: Input,
    },
}

/// The settings of a run.
#[derive(Debug)]
pub(super) struct Settings {
    el_rpc: Option<String>,
    cl_rpc: Option<String>,
    pub(super) goal: Goal,
    pub(super) state: Option<Input>,
    pub(super) datadir: Option<PathBuf>,
    pub(super) block: BlockId,
    genesis: Option<Input>,
    config: Option<Input>,
    mnemonics: Option<Input>,
    out: Option<PathBuf>,
    name: Option<String>,
    chain_id: Option<u64>,
    slot_seconds: Option<u64>,
    pub(super) retry: RetryPolicy,
}

/// The snapshot to write.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) out: PathBuf,
    pub(super) name: String,
}

fn file(path: Option<&PathBuf>) -> Option<Input> {
    path.filter(|path| !path.as_os_str().is_empty()).map(|path| Input::file(path.clone()))
}

fn text(text: Option<&String>) -> Option<String> {
    text.and_then(|text| given(text)).map(str::to_owned)
}

/// Where the L1 comes from: the flags, and what an enclave adds to them.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) el_rpc: Option<String>,
    pub(super) cl_rpc: Option<String>,
    /// geth's data directory.
    pub(super) datadir: Option<PathBuf>,
    pub(super) genesis: Option<Input>,
    pub(super) config: Option<Input>,
    pub(super) mnemonics: Option<Input>,
    /// `state` or `history`.
    pub(super) mode: String,
}

impl Sources {
    /// Those of the flags.
    pub(super) fn of(args: &Args) -> Self {
        Self {
            el_rpc: text(args.el_rpc.as_ref()),
            cl_rpc: text(args.cl_rpc.as_ref()),
            datadir: args.datadir.clone().filter(|path| !path.as_os_str().is_empty()),
            genesis: file(args.genesis.as_ref()),
            config: None,
            mnemonics: file(args.mnemonics.as_ref()),
            mode: text(args.mode.as_ref()).unwrap_or_default(),
        }
    }
}

impl Settings {
    pub(super) fn of(args: &Args, sources: Sources) -> Result<Self, Failure> {
        let goal = goal(args, &sources)?;
        let datadir = datadir(args, &sources)?;
        let Sources { el_rpc, cl_rpc, genesis, config, mnemonics, .. } = sources;
        let state = file(args.state.as_ref());
        if el_rpc.is_none() && state.is_none() && datadir.is_none() {
            return Err(Failure::usage(
                "nothing to capture from: --el-rpc, --state, --datadir and --enclave are missing",
                "pass a node (--el-rpc 127.0.0.1:8545), a file (--state dump.json), a stopped geth \
                 (--datadir data/geth) or a Kurtosis enclave (--enclave NAME)",
            ));
        }
        let block = args.block.trim();
        let block = if block.is_empty() { "latest" } else { block };
        let id: BlockId = block.parse().map_err(|expected| {
            Failure::usage(
                format!("--block is {block:?}, {expected}"),
                "see regenesis capture --help",
            )
        })?;
        if el_rpc.is_none() && id != BlockId::Latest && datadir.is_none() {
            return Err(Failure::usage(
                format!("--block {block} requires --el-rpc"),
                "a file has the state of one block; with --el-rpc, regenesis compares it with that block",
            ));
        }
        let name = text(args.name.as_ref());
        if let Some(name) = &name {
            check_name(name)?;
        }
        for (flag, value) in
            [("--slot-time", args.slot_time), ("--rpc-timeout", Some(args.rpc_timeout))]
        {
            if value == Some(0) {
                return Err(Failure::usage(
                    format!("{flag} is 0"),
                    "expected whole seconds, at least 1",
                ));
            }
        }
        Ok(Self {
            el_rpc,
            cl_rpc,
            state,
            datadir,
            goal,
            block: id,
            genesis,
            config,
            mnemonics,
            out: args.out.clone().filter(|path| !path.as_os_str().is_empty()),
            name,
            chain_id: args.chain_id,
            slot_seconds: args.slot_time,
            retry: RetryPolicy::persistent(Duration::from_secs(args.rpc_timeout)),
        })
    }

    /// The file or directory that is captured, if there is no node.
    pub(super) fn source_file(&self) -> String {
        let datadir = self.datadir.as_ref().map(|datadir| datadir.display().to_string());
        datadir.or_else(|| self.state.as_ref().map(Input::label)).unwrap_or_default()
    }

    /// The node, if there is one.
    pub(super) fn node<'a>(&self, console: &'a Console) -> Result<Option<Client<'a>>, Failure> {
        self.connect("--el-rpc", self.el_rpc.as_deref(), console)
    }

    /// The beacon node, if there is one.
    pub(super) fn beacon<'a>(&self, console: &'a Console) -> Result<Option<Client<'a>>, Failure> {
        self.connect("--cl-rpc", self.cl_rpc.as_deref(), console)
    }

    fn connect<'a>(
        &self,
        flag: &str,
        url: Option<&str>,
        console: &'a Console,
    ) -> Result<Option<Client<'a>>, Failure> {
        url.map(|url| connect(flag, url, self.retry, console)).transpose()
    }

    /// The directory of the snapshot, if it is known before any request to a node.
    pub(super) fn place(&self) -> Option<PathBuf> {
        self.out.clone().or_else(|| self.name.as_ref().map(PathBuf::from))
    }

    /// The snapshot of the chain with this id, in the directory of this name.
    pub(super) fn target(
        &self,
        chain_id: Option<u64>,
        directory: Option<String>,
    ) -> Result<Target, Failure> {
        if let (Some(given), Some(found)) = (self.chain_id, chain_id)
            && given != found
        {
            return Err(Failure::usage(
                format!("--chain-id is {given}, but the node is on chain {found}"),
                "omit --chain-id: the node reports it",
            ));
        }
        let from_directory = directory.filter(|name| is_name(name));
        let name = self.name.clone().or(from_directory).unwrap_or_else(|| {
            match chain_id.or(self.chain_id) {
                Some(id) => format!("chain-{id}"),
                None => "snapshot".to_owned(),
            }
        });
        let out = self.out.clone().unwrap_or_else(|| PathBuf::from(&name));
        Ok(Target { out, name })
    }

    /// The request for the snapshot `target`.
    pub(super) fn request(&self, target: &Target) -> Result<Request, Failure> {
        let sample = crate::sample();
        let mnemonics =
            sample.mnemonics.ok_or_else(|| Failure::bug("the sample has no validators"))?;
        Ok(Request {
            name: target.name.clone(),
            chain_id: self.chain_id,
            block: self.block,
            genesis: self.genesis.clone(),
            config: self.config.clone(),
            mnemonics: self.mnemonics.clone(),
            slot_seconds: self.slot_seconds,
            sample: Sample { genesis: sample.genesis, mnemonics },
            version: env!("CARGO_PKG_VERSION"),
        })
    }
}

/// geth's data directory. It is the only source; its state can change if it is written as an alloc.
fn datadir(args: &Args, sources: &Sources) -> Result<Option<PathBuf>, Failure> {
    let Some(datadir) = sources.datadir.clone() else { return Ok(None) };
    let some = |texts: &[String]| texts.iter().any(|text| !text.trim().is_empty());
    let alone = "a data directory is the only source: leave out the other one";
    let whole =
        "the database is copied as it is; with --alloc, capture writes accounts, which can change";
    let is_history = sources.mode == "history";
    let is_copied = !args.alloc && !is_history;
    for (flag, given, hint) in [
        ("--el-rpc", sources.el_rpc.is_some(), alone),
        ("--state", file(args.state.as_ref()).is_some(), alone),
        ("--genesis", sources.genesis.is_some() && is_copied, "the database has the chain config"),
        ("--prove", args.prove && !is_copied, "every hash is computed in any case: leave it out"),
        ("--fund", some(&args.fund) && is_copied, whole),
        ("--set-code", some(&args.set_code) && is_copied, whole),
        ("--merge", args.merge.iter().any(|path| !path.as_os_str().is_empty()) && is_copied, whole),
        ("--prune-empty", args.prune_empty && is_copied, whole),
        ("--add-system-contracts", args.add_system_contracts && is_copied, whole),
        ("--l2-rpc", some(&args.l2_rpc), alone),
        ("--l2-node", some(&args.l2_node), alone),
        ("--l2-rollup", some(&args.l2_rollup), alone),
        ("--l2-genesis", some(&args.l2_genesis), alone),
    ] {
        if given {
            let is_flag = args.datadir.as_deref() == Some(&*datadir);
            let (source, hint) = if is_flag {
                ("with --datadir", hint)
            } else {
                (
                    "while the enclave's geth is stopped",
                    "omit it: the L2s of the enclave are captured",
                )
            };
            return Err(Failure::usage(format!("{flag} cannot be used {source}"), hint));
        }
    }
    Ok(Some(datadir))
}

/// What to keep. A history comes from a node or from a stopped geth, and cannot be changed.
fn goal(args: &Args, sources: &Sources) -> Result<Goal, Failure> {
    match sources.mode.as_str() {
        "" | "state" => return Ok(Goal::State),
        "history" => {}
        "auto" => {
            let message = "--mode auto requires --enclave";
            return Err(Failure::usage(message, "pass --mode state or --mode history"));
        }
        other => {
            return Err(Failure::usage(
                format!("--mode is {other:?}, expected state, history or auto"),
                "see regenesis capture --help",
            ));
        }
    }
    let some = |texts: &[String]| texts.iter().any(|text| !text.trim().is_empty());
    let merges = args.merge.iter().any(|path| !path.as_os_str().is_empty());
    let node = "a history is captured from a node (--el-rpc 127.0.0.1:8545), or from the files of a \
                stopped geth (--datadir data/geth)";
    let changes = "the blocks of a history determine its state: change a snapshot of --mode state";
    for (flag, given, hint) in [
        ("--state", file(args.state.as_ref()).is_some(), node),
        ("--alloc", args.alloc, "a history has no alloc: leave one of the two out"),
        ("--fund", some(&args.fund), changes),
        ("--set-code", some(&args.set_code), changes),
        ("--merge", merges, changes),
        ("--prune-empty", args.prune_empty, changes),
        ("--add-system-contracts", args.add_system_contracts, changes),
    ] {
        if given {
            return Err(Failure::usage(format!("{flag} cannot be used with --mode history"), hint));
        }
    }
    if sources.el_rpc.is_none() && sources.datadir.is_none() {
        return Err(Failure::usage("--mode history requires --el-rpc or --datadir", node));
    }
    let genesis = sources
        .genesis
        .clone()
        .ok_or_else(|| Failure::usage("--mode history requires --genesis", WHERE_GENESIS_IS))?;
    Ok(Goal::History { genesis })
}

/// Whether a snapshot may have this name.
pub(in super::super) fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(fits)
}

fn check_name(name: &str) -> Result<(), Failure> {
    if is_name(name) {
        return Ok(());
    }
    Err(Failure::usage(
        format!("--name is {name:?}"),
        "a name has at most 64 letters, digits, `.`, `_` and `-`, and starts with a letter or digit",
    ))
}

//! From arguments as typed to settings that make sense.

use std::path::PathBuf;
use std::time::Duration;

use super::super::{Failure, connect, given};
use super::Args;
use crate::capture::chain::BlockId;
use crate::rim::console::Console;
use crate::rim::http::Patience;
use crate::rim::rpc::Client;
use crate::snapshot::Input;
use crate::snapshot::metadata::Mode;

/// What `--genesis` must be.
pub(super) const WHERE_GENESIS_IS: &str = "give the file that the chain's nodes were made with: \
    --genesis FILE; it is /network-configs/genesis.json in a Kurtosis container, \
    metadata/genesis.json of a regenesis runtime";

/// What a run is to do.
#[derive(Debug)]
pub(super) struct Settings {
    el_rpc: Option<String>,
    cl_rpc: Option<String>,
    pub(super) state: Option<Input>,
    pub(super) block: BlockId,
    pub(super) genesis: Option<Input>,
    pub(super) mnemonics: Option<Input>,
    out: Option<PathBuf>,
    name: Option<String>,
    pub(super) chain_id: Option<u64>,
    pub(super) slot_time: Option<u64>,
    patience: Patience,
    pub(super) mode: Mode,
}

/// What is made, and where.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) out: PathBuf,
    pub(super) name: String,
    /// As far as it is known before a genesis was read.
    pub(super) chain_id: Option<u64>,
}

fn file(path: Option<&PathBuf>) -> Option<Input> {
    path.filter(|path| !path.as_os_str().is_empty()).map(|path| Input::File(path.clone()))
}

fn text(text: Option<&String>) -> Option<String> {
    text.and_then(|text| given(text)).map(str::to_owned)
}

impl Settings {
    pub(super) fn of(args: &Args) -> Result<Self, Failure> {
        let (el_rpc, state) = (text(args.el_rpc.as_ref()), file(args.state.as_ref()));
        let mode = mode(args)?;
        if el_rpc.is_none() && state.is_none() {
            return Err(Failure::usage(
                "nothing to capture from: --el-rpc and --state are missing",
                "give a node (--el-rpc 127.0.0.1:8545) or a file (--state dump.json)",
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
        if el_rpc.is_none() && id != BlockId::Latest {
            return Err(Failure::usage(
                format!("--block {block} has no meaning with a file alone"),
                "a file has the state of one block; with --el-rpc it is compared with that block",
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
                    "it takes whole seconds, at least 1",
                ));
            }
        }
        Ok(Self {
            el_rpc,
            cl_rpc: text(args.cl_rpc.as_ref()),
            state,
            block: id,
            genesis: file(args.genesis.as_ref()),
            mnemonics: file(args.mnemonics.as_ref()),
            out: args.out.clone().filter(|path| !path.as_os_str().is_empty()),
            name,
            chain_id: args.chain_id,
            slot_time: args.slot_time,
            patience: Patience::long(Duration::from_secs(args.rpc_timeout)),
            mode,
        })
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
        url.map(|url| connect(flag, url, self.patience, console)).transpose()
    }

    /// Where the snapshot is to be, as far as it is known before a node was asked.
    pub(super) fn place(&self) -> Option<PathBuf> {
        self.out.clone().or_else(|| self.name.as_ref().map(PathBuf::from))
    }

    /// What is made of the chain with this id, in the directory of this name.
    pub(super) fn target(
        &self,
        chain_id: Option<u64>,
        directory: Option<String>,
    ) -> Result<Target, Failure> {
        if let (Some(given), Some(found)) = (self.chain_id, chain_id)
            && given != found
        {
            return Err(Failure::usage(
                format!("--chain-id is {given}, but the node is of chain {found}"),
                "leave --chain-id out: the node tells it",
            ));
        }
        let chain_id = chain_id.or(self.chain_id);
        let from_directory = directory.filter(|name| check_name(name).is_ok());
        let name = self.name.clone().or(from_directory).unwrap_or_else(|| match chain_id {
            Some(id) => format!("chain-{id}"),
            None => "snapshot".to_owned(),
        });
        let out = self.out.clone().unwrap_or_else(|| PathBuf::from(&name));
        Ok(Target { out, name, chain_id })
    }
}

/// What is to be kept; a past has neither files that stand for a node, nor changes.
fn mode(args: &Args) -> Result<Mode, Failure> {
    let mode = match args.mode.trim() {
        "" | "state" => return Ok(Mode::State),
        "history" => Mode::History,
        other => {
            return Err(Failure::usage(
                format!("--mode is {other:?}, expected state or history"),
                "see regenesis capture --help",
            ));
        }
    };
    let some = |texts: &[String]| texts.iter().any(|text| !text.trim().is_empty());
    let merges = args.merge.iter().any(|path| !path.as_os_str().is_empty());
    let changes = "the blocks of a past lead to one state: change the snapshot of --mode state";
    for (flag, given, hint) in [
        ("--state", file(args.state.as_ref()).is_some(), "a past is had from a node: --el-rpc URL"),
        ("--fund", some(&args.fund), changes),
        ("--set-code", some(&args.set_code), changes),
        ("--merge", merges, changes),
        ("--prune-empty", args.prune_empty, changes),
    ] {
        if given {
            return Err(Failure::usage(format!("{flag} has no meaning with --mode history"), hint));
        }
    }
    if text(args.el_rpc.as_ref()).is_none() {
        return Err(Failure::usage(
            "--mode history without a node: --el-rpc is missing",
            "a past is had from a node: --el-rpc 127.0.0.1:8545",
        ));
    }
    if file(args.genesis.as_ref()).is_none() {
        return Err(Failure::usage(
            "--mode history without the chain's genesis: --genesis is missing",
            WHERE_GENESIS_IS,
        ));
    }
    Ok(mode)
}

fn check_name(name: &str) -> Result<(), Failure> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(fits)
    {
        return Ok(());
    }
    Err(Failure::usage(
        format!("--name is {name:?}"),
        "it takes letters, digits, `.`, `_` and `-`, at most 64",
    ))
}

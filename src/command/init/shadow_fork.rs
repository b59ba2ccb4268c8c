//! The block of a shadow fork: `--shadow-fork-block`, `--shadow-fork-rpc`.
//!
//! The execution clients already have the chain up to that block, as a copy of another node's data.
//! Only the beacon chain starts fresh, after that block.

use std::path::PathBuf;
use std::time::Duration;

use super::super::{Failure, connect, given};
use super::args::path_or_empty;
use super::settings::Settings;
use crate::capture;
use crate::capture::chain::{self, BLOCK_LIMIT, BlockId, Chain};
use crate::capture::history::{self, rpc_block};
use crate::file::Input;
use crate::io::console::Console;
use crate::io::fs;
use crate::io::http::RetryPolicy;
use crate::pipeline::ChainHistory;
use crate::rpc::Beacon as _;
use crate::snapshot::Snapshot;

/// Timeout of each request.
const TIMEOUT: Duration = Duration::from_mins(1);

const BLOCK_HELP: &str = "Shadow fork: continue the block in this file, the JSON result of eth_getBlockByNumber with full \
     transactions; the execution clients must already have the chain";

/// The block to continue.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub struct Args {
    #[arg(help = BLOCK_HELP, long, value_name = "FILE", value_parser = path_or_empty())]
    shadow_fork_block: Option<PathBuf>,
    /// Shadow fork: continue the head of this execution node
    #[arg(long, value_name = "URL")]
    shadow_fork_rpc: Option<String>,
}

impl Args {
    /// The file and the URL.
    fn given(&self) -> (Option<&PathBuf>, Option<&str>) {
        let file = self.shadow_fork_block.as_ref().filter(|path| !path.as_os_str().is_empty());
        (file, self.shadow_fork_rpc.as_deref().and_then(given))
    }
}

/// Where a block comes from.
#[derive(Clone)]
pub(in crate::command) enum Source {
    /// A file.
    File(PathBuf),
    /// The URL of such a file, and the variable that has it.
    Url(&'static str, String),
    /// A node, and the flag or variable that names it.
    Node(&'static str, String),
}

impl Source {
    /// The source in the arguments.
    pub(super) fn of(args: &Args) -> Result<Option<Self>, Failure> {
        match args.given() {
            (None, None) => Ok(None),
            (Some(path), None) => Ok(Some(Self::File(path.clone()))),
            (None, Some(url)) => Ok(Some(Self::Node("--shadow-fork-rpc", url.to_owned()))),
            (Some(_), Some(_)) => Err(Failure::usage(
                "--shadow-fork-block and --shadow-fork-rpc exclude each other",
                "omit one of the two",
            )),
        }
    }

    /// Reads the block.
    pub(in crate::command) fn read(&self, console: &Console) -> Result<ChainHistory, Failure> {
        match self {
            Self::File(path) => {
                let input = Input::file(path.clone());
                of_file(&input, &fs::read(&input)?)
            }
            Self::Url(flag, url) => {
                let server = connect(flag, url, RetryPolicy::persistent(TIMEOUT), console)?;
                let block = server.get("", BLOCK_LIMIT);
                let block = block.map_err(|error| Failure::capture(&error.into()))?;
                of_file(&Input::memory(flag, &block[..]), &block)
            }
            Self::Node(flag, url) => of_node(flag, url, console),
        }
    }
}

/// The block to continue, if the settings ask for a shadow fork.
pub(super) fn read(
    settings: &Settings,
    snapshot: &Snapshot,
    console: &Console,
) -> Result<Option<ChainHistory>, Failure> {
    let Some(source) = &settings.shadow_fork else { return Ok(None) };
    if snapshot.history.is_some() {
        return Err(Failure::usage(
            format!("{} has its own history: it cannot be a shadow fork too", snapshot.name),
            "leave out --shadow-fork-block and --shadow-fork-rpc",
        ));
    }
    source.read(console).map(Some)
}

/// The block in the file `input`, whose content is `bytes`.
fn of_file(input: &Input, bytes: &[u8]) -> Result<ChainHistory, Failure> {
    let wrong = |what: &str, hint| Failure::input(input, None, what, Some(hint));
    let head = rpc_block::parse(bytes).map_err(|error| {
        let hint = error.hint();
        wrong(&error.to_string(), hint)
    })?;
    if !head.header.difficulty.is_zero() {
        let what = format!("block {} is from before the merge", head.header.number);
        return Err(wrong(&what, "use a block after the merge"));
    }
    let hash = head.header.hash();
    Ok(ChainHistory { head, hash, genesis_hash: None, files: None })
}

/// The head of the node at the URL in `flag`.
fn of_node(flag: &str, url: &str, console: &Console) -> Result<ChainHistory, Failure> {
    let node = connect(flag, url, RetryPolicy::persistent(TIMEOUT), console)?;
    let history = || {
        let genesis = Chain::fetch(&node)?.genesis;
        let pinned = chain::pin(&node, BlockId::Latest)?;
        let (number, hash) = (pinned.number, pinned.hash.unwrap_or_default());
        let source = history::open(&node)?;
        let wrong = |what: String| capture::Error::WrongBlock { number, what };
        let blocks = history::blocks(&*source, &node, number..number.saturating_add(1))?;
        let head = blocks.into_iter().next().ok_or_else(|| wrong("is missing".to_owned()))?;
        let found = head.header.hash();
        if found != hash {
            return Err(wrong(format!("is {found}, but the node called it {hash}")));
        }
        head.check().map_err(|error| wrong(error.to_string()))?;
        if !head.header.difficulty.is_zero() {
            return Err(wrong("is from before the merge".to_owned()));
        }
        Ok(ChainHistory { head, hash, genesis_hash: Some(genesis), files: None })
    };
    history().map_err(|error| Failure::capture(&error))
}

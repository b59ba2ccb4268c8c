//! Where the block of a shadow fork comes from: `--shadow-fork-block`, `--shadow-fork-rpc`.
//!
//! The execution clients have the chain up to that block already, as a copy of another node's data.
//! Only the beacon chain begins anew behind it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::prepare::history::Past;
use super::super::{Failure, connect, given};
use super::path_or_empty;
use crate::capture;
use crate::capture::chain::{self, BlockId, Chain};
use crate::capture::history::{self, told};
use crate::rim::console::Console;
use crate::rim::fs;
use crate::rim::http::Patience;
use crate::snapshot::{Input, Snapshot};

/// How long a node may take for an answer.
const TIMEOUT: Duration = Duration::from_mins(1);

const BLOCK_HELP: &str = "Shadow fork: the beacon chain continues the block in this file, the JSON answer to \
     eth_getBlockByNumber with whole transactions; the execution clients have the chain already";

/// What is continued.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub struct Args {
    #[arg(
        help = BLOCK_HELP,
        long,
        value_name = "FILE",
        env = "REGENESIS_SHADOW_FORK_BLOCK",
        hide_env_values = true,
        value_parser = path_or_empty()
    )]
    shadow_fork_block: Option<PathBuf>,
    /// Shadow fork of the head of this execution node
    #[arg(long, value_name = "URL", env = "REGENESIS_SHADOW_FORK_RPC", hide_env_values = true)]
    shadow_fork_rpc: Option<String>,
}

impl Args {
    /// The file and the URL, as far as they are given.
    fn given(&self) -> (Option<&PathBuf>, Option<&str>) {
        let file = self.shadow_fork_block.as_ref().filter(|path| !path.as_os_str().is_empty());
        (file, self.shadow_fork_rpc.as_deref().and_then(given))
    }

    /// Whether a flag asks for a shadow fork.
    pub(super) fn is_given(&self) -> bool {
        self.given() != (None, None)
    }
}

/// Where a block comes from.
pub(super) enum Source {
    /// A file.
    File(PathBuf),
    /// A node, and the flag or variable that names it.
    Node(&'static str, String),
}

impl Source {
    /// What the flags name.
    pub(super) fn of(args: &Args) -> Result<Option<Self>, Failure> {
        match args.given() {
            (None, None) => Ok(None),
            (Some(path), None) => Ok(Some(Self::File(path.clone()))),
            (None, Some(url)) => Ok(Some(Self::Node("--shadow-fork-rpc", url.to_owned()))),
            (Some(_), Some(_)) => Err(Failure::usage(
                "--shadow-fork-block and --shadow-fork-rpc both name the block to continue",
                "leave one of the two out",
            )),
        }
    }

    /// Gets the block.
    pub(super) fn read(&self, console: &Console) -> Result<Past, Failure> {
        match self {
            Self::File(path) => of_file(path),
            Self::Node(flag, url) => of_node(flag, url, console),
        }
    }
}

/// The block that is continued, if this is a shadow fork.
pub(super) fn read(
    args: &Args,
    snapshot: &Snapshot,
    console: &Console,
) -> Result<Option<Past>, Failure> {
    let Some(source) = Source::of(args)? else { return Ok(None) };
    if snapshot.history.is_some() {
        return Err(Failure::usage(
            format!("{} keeps its own past: it cannot be a shadow fork too", snapshot.name),
            "leave --shadow-fork-block and --shadow-fork-rpc out",
        ));
    }
    source.read(console).map(Some)
}

/// The block in a file.
fn of_file(path: &Path) -> Result<Past, Failure> {
    let input = Input::File(path.to_owned());
    let wrong = |what: &str, hint| Failure::input(&input, None, what, Some(hint));
    let head = told::parse(&fs::read(&input)?).map_err(|error| {
        let hint = error.hint();
        wrong(&error.to_string(), hint)
    })?;
    if !head.header.difficulty.is_zero() {
        let what = format!("block {} is from before the merge", head.header.number);
        return Err(wrong(&what, "a beacon chain continues one of proof of stake"));
    }
    let hash = head.header.hash();
    Ok(Past { head, hash, genesis_hash: None, kept: None })
}

/// The head of the node at the URL that `flag` gives.
fn of_node(flag: &str, url: &str, console: &Console) -> Result<Past, Failure> {
    let node = connect(flag, url, Patience::long(TIMEOUT), console)?;
    let past = || {
        let genesis = Chain::ask(&node)?.genesis;
        let pinned = chain::pin(&node, BlockId::Latest)?;
        let (number, hash) = (pinned.number, pinned.hash.unwrap_or_default());
        let source = history::open(&node)?;
        let wrong = |what: String| capture::Error::WrongBlock { number, what };
        let blocks = history::blocks(&*source, &node, number..number.saturating_add(1))?;
        let head = blocks.into_iter().next().ok_or_else(|| wrong("is missing".to_owned()))?;
        let found = head.header.hash();
        if found != hash {
            return Err(wrong(format!("is {found}, but it was called {hash}")));
        }
        head.check().map_err(|error| wrong(error.to_string()))?;
        if !head.header.difficulty.is_zero() {
            return Err(wrong("is from before the merge".to_owned()));
        }
        Ok(Past { head, hash, genesis_hash: Some(genesis), kept: None })
    };
    past().map_err(|error| Failure::capture(&error))
}

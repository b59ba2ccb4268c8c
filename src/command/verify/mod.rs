//! `regenesis verify`: proves that a snapshot is whole, and that a chain was made of it.

mod chain;
mod foreign;
mod history;
mod snapshot;

use std::path::PathBuf;

use serde::Serialize;

use super::prepare::Steps;
use super::{Failure, connect, given, snapshot_directory};
use crate::exit;
use crate::rim::console::Console;
use chain::Source;

const EXAMPLES: &str = "Examples:
  regenesis verify my-snapshot         read every byte; compare with baked/
  regenesis verify my-snapshot --json
  regenesis verify my-snapshot --el-rpc 127.0.0.1:8545 --cl-rpc 127.0.0.1:5052
                                       and that this chain was made of it, and lives
  regenesis verify --el-rpc 127.0.0.1:8545 --runtime ./runtime
                                       that this chain is the one that init made";

/// Prove a snapshot: every file is read, state root, schedules and all keys are computed, baked/ must
/// say the same, and no file in it decides what Compose runs but ours; or a running chain: its genesis
/// is ours, and its head advances
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub struct Args {
    /// Snapshot directory
    #[arg(env = "REGENESIS_SNAPSHOT", hide_env_values = true)]
    snapshot: Option<PathBuf>,
    /// JSON-RPC of a running chain's execution node: URL, or host and port
    #[arg(long, value_name = "URL", env = "REGENESIS_EL_RPC", hide_env_values = true)]
    el_rpc: Option<String>,
    /// REST API of its beacon node
    #[arg(long, value_name = "URL", env = "REGENESIS_CL_RPC", hide_env_values = true)]
    cl_rpc: Option<String>,
    /// The directory that regenesis init wrote, of which the chain is, where no snapshot is given
    #[arg(
        long,
        value_name = "DIR",
        default_value = "./runtime",
        env = "REGENESIS_RUNTIME",
        hide_env_values = true
    )]
    runtime: PathBuf,
    /// Print the result to stdout
    #[arg(
        long,
        env = "REGENESIS_JSON",
        hide_env_values = true,
        value_parser = crate::command::switch()
    )]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Verified {
    #[serde(flatten)]
    snapshot: Option<snapshot::Verified>,
    #[serde(flatten)]
    found: Option<foreign::Found>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<chain::Verified>,
}

/// Runs the verb.
///
/// # Errors
/// The snapshot is wrong, the bake is not of it, Compose would obey a file in it that is not ours, or
/// the chain is another one or stands still.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let directory = args.snapshot.as_ref().filter(|path| !path.as_os_str().is_empty());
    let (el, cl) = (args.el_rpc.as_deref().and_then(given), args.cl_rpc.as_deref().and_then(given));
    if el.is_none() && (directory.is_none() || cl.is_some()) {
        return Err(Failure::usage(
            "nothing to verify: give a snapshot, or a running chain's --el-rpc",
            "see regenesis verify --help",
        ));
    }
    let el = el.map(|url| connect("--el-rpc", url, chain::PATIENCE, console)).transpose()?;
    let cl = cl.map(|url| connect("--cl-rpc", url, chain::PATIENCE, console)).transpose()?;
    let mut steps = Steps::start(console);
    let snapshot = directory.map(|path| snapshot_directory(path)).transpose()?;
    let what = match (&snapshot, &el) {
        (Some(snapshot), _) => snapshot.name.clone(),
        (None, Some(el)) => el.label().to_owned(),
        (None, None) => String::new(),
    };
    console.title(&format!("regenesis {} · verifying {what}", env!("CARGO_PKG_VERSION")));
    let mut verified = Verified { snapshot: None, found: None, chain: None };
    let mut source = Source::Runtime(&args.runtime);
    let prepared;
    if let (Some(snapshot), Some(directory)) = (&snapshot, directory) {
        let (found, all) = snapshot::verify(snapshot, directory, &mut steps)?;
        verified.snapshot = Some(found);
        prepared = all;
        let found = foreign::find(snapshot, directory, &prepared, &mut steps)?;
        let checked = found.check(directory, &steps);
        verified.found = Some(found);
        if checked.is_err() && args.json {
            print(&verified)?;
        }
        checked?;
        source = Source::Snapshot(snapshot, &prepared);
    }
    if let Some(el) = &el {
        verified.chain = Some(chain::verify(&source, el, cl.as_ref(), &mut steps)?);
    }
    if args.json { print(&verified) } else { Ok(()) }
}

fn print(verified: &Verified) -> Result<(), Failure> {
    let mut json = serde_json::to_vec_pretty(verified).unwrap_or_default();
    json.push(b'\n');
    super::print(&json)
}

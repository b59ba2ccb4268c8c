//! `regenesis verify`: checks that a snapshot is complete, and that a chain started from it.

mod chain;
mod foreign;
mod history;
mod l2;
#[cfg(feature = "host")]
mod services;
pub(super) mod snapshot;
#[cfg(feature = "host")]
mod up;

use std::path::PathBuf;

use serde::Serialize;

use super::named::named;
use super::steps::Steps;
use super::{Failure, connect, given, print_json, snapshot_directory};
use crate::io::console::Console;
use chain::Reference;

const EXAMPLES: &str = "Examples:
  regenesis verify my-snapshot         read every byte and compare with baked/
  regenesis verify my-snapshot --json
  regenesis verify my-snapshot --up    also start it in Docker, compare the chain, and remove the stack
  regenesis verify my-snapshot --el-rpc 127.0.0.1:8545 --cl-rpc 127.0.0.1:5052
                                       also check that this chain started from it and advances
  regenesis verify --el-rpc 127.0.0.1:8545 --runtime ./runtime
                                       check that this chain has the genesis that init wrote
  regenesis verify --l2-rpc op=127.0.0.1:9545 --l2-node op=127.0.0.1:9547
                                       check that this L2 has the genesis and the config of
                                       ./runtime/l2/op, and that its three heads advance";

/// Verify that a snapshot is complete, or that a running chain started from it
///
/// For a snapshot: reads every file, computes the state root, the fork schedules and all keys, compares
/// them with baked/, and reports files that regenesis did not write and that Compose would act on. For a
/// running chain: checks that its genesis is the expected one and that its head advances; also an L2.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Snapshot directory
    snapshot: Option<PathBuf>,
    /// JSON-RPC of the execution node of a running chain: a URL, or HOST:PORT
    #[arg(long, value_name = "URL")]
    el_rpc: Option<String>,
    /// Beacon API of its beacon node
    #[arg(long, value_name = "URL")]
    cl_rpc: Option<String>,
    /// op-geth of a running L2, compared with l2/NAME of --runtime: genesis, and unsafe, safe and
    /// finalized head
    #[arg(long, value_name = "NAME=URL", value_delimiter = ',')]
    l2_rpc: Vec<String>,
    /// op-node of that L2, to compare its config field by field
    #[arg(long, value_name = "NAME=URL", value_delimiter = ',')]
    l2_node: Vec<String>,
    /// Also start the snapshot as a stack of its own on free ports; check that its chain and its L2s
    /// match the snapshot and advance, and that all services answer; then remove the stack
    #[cfg(feature = "host")]
    #[arg(long, requires = "snapshot", conflicts_with_all = ["el_rpc", "cl_rpc", "l2_rpc", "l2_node"])]
    up: bool,
    /// Runtime directory to compare with when no SNAPSHOT is given
    #[arg(long, value_name = "DIR", default_value = "./runtime")]
    runtime: PathBuf,
    /// Print the result as JSON to stdout
    #[arg(long)]
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    l2: Vec<l2::Verified>,
}

/// Runs the verb.
///
/// # Errors
/// The snapshot is invalid, its bake belongs to other files, Compose would act on a file in it that
/// regenesis did not write, or the chain has another genesis or does not advance.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let directory = args.snapshot.as_ref().filter(|path| !path.as_os_str().is_empty());
    let (el, cl) = (args.el_rpc.as_deref().and_then(given), args.cl_rpc.as_deref().and_then(given));
    let (l2, l2_nodes) = (named("--l2-rpc", &args.l2_rpc)?, named("--l2-node", &args.l2_node)?);
    if el.is_none() && (cl.is_some() || directory.is_none() && l2.is_empty()) {
        return Err(Failure::usage(
            "nothing to verify: SNAPSHOT and --el-rpc are missing",
            "name a snapshot, the --el-rpc of a running chain, or both; for an L2 --l2-rpc",
        ));
    }
    if let Some(name) = l2_nodes.keys().find(|name| !l2.contains_key(*name)) {
        let message = format!("--l2-node names {name}, and --l2-rpc does not");
        return Err(Failure::usage(message, "pass its op-geth too: --l2-rpc NAME=URL"));
    }
    let el = el.map(|url| connect("--el-rpc", url, chain::RETRY_POLICY, console)).transpose()?;
    let cl = cl.map(|url| connect("--cl-rpc", url, chain::RETRY_POLICY, console)).transpose()?;
    let steps = Steps::start(console);
    let snapshot = directory.map(|path| snapshot_directory(path)).transpose()?;
    let subject = match (&snapshot, &el) {
        (Some(snapshot), _) => snapshot.name.clone(),
        (None, Some(el)) => el.label().to_owned(),
        (None, None) => l2.keys().cloned().collect::<Vec<_>>().join(", "),
    };
    console.title(&format!("regenesis {} · verifying {subject}", env!("CARGO_PKG_VERSION")));
    let mut verified = Verified { snapshot: None, found: None, chain: None, l2: Vec::new() };
    let mut reference = Reference::Runtime(&args.runtime);
    let prepared;
    if let (Some(snapshot), Some(directory)) = (&snapshot, directory) {
        let (found, all) = snapshot::verify(snapshot, directory, &steps)?;
        verified.snapshot = Some(found);
        prepared = all;
        #[cfg(feature = "host")]
        {
            super::networks::verify(directory, &steps)?;
            services::verify(directory, &steps)?;
        }
        let found = foreign::find(snapshot, directory, &prepared, &steps)?;
        let checked = found.check(directory, &steps);
        verified.found = Some(found);
        if checked.is_err() && args.json {
            print_json(&verified)?;
        }
        checked?;
        reference = Reference::Snapshot(snapshot, &prepared);
    }
    #[cfg(feature = "host")]
    if let (true, Some(directory)) = (args.up, directory) {
        let (chain, l2) = up::verify(&reference, directory, &steps)?;
        (verified.chain, verified.l2) = (Some(chain), l2);
    }
    if let Some(el) = &el {
        verified.chain = Some(chain::verify(&reference, el, cl.as_ref(), &steps)?);
    }
    for (name, url) in &l2 {
        let connect = |flag, url| connect(flag, url, chain::RETRY_POLICY, console);
        let el = connect("--l2-rpc", url)?;
        let node = l2_nodes.get(name).map(|url| connect("--l2-node", url)).transpose()?;
        let file = l2::in_runtime(&args.runtime, name)?;
        verified.l2.push(l2::verify(&file, name, &el, node.as_ref(), &steps)?);
    }
    if args.json { print_json(&verified) } else { Ok(()) }
}

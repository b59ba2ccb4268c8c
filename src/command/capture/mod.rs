//! `regenesis capture`: a running chain, or a file with its state → a snapshot.

mod changes;
mod config;
mod failure;
mod finish;
mod history;
mod knowledge;
mod proof;
mod recover;
mod settings;
mod source;
mod state;
mod validators;

use std::path::{Path, PathBuf};

use super::prepare::{Steps, compute};
use super::{Failure, access, bake, compose};
use crate::capture::chain::Chain;
use crate::capture::overlay::Overlay;
use crate::exit;
use crate::keys::{Entropy, Kdf};
use crate::rim::console::Console;
use crate::rim::work::{Hold, Place, Work, share};
use crate::rim::{disk, fs};
use crate::snapshot::bake::DIRECTORY;
use crate::snapshot::metadata::Mode;
use crate::snapshot::{Input, Snapshot};
use finish::{Made, Nodes};
use settings::{Settings, Target};
use source::Asked;

const EXAMPLES: &str = "Examples:
  regenesis capture --el-rpc 127.0.0.1:8545                 the head of a running geth, or anvil
  regenesis capture --el-rpc http://127.0.0.1:8545 --block finalized --name l1
  regenesis capture --el-rpc 127.0.0.1:8545 --cl-rpc 127.0.0.1:5052 --mnemonics mnemonics.yaml
                                                            and its consensus config and validators
  regenesis capture --mode history --el-rpc 127.0.0.1:8545 --genesis genesis.json
                          all its blocks: hashes, receipts and logs stay; reth can be captured, too
  regenesis capture --state dump.json --genesis genesis.json
                          a file: geth dump, anvil --dump-state, forge's vm.dumpState, genesis.json
  regenesis capture --el-rpc 127.0.0.1:8545 --state dump.json
                                                            a file, proven by the node's block
  regenesis capture --el-rpc 127.0.0.1:8545 --fund 0x70997970C51812dc3A010C7d01b50e0d17dc79C8=1000
                                                            with changes on purpose

The state root is computed of what was captured, and must be the block's. Where there is none to
compare with (a genesis, an alloc, anvil's block 0), the snapshot says \"proven\": false. A capture
that is interrupted goes on when the same command is run again.

Changes are made after the proof: files first, then code, then funds. The snapshot then says
\"derived\", and its state root is another one than the block's.";

/// Capture a running chain, or a file with its state, as a snapshot that proves itself
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub struct Args {
    /// JSON-RPC of the execution node: URL, or host and port
    #[arg(long, value_name = "URL", env = "REGENESIS_EL_RPC", hide_env_values = true)]
    el_rpc: Option<String>,
    /// REST API of the beacon node: its config, and its validators to compare with
    #[arg(long, value_name = "URL", env = "REGENESIS_CL_RPC", hide_env_values = true)]
    cl_rpc: Option<String>,
    /// File that has the state: geth dump, anvil state, alloc, genesis.json
    #[arg(long, value_name = "FILE", env = "REGENESIS_STATE", hide_env_values = true)]
    state: Option<PathBuf>,
    /// What is kept: the state behind a block, which becomes that of a new block 0; or all blocks up
    /// to it, which a new beacon chain continues
    #[arg(
        long,
        value_name = "state|history",
        default_value = "state",
        env = "REGENESIS_MODE",
        hide_env_values = true
    )]
    mode: String,
    /// Block whose state is captured, the last one of a history
    #[arg(
        long,
        value_name = "latest|finalized|NUMBER|HASH",
        default_value = "latest",
        env = "REGENESIS_BLOCK",
        hide_env_values = true
    )]
    block: String,
    /// The chain's own genesis.json: its config, where the node does not tell it; a history begins
    /// with it
    #[arg(long, value_name = "FILE", env = "REGENESIS_GENESIS", hide_env_values = true)]
    genesis: Option<PathBuf>,
    /// Validators by mnemonic (eth-beacon-genesis' mnemonics.yaml); with --cl-rpc their keys must be
    /// the chain's [default: ethereum-package's mnemonic]
    #[arg(long, value_name = "FILE", env = "REGENESIS_MNEMONICS", hide_env_values = true)]
    mnemonics: Option<PathBuf>,
    /// Directory for the snapshot [default: ./NAME]
    #[arg(long, value_name = "DIR", env = "REGENESIS_OUT", hide_env_values = true)]
    out: Option<PathBuf>,
    /// Name of the snapshot [default: that of the directory, or chain-ID]
    #[arg(long, value_name = "NAME", env = "REGENESIS_NAME", hide_env_values = true)]
    name: Option<String>,
    /// Chain id, for a file that does not tell it
    #[arg(long, value_name = "NUMBER", env = "REGENESIS_CHAIN_ID", hide_env_values = true)]
    chain_id: Option<u64>,
    /// Seconds per slot of the new chain [default: the chain's, else 2]
    #[arg(long, value_name = "SECONDS", env = "REGENESIS_SLOT_TIME", hide_env_values = true)]
    slot_time: Option<u64>,
    /// Seconds that the node may take for an answer
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60,
        env = "REGENESIS_RPC_TIMEOUT",
        hide_env_values = true
    )]
    rpc_timeout: u64,
    /// Add ETH to the balance of an account
    #[arg(
        long,
        value_name = "ADDR=ETH",
        value_delimiter = ',',
        env = "REGENESIS_FUND",
        hide_env_values = true
    )]
    fund: Vec<String>,
    /// Give an account this code, in hex
    #[arg(
        long,
        value_name = "ADDR=HEX|@FILE",
        value_delimiter = ',',
        env = "REGENESIS_SET_CODE",
        hide_env_values = true
    )]
    set_code: Vec<String>,
    /// Add the accounts of another file, in place of those that are there: alloc, genesis.json, dump
    #[arg(long, value_name = "FILE", env = "REGENESIS_MERGE", hide_env_values = true)]
    merge: Vec<PathBuf>,
    /// Drop accounts that are empty (EIP-161)
    #[arg(
        long,
        env = "REGENESIS_PRUNE_EMPTY",
        hide_env_values = true,
        value_parser = crate::command::switch()
    )]
    prune_empty: bool,
    /// Print the snapshot's metadata.json to stdout
    #[arg(
        long,
        env = "REGENESIS_JSON",
        hide_env_values = true,
        value_parser = crate::command::switch()
    )]
    json: bool,
}

/// Runs the verb.
///
/// # Errors
/// The source cannot be read, or is not proven whole; no snapshot is written then.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let settings = Settings::of(args)?;
    let overlay = changes::of(args)?;
    // What may not be replaced is told before anything is asked of a node.
    let place = settings.place().map(|out| look(&out, console)).transpose()?;
    let mut steps = Steps::start(console);
    let node = settings.node(console)?;
    let from = match &node {
        Some(node) => node.label().to_owned(),
        None => settings.state.as_ref().map(Input::label).unwrap_or_default(),
    };
    console.title(&format!("regenesis {} · capturing {from}", env!("CARGO_PKG_VERSION")));
    let beacon = settings.beacon(console)?;
    let chain = match &node {
        Some(node) => {
            let chain = Chain::ask(node).map_err(|error| Failure::capture(&error))?;
            let client = chain.client.as_deref().unwrap_or("unknown client");
            steps.done("node", &format!("{client}, chain {}", chain.id));
            Some(chain)
        }
        None => None,
    };
    let directory = place.as_ref().and_then(|(place, _)| place.name());
    let target = settings.target(chain.as_ref().map(|chain| chain.id), directory)?;
    let (place, _lock) = place.map_or_else(|| look(&target.out, console), Ok)?;
    let mut work = Work::open(place)?;
    let nodes = Nodes { execution: node.as_ref(), beacon: beacon.as_ref() };
    let made = match (settings.mode, &chain) {
        (Mode::History, Some(chain)) => {
            history::make(&nodes, chain, &target, &settings, &work, &mut steps)
        }
        (_, chain) => {
            let chain = chain.as_ref();
            keep_state(&nodes, chain, &target, (&settings, overlay), &work, &mut steps)
        }
    };
    let mut is_taken = false;
    let made = made.and_then(|made| {
        compose::write(&made.directory)?;
        bake_it(&made, &mut steps)?;
        work.check_place().inspect_err(|_| is_taken = true)?;
        Ok(made)
    });
    let made = match made {
        Ok(made) => made,
        Err(failure) => {
            // What a source gave before it failed is worth keeping; what is wrong is not.
            if (failure.exit == exit::SOURCE || is_taken)
                && settings.state.is_none()
                && work.checkpoint().is_some()
            {
                console.note(&format!(
                    "{} is kept: the same command goes on from there",
                    work.label()
                ));
            } else {
                work.remove()?;
            }
            return Err(failure);
        }
    };
    let left = work.publish()?;
    let out = target.out.display();
    steps.done("write", &out.to_string());
    for name in left {
        console.note(&format!(
            "{out}/{name} stays as it is, for it was edited: move it away, and regenesis compose \
             {out} writes a new one"
        ));
    }
    console.title(&format!("{out} is ready: {out}/up.sh, or regenesis init {out}"));
    access::give(&target.out, console);
    if args.json {
        super::print(&made.metadata.to_json())?;
    }
    Ok(())
}

/// Looks at the place of the snapshot, and keeps bakes out of it.
fn look(out: &Path, console: &Console) -> Result<(Place, Hold), Failure> {
    let lock = share(out, console).map_err(|held| bake::busy(&held))?;
    Ok((Place::look(out)?, lock))
}

/// Writes the snapshot of a state into the work directory.
fn keep_state(
    nodes: &Nodes<'_>,
    chain: Option<&Chain>,
    target: &Target,
    (settings, overlay): (&Settings, Overlay),
    work: &Work,
    steps: &mut Steps<'_>,
) -> Result<Made, Failure> {
    let pinned = nodes.execution.zip(chain);
    let mut collected = match (&settings.state, pinned) {
        (Some(file), pinned) => {
            work.keep_on_signal(false);
            source::file::collect(file, pinned, settings, work, steps)?
        }
        (None, Some((node, chain))) => {
            source::collect(&Asked { node, chain, settings, work }, steps)?
        }
        (None, None) => return Err(Failure::bug("neither a node nor a file")),
    };
    if collected.aside > 0 {
        recover::recover(&mut collected, pinned, settings, work, steps)?;
    }
    finish::make(collected, nodes, chain.cloned(), target, (settings, overlay), work, steps)
}

/// Bakes the snapshot. One that cannot be baked is a snapshot still, and `init` tells its fault.
fn bake_it(made: &Made, steps: &mut Steps<'_>) -> Result<(), Failure> {
    let snapshot = Snapshot::directory(&made.directory, fs::exists);
    let entropy = Entropy::new(super::init::seed(None)?);
    let wanted = bake::wanted(&snapshot, Some(Kdf::Light), &entropy, false);
    let baked = compute(&wanted, steps).and_then(|prepared| {
        let known = made.metadata.warnings();
        let fresh = prepared.warnings.iter().filter(|warning| !known.contains(warning));
        fresh.for_each(|warning| steps.console.warning(warning));
        bake::write(&made.directory, &wanted, &prepared, steps)
    });
    if let Err(failure) = baked {
        disk::remove(&made.directory.join(DIRECTORY))?;
        steps.console.warning(&format!("not baked: {}", failure.message));
    }
    Ok(())
}

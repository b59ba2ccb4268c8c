//! `regenesis capture`: a running chain, or a file with its state → a snapshot.

mod finish;
mod node;
mod recover;
mod settings;
mod state;
mod validators;

use std::path::PathBuf;

use clap::builder::FalseyValueParser;

use super::Failure;
use super::prepare::Steps;
use crate::capture;
use crate::exit;
use crate::rim::console::{self, Console};
use crate::rim::fs;
use crate::rim::work::Work;
use crate::snapshot::Input;
use finish::Nodes;
use settings::Settings;

const EXAMPLES: &str = "Examples:
  regenesis capture --el-rpc 127.0.0.1:8545                 the head of a running geth, or anvil
  regenesis capture --el-rpc http://127.0.0.1:8545 --block finalized --name l1
  regenesis capture --el-rpc 127.0.0.1:8545 --cl-rpc 127.0.0.1:5052 --mnemonics mnemonics.yaml
                                                            and its consensus config and validators
  regenesis capture --state dump.json --genesis genesis.json
                          a file: geth dump, anvil --dump-state, forge's vm.dumpState, genesis.json
  regenesis capture --el-rpc 127.0.0.1:8545 --state dump.json
                                                            a file, proven by the node's block

The state root is computed of what was captured, and must be the block's. Where there is none to
compare with (a genesis, an alloc, anvil's block 0), the snapshot says \"proven\": false. A capture
that is interrupted goes on when the same command is run again.";

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
    /// Block whose state is captured
    #[arg(
        long,
        value_name = "latest|finalized|NUMBER|HASH",
        default_value = "latest",
        env = "REGENESIS_BLOCK",
        hide_env_values = true
    )]
    block: String,
    /// The chain's own genesis.json: its config, where the node does not tell it
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
    /// Print the snapshot's metadata.json to stdout
    #[arg(
        long,
        env = "REGENESIS_JSON",
        hide_env_values = true,
        value_parser = FalseyValueParser::new()
    )]
    json: bool,
}

/// Runs the verb.
///
/// # Errors
/// The source cannot be read, or is not proven whole; no snapshot is written then.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let settings = Settings::of(args)?;
    let mut steps = Steps::start(console);
    let node = settings.node(console)?;
    let place = match &node {
        Some(node) => node.label.clone(),
        None => settings.state.as_ref().map(Input::label).unwrap_or_default(),
    };
    console.title(&format!("regenesis {} · capturing {place}", env!("CARGO_PKG_VERSION")));
    let beacon = settings.beacon(console)?;
    let chain = node.as_ref().map(|node| node.chain(&mut steps)).transpose()?;
    let target = settings.target(chain.as_ref().map(|chain| chain.id))?;
    let work = Work::open(&target.out)?;
    let collected = match (&settings.state, &node, &chain) {
        (Some(file), node, chain) => {
            work.keep_on_signal(false);
            let pinned = node.as_ref().zip(chain.as_ref());
            state::from_file(file, pinned, &settings, &work, &mut steps)
        }
        (None, Some(node), Some(chain)) => node.collect(chain, &settings, &work, &mut steps),
        (None, ..) => Err(Failure::bug("neither a node nor a file")),
    };
    let made = collected.and_then(|mut collected| {
        if collected.aside > 0 {
            let pinned = node.as_ref().zip(chain.as_ref());
            recover::recover(&mut collected, pinned, &settings, &work, &mut steps)?;
        }
        let nodes = Nodes { execution: node.as_ref(), beacon: beacon.as_ref() };
        finish::make(collected, &nodes, chain, &target, &settings, &work, &mut steps)
    });
    let metadata = match made {
        Ok(metadata) => metadata,
        Err(failure) => {
            // What a source gave before it failed is worth keeping; what is wrong is not.
            if failure.exit == exit::SOURCE
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
    work.publish(&metadata)?;
    steps.done("write", &target.out.display().to_string());
    console.title(&format!("{} is ready: regenesis init {0}", target.out.display()));
    if args.json {
        console::print(&metadata)
            .map_err(|error| Failure::new(exit::OUTPUT, format!("stdout: {error}"), None))?;
    }
    Ok(())
}

impl Failure {
    /// A fault of a node, or of what came of it.
    fn capture(error: &capture::Error) -> Self {
        let exit = match error {
            capture::Error::Write(_) => exit::OUTPUT,
            capture::Error::AnotherState { .. } => exit::VERIFICATION,
            _ => exit::SOURCE,
        };
        Self::new(exit, error.to_string(), error.hint())
    }

    /// A fault of a file with a state.
    fn state_file(input: &Input, error: &capture::Error) -> Self {
        match error {
            capture::Error::File(inner) => {
                let plain = fs::open(input).ok().is_some_and(begins_as_json);
                let line = inner.offset.filter(|_| plain);
                let line = line.and_then(|offset| fs::line_of(input, offset).ok());
                Self::input(input, line, &inner.to_string(), error.hint())
            }
            capture::Error::Write(_) => Self::capture(error),
            _ => Self::input(input, None, &error.to_string(), error.hint()),
        }
    }
}

fn begins_as_json(mut reader: Box<dyn std::io::Read + Send>) -> bool {
    let mut first = [0];
    reader.read_exact(&mut first).is_ok() && matches!(first[0], b'{' | b' ' | b'\n')
}

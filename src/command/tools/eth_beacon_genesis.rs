//! `eth-beacon-genesis` (899ec78), whose program is called `eth-genesis-state-generator` since 0.0.2.

use std::path::PathBuf;

use clap::{ArgMatches, Command, Subcommand};

use super::super::{Failure, print};
use super::outputs::{self, Kind, Output};
use super::state::{self, Sources, given};
use super::{Tool, parsed};
use crate::io::clock;
use crate::io::console::Console;
use crate::snapshot::order::Order;
use crate::stamp::{Lead, Timestamp};

pub(super) const fn tool(name: &'static str) -> Tool {
    Tool { name, command, run, switches: &["quiet", "shuffle-validators"] }
}

#[derive(Debug, Subcommand)]
enum Verb {
    #[command(visible_aliases = ["bc", "beacon", "devnet"])]
    Beaconchain(Box<Args>),
    /// Print the version
    Version,
}

/// Generate the genesis state of a beacon chain
#[allow(clippy::doc_markdown, reason = "--help prints the texts as they are")]
#[derive(Debug, clap::Args)]
struct Args {
    /// Execution genesis (genesis.json)
    #[arg(long, value_name = "FILE")]
    eth1_config: PathBuf,
    /// Consensus config (config.yaml)
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Validator mnemonics (mnemonics.yaml)
    #[arg(long, value_name = "FILE")]
    mnemonics: Option<PathBuf>,
    /// Additional validators, one per line: pubkey:withdrawal_credentials[:balance_gwei]
    #[arg(long, value_name = "FILE")]
    additional_validators: Option<PathBuf>,
    /// Continue the block in this file, the JSON result of eth_getBlockByNumber
    #[arg(long, value_name = "FILE")]
    shadow_fork_block: Option<PathBuf>,
    /// Continue the head of this execution node
    #[arg(long, value_name = "URL")]
    shadow_fork_rpc: Option<String>,
    /// Output: the state in SSZ
    #[arg(long, value_name = "FILE")]
    state_output: Option<PathBuf>,
    /// Output: the state in JSON [default: stdout, unless --state-output is given]
    #[arg(long, value_name = "FILE")]
    json_output: Option<PathBuf>,
    /// Shuffle the validator registry, in blocks of neighbours
    #[arg(long)]
    shuffle_validators: bool,
    /// Seed of the shuffle [default: the genesis fork version]
    #[arg(long, value_name = "NUMBER")]
    shuffle_seed: Option<u64>,
    /// Output: the source of each range of validators, in YAML
    #[arg(long, value_name = "FILE")]
    validators_mapping_output: Option<PathBuf>,
    /// Print errors only
    #[arg(long, short)]
    quiet: bool,
}

fn command() -> Command {
    let command = Command::new("eth-beacon-genesis")
        .about("Generate the genesis state of a beacon chain, from files")
        .subcommand_required(true)
        .arg_required_else_help(true);
    Verb::augment_subcommands(command)
}

fn run(matches: &ArgMatches, console: &Console) -> Result<(), Failure> {
    match parsed::<Verb>(matches)? {
        Verb::Version => print(format!("regenesis {}\n", env!("CARGO_PKG_VERSION")).as_bytes()),
        Verb::Beaconchain(args) => generate(*args, console),
    }
}

/// A path; an empty one, as from an unset variable of a script, is no setting.
fn generate(args: Args, console: &Console) -> Result<(), Failure> {
    let (mnemonics, validators) = (given(args.mnemonics), given(args.additional_validators));
    if mnemonics.is_none() && validators.is_none() {
        let hint = "pass --mnemonics, --additional-validators, or both";
        return Err(Failure::usage("there are no validators", hint));
    }
    let order = match args.shuffle_seed {
        _ if !args.shuffle_validators => Order::AsListed,
        None => Order::DefaultSeed,
        Some(seed) => Order::Seed(seed),
    };
    let (block, url) = (args.shadow_fork_block, args.shadow_fork_rpc);
    let shadow_fork = state::shadow_fork(block, "--shadow-fork-rpc", url);
    let sources = Sources {
        genesis: args.eth1_config,
        config: args.config,
        mnemonics,
        validators,
        shadow_fork,
        order,
    };
    let mut progress = state::progress(args.quiet, console);
    let prepared = sources.prepare(&mut *progress, console)?;
    let stamp = prepared.stamp(Timestamp::Keep, Lead::Auto, 0, clock::now())?;
    let state = state::build(&prepared, stamp, None, &mut *progress)?;
    let (ssz, json) = (given(args.state_output), given(args.json_output));
    let prints = ssz.is_none() && json.is_none();
    let mapping = given(args.validators_mapping_output);
    let outputs = [
        ("--validators-mapping-output", mapping, Kind::Mapping, &state.mapping[..]),
        ("--state-output", ssz, Kind::State, &state.ssz[..]),
        ("--json-output", json, Kind::StateJson, &state.json[..]),
    ];
    let outputs = outputs.into_iter().filter_map(|(flag, path, kind, content)| {
        Some(Output { flag, path: path?, kind, content: content.into() })
    });
    outputs::write(&outputs.collect::<Vec<_>>())?;
    if prints { print(&state.json) } else { Ok(()) }
}

//! `eth2-testnet-genesis` (4a0959d): a subcommand for each fork.

use std::path::{Path, PathBuf};

use alloy_primitives::B256;
use clap::{ArgMatches, Args as _, Command};

use super::super::keys::hex_bytes;
use super::super::{Failure, print};
use super::outputs::{self, Kind, Output};
use super::presets::Presets;
use super::state::{self, Sources, given};
use super::{Tool, parsed};
use crate::cl::fork::FORKS;
use crate::forks::ForkName;
use crate::io::clock;
use crate::io::console::Console;
use crate::io::disk::make_directories;
use crate::io::fs;
use crate::keys::PublicKey;
use crate::pipeline::Prepared;
use crate::snapshot::order::Order;
use crate::stamp::{Lead, Stamp, Timestamp};

pub(super) const TOOL: Tool =
    Tool { name: "eth2-testnet-genesis", command, run, switches: &["eth1-match-genesis-time"] };

/// Generate the genesis state of a beacon chain whose first fork is this one
#[allow(clippy::doc_markdown, reason = "--help prints the texts as they are")]
#[derive(Debug, clap::Args)]
struct Args {
    /// Consensus config (config.yaml)
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Execution genesis (genesis.json)
    #[arg(long, value_name = "FILE", default_value = "engine_genesis.json")]
    eth1_config: PathBuf,
    #[command(flatten)]
    presets: Presets,
    /// Hash of the execution block that phase0 and altair refer to [default: that of --eth1-config]
    #[arg(long, value_name = "HEX")]
    eth1_block: Option<String>,
    /// Time from which GENESIS_DELAY counts, in Unix seconds, if MIN_GENESIS_TIME is 0 [default: now]
    #[arg(long, visible_alias = "eth1-timestamp", value_name = "SECONDS")]
    timestamp: Option<u64>,
    /// Count GENESIS_DELAY from the timestamp of the execution genesis
    #[arg(long)]
    eth1_match_genesis_time: bool,
    /// Validator mnemonics
    #[arg(long, value_name = "FILE", default_value = MNEMONICS)]
    mnemonics: PathBuf,
    /// Additional validators, one per line: pubkey:withdrawal_credentials[:balance_gwei]
    #[arg(long, visible_alias = "validators", value_name = "FILE")]
    additional_validators: Option<PathBuf>,
    /// Output: the state in SSZ
    #[arg(long, value_name = "FILE", default_value = "genesis.ssz")]
    state_output: PathBuf,
    /// Output directory: the public keys of each mnemonic
    #[arg(long, value_name = "DIR", default_value = "tranches")]
    tranches_dir: PathBuf,
    /// Withdrawal address of the validators of the mnemonics [default: a BLS key each]
    #[arg(long, value_name = "HEX")]
    eth1_withdrawal_address: Option<String>,
    /// Continue the head of this execution node
    #[arg(long, value_name = "URL")]
    shadow_fork_eth1_rpc: Option<String>,
    /// Continue the block in this file, the JSON result of eth_getBlockByNumber
    #[arg(long, value_name = "FILE")]
    shadow_fork_block_file: Option<PathBuf>,
}

const MNEMONICS: &str = "mnemonics.yaml";

fn command() -> Command {
    let forks = FORKS.iter().map(|fork| {
        let command = Args::augment_args(Command::new(fork.name.as_str()));
        if fork.name.as_str() == "bellatrix" { command.visible_alias("merge") } else { command }
    });
    Command::new(TOOL.name)
        .about("Generate the genesis state of a beacon chain, from files")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(forks)
        .subcommand(Command::new("version").about("Print the version"))
}

fn run(matches: &ArgMatches, console: &Console) -> Result<(), Failure> {
    match matches.subcommand() {
        Some((fork, matches)) if fork != "version" => generate(fork, parsed(matches)?, console),
        _ => print(format!("regenesis {}\n", env!("CARGO_PKG_VERSION")).as_bytes()),
    }
}

fn generate(fork: &str, args: Args, console: &Console) -> Result<(), Failure> {
    let validators = given(args.additional_validators);
    // The default name is optional beside a list of validators.
    let is_optional = validators.is_some() && args.mnemonics == Path::new(MNEMONICS);
    let mnemonics = given(Some(args.mnemonics)).filter(|path| !is_optional || fs::exists(path));
    let Some(genesis) = given(Some(args.eth1_config)) else {
        let hint = "name the genesis.json that geth gets: --eth1-config FILE";
        return Err(Failure::usage("--eth1-config is empty", hint));
    };
    let (block, url) = (args.shadow_fork_block_file, args.shadow_fork_eth1_rpc);
    let shadow_fork = state::shadow_fork(block, "--shadow-fork-eth1-rpc", url);
    let sources = Sources {
        genesis,
        config: args.config,
        mnemonics,
        validators,
        shadow_fork,
        order: Order::AsListed,
    };
    let mut progress = state::progress(false, console);
    let mut prepared = sources.prepare(&mut *progress, console)?;
    check_fork(fork, &prepared)?;
    args.presets.check(&prepared, console)?;
    let eth1_block = args.eth1_block.as_deref().filter(|hash| !hash.is_empty());
    let eth1_block = eth1_block.map(|hash| hex_bytes("--eth1-block", hash).map(B256::new));
    let eth1_block = eth1_block.transpose()?;
    if eth1_block.is_some() && is_merged(&prepared)? {
        // As in the original, whose states since the merge have the block of --eth1-config.
        console.warning("--eth1-block has no effect since the merge: --eth1-config has the block");
    }
    if let Some(address) = args.eth1_withdrawal_address {
        let address: [u8; 20] = hex_bytes("--eth1-withdrawal-address", &address)?;
        withdraw_to(&address, &mut prepared);
    }
    let stamp = stamp(&prepared, args.eth1_match_genesis_time, args.timestamp)?;
    let state = state::build(&prepared, stamp, eth1_block, &mut *progress)?;
    let mut outputs = tranches(&args.tranches_dir, &prepared);
    if outputs.is_empty() {
        // The reference creates it, and a mount may need it.
        make_directories(&args.tranches_dir, 0o755)?;
    }
    let (path, content) = (args.state_output, state.ssz.into());
    outputs.push(Output { flag: "--state-output", path, kind: Kind::State, content });
    outputs::write(&outputs)
}

/// Whether the state has the header of an execution block.
fn is_merged(prepared: &Prepared) -> Result<bool, Failure> {
    let config = &prepared.snapshot.config;
    let fork = prepared.config.genesis_fork().map_err(|error| Failure::config(config, &error))?;
    Ok(fork.is_at_least(ForkName::Bellatrix))
}

/// Checks that the subcommand is the genesis fork of the config: clients read the state by the config.
fn check_fork(fork: &str, prepared: &Prepared) -> Result<(), Failure> {
    let config = &prepared.snapshot.config;
    let genesis = prepared.config.genesis_fork();
    let genesis = genesis.map_err(|error| Failure::config(config, &error))?.name.as_str();
    if genesis == fork {
        return Ok(());
    }
    let message = format!(
        "the subcommand is {fork}, but the chain of {} starts with {genesis}",
        config.label()
    );
    let hint = format!(
        "use {genesis}, or set the fork epochs: those of the genesis fork and before are 0"
    );
    Err(Failure::usage(message, &hint))
}

/// Gives the validators of the mnemonics withdrawal credentials of an address (prefix 0x01).
fn withdraw_to(address: &[u8; 20], prepared: &mut Prepared) {
    // The reference keeps the BLS keys for the zero address.
    if *address == [0; 20] {
        return;
    }
    let derived = prepared.keystores.len();
    for validator in &mut prepared.validators[..derived] {
        validator.withdrawal_credentials = [0; 32];
        validator.withdrawal_credentials[0] = 1;
        validator.withdrawal_credentials[12..].copy_from_slice(address);
    }
}

/// The times of the files, with the reference's rules for the time from which `GENESIS_DELAY` counts.
fn stamp(prepared: &Prepared, matches: bool, timestamp: Option<u64>) -> Result<Stamp, Failure> {
    let now = clock::now();
    let in_config = |error| Failure::config(&prepared.snapshot.config, &error);
    let kept = prepared.stamp(Timestamp::Keep, Lead::Auto, 0, now)?;
    let minimum = prepared.config.optional_u64("MIN_GENESIS_TIME").map_err(in_config)?;
    let start = match minimum.filter(|time| *time != 0) {
        _ if matches => prepared.genesis.timestamp.unwrap_or(kept.el_timestamp),
        Some(_) => return Ok(kept),
        None => timestamp.unwrap_or(now),
    };
    let delay = prepared.config.u64("GENESIS_DELAY").map_err(in_config)?;
    // Checks the bounds of the time.
    let stamp = prepared.stamp(Timestamp::At(start.saturating_add(delay)), Lead::Auto, 0, now)?;
    Ok(Stamp { genesis_time: stamp.genesis_time, ..kept })
}

/// The public keys of each mnemonic, one per line.
fn tranches(directory: &Path, prepared: &Prepared) -> Vec<Output<'static>> {
    let mut outputs = Vec::new();
    let mut rest = &prepared.validators[..prepared.keystores.len()];
    for (number, source) in prepared.sources.iter().enumerate() {
        if rest.is_empty() {
            break;
        }
        let count = usize::try_from(source.count).unwrap_or(usize::MAX).min(rest.len());
        let (tranche, after) = rest.split_at(count);
        rest = after;
        let line = |pubkey: &PublicKey| format!("0x{}\n", hex::encode(pubkey));
        let lines: String = tranche.iter().map(|validator| line(&validator.pubkey)).collect();
        let path = directory.join(format!("tranche_{number:04}.txt"));
        let (kind, content) = (Kind::PublicKeys, lines.into_bytes().into());
        outputs.push(Output { flag: "--tranches-dir", path, kind, content });
    }
    outputs
}

//! `regenesis init`: snapshot + present time → everything that the clients read at their start.

mod arrange;
mod dialects;
mod egg;
mod former;
mod keep;
mod keystores;
mod make;
mod settings;
mod shadow_fork;
mod write;

use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser};

use super::Failure;
use super::prepare::{Steps, prepare};
use crate::cl::preset::Revision;
use crate::keys::SecretText;
use crate::rim::console::Console;
use crate::rim::fs;
use crate::rim::lease::{self, Claim};
use crate::rim::set_aside::set_aside;
use crate::snapshot::bake::DIRECTORY;
use crate::snapshot::{GENESIS, METADATA};
use former::Former;
use settings::Settings;
pub(super) use settings::seed;

const EXAMPLES: &str = "Examples:
  regenesis init                               the embedded sample, to ./runtime
  regenesis init my-snapshot --out /data       a snapshot directory
  regenesis init --genesis genesis.json --config config.yaml --mnemonics mnemonics.yaml
  regenesis init my-snapshot --timestamp keep  the times of the files: for reproduction
  regenesis init --seed 00…01 --timestamp 2026-01-31T12:00:00Z --json
                                               the same bytes on every machine

Every flag has an environment variable: --out is REGENESIS_OUT, and so on. A flag wins over its
variable, the variable over the snapshot.";

const VALIDATORS_HELP: &str =
    "More validators, one a line: pubkey:withdrawal_credentials[:balance_gwei]";

/// The arguments for a snapshot and its files.
pub const SNAPSHOT_FILES: [&str; 5] = ["snapshot", "genesis", "config", "mnemonics", "validators"];

const DEFAULT_OUT: &str = "./runtime";

/// A path; an empty one, as compose files leave variables, is no setting.
fn path_or_empty() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// Regenerate execution and consensus genesis, validator keystores and JWT secret for this boot
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", crate::exit::HELP))]
pub struct Args {
    /// Snapshot directory [default: the embedded sample]
    #[arg(env = "REGENESIS_SNAPSHOT", hide_env_values = true, value_parser = path_or_empty())]
    snapshot: Option<PathBuf>,
    /// Execution genesis in geth's format, instead of the snapshot's
    #[arg(
        long,
        visible_alias = "eth1-config",
        value_name = "FILE",
        env = "REGENESIS_GENESIS",
        hide_env_values = true,
        value_parser = path_or_empty()
    )]
    genesis: Option<PathBuf>,
    /// Consensus config.yaml, instead of the snapshot's
    #[arg(
        long,
        value_name = "FILE",
        env = "REGENESIS_CONFIG",
        hide_env_values = true,
        value_parser = path_or_empty()
    )]
    config: Option<PathBuf>,
    /// Validators by mnemonic (eth-beacon-genesis' mnemonics.yaml), instead of the snapshot's
    #[arg(
        long,
        value_name = "FILE",
        env = "REGENESIS_MNEMONICS",
        hide_env_values = true,
        value_parser = path_or_empty()
    )]
    mnemonics: Option<PathBuf>,
    #[arg(
        help = VALIDATORS_HELP,
        long,
        visible_alias = "additional-validators",
        value_name = "FILE",
        env = "REGENESIS_VALIDATORS",
        hide_env_values = true,
        value_parser = path_or_empty()
    )]
    validators: Option<PathBuf>,
    /// Variables of ethereum-genesis-generator (values.env), instead of a snapshot; those of the
    /// environment are read too, and the file wins
    #[arg(
        long,
        value_name = "FILE",
        env = "REGENESIS_EGG_VALUES",
        hide_env_values = true,
        value_parser = path_or_empty()
    )]
    egg_values: Option<PathBuf>,
    #[command(flatten)]
    shadow_fork: shadow_fork::Args,
    /// Directory for the files
    #[arg(
        long,
        value_name = "DIR",
        default_value = DEFAULT_OUT,
        env = "REGENESIS_OUT",
        hide_env_values = true,
        value_parser = path_or_empty()
    )]
    out: PathBuf,
    /// Genesis time: now (plus the lead), keep (the files' own), seconds since 1970, or RFC 3339
    /// [default: now]
    #[arg(
        long,
        value_name = "now|keep|UNIX|RFC3339",
        env = "REGENESIS_TIMESTAMP",
        hide_env_values = true
    )]
    timestamp: Option<String>,
    /// With --timestamp now: how many seconds ahead genesis lies [default: auto, what the clients
    /// need to come up]
    #[arg(long, value_name = "auto|SECONDS", env = "REGENESIS_LEAD", hide_env_values = true)]
    lead: Option<String>,
    /// JWT secret of the Engine API: a new one, the one of the former run, or 64 hex digits
    #[arg(
        long,
        value_name = "new|keep|HEX",
        default_value = "new",
        env = "REGENESIS_JWT",
        hide_env_values = true
    )]
    jwt: SecretText,
    /// Protection of the keystores; light (PBKDF2 with 2 rounds) protects nothing, and is instant
    #[arg(
        long,
        value_name = "light|pbkdf2|scrypt",
        default_value = "light",
        env = "REGENESIS_KDF",
        hide_env_values = true
    )]
    kdf: String,
    /// 32 bytes of hex from which all randomness is derived, to get the same files again
    #[arg(long, value_name = "HEX", env = "REGENESIS_SEED", hide_env_values = true)]
    seed: Option<SecretText>,
    /// Release of the specification whose minimal preset the clients were built with
    #[arg(
        long,
        value_name = "RELEASE",
        default_value = "v1.6.0",
        env = "REGENESIS_PRESET_REVISION",
        hide_env_values = true
    )]
    preset_revision: Revision,
    /// Add the system contracts that the forks need and the alloc lacks
    #[arg(
        long,
        env = "REGENESIS_ADD_SYSTEM_CONTRACTS",
        hide_env_values = true,
        value_parser = crate::command::switch()
    )]
    add_system_contracts: bool,
    /// Leave this program in DIR/bin, for client containers to start by (regenesis run)
    #[arg(
        long,
        env = "REGENESIS_LEAVE_PROGRAM",
        hide_env_values = true,
        value_parser = crate::command::switch()
    )]
    leave_program: bool,
    #[command(flatten)]
    arrangement: arrange::Args,
    /// Print the summary (regenesis.json) to stdout
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
/// What was asked for is wrong, or cannot be read or written; nothing was changed then.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    run_with(args, false, console)
}

/// Runs `regenesis all`: the network that ethereum-genesis-generator's variables describe.
///
/// # Errors
/// As [`run`].
pub fn run_all(args: &Args, console: &Console) -> Result<(), Failure> {
    run_with(args, true, console)
}

/// The files of a genesis do not go among those of a snapshot.
fn check_place(out: &Path) -> Result<(), Failure> {
    let is_snapshot =
        |path: &Path| fs::exists(&path.join(METADATA)) && fs::exists(&path.join(GENESIS));
    let Ok(out) = fs::canonical(out) else { return Ok(()) };
    let inside = ["el", "cl", "val", DIRECTORY].into_iter().any(|name| out.ends_with(name));
    let mut snapshots = [Some(&*out), out.parent().filter(|_| inside)].into_iter().flatten();
    let Some(snapshot) = snapshots.find(|path| is_snapshot(path)) else { return Ok(()) };
    let message = format!("--out {} is in the snapshot {}", out.display(), snapshot.display());
    Err(Failure::usage(message, "give the genesis a directory of its own"))
}

fn run_with(args: &Args, all: bool, console: &Console) -> Result<(), Failure> {
    let settings = Settings::of(args, all, console)?;
    check_place(&settings.out)?;
    for (path, aside) in set_aside(&settings.out)? {
        let (path, aside) = (path.display(), aside.display());
        console.warning(&format!("{path}: is not a file of regenesis; it is now {aside}"));
    }
    let before = lease::marker(&settings.out)?;
    let summary = match lease::claim(&settings.out, before.as_deref(), console)? {
        claimed @ (Claim::Absent | Claim::Ours(_)) => {
            regenerate(claimed, before.as_deref(), &settings, console)?
        }
        claimed => keep::keep(claimed, &settings, console)?,
    };
    if args.json {
        super::print(&summary)?;
    }
    Ok(())
}

/// From snapshot to runtime directory.
fn regenerate(
    claimed: Claim,
    before: Option<&[u8]>,
    settings: &Settings,
    console: &Console,
) -> Result<Vec<u8>, Failure> {
    let mut steps = Steps::start(console);
    console.title(&format!("regenesis {} · {}", env!("CARGO_PKG_VERSION"), settings.snapshot.name));
    let mut prepared = prepare(&settings.wanted(), &mut steps)?;
    prepared.warnings.extend(settings.warnings.iter().cloned());
    arrange::order(settings, &mut prepared)?;
    prepared.warnings.extend(arrange::check(settings, prepared.keystores.len())?);
    let dialects = dialects::scan(settings, &prepared)?;
    // All that may be wrong with the inputs is told before a directory is made, or the former run's
    // files are touched.
    let mut made = make::stamped(settings, &prepared, &dialects, &mut steps)?;
    let claimed = match claimed {
        Claim::Absent => lease::claim_new(&settings.out, before, console)?,
        claimed => claimed,
    };
    let Claim::Ours(runtime) = claimed else { return keep::keep(claimed, settings, console) };
    let has_files = runtime.former_file("metadata/config.yaml").is_some();
    let former = Former::of(before, has_files);
    let secret = write::jwt_secret(&runtime, settings, console);
    let mut staging = runtime.stage()?;
    runtime.kept().iter().for_each(|kept| console.note(kept));
    keystores::stage(&prepared.keystores, settings, &mut staging, &mut steps)?;
    if made.is_stale(settings) {
        made = make::stamped(settings, &prepared, &dialects, &mut steps)?;
    }
    made.summary.replaces = former.as_ref().map(Former::replaced);
    let farewell = former.map(|former| former.farewell(made.summary.history.as_ref()));
    let marker = write::write(made, &secret, &runtime, staging, settings, &prepared, steps)?;
    farewell.into_iter().for_each(|line| console.title(&line));
    Ok(marker)
}

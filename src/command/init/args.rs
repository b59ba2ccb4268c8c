//! The arguments of `regenesis init`.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};

use super::renew::Renew;
use super::{layout_args, shadow_fork};
use crate::cl::preset::Revision;
use crate::keys::SecretText;
#[cfg(feature = "host")]
use crate::sample::Sample;

const EXAMPLES: &str = "Examples:
  regenesis init                               from the embedded sample, into ./runtime
  regenesis init my-snapshot --out /data       from a snapshot directory
  regenesis init oci://ghcr.io/team/l1:v1      from a registry; not in the init image
  regenesis init --sample op                   the sample with an OP-stack L2; not in the init image
  regenesis init --genesis genesis.json --config config.yaml --mnemonics mnemonics.yaml
  regenesis init my-snapshot --timestamp keep  with the times in the files, to reproduce a chain
  regenesis init --seed 00…01 --timestamp 2026-01-31T12:00:00Z --json
                                               the same bytes on every machine

Every option has an environment variable: --out is REGENESIS_OUT, and so on. An option overrides its
variable, and the variable overrides the snapshot.";

const VALIDATORS_HELP: &str =
    "Additional validators, one per line: pubkey:withdrawal_credentials[:balance_gwei]";

/// The arguments for a snapshot and its files.
pub const SNAPSHOT_FILES: [&str; 6] =
    ["snapshot", "sample", "genesis", "config", "mnemonics", "validators"];

pub(super) const DEFAULT_OUT: &str = "./runtime";

/// A path. Compose files leave variables empty: an empty one counts as unset.
pub(in super::super) fn path_or_empty() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// Generate a fresh execution and consensus genesis, validator keystores and a JWT secret
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Snapshot directory, or its oci:// reference [default: the embedded sample]
    #[arg(value_parser = path_or_empty())]
    pub(super) snapshot: Option<PathBuf>,
    /// Embedded sample to start from, instead of a snapshot directory
    #[cfg(feature = "host")]
    #[arg(
        long,
        value_enum,
        value_name = "l1|op",
        default_value = "l1",
        hide_possible_values = true
    )]
    pub(super) sample: Sample,
    /// Execution genesis in geth's format; replaces the snapshot's
    #[arg(long, visible_alias = "eth1-config", value_name = "FILE", value_parser = path_or_empty())]
    pub(super) genesis: Option<PathBuf>,
    /// Consensus config.yaml; replaces the snapshot's
    #[arg(long, value_name = "FILE", value_parser = path_or_empty())]
    pub(super) config: Option<PathBuf>,
    /// Validator mnemonics (mnemonics.yaml of eth-beacon-genesis); replaces the snapshot's
    #[arg(long, value_name = "FILE", value_parser = path_or_empty())]
    pub(super) mnemonics: Option<PathBuf>,
    #[arg(
        help = VALIDATORS_HELP,
        long,
        visible_alias = "additional-validators",
        value_name = "FILE",
        value_parser = path_or_empty()
    )]
    pub(super) validators: Option<PathBuf>,
    /// values.env of ethereum-genesis-generator, instead of a snapshot; the file overrides variables
    /// of the environment
    #[arg(long, value_name = "FILE", value_parser = path_or_empty())]
    pub(super) egg_values: Option<PathBuf>,
    #[command(flatten)]
    pub(super) shadow_fork: shadow_fork::Args,
    /// Output directory
    #[arg(long, value_name = "DIR", default_value = DEFAULT_OUT, value_parser = path_or_empty())]
    pub(super) out: PathBuf,
    /// Genesis time: now (plus --lead), keep (the time in the files), Unix seconds, or RFC 3339
    /// [default: now]
    #[arg(long, value_name = "now|keep|UNIX|RFC3339")]
    pub(super) timestamp: Option<String>,
    /// With --timestamp now: seconds until genesis [default: auto, the time that the clients need to
    /// start]
    #[arg(long, value_name = "auto|SECONDS", allow_negative_numbers = true)]
    pub(super) lead: Option<String>,
    /// JWT secret of the Engine API: new, keep (from the previous run), or 64 hex digits
    #[arg(long, value_name = "new|keep|HEX", default_value = "new")]
    pub(super) jwt: SecretText,
    /// Key derivation of the keystores; light (PBKDF2 with 2 rounds) is instant, but protects nothing
    #[arg(long, value_name = "light|pbkdf2|scrypt", default_value = "light")]
    pub(super) kdf: String,
    /// 32 bytes in hex from which all randomness is derived, for reproducible output
    #[arg(long, value_name = "HEX")]
    pub(super) seed: Option<SecretText>,
    /// Release of the consensus specs whose minimal preset the clients were built with
    #[arg(long, value_name = "RELEASE", default_value = "v1.6.0", value_parser = preset_revision())]
    pub(super) preset_revision: Revision,
    /// Add system contracts that a fork requires and the alloc lacks
    #[arg(long)]
    pub(super) add_system_contracts: bool,
    /// Whether a genesis that no client runs on is replaced at every start, or only when its clients
    /// cannot continue its chain: their data is missing, of another genesis or older than --max-idle
    #[arg(long, value_name = "always|stale", value_enum, default_value = "always")]
    #[arg(hide_possible_values = true)]
    pub(super) renew: Renew,
    /// With --renew stale: data directory of every client, as regenesis run uses it; repeatable, or
    /// comma-separated
    #[arg(long, value_name = "DIR", value_delimiter = ',', value_parser = path_or_empty())]
    pub(super) client_data: Vec<PathBuf>,
    /// geth's data directory: put a database with the new genesis there, from the bake or computed, so
    /// that geth needs no `geth init` (leveldb, hash scheme). Nothing else in it is changed
    #[arg(long, value_name = "DIR", value_parser = path_or_empty())]
    pub(super) geth_datadir: Option<PathBuf>,
    /// With --renew stale: age of data that clients can no longer resume from, as for regenesis run
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    pub(super) max_idle: u64,
    /// Copy this binary to DIR/bin so that client containers can use `regenesis run`
    #[arg(long)]
    pub(super) leave_program: bool,
    #[command(flatten)]
    pub(super) layout: layout_args::Args,
    /// Print the summary (regenesis.json) to stdout
    #[arg(long)]
    pub(super) json: bool,
}

impl Args {
    /// Whether the arguments name another sample than the default one.
    #[cfg(feature = "host")]
    pub(super) fn names_sample(&self) -> bool {
        self.sample != Sample::L1
    }

    /// The image has the default sample only.
    #[cfg(not(feature = "host"))]
    #[expect(clippy::unused_self, reason = "as with the feature")]
    pub(super) fn names_sample(&self) -> bool {
        false
    }
}

/// `--preset-revision`.
fn preset_revision() -> impl TypedValueParser<Value = Revision> {
    let value = |revision: Revision| match revision {
        Revision::V150Alpha8 => {
            PossibleValue::new(revision.name()).help("up to v1.5.0-alpha.8; Lighthouse 5")
        }
        // Compose files leave variables empty: an empty one counts as unset.
        Revision::V160 => PossibleValue::new(revision.name()).alias("").help("v1.6.0 and later"),
        _ => PossibleValue::new(revision.name()).help(revision.name()),
    };
    let named = |name: String| Revision::ALL.into_iter().find(|revision| revision.name() == name);
    PossibleValuesParser::new(Revision::ALL.map(value))
        .map(move |name| named(name).unwrap_or_default())
}

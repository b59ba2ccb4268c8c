//! Arranges the files of the network for its consumers: `--layout`, `--split`.

use super::super::prepare::Prepared;
use super::super::{Failure, given, given_list};
use super::dialects;
use super::settings::{Settings, Shuffle};
use crate::cl::fork::FORKS;
use crate::cl::json::state_json;
use crate::cl::state::GenesisState;
use crate::el::dialect::Dialect;
use crate::layout::plan::Plan;
use crate::layout::{Network, OutFile};
use crate::rim::fs;
use crate::rim::owner::Owner;
use crate::snapshot::order;
use crate::summary::Keystores;

const LAYOUT_HELP: &str =
    "Whom the files are for; several times, or with commas [default: lighthouse]";
const LAYOUT_LONG_HELP: &str =
    "Whom the files are for; several times, or with commas [default: lighthouse]

Keystores, each below validator-keys/:
  lighthouse      keys/0x…/voting-keystore.json  secrets/0x…
  lodestar        lodestar-keys/0x…/voting-keystore.json  lodestar-secrets/0x…
  teku            teku-keys/0x….json  teku-secrets/0x….txt
  nimbus          nimbus-keys/0x…/keystore.json  nimbus-secrets/0x…
  prysm           prysm/ (a wallet)  prysm-password.txt
  grandine        grandine-keys/0x….json  grandine-secrets/0x….txt
  eth2-val-tools  its whole tree
Files of the network, without keystores unless a client is named too:
  kurtosis        network-configs/, flat, as ethereum-package mounts it
  egg             parsed/ and metadata/mnemonics.yaml, as ethereum-genesis-generator has them";

/// Whom the files are for.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub struct Args {
    #[arg(
        help = LAYOUT_HELP,
        long_help = LAYOUT_LONG_HELP,
        long,
        value_name = "NAME",
        value_delimiter = ',',
        env = "REGENESIS_LAYOUT",
        hide_env_values = true
    )]
    layout: Vec<String>,
    /// Formats of the execution genesis besides geth's: besu (besu.json), nethermind
    /// (chainspec.json); several times, or with commas
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        env = "REGENESIS_EL_FORMAT",
        hide_env_values = true
    )]
    el_format: Vec<String>,
    /// Ranges of keys and who gets them, each in a directory of its own: 0-31:lighthouse,32-63:teku
    #[arg(
        long,
        value_name = "FIRST-LAST:LAYOUT,…",
        env = "REGENESIS_SPLIT",
        hide_env_values = true
    )]
    split: Option<String>,
    /// Put the registry into another order, in blocks of 20 to 100 neighbours
    #[arg(
        long,
        env = "REGENESIS_SHUFFLE_VALIDATORS",
        hide_env_values = true,
        value_parser = crate::command::switch()
    )]
    shuffle_validators: bool,
    /// Seed of that order [default: the genesis fork version]
    #[arg(long, value_name = "NUMBER", env = "REGENESIS_SHUFFLE_SEED", hide_env_values = true)]
    shuffle_seed: Option<String>,
    /// Give the files to this user and group, by number; needs root
    #[arg(long, value_name = "UID:GID", env = "REGENESIS_CHOWN", hide_env_values = true)]
    chown: Option<String>,
}

impl Args {
    /// The plan; `all` is for `regenesis all`, which has the files where that program has them.
    pub(super) fn plan(&self, all: bool) -> Result<Plan, Failure> {
        let mut layouts: Vec<&str> = given_list(&self.layout).collect();
        if all && layouts.is_empty() {
            layouts.push("egg");
        }
        Plan::parse(&layouts, self.split.as_deref().and_then(given))
            .map_err(|error| Failure::usage(error.to_string(), &error.hint))
    }

    /// The flags that decide which files are made, as they are given.
    pub(super) fn given(&self) -> [(&'static str, String); 3] {
        let list = |texts| given_list(texts).collect::<Vec<_>>().join(",");
        let split = self.split.as_deref().and_then(given).unwrap_or_default();
        [
            ("--layout", list(&self.layout)),
            ("--el-format", list(&self.el_format)),
            ("--split", split.to_owned()),
        ]
    }

    pub(super) fn dialects(&self) -> Result<Vec<&'static Dialect>, Failure> {
        dialects::parse(&self.el_format)
    }

    pub(super) fn shuffle(&self) -> Result<Shuffle, Failure> {
        let Some(text) = self.shuffle_seed.as_deref().and_then(given) else {
            return Ok(if self.shuffle_validators { Shuffle::Default } else { Shuffle::No });
        };
        if !self.shuffle_validators {
            let what = "--shuffle-seed has no meaning without --shuffle-validators";
            return Err(Failure::usage(what, "give both, or neither"));
        }
        let seed = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => text.parse(),
        };
        seed.map(Shuffle::Seed).map_err(|_| {
            let what = format!("--shuffle-seed is {text:?}, expected a 64-bit number");
            Failure::usage(what, "decimal, or hex behind 0x")
        })
    }

    pub(super) fn owner(&self) -> Result<Option<Owner>, Failure> {
        let Some(text) = self.chown.as_deref().and_then(given) else { return Ok(None) };
        text.parse().map(Some).map_err(|()| {
            let what = format!("--chown is {text:?}, expected UID:GID");
            Failure::usage(what, "both are numbers: id -u and id -g print them")
        })
    }
}

/// Puts the registry into the order that was asked for.
pub(super) fn order(settings: &Settings, prepared: &mut Prepared) -> Result<(), Failure> {
    let seed = match settings.shuffle {
        Shuffle::No => return Ok(()),
        Shuffle::Seed(seed) => seed,
        Shuffle::Default => {
            let config = &settings.snapshot.config;
            let version = prepared.config.version(&FORKS[0]);
            let version = version.map_err(|error| Failure::config(config, &error))?;
            // Without a version there is no state either: that is told when it is made.
            order::default_seed(version.unwrap_or_default())
        }
    };
    order::shuffle(&mut prepared.validators, &mut prepared.sources, seed);
    Ok(())
}

/// Checks `--split` against the number of keys. Returns what the user should know.
pub(super) fn check(settings: &Settings, keys: usize) -> Result<Vec<String>, Failure> {
    let unused = settings.plan.check(keys).map_err(|e| Failure::usage(e.to_string(), &e.hint))?;
    let warning = |range: std::ops::Range<usize>| {
        let keys = format!("{}-{}", range.start, range.end - 1);
        format!("--split gives the keys {keys} to nobody: their validators stay offline")
    };
    let mut warnings: Vec<String> = unused.into_iter().map(warning).collect();
    if settings.plan.shares_keys() {
        let text = "every --layout has all the keys: start one of these clients only, for two that \
                    sign with one key are slashed (--split gives each its own)";
        warnings.push(text.to_owned());
    }
    Ok(warnings)
}

/// What is said of the keystores: how many of `keys` are written.
pub(super) fn summary(settings: &Settings, keys: usize) -> Keystores {
    let count = if settings.plan.wants_keys() { keys } else { 0 };
    Keystores { kdf: settings.kdf.to_string(), count }
}

/// The state as JSON, if somebody wants it.
pub(super) fn parsed(settings: &Settings, state: &GenesisState) -> Vec<u8> {
    let wanted = settings.plan.wants_network();
    if wanted { state_json(&state.fields, &state.ssz) } else { Vec::new() }
}

/// The files beside `metadata` that repeat or complete it.
pub(super) fn network(
    settings: &Settings,
    metadata: &[OutFile],
    state_json: &[u8],
) -> Result<Vec<OutFile>, Failure> {
    if !settings.plan.wants_network() {
        return Ok(Vec::new());
    }
    let mnemonics = settings.snapshot.mnemonics.as_ref().map(fs::read).transpose()?;
    let mnemonics = mnemonics.as_deref();
    Ok(settings.plan.network(&Network { metadata, mnemonics, state_json }))
}

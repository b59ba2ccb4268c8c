//! The arguments that decide which files are written: `--layout`, `--split`, `--el-format`.

use super::super::{Failure, given, given_list};
use crate::el::dialect::{DIALECTS, Dialect};
use crate::io::owner::Owner;
use crate::layout::plan::Plan;
use crate::snapshot::order::Order;

const LAYOUT_HELP: &str =
    "Client or tool to write files for; repeatable, or comma-separated [default: lighthouse]";
const LAYOUT_LONG_HELP: &str =
    "Client or tool to write files for; repeatable, or comma-separated [default: lighthouse]

Keystores, below validator-keys/:
  lighthouse      keys/0x…/voting-keystore.json  secrets/0x…
  lodestar        lodestar-keys/0x…/voting-keystore.json  lodestar-secrets/0x…
  teku            teku-keys/0x….json  teku-secrets/0x….txt
  nimbus          nimbus-keys/0x…/keystore.json  nimbus-secrets/0x…
  prysm           prysm/ (a wallet)  prysm-password.txt
  grandine        grandine-keys/0x….json  grandine-secrets/0x….txt
  eth2-val-tools  its complete tree
docs/by-hand.md has the complete command lines of each client.
Network files; keystores only if a client is named too:
  kurtosis        network-configs/, flat, as ethereum-package mounts it
  egg             parsed/ and metadata/mnemonics.yaml, as in ethereum-genesis-generator
PATH=NAME, such as el/genesis.json=genesis,cl/validators=lighthouse, where an existing stack reads it:
  a file          jwt, genesis, besu, nethermind, state, config, bootnodes, boot-enr,
                  deposit-contract, deposit-block, deploy-block, validators-root
  a directory     the keystores of a client, by its name above";

/// Which files are written.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub struct Args {
    #[arg(
        help = LAYOUT_HELP,
        long_help = LAYOUT_LONG_HELP,
        long,
        value_name = "NAME|PATH=NAME",
        value_delimiter = ','
    )]
    layout: Vec<String>,
    /// Additional format of the execution genesis: besu (besu.json) or nethermind (chainspec.json);
    /// repeatable, or comma-separated
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    el_format: Vec<String>,
    /// Key range for each client, in its own directory: 0-31:lighthouse,32-63:teku
    #[arg(long, value_name = "FIRST-LAST:LAYOUT,…")]
    split: Option<String>,
    /// Shuffle the validator registry, in blocks of 20 to 100 neighbours
    #[arg(long)]
    shuffle_validators: bool,
    /// Seed of the shuffle [default: the genesis fork version]
    #[arg(long, value_name = "NUMBER")]
    shuffle_seed: Option<String>,
    /// Change the owner of all files to this user and group, by number; requires root
    #[arg(long, value_name = "UID:GID")]
    chown: Option<String>,
}

impl Args {
    /// The layouts; `regenesis all` defaults to that of ethereum-genesis-generator.
    pub(super) fn plan(&self, all: bool) -> Result<Plan, Failure> {
        let mut layouts: Vec<&str> = given_list(&self.layout).collect();
        if all && layouts.iter().all(|layout| layout.contains('=')) {
            layouts.push("egg");
        }
        Plan::parse(&layouts, self.split.as_deref().and_then(given))
            .map_err(|error| Failure::usage(error.to_string(), &error.hint))
    }

    /// The values of the flags, for the summary.
    pub(super) fn given(&self) -> [(&'static str, String); 3] {
        let list = |texts| given_list(texts).collect::<Vec<_>>().join(",");
        let split = self.split.as_deref().and_then(given).unwrap_or_default();
        [
            ("--layout", list(&self.layout)),
            ("--el-format", list(&self.el_format)),
            ("--split", split.to_owned()),
        ]
    }

    /// The formats of `--el-format`, and those that `--layout PATH=NAME` copies.
    pub(super) fn dialects(&self, plan: &Plan) -> Result<Vec<&'static Dialect>, Failure> {
        let mut dialects = parse_dialects(&self.el_format)?;
        let copied = |dialect: &&Dialect| {
            let path = format!("metadata/{}", dialect.file);
            plan.places().iter().any(|place| place.source == Some(&path))
        };
        for dialect in DIALECTS.iter().filter(copied) {
            if dialects.iter().all(|known| known.name != dialect.name) {
                dialects.push(dialect);
            }
        }
        Ok(dialects)
    }

    pub(super) fn order(&self) -> Result<Order, Failure> {
        let Some(text) = self.shuffle_seed.as_deref().and_then(given) else {
            return Ok(if self.shuffle_validators { Order::DefaultSeed } else { Order::AsListed });
        };
        if !self.shuffle_validators {
            let what = "--shuffle-seed has no effect without --shuffle-validators";
            return Err(Failure::usage(what, "pass both, or neither"));
        }
        let seed = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => text.parse(),
        };
        seed.map(Order::Seed).map_err(|_| {
            let what = format!("--shuffle-seed is {text:?}, expected a 64-bit number");
            Failure::usage(what, "use decimal, or hex with 0x")
        })
    }

    pub(super) fn owner(&self) -> Result<Option<Owner>, Failure> {
        let Some(text) = self.chown.as_deref().and_then(given) else { return Ok(None) };
        text.parse().map(Some).map_err(|()| wrong_owner(text))
    }
}

/// The error of `--chown`.
pub(in crate::command) fn wrong_owner(text: &str) -> Failure {
    let what = format!("--chown is {text:?}, expected UID:GID");
    Failure::usage(what, "both are numbers: id -u and id -g print them")
}

/// Reads `--el-format`.
fn parse_dialects(names: &[String]) -> Result<Vec<&'static Dialect>, Failure> {
    let mut dialects: Vec<&'static Dialect> = Vec::new();
    for name in given_list(names) {
        match DIALECTS.iter().find(|dialect| dialect.name == name) {
            Some(dialect) if dialects.iter().all(|known| known.name != name) => {
                dialects.push(dialect);
            }
            // geth's is always written.
            Some(_) => {}
            None if name == "geth" => {}
            None => {
                let names: Vec<_> = DIALECTS.iter().map(|dialect| dialect.name).collect();
                return Err(Failure::usage(
                    format!("unknown execution format {name:?}"),
                    &format!("use geth, {}; reth, erigon and ethrex read geth's", names.join(", ")),
                ));
            }
        }
    }
    Ok(dialects)
}

/// Checks `--split` against the number of keys. Returns warnings.
pub(super) fn check(plan: &Plan, keys: usize) -> Result<Vec<String>, Failure> {
    let unused =
        plan.check(keys).map_err(|error| Failure::usage(error.to_string(), &error.hint))?;
    let warning = |range: std::ops::Range<usize>| {
        let keys = format!("{}-{}", range.start, range.end - 1);
        format!("--split assigns the keys {keys} to no client: their validators stay offline")
    };
    let mut warnings: Vec<String> = unused.into_iter().map(warning).collect();
    if plan.shares_keys() {
        let text = "every --layout has all the keys: start only one of these clients, because two \
                    that sign with one key are slashed (--split gives each its own)";
        warnings.push(text.to_owned());
    }
    Ok(warnings)
}

//! `regenesis inspect`: the contents of a snapshot.

mod accounts;
mod l2;
mod table;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::{Failure, snapshot_directory};
use crate::capture::account::Account;
use crate::capture::file;
use crate::cl::config::{Config, FAR_FUTURE_EPOCH};
use crate::cl::fork::FORKS;
use crate::cl::preset;
use crate::el::genesis::{Document, Genesis};
#[cfg(feature = "host")]
use crate::file::Input;
use crate::forks;
use crate::io::console::Console;
use crate::io::fs::{self, Files};
use crate::pipeline;
use crate::snapshot::bake::Record;
use crate::snapshot::metadata::Metadata;
use crate::snapshot::{Snapshot, mnemonics, validators};
use crate::{capture, cl};
use accounts::Accounts;

const EXAMPLES: &str = "Examples:
  regenesis inspect my-snapshot
  regenesis inspect my-snapshot --json
  regenesis inspect                    the embedded sample

Values from metadata.json are shown unchecked: regenesis verify checks them.";

/// Show the contents of a snapshot: its source, accounts, forks, validators and files
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[cfg_attr(
        feature = "host",
        doc = "Snapshot directory, or a networks.json [default: the embedded sample]"
    )]
    #[cfg_attr(not(feature = "host"), doc = "Snapshot directory [default: the embedded sample]")]
    snapshot: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A fork and its epoch.
#[derive(Debug, Serialize)]
struct Fork {
    name: &'static str,
    /// 0: active at genesis.
    epoch: u64,
}

/// A hardfork and its time.
#[derive(Debug, Serialize)]
struct Hardfork {
    name: &'static str,
    /// The time in the file: `init` sets it to that of the fork's epoch.
    time: u64,
}

#[derive(Debug, Serialize)]
struct Consensus {
    preset: &'static str,
    seconds_per_slot: u64,
    forks: Vec<Fork>,
}

#[derive(Debug, Serialize)]
struct Execution {
    hardforks: Vec<Hardfork>,
    /// Of block 0.
    gas_limit: u64,
    /// Wei per gas in block 0; `null`: geth's default.
    base_fee: Option<String>,
}

#[derive(Debug, Serialize)]
struct Baked {
    regenesis: String,
    /// `null`: they are sealed at every boot.
    keystores: Option<usize>,
}

#[derive(Debug, Serialize)]
struct Inspected {
    snapshot: String,
    metadata: Metadata,
    accounts: Accounts,
    execution: Execution,
    consensus: Consensus,
    validators: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    l2: Vec<l2::L2>,
    baked: Option<Baked>,
    /// Bytes by path.
    files: BTreeMap<Cow<'static, str>, u64>,
}

/// Runs the verb.
///
/// # Errors
/// The snapshot cannot be read, or is not valid.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let directory = args.snapshot.as_ref().filter(|path| !path.as_os_str().is_empty());
    #[cfg(feature = "host")]
    if let Some(file) = directory.filter(|path| path.extension().is_some_and(|name| name == "json"))
        && !fs::is_directory(file)?
    {
        return super::networks::show(&Input::file(file.clone()), args.json);
    }
    let snapshot = match directory {
        Some(directory) => snapshot_directory(directory)?,
        None => crate::sample(),
    };
    let inspected = inspect(&snapshot, console)?;
    let text = if args.json {
        let mut json = serde_json::to_string_pretty(&inspected).unwrap_or_default();
        json.push('\n');
        json
    } else {
        inspected.table()
    };
    super::print(text.as_bytes())
}

fn inspect(snapshot: &Snapshot, console: &Console) -> Result<Inspected, Failure> {
    let metadata = pipeline::read_metadata(snapshot, &Files)?.unwrap_or_default();
    let (_, config) = pipeline::read_config(snapshot, &Files)?;
    let in_config = |error: cl::Error| Failure::config(&snapshot.config, &error);
    let consensus = consensus(&config).map_err(in_config)?;
    let (accounts, genesis) = accounts(snapshot, console)?;
    let hardforks = forks::Hardfork::ALL
        .iter()
        .filter_map(|fork| Some(Hardfork { name: fork.name(), time: genesis.config.time(*fork)? }));
    let baked = match &snapshot.baked {
        None => None,
        Some(baked) => Record::parse(&fs::read(&baked.record)?).ok().map(|record| Baked {
            regenesis: record.regenesis,
            keystores: record.keystores.map(|keystores| keystores.count),
        }),
    };
    let mut files = BTreeMap::new();
    for (path, input) in snapshot.large_files().into_iter().chain(snapshot.small_files()) {
        files.insert(path, fs::length(input)?);
    }
    Ok(Inspected {
        snapshot: snapshot.name.clone(),
        accounts,
        execution: Execution {
            hardforks: hardforks.collect(),
            gas_limit: genesis.gas_limit,
            base_fee: genesis.base_fee_per_gas.map(|wei| wei.to_string()),
        },
        consensus,
        validators: count_validators(snapshot)?,
        l2: l2::read(snapshot, console)?,
        baked,
        files,
        metadata,
    })
}

fn consensus(config: &Config) -> Result<Consensus, cl::Error> {
    let mut forks = Vec::new();
    for fork in FORKS {
        let epoch = config.epoch(fork)?;
        if epoch != FAR_FUTURE_EPOCH {
            forks.push(Fork { name: fork.name.as_str(), epoch });
        }
    }
    let seconds_per_slot = config.slot_duration_ms()? / 1000;
    Ok(Consensus { preset: preset::base(config)?, seconds_per_slot, forks })
}

/// Counts the accounts, and reads the rest of the genesis.
fn accounts(snapshot: &Snapshot, console: &Console) -> Result<(Accounts, Genesis), Failure> {
    let input = &snapshot.genesis;
    fs::open(input)?;
    let open =
        || fs::open(input).map_err(|error| capture::Error::Read(std::io::Error::other(error)));
    let mut found = Accounts::default();
    let mut count = |account: Account| {
        console.progress(|| format!("{} accounts", found.all));
        found.add(&account);
        Ok(())
    };
    let (_, header) =
        file::read(&open, &mut count).map_err(|error| Failure::state_file(input, &error))?;
    let document = Document { head: header.genesis, alloc: Vec::new() };
    let genesis = document.genesis().map_err(|error| Failure::genesis(input, &error))?;
    Ok((found, genesis))
}

fn count_validators(snapshot: &Snapshot) -> Result<u64, Failure> {
    let mut count = 0;
    if let Some(input) = &snapshot.mnemonics {
        let entries = mnemonics::parse(&fs::read(input)?).map_err(|error| {
            Failure::input(input, Some(error.line as u64), &error.what, Some(error.hint))
        })?;
        count += entries.iter().map(|entry| u64::from(entry.count)).sum::<u64>();
    }
    if let Some(input) = &snapshot.validators {
        let listed = validators::parse(&fs::read(input)?, validators::KeyCheck::Sample).map_err(
            |error| Failure::input(input, Some(error.line as u64), &error.what, Some(error.hint)),
        )?;
        count += listed.len() as u64;
    }
    Ok(count)
}

//! `regenesis inspect`: what is in a snapshot.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use serde::Serialize;

use super::prepare::inputs;
use super::{Failure, snapshot_directory};
use crate::capture::account::Account;
use crate::capture::file;
use crate::cl::config::{Config, FAR_FUTURE_EPOCH};
use crate::cl::fork::FORKS;
use crate::cl::preset;
use crate::el::chain_config::{ChainConfig, HARDFORKS};
use crate::el::genesis::Document;
use crate::exit;
use crate::rim::console::Console;
use crate::rim::fs;
use crate::snapshot::bake::Record;
use crate::snapshot::metadata::{Metadata, Mode};
use crate::snapshot::{CHAIN, Snapshot, mnemonics, validators};
use crate::{capture, cl, visible};

const EXAMPLES: &str = "Examples:
  regenesis inspect my-snapshot
  regenesis inspect my-snapshot --json
  regenesis inspect                    the embedded sample

What metadata.json says is shown as it is: regenesis verify proves it.";

/// Contracts with the most slots that are named.
const LARGEST: usize = 3;

/// Show what is in a snapshot: where it comes from, its accounts, forks, validators and files
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub struct Args {
    /// Snapshot directory [default: the embedded sample]
    #[arg(env = "REGENESIS_SNAPSHOT", hide_env_values = true)]
    snapshot: Option<PathBuf>,
    /// Print JSON
    #[arg(
        long,
        env = "REGENESIS_JSON",
        hide_env_values = true,
        value_parser = crate::command::switch()
    )]
    json: bool,
}

/// A fork, and when it comes.
#[derive(Debug, Serialize)]
struct Fork {
    name: &'static str,
    /// 0: it is active at genesis.
    epoch: u64,
}

/// A hardfork, and when it comes.
#[derive(Debug, Serialize)]
struct Hardfork {
    name: &'static str,
    /// As the file has it: `init` corrects it by the epoch of the fork.
    time: u64,
}

#[derive(Debug, Default, Serialize)]
struct Accounts {
    all: u64,
    contracts: u64,
    /// As EIP-161 has it.
    empty: u64,
    storage_slots: u64,
    /// The contracts with the most slots.
    largest: Vec<Contract>,
}

#[derive(Debug, Serialize)]
struct Contract {
    address: String,
    storage_slots: u64,
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
}

#[derive(Debug, Serialize)]
struct Baked {
    regenesis: String,
    /// `null`: they are made at every boot.
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
    baked: Option<Baked>,
    /// Bytes by path.
    files: BTreeMap<&'static str, u64>,
}

/// Runs the verb.
///
/// # Errors
/// The snapshot cannot be read, or is wrong.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let directory = args.snapshot.as_ref().filter(|path| !path.as_os_str().is_empty());
    let snapshot = match directory {
        Some(directory) => snapshot_directory(directory)?,
        None => Snapshot::sample(),
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
    let metadata = inputs::read_metadata(snapshot)?.unwrap_or_default();
    let (_, config) = inputs::read_config(snapshot)?;
    let in_config = |error: cl::Error| Failure::config(&snapshot.config, &error);
    let consensus = consensus(&config).map_err(in_config)?;
    let (accounts, chain) = accounts(snapshot, console)?;
    let hardforks = HARDFORKS.iter().filter_map(|(fork, key, _)| {
        Some(Hardfork { name: key.strip_suffix("Time")?, time: chain.time(*fork)? })
    });
    let baked = match &snapshot.baked {
        None => None,
        Some(baked) => Record::parse(&fs::read(&baked.record)?).ok().map(|record| Baked {
            regenesis: record.regenesis,
            keystores: record.keystores.map(|keystores| keystores.count),
        }),
    };
    let mut files = BTreeMap::from([(snapshot.genesis_path(), fs::length(&snapshot.genesis)?)]);
    if let Some(history) = &snapshot.history {
        files.insert(CHAIN, fs::length(&history.chain)?);
    }
    for (path, input) in snapshot.small_files() {
        files.insert(path, fs::length(input)?);
    }
    Ok(Inspected {
        snapshot: snapshot.name.clone(),
        accounts,
        execution: Execution { hardforks: hardforks.collect() },
        consensus,
        validators: count_validators(snapshot)?,
        baked,
        files,
        metadata,
    })
}

fn consensus(config: &Config) -> Result<Consensus, cl::Error> {
    let mut forks = Vec::new();
    for fork in &FORKS {
        let epoch = config.epoch(fork)?;
        if epoch != FAR_FUTURE_EPOCH {
            forks.push(Fork { name: fork.name, epoch });
        }
    }
    let seconds_per_slot = config.slot_duration_ms()? / 1000;
    Ok(Consensus { preset: preset::base(config)?, seconds_per_slot, forks })
}

/// Counts the accounts, and reads the config beside them.
fn accounts(snapshot: &Snapshot, console: &Console) -> Result<(Accounts, ChainConfig), Failure> {
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
    let (_, told) =
        file::read(&open, &mut count).map_err(|error| Failure::state_file(input, &error))?;
    let document = Document { head: told.genesis, alloc: Vec::new() };
    let genesis = document.genesis().map_err(|error| Failure::genesis(input, &error))?;
    Ok((found, genesis.config))
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
        let listed = validators::parse(&fs::read(input)?).map_err(|error| {
            Failure::input(input, Some(error.line as u64), &error.what, Some(error.hint()))
        })?;
        count += listed.len() as u64;
    }
    Ok(count)
}

impl Accounts {
    fn add(&mut self, account: &Account) {
        let storage_slots = account.storage.len() as u64;
        self.all += 1;
        self.contracts += u64::from(!account.code.is_empty());
        self.empty += u64::from(account.is_empty());
        self.storage_slots += storage_slots;
        let least = self.largest.last().map_or(0, |contract| contract.storage_slots);
        if storage_slots > 0 && (self.largest.len() < LARGEST || storage_slots > least) {
            let address = account.address.unwrap_or_default().to_string();
            self.largest.push(Contract { address, storage_slots });
            self.largest.sort_by_key(|contract| std::cmp::Reverse(contract.storage_slots));
            self.largest.truncate(LARGEST);
        }
    }
}

impl Inspected {
    /// For people: a line for each thing that is known.
    fn table(&self) -> String {
        let Self { metadata, accounts, consensus, .. } = self;
        let mut out = String::new();
        let mut line = |name: &str, text: &str| {
            let _ = writeln!(out, "{name:<12}{}", visible::line(text));
        };
        line("snapshot", &format!("{}, chain {}", self.snapshot, metadata.chain_id));
        if let Some(source) = &metadata.source {
            let client = source.client.iter().map(|client| format!(" of {client}"));
            line("source", &std::iter::once(source.kind.clone()).chain(client).collect::<String>());
            line("", source.description.as_deref().unwrap_or_default());
            if let Some(block) = &source.block {
                let hash = block.hash.map_or_else(String::new, |hash| format!(" {hash}"));
                line("block", &format!("{}{hash}, {}", block.number, time(block.timestamp)));
            }
        }
        if metadata.mode == Mode::History {
            let count =
                |what: &str| metadata.counts.get(what).map(|count| format!("{count} {what}"));
            let counts: Vec<_> = ["blocks", "transactions"].into_iter().filter_map(count).collect();
            line("mode", "history: the blocks are kept, a new beacon chain continues the last one");
            line("history", &counts.join(", "));
        }
        if let Some(root) = metadata.state_root {
            let proven = match (metadata.proven, metadata.derived.is_empty()) {
                (Some(true), true) => ", proven: the block's",
                (Some(true), false) => ", not the block's: changed after it was proven",
                (Some(false), _) => ", not proven",
                (None, _) => "",
            };
            line("state root", &format!("{root}{proven}"));
        }
        for change in &metadata.derived {
            line("changed", change);
        }
        let of = if metadata.mode == Mode::History { " at block 0" } else { "" };
        line("accounts", &format!("{}, {} contracts{of}", accounts.all, accounts.contracts));
        if accounts.empty > 0 {
            line("", &format!("{} empty (EIP-161)", accounts.empty));
        }
        line("slots", &accounts.storage_slots.to_string());
        for Contract { address, storage_slots } in &accounts.largest {
            line("", &format!("{storage_slots} of {address}"));
        }
        for (how, count) in &metadata.obtained {
            line("obtained", &format!("{count} by {how}"));
        }
        let Consensus { preset, seconds_per_slot, forks } = consensus;
        line("consensus", &format!("{preset} preset, slots of {seconds_per_slot} s"));
        if let Some(fork) = forks.iter().rfind(|fork| fork.epoch == 0) {
            line("forks", &format!("{} at genesis", fork.name));
        }
        for fork in forks.iter().filter(|fork| fork.epoch > 0) {
            line("", &format!("{} at epoch {}", fork.name, fork.epoch));
        }
        line("validators", &self.validators.to_string());
        line(
            "baked",
            &match &self.baked {
                None => "no".to_owned(),
                Some(Baked { regenesis, keystores: None }) => format!("by {regenesis}"),
                Some(Baked { regenesis, keystores: Some(count) }) => {
                    format!("by {regenesis}, with {count} keystores")
                }
            },
        );
        for (path, size) in &self.files {
            line("file", &format!("{path}, {size} bytes"));
        }
        // A name without anything behind it says nothing.
        let lines = out.lines().filter(|line| !line.trim().is_empty());
        lines.fold(String::new(), |text, line| text + line + "\n")
    }
}

fn time(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|s| jiff::Timestamp::from_second(s).ok());
    time.map_or_else(|| seconds.to_string(), |time| time.to_string())
}

//! Reads the inputs of `init`, with file, line and remedy in every fault.

use std::sync::atomic::{AtomicUsize, Ordering};

use alloy_primitives::Address;

use super::super::Failure;
use super::Wanted;
use crate::cl;
use crate::cl::config::{Config, FAR_FUTURE_EPOCH};
use crate::cl::config_file;
use crate::cl::fork::FORKS;
use crate::el::alloc::State;
use crate::el::chain_config::Hardfork;
use crate::el::genesis::{self, Document, Genesis};
use crate::el::system_contracts::{self, SystemContract};
use crate::rim::console::Console;
use crate::rim::fs;
use crate::snapshot::metadata::{self, Metadata};
use crate::snapshot::validators::{self, Registry};
use crate::snapshot::{Input, Snapshot, mnemonics};

/// `config.yaml`: its text, and what it says.
pub(in crate::command) fn read_config(snapshot: &Snapshot) -> Result<(Vec<u8>, Config), Failure> {
    let input = &snapshot.config;
    let text = fs::read(input)?;
    let config = Config::parse(&text).and_then(|config| {
        config_file::check(&config)?;
        Ok(config)
    });
    Ok((text, config.map_err(|error| Failure::config(input, &error))?))
}

/// `genesis.json`: its document, its accounts, and its size in bytes.
pub(in crate::command) fn read_genesis(
    input: &Input,
    console: &Console,
) -> Result<(Document, State, u64), Failure> {
    let size = fs::length(input)?;
    let progress = |offset: u64| {
        console.progress(|| format!("reading {} of {} MB", offset / 1_000_000, size / 1_000_000));
    };
    let (document, state) = genesis::read(fs::open(input)?, &progress)
        .map_err(|error| Failure::genesis(input, &error))?;
    Ok((document, state, size))
}

/// The metadata, if the snapshot has any.
pub(in crate::command) fn read_metadata(snapshot: &Snapshot) -> Result<Option<Metadata>, Failure> {
    let Some(input) = &snapshot.metadata else { return Ok(None) };
    let metadata = metadata::parse(&fs::read(input)?).map_err(|error| {
        let hint = match error {
            metadata::Error::Format(_) => "use the version of regenesis that made the snapshot",
            metadata::Error::Json(_) => {
                "it must have format, name and chain_id; loose files need none: use --genesis"
            }
        };
        Failure::input(input, None, &error.to_string(), Some(hint))
    })?;
    Ok(Some(metadata))
}

/// Checks that the chain has an id, and that the metadata is of this format and this chain;
/// returns it, or an empty one if there is none.
pub(in crate::command) fn check_metadata(
    snapshot: &Snapshot,
    genesis: &Genesis,
) -> Result<Metadata, Failure> {
    let chain_id = genesis.config.chain_id_64();
    let chain_id = chain_id.map_err(|error| Failure::genesis(&snapshot.genesis, &error))?;
    let (Some(input), Some(metadata)) = (&snapshot.metadata, read_metadata(snapshot)?) else {
        return Ok(Metadata::default());
    };
    if metadata.chain_id != chain_id {
        let what = format!(
            "chain_id is {}, but config.chainId of {} is {chain_id}",
            metadata.chain_id,
            snapshot.genesis.label()
        );
        let hint = "the snapshot was put together from two chains: make them the same";
        return Err(Failure::input(input, None, &what, Some(hint)));
    }
    Ok(metadata)
}

/// The validators of the snapshot, their public keys checked.
pub(in crate::command) fn read_registry(
    snapshot: &Snapshot,
    console: &Console,
    warnings: &mut Vec<String>,
) -> Result<Registry, Failure> {
    let mut registry = Registry::default();
    if let Some(input) = &snapshot.mnemonics {
        let mut ignored = Vec::new();
        let entries = mnemonics::parse_with(&fs::read(input)?, &mut ignored).map_err(|error| {
            Failure::input(input, Some(error.line as u64), &error.what, Some(error.hint))
        })?;
        if !ignored.is_empty() {
            let (label, names) = (input.label(), ignored.join(", "));
            warnings.push(format!("{label}: keys without effect: {names}"));
        }
        let total: usize = entries.iter().map(|entry| entry.count as usize).sum();
        announce(console, "deriving", total, &format!("validator keys of {}", input.label()));
        let done = AtomicUsize::new(0);
        let progress = |more: usize| {
            let done = more + done.fetch_add(more, Ordering::Relaxed);
            console.progress(|| format!("deriving validator {done} of {total}"));
        };
        for (number, entry) in entries.iter().enumerate() {
            if entry.mnemonic.was_normalised() {
                warnings.push(format!(
                    "{}: entry {number} has repeated blanks in its mnemonic, taken as one: \
                     eth2-val-tools would derive other keys",
                    input.label()
                ));
            }
        }
        registry = validators::derive(&entries, &progress)
            .map_err(|error| Failure::bug(format!("keys cannot be derived: {error}")))?;
    }
    if let Some(input) = &snapshot.validators {
        // A line has 162 characters or more.
        let lines = usize::try_from(fs::length(input)? / 162).unwrap_or(usize::MAX);
        announce(console, "checking", lines, &format!("public keys of {}", input.label()));
        let listed = validators::parse(&fs::read(input)?).map_err(|error| {
            Failure::input(input, Some(error.line as u64), &error.what, Some(error.hint()))
        })?;
        registry.extend(listed);
    }
    let derived = registry.signing_keys.len();
    let Some(input) = snapshot.mnemonics.as_ref().or(snapshot.validators.as_ref()) else {
        let hint = "add val/mnemonics.yaml or val/validators.txt to the snapshot";
        let what = "has no validators beside it";
        return Err(Failure::input(&snapshot.genesis, None, what, Some(hint)));
    };
    if registry.validators.is_empty() {
        let hint = "a chain needs somebody to make its blocks: add an entry";
        return Err(Failure::input(input, None, "has no validator", Some(hint)));
    }
    if let Some((first, second)) = registry.duplicate() {
        let listed = snapshot.validators.as_ref().filter(|_| second >= derived);
        let (first, second) = (registry.name(first), registry.name(second));
        let what = format!("validators {first} and {second} have the same key");
        let hint = "a beacon chain takes every public key once: move start, or drop an entry";
        return Err(Failure::input(listed.unwrap_or(input), None, &what, Some(hint)));
    }
    Ok(registry)
}

/// More keys than these take long enough to say so, also where no progress is shown.
const MANY: usize = 10_000;

/// Says that `count` keys will take a while.
pub(in crate::command) fn announce(console: &Console, doing: &str, count: usize, what: &str) {
    if count > MANY {
        let count = grouped(count);
        console.note(&format!("{doing} {count} {what}: this may take minutes; Ctrl-C stops it"));
    }
}

/// A number with commas between its thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// System contracts that the forks need.
#[derive(Debug)]
pub(in crate::command) struct Contracts {
    /// Entries for the alloc.
    pub(in crate::command) added: Vec<String>,
    /// Addresses without code that were not added.
    pub(in crate::command) missing: Vec<Address>,
}

/// Warns of system contracts that the alloc lacks, or adds them to `state`.
///
/// # Errors
/// The config's deposit contract is no address.
pub(in crate::command) fn system_contracts(
    wanted: &Wanted<'_>,
    config: &Config,
    genesis: &Genesis,
    state: &mut State,
    warnings: &mut Vec<String>,
) -> Result<Contracts, Failure> {
    let snapshot = wanted.snapshot;
    if snapshot.history.is_some() || wanted.shadow_fork.is_some() {
        // What the genesis lacks, its blocks may have brought; and it must stay as it is.
        if wanted.add_system_contracts {
            return Err(Failure::usage(
                "--add-system-contracts would make another block 0, to which the past does not belong",
                "leave it out: a chain that keeps its past has what its blocks brought",
            ));
        }
        return Ok(Contracts { added: Vec::new(), missing: Vec::new() });
    }
    let scheduled = |hardfork: Hardfork| {
        let fork = FORKS.iter().find(|fork| fork.hardfork == Some(hardfork));
        let epoch = fork.and_then(|fork| config.epoch(fork).ok()).unwrap_or(FAR_FUTURE_EPOCH);
        genesis.config.time(hardfork).is_some() || epoch != FAR_FUTURE_EPOCH
    };
    let deposit = if config.has("DEPOSIT_CONTRACT_ADDRESS") {
        config
            .deposit_contract_address()
            .map_err(|error| Failure::config(&snapshot.config, &error))?
    } else {
        genesis.config.deposit_contract_address
    };
    let missing = system_contracts::missing(scheduled, deposit, state);
    if missing.is_empty() || !wanted.add_system_contracts {
        warnings.extend(missing_warning(snapshot, &missing));
        let missing = missing.iter().map(|contract| contract.address).collect();
        return Ok(Contracts { added: Vec::new(), missing });
    }
    let added: Vec<_> = missing.iter().map(SystemContract::entry).collect();
    state
        .add_entries(&added)
        .map_err(|error| Failure::bug(format!("the table of system contracts: {error}")))?;
    Ok(Contracts { added, missing: Vec::new() })
}

/// What to say of contracts that the alloc lacks.
pub(in crate::command) fn missing_warning(
    snapshot: &Snapshot,
    missing: &[SystemContract],
) -> Option<String> {
    let names: Vec<_> = missing.iter().map(|c| format!("{} at {}", c.name, c.address)).collect();
    let label = snapshot.genesis.label();
    let names = names.join(", ");
    let warning = format!(
        "{label}: the alloc lacks {names} (--add-system-contracts adds them, with compose \
         REGENESIS_ADD_SYSTEM_CONTRACTS=true)"
    );
    (!missing.is_empty()).then_some(warning)
}

/// A fault of the genesis state, at the file that has it.
pub(in crate::command) fn state_failure(snapshot: &Snapshot, error: &cl::Error) -> Failure {
    let input = match error {
        cl::Error::NoActiveValidator(_) | cl::Error::TooFewActiveValidators { .. } => {
            snapshot.mnemonics.as_ref().or(snapshot.validators.as_ref())
        }
        cl::Error::Payload(_) => Some(&snapshot.genesis),
        _ => None,
    };
    Failure::config(input.unwrap_or(&snapshot.config), error)
}

//! What does not depend on the time: read from a bake where there is one, else computed.

pub mod baked;
pub mod digests;
pub mod history;
pub mod inputs;
pub mod keystores;

use alloy_primitives::{Address, B256};

use super::Failure;
use crate::cl;
use crate::cl::config::Config;
use crate::cl::preset::{Preset, Revision};
use crate::cl::validator::GenesisValidator;
use crate::digest::Prefix;
use crate::el::genesis::{Document, Genesis};
use crate::keys::{Entropy, Kdf};
use crate::rim::clock::Stopwatch;
use crate::rim::console::Console;
use crate::rim::identity::Watch;
use crate::snapshot::Snapshot;
use crate::snapshot::validators::Source;
use crate::stamp;
use crate::summary::Step;
use digests::Digests;
use keystores::Keystores;

/// What to prepare, and how.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The inputs.
    pub snapshot: &'a Snapshot,
    /// What a shadow fork continues.
    pub shadow_fork: Option<&'a history::Past>,
    /// Revision of the minimal preset.
    pub revision: Revision,
    /// Whether to add what the forks need.
    pub add_system_contracts: bool,
    /// Protection of the keystores; `None`: make none.
    pub kdf: Option<Kdf>,
    /// Source of all randomness.
    pub entropy: &'a Entropy,
    /// Whether the user chose the entropy, and so wants its keystores and no others.
    pub seeded: bool,
}

/// Everything that does not depend on the time.
#[derive(Debug)]
pub struct Prepared {
    /// `config.yaml` as it is in the snapshot.
    pub config_text: Vec<u8>,
    /// What it says.
    pub config: Config,
    /// The sizes.
    pub preset: Preset,
    /// `genesis.json` as it is in the snapshot.
    pub document: Document,
    /// What it says.
    pub genesis: Genesis,
    /// The past, if the chain keeps it.
    pub past: Option<history::Past>,
    /// Number of accounts.
    pub accounts: usize,
    /// Size of `genesis.json` in bytes.
    pub file_size: u64,
    /// Entries of system contracts to add to the alloc.
    pub added: Vec<String>,
    /// Addresses of system contracts that have no code, added ones not counted.
    pub missing: Vec<Address>,
    /// Root of the state.
    pub state_root: B256,
    /// Digest of the alloc as it will be written, if it is known.
    pub prefix: Option<Prefix>,
    /// The registry.
    pub validators: Vec<GenesisValidator>,
    /// Where they come from.
    pub sources: Vec<Source>,
    /// The keystores.
    pub keystores: Keystores,
    /// Things that may be wrong.
    pub warnings: Vec<String>,
    /// What the inputs are.
    pub digests: Digests,
    /// What they were when this began.
    pub watch: Watch,
}

impl Prepared {
    /// What the execution client has to import: nothing where it has the chain.
    pub fn load(&self) -> stamp::Load {
        let (accounts, bytes) = (self.accounts as u64, self.file_size);
        let load = |blocks, chain_bytes| stamp::Load { accounts, bytes, blocks, chain_bytes };
        match &self.past {
            None => load(0, 0),
            Some(past) => match &past.kept {
                Some(kept) => load(past.head.header.number, kept.length),
                None => stamp::Load::default(),
            },
        }
    }

    /// The times of the past, if the chain keeps it.
    pub fn past_times(&self) -> Option<stamp::Past> {
        self.past.as_ref().map(|past| stamp::Past {
            el_timestamp: self.genesis.timestamp.unwrap_or_default(),
            head: past.head.header.timestamp,
        })
    }
}

/// Steps with their times, on the console and for the summary.
#[derive(Debug)]
pub struct Steps<'a> {
    /// Where they are shown.
    pub console: &'a Console,
    watch: Stopwatch,
    /// Those that are done.
    pub done: Vec<Step>,
}

impl<'a> Steps<'a> {
    /// Begins the first step.
    pub fn start(console: &'a Console) -> Self {
        Self { console, watch: Stopwatch::start(), done: Vec::new() }
    }

    /// Ends a step, and begins the next.
    pub fn done(&mut self, step: &'static str, text: &str) {
        let took = self.watch.lap();
        self.console.step(step, text, took);
        let milliseconds = (took.as_secs_f64() * 1e6).round() / 1000.0;
        self.done.push(Step { step, milliseconds });
    }
}

/// Prepares a run: from the snapshot's bake if it holds, else by computing.
///
/// # Errors
/// An input is wrong.
pub fn prepare(wanted: &Wanted<'_>, steps: &mut Steps<'_>) -> Result<Prepared, Failure> {
    match baked::load(wanted)? {
        baked::Found::Prepared(prepared) => {
            let accounts = prepared.accounts;
            let (all, keystores) = (prepared.validators.len(), prepared.keystores.len());
            steps.done(
                "baked",
                &format!("{accounts} accounts, {all} validators, {keystores} keystores"),
            );
            Ok(*prepared)
        }
        baked::Found::Stale(reason) => {
            let mut prepared = compute(wanted, steps)?;
            prepared.warnings.push(format!("{reason}: not used (regenesis bake makes it anew)"));
            Ok(prepared)
        }
        baked::Found::Nothing => compute(wanted, steps),
    }
}

/// Prepares a run by computing everything.
///
/// # Errors
/// An input is wrong.
pub fn compute(wanted: &Wanted<'_>, steps: &mut Steps<'_>) -> Result<Prepared, Failure> {
    let (snapshot, console) = (wanted.snapshot, steps.console);
    let watch = digests::watch(snapshot, None);
    let mut warnings = Vec::new();
    let in_config = |error: cl::Error| Failure::config(&snapshot.config, &error);
    let (config_text, config) = inputs::read_config(snapshot)?;
    let preset = Preset::of(&config, wanted.revision).map_err(in_config)?;
    // Faults of the small file are told before the large one is read.
    config.genesis_fork().map_err(in_config)?;
    let (document, mut state, file_size) = inputs::read_genesis(&snapshot.genesis, console)?;
    let genesis = document.genesis();
    let genesis = genesis.map_err(|error| Failure::genesis(&snapshot.genesis, &error))?;
    let metadata = inputs::check_metadata(snapshot, &genesis)?;
    warnings.extend(metadata.warnings());
    steps.done("read", &format!("{}: {} accounts", snapshot.genesis.label(), state.len()));

    let past = history::of(wanted, metadata, &genesis)?;
    if let Some(kept) = past.as_ref().and_then(|past| past.kept.as_ref()) {
        kept.check()?;
    }
    let contracts = inputs::system_contracts(wanted, &config, &genesis, &mut state, &mut warnings)?;
    let (accounts, state_root) = (state.len(), state.root());
    steps.done("el", &format!("state root {state_root}"));

    let registry = inputs::read_registry(snapshot, console, &mut warnings)?;
    let (all, derived) = (registry.validators.len(), registry.signing_keys.len());
    steps.done("keys", &format!("{all} validators, {derived} derived"));

    Ok(Prepared {
        config_text,
        config,
        preset,
        document,
        genesis,
        past,
        accounts,
        file_size,
        added: contracts.added,
        missing: contracts.missing,
        state_root,
        prefix: None,
        validators: registry.validators,
        sources: registry.sources,
        keystores: Keystores::Unsealed(registry.signing_keys),
        warnings,
        digests: digests::compute(snapshot)?,
        watch,
    })
}

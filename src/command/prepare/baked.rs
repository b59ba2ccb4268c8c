//! Reads a bake, and only if it is of these very inputs.

use std::io::Read;

use super::super::Failure;
use super::digests::Digests;
use super::keystores::Keystores;
use super::{Prepared, Wanted, digests, history, inputs};
use crate::cl::preset::Preset;
use crate::digest::{self, Prefix};
use crate::el::genesis::{self, Alloc, Document};
use crate::el::system_contracts;
use crate::keys::Entropy;
use crate::rim::fs;
use crate::rim::identity::Watch;
use crate::snapshot::bake::{self, BakedGenesis, Record};
use crate::snapshot::{Baked, Input, Snapshot};

/// What became of a bake.
#[derive(Debug)]
pub enum Found {
    /// It holds.
    Prepared(Box<Prepared>),
    /// It does not, for this reason.
    Stale(String),
    /// There is none.
    Nothing,
}

/// Reads the bake of a snapshot.
///
/// # Errors
/// An input itself cannot be read; a bake that cannot be used is no error.
pub fn load(wanted: &Wanted<'_>) -> Result<Found, Failure> {
    let Some(baked) = &wanted.snapshot.baked else { return Ok(Found::Nothing) };
    let stale = |what: &str| Ok(Found::Stale(format!("{} {what}", baked.record.label())));
    let Ok(record) = Record::parse(&fs::read(&baked.record)?) else { return stale("is damaged") };
    if record.regenesis != env!("CARGO_PKG_VERSION") {
        return stale(&format!("was made by regenesis {}", record.regenesis));
    }
    let watch = digests::watch(wanted.snapshot, Some(baked));
    let digests = digests::recall(wanted.snapshot, &watch)?;
    if let Some(changed) = changed_input(wanted.snapshot, &record, &digests) {
        return stale(&format!("is of another {}", changed.label()));
    }
    if wanted.add_system_contracts && !record.genesis.missing.is_empty() {
        return stale("was made without the system contracts that are to be added");
    }
    let Some(keystores) = keystores(wanted, baked, &record)? else {
        return stale("has no such keystores");
    };
    let validators = read_bound(&record, bake::VALIDATORS, &baked.validators)?;
    let validators = validators.and_then(|bytes| bake::decode_validators(&bytes).ok());
    let hasher = digest::resume(&record.genesis.sha256_state);
    let (Some(validators), Some(hasher)) = (validators, hasher) else {
        return Ok(Found::Stale(format!("{} is damaged", baked.validators.label())));
    };
    let mut prepared = assemble(wanted, &record)?;
    (prepared.digests, prepared.watch) = (digests, watch);
    prepared.validators = validators;
    prepared.keystores = keystores;
    let length = record.genesis.sha256_length;
    prepared.prefix = Some(Prefix { pieces: 2, length, hasher });
    Ok(Found::Prepared(Box::new(prepared)))
}

/// What the small files and the record say.
fn assemble(wanted: &Wanted<'_>, record: &Record) -> Result<Prepared, Failure> {
    let snapshot = wanted.snapshot;
    let (config_text, config) = inputs::read_config(snapshot)?;
    let preset = Preset::of(&config, wanted.revision);
    let preset = preset.map_err(|error| Failure::config(&snapshot.config, &error))?;
    let document = read_head(snapshot, &record.genesis)?;
    let genesis = document.genesis();
    let genesis = genesis.map_err(|error| Failure::genesis(&snapshot.genesis, &error))?;
    let missing = record.genesis.missing.clone();
    let named = system_contracts::by_address(&missing);
    let metadata = inputs::check_metadata(snapshot, &genesis)?;
    let mut warnings = metadata.warnings();
    let past = history::of(wanted, metadata, &genesis)?;
    if past.is_none() {
        warnings.extend(inputs::missing_warning(snapshot, &named));
    }
    Ok(Prepared {
        config_text,
        config,
        preset,
        document,
        genesis,
        past,
        accounts: record.genesis.accounts,
        file_size: record.genesis.file.size,
        added: Vec::new(),
        warnings,
        missing,
        state_root: record.genesis.state_root,
        prefix: None,
        validators: Vec::new(),
        sources: record.sources.clone(),
        keystores: Keystores::Unsealed(Vec::new()),
        digests: Digests::new(),
        watch: Watch::default(),
    })
}

/// The first input that is not the one that was baked.
fn changed_input<'a>(
    snapshot: &'a Snapshot,
    record: &Record,
    digests: &Digests,
) -> Option<&'a Input> {
    let small = snapshot.small_files();
    let baked = |path: &str| record.bound(path).map(|bound| &bound.sha256);
    for (path, input) in &small {
        if baked(path) != digests.get(*path) {
            return Some(input);
        }
    }
    let inputs = record.files.iter().filter(|file| !file.path.starts_with(bake::DIRECTORY));
    if inputs.count() != small.len() {
        return Some(&snapshot.config);
    }
    let mut large = snapshot.large_files().into_iter();
    let changed = large.find(|(path, _)| record.trees.get(*path) != digests.get(*path));
    changed.map(|(_, input)| input)
}

/// `genesis.json` without its alloc, which stays where it is.
fn read_head(snapshot: &Snapshot, baked: &BakedGenesis) -> Result<Document, Failure> {
    let input = &snapshot.genesis;
    let before = fs::open_range(input, 0..baked.alloc.start)?;
    let behind = fs::open_range(input, baked.alloc.end..baked.file.size)?;
    let text = before.chain(&b"{}"[..]).chain(behind);
    let (mut document, _) =
        genesis::read(text, &|_| ()).map_err(|error| Failure::genesis(input, &error))?;
    document.alloc = vec![Alloc { range: baked.alloc.clone(), empty: baked.empty }];
    Ok(document)
}

/// The bytes of a baked file, if they are those that were written.
fn read_bound(record: &Record, path: &str, input: &Input) -> Result<Option<Vec<u8>>, Failure> {
    let Some(bound) = record.bound(path) else { return Ok(None) };
    let bytes = fs::read(input)?;
    Ok(bound.holds(&bytes).then_some(bytes))
}

/// The keystores that are wanted; `None` if the bake has others, or damaged ones.
fn keystores(
    wanted: &Wanted<'_>,
    baked: &Baked,
    record: &Record,
) -> Result<Option<Keystores>, Failure> {
    let Some(kdf) = wanted.kdf else { return Ok(Some(Keystores::Unsealed(Vec::new()))) };
    let (Some(known), Some(bound)) = (&record.keystores, record.bound(bake::KEYSTORES)) else {
        return Ok(None);
    };
    let input = &baked.keystores;
    let same = known.kdf == kdf.to_string()
        && (!wanted.seeded || known.entropy == entropy_id(wanted.entropy))
        && fs::length(input)? == bound.size
        && hex::encode(fs::sha256(input)?) == bound.sha256;
    Ok(same.then(|| Keystores::Baked(input.clone(), known.count)))
}

/// Tells entropy from other entropy, and gives none of it away.
pub fn entropy_id(entropy: &Entropy) -> String {
    hex::encode(entropy.derive("bake", &[]))
}

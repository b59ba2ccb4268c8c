//! Reads a bake, if it belongs to the requested inputs.

use std::io::Read;
use std::ops::Range;

use super::{
    Digests, Error, Keystores, Prepared, Request, contracts, database, history, inputs, l2,
    registry,
};
use crate::cl::preset::Preset;
use crate::cl::validator::GenesisValidator;
use crate::digest::{self, Prefix};
use crate::el::genesis::{self, Alloc, Document};
use crate::el::system_contracts;
use crate::file::{FilePart, Input, InputReader};
use crate::keys::Entropy;
use crate::progress::Progress;
use crate::snapshot::bake::{self, BakedGenesis, Record};
use crate::snapshot::validators::SigningKey;
use crate::snapshot::{Baked, Snapshot};

/// The bake of a snapshot.
#[derive(Debug)]
pub enum Bake {
    /// It belongs to these inputs.
    Valid(Box<Prepared>),
    /// It cannot be used, for this reason.
    Stale(String),
    /// It cannot be used, for this reason, which also applies to a new bake of the same snapshot.
    Incomplete(String),
    /// The snapshot has no `baked/`, or one without a record.
    None,
}

/// Reads the bake of a snapshot. If it lacks the requested keystores, the rest of it is used, and the
/// signing keys are derived.
///
/// # Errors
/// An input itself cannot be read. A bake that cannot be used is not an error.
pub fn load_bake(
    request: &Request<'_>,
    reader: &dyn InputReader,
    progress: &dyn Progress,
) -> Result<Bake, Error> {
    let snapshot = request.snapshot;
    let (Some(baked), Some(digests)) = (&snapshot.baked, request.digests) else {
        return Ok(Bake::None);
    };
    let stale = |what: &str| Ok(Bake::Stale(format!("{} {what}", baked.record.label())));
    let Ok(record) = Record::parse(&reader.read(&baked.record)?) else {
        return stale("is damaged");
    };
    if record.regenesis != env!("CARGO_PKG_VERSION") {
        return stale(&format!("was written by regenesis {}", record.regenesis));
    }
    if let Some(changed) = changed_input(snapshot, &record, digests) {
        return stale(&format!("belongs to a different {}", changed.label()));
    }
    if request.add_system_contracts && !record.genesis.missing.is_empty() {
        return Ok(Bake::Incomplete(format!(
            "{} lacks the system contracts that --add-system-contracts adds",
            baked.record.label()
        )));
    }
    let validators = match record.file(bake::VALIDATORS) {
        None => None,
        Some(file) => {
            let bytes = reader.read(&baked.validators)?;
            Some(bytes).filter(|bytes| file.matches(bytes))
        }
    };
    let validators = validators.and_then(|bytes| bake::decode_validators(&bytes).ok());
    let Some(validators) = validators else {
        return Ok(Bake::Stale(format!("{} is damaged", baked.validators.label())));
    };
    if !record.fits(reader.length(&snapshot.genesis)?, validators.len()) {
        return stale("has numbers that do not fit its snapshot");
    }
    let BakedGenesis { alloc, empty, file, .. } = &record.genesis;
    let Some(document) = read_head(&snapshot.genesis, alloc, *empty, file.size, reader)? else {
        return stale("has another place of the alloc than its snapshot");
    };
    let Some(prefix) = prefix(&document, &record.genesis) else {
        return stale("has numbers that do not fit its snapshot");
    };
    let keystores = match keystores(request, baked, &record, &validators, reader)? {
        BakedKeys::Usable(keystores) => keystores,
        BakedKeys::Damaged => {
            return Ok(Bake::Stale(format!("{} is damaged", baked.keystores.label())));
        }
        BakedKeys::Unusable => {
            let keys = signing_keys(snapshot, reader, progress)?;
            let mut pairs = keys.iter().zip(&validators);
            if keys.len() > validators.len() || pairs.any(|(key, known)| key.pubkey != known.pubkey)
            {
                return stale("has validators that differ from those of the mnemonics");
            }
            Keystores::Unsealed(keys)
        }
    };
    let (config_text, config) = inputs::read_config(snapshot, reader)?;
    let preset = Preset::of(&config, request.revision);
    let preset = preset.map_err(|error| Error::config(&snapshot.config, error))?;
    let genesis = inputs::genesis_values(&snapshot.genesis, &document, reader)?;
    let metadata = inputs::check_metadata(snapshot, &genesis, reader)?;
    let mut warnings = metadata.warnings();
    let database = metadata.database.clone();
    if !database::agrees(request, database.as_ref(), &record)? {
        return stale("has another state root than its snapshot");
    }
    let is_complete = database.is_none();
    let history = history::of(request, metadata, &genesis, reader)?;
    let Some(l2) = l2::baked(snapshot, &record.l2, &genesis, history.as_ref(), reader)? else {
        return stale("has another L2 than its snapshot");
    };
    if history.is_none() && is_complete {
        let missing = system_contracts::by_address(&record.genesis.missing);
        warnings.extend(contracts::warning(snapshot, &missing));
    }
    Ok(Bake::Valid(Box::new(Prepared {
        snapshot: snapshot.clone(),
        config_text,
        config,
        preset,
        document,
        genesis,
        history,
        accounts: record.genesis.accounts,
        file_size: record.genesis.file.size,
        added: Vec::new(),
        missing: record.genesis.missing,
        state_root: record.genesis.state_root,
        prefix: Some(prefix).filter(|_| is_complete),
        l2,
        validators,
        sources: record.sources,
        keystores,
        baked: true,
        geth: record.geth,
        database,
        has_database: false,
        warnings,
    })))
}

/// The first input that differs from the one that was baked.
fn changed_input<'a>(
    snapshot: &'a Snapshot,
    record: &Record,
    digests: &Digests,
) -> Option<&'a Input> {
    let small = snapshot.small_files();
    for (path, input) in &small {
        let baked = record.file(path).map(|file| hex::encode(file.sha256));
        if baked.as_ref() != digests.get(&**path) {
            return Some(input);
        }
    }
    let inputs = record.files.iter().filter(|file| !file.path.starts_with(bake::DIRECTORY));
    if inputs.count() != small.len() {
        return Some(&snapshot.config);
    }
    let mut large = snapshot.large_files().into_iter();
    let changed = large.find(|(path, _)| record.trees.get(&**path) != digests.get(&**path));
    changed.map(|(_, input)| input)
}

/// `genesis.json` without its alloc, which stays in the file; `None` if the alloc is elsewhere.
pub(super) fn read_head(
    input: &Input,
    alloc: &Range<u64>,
    empty: bool,
    size: u64,
    reader: &dyn InputReader,
) -> Result<Option<Document>, Error> {
    const EMPTY: &[u8] = b"{}";
    let before = reader.open_range(input, 0..alloc.start)?;
    let after = reader.open_range(input, alloc.end..size)?;
    let text = before.chain(EMPTY).chain(after);
    // The snapshot's own errors are reported when all of it is read.
    let Ok((mut document, _)) = genesis::read(text, &|_| ()) else { return Ok(None) };
    let place = alloc.start..alloc.start + EMPTY.len() as u64;
    let is_there = matches!(&document.alloc[..], [alloc] if alloc.range == place);
    // Offsets after the alloc are those of the file again.
    let left_out = (alloc.end - alloc.start).saturating_sub(EMPTY.len() as u64);
    for member in document.head.iter_mut().filter(|member| member.offset >= alloc.start) {
        member.offset += left_out;
    }
    document.alloc = vec![Alloc { range: alloc.clone(), empty }];
    Ok(is_there.then_some(document))
}

/// The digest of the written file up to the end of the alloc; `None` if it is of another length.
fn prefix(document: &Document, baked: &BakedGenesis) -> Option<Prefix> {
    let parts = document.parts(&[]);
    let Some(FilePart::Text(text)) = parts.first() else { return None };
    let length = text.len() as u64 + baked.alloc.end - baked.alloc.start;
    let hasher = digest::resume(&baked.sha256_state, length)?;
    (baked.sha256_length == length).then_some(Prefix { parts: 2, length, hasher })
}

/// The keystores of a bake.
enum BakedKeys {
    /// They are the requested ones.
    Usable(Keystores),
    /// The bake has no keystores, or sealed them with another function or seed.
    Unusable,
    /// They differ from the record.
    Damaged,
}

/// The signing keys of the mnemonics.
fn signing_keys(
    snapshot: &Snapshot,
    reader: &dyn InputReader,
    progress: &dyn Progress,
) -> Result<Vec<SigningKey>, Error> {
    let Some(input) = &snapshot.mnemonics else { return Ok(Vec::new()) };
    // The bake reported them.
    let mut warnings = Vec::new();
    Ok(registry::derive(input, reader, progress, &mut warnings)?.signing_keys)
}

fn keystores(
    request: &Request<'_>,
    baked: &Baked,
    record: &Record,
    validators: &[GenesisValidator],
    reader: &dyn InputReader,
) -> Result<BakedKeys, Error> {
    let Some(kdf) = request.kdf else {
        return Ok(BakedKeys::Usable(Keystores::Unsealed(Vec::new())));
    };
    let (Some(known), Some(file)) = (&record.keystores, record.file(bake::KEYSTORES)) else {
        return Ok(BakedKeys::Unusable);
    };
    if known.kdf != kdf.to_string()
        || (request.seeded && known.entropy != entropy_id(request.entropy))
    {
        return Ok(BakedKeys::Unusable);
    }
    let input = &baked.keystores;
    if reader.length(input)? != file.size || reader.sha256(input)? != file.sha256 {
        return Ok(BakedKeys::Damaged);
    }
    let keys = validators.iter().take(known.count).map(|validator| validator.pubkey);
    Ok(BakedKeys::Usable(Keystores::Baked(input.clone(), keys.collect())))
}

/// Identifies entropy without revealing it: hex.
pub fn entropy_id(entropy: &Entropy) -> String {
    hex::encode(entropy.derive("bake", &[]))
}

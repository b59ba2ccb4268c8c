//! A snapshot, without any chain: digests, state root, schedules, keys.

use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;

use super::super::prepare::{Prepared, Steps, compute, inputs};
use super::super::{Failure, bake as baking};
use super::history::Past;
use crate::el::header::{Header, make_genesis_header};
use crate::exit;
use crate::keys::Entropy;
use crate::rim::{clock, fs};
use crate::schedule::{self, Report};
use crate::snapshot::bake::{self, Record};
use crate::snapshot::metadata::Metadata;
use crate::snapshot::{Input, METADATA, Snapshot};
use crate::stamp::Stamp;

#[derive(Debug, Serialize)]
pub(super) struct Verified {
    snapshot: String,
    accounts: usize,
    validators: usize,
    state_root: String,
    /// `null`: it was not captured.
    proven: Option<bool>,
    derived: Vec<String>,
    baked: bool,
    keystores: usize,
}

/// Reads every byte, and computes all that can be.
pub(super) fn verify(
    snapshot: &Snapshot,
    directory: &Path,
    steps: &mut Steps<'_>,
) -> Result<(Verified, Prepared), Failure> {
    let entropy = Entropy::new([0; 32]);
    let wanted = baking::wanted(snapshot, None, &entropy, false);
    let prepared = compute(&wanted, steps)?;
    prepared.warnings.iter().for_each(|warning| steps.console.warning(warning));
    let metadata = inputs::read_metadata(snapshot)?.unwrap_or_default();
    check_files(directory, &metadata, &prepared, steps)?;
    if let Some(past) = Past::of(snapshot, &prepared) {
        past.read(|_| Ok(()))?;
        steps.done("past", &format!("{} blocks, each the child of the one before", past.head.0));
    }
    let (_, report) = genesis_block(snapshot, &prepared, clock::now())?;
    report.warnings.iter().for_each(|warning| steps.console.warning(warning));
    steps.done("schedule", "both layers agree");
    let mut keystores = 0;
    if let Some(baked) = &snapshot.baked {
        let wrong = |what: &str| {
            let message = format!("{} {what}", directory.join(bake::DIRECTORY).display());
            Failure::new(exit::VERIFICATION, message, Some("regenesis bake makes it anew"))
        };
        let found = Record::parse(&fs::read(&baked.record)?)
            .map_err(|_| wrong("has a damaged bake.json"))?;
        let mut expected = baking::record(&wanted, &prepared)?;
        expected.keystores.clone_from(&found.keystores);
        expected.files.extend(
            found.files.iter().filter(|file| file.path.starts_with(bake::DIRECTORY)).cloned(),
        );
        if expected != found {
            return Err(wrong("was made from other files, or by another version"));
        }
        let validators = fs::read(&baked.validators)?;
        if validators != bake::encode_validators(&prepared.validators) {
            return Err(wrong("has other validators than the mnemonics give"));
        }
        if found.keystores.is_some() {
            let bound = found.bound(bake::KEYSTORES);
            let sha256 = hex::encode(fs::sha256(&baked.keystores)?);
            let mut open = bound.is_some_and(|bound| bound.sha256 == sha256);
            fs::each_lines(&baked.keystores, 1024, |lines| {
                let sealed = bake::decode_keystores(lines).map_err(|_| wrong("is damaged"))?;
                open &= sealed.par_iter().all(|key| key.open().is_ok());
                keystores += sealed.len();
                Ok::<_, Failure>(())
            })?;
            if !open || found.keystores.as_ref().is_none_or(|known| known.count != keystores) {
                return Err(wrong("has keystores that do not open"));
            }
        }
        steps.done("baked", &format!("holds, {keystores} keystores open"));
    }
    let verified = Verified {
        snapshot: snapshot.name.clone(),
        accounts: prepared.accounts,
        validators: prepared.validators.len(),
        state_root: prepared.state_root.to_string(),
        proven: metadata.proven,
        derived: metadata.derived,
        baked: snapshot.baked.is_some(),
        keystores,
    };
    Ok((verified, prepared))
}

/// Block 0 of a chain that is made of the snapshot at `time`, and what its schedules make known.
pub(super) fn genesis_block(
    snapshot: &Snapshot,
    prepared: &Prepared,
    time: u64,
) -> Result<(Header, Report), Failure> {
    let Prepared { genesis, config, preset, .. } = prepared;
    let mut document = prepared.document.clone();
    let stamp = Stamp::at(time, prepared.past_times());
    let (_, report) = schedule::reconcile(&mut document, genesis, config, preset, stamp, true)
        .map_err(|error| Failure::schedule(&snapshot.genesis, &snapshot.config, &error))?;
    if stamp.head.is_none() {
        document.set_timestamp(time);
    }
    let genesis = document.checked_genesis();
    let genesis = genesis.map_err(|error| Failure::genesis(&snapshot.genesis, &error))?;
    Ok((make_genesis_header(&genesis, prepared.state_root, stamp.el_timestamp), report))
}

/// The files are those that the metadata names, and the state is that of the captured block.
fn check_files(
    snapshot: &Path,
    metadata: &Metadata,
    prepared: &Prepared,
    steps: &mut Steps<'_>,
) -> Result<(), Failure> {
    const HINT: &str = "it was edited or damaged: capture it again";
    for (path, file) in &metadata.files {
        let plain = |part| matches!(part, std::path::Component::Normal(_));
        if !Path::new(path).components().all(plain) {
            let named = snapshot.join(METADATA);
            let message = format!("{}: files has {path:?}, outside the snapshot", named.display());
            return Err(Failure::new(exit::VERIFICATION, message, Some(HINT)));
        }
        let input = Input::File(snapshot.join(path));
        if fs::length(&input)? != file.size || hex::encode(fs::sha256(&input)?) != file.sha256 {
            let message = format!("{} is not the file that {METADATA} names", input.label());
            return Err(Failure::new(exit::VERIFICATION, message, Some(HINT)));
        }
    }
    // The root of the state behind the captured block.
    let root = match &prepared.past {
        Some(past) => past.head.header.state_root,
        None => prepared.state_root,
    };
    let block = metadata.source.as_ref().and_then(|source| source.block.as_ref());
    let of_block = block.filter(|_| metadata.has_root_of_block());
    for (name, named) in
        [("state_root", metadata.state_root), ("its block", of_block.map(|block| block.state_root))]
    {
        if let Some(named) = named.filter(|named| *named != root) {
            let path = snapshot.join(METADATA).display().to_string();
            let found =
                if prepared.past.is_some() { "the last block has" } else { "the alloc gives" };
            let message = format!("{path}: {name} has {named}, but {found} {root}");
            return Err(Failure::new(exit::VERIFICATION, message, Some(HINT)));
        }
    }
    if !metadata.files.is_empty() {
        steps.done("files", &format!("{} as {METADATA} names them", metadata.files.len()));
    }
    Ok(())
}

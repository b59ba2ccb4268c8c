//! A snapshot, without any chain: digests, state root, schedules, keys.

use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::super::prepare::{Prepared, Steps, Wanted, compute, inputs};
use super::super::{Failure, bake as baking};
use super::history::Past;
use crate::el::header::{Header, make_genesis_header};
use crate::exit;
use crate::keys::{Entropy, Kdf, Keystore, PublicKey, Sealed};
use crate::rim::console::Console;
use crate::rim::{clock, fs};
use crate::schedule::{self, Report};
use crate::snapshot::bake::{self, Bound, Record};
use crate::snapshot::foreign::is_ours;
use crate::snapshot::metadata::Metadata;
use crate::snapshot::{Baked, Input, METADATA, Snapshot};
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
        keystores = check_bake(baked, directory, &wanted, &prepared, steps.console)?;
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

/// The bake is what `bake` makes of this snapshot; returns how many keystores it has.
fn check_bake(
    baked: &Baked,
    directory: &Path,
    wanted: &Wanted<'_>,
    prepared: &Prepared,
    console: &Console,
) -> Result<usize, Failure> {
    let wrong = |what: &str| wrong_bake(&directory.join(bake::DIRECTORY).display(), what);
    let found =
        Record::parse(&fs::read(&baked.record)?).map_err(|_| wrong("has a damaged bake.json"))?;
    let mut expected = baking::record(wanted, prepared)?;
    expected.keystores.clone_from(&found.keystores);
    let (own, inputs): (Vec<_>, Vec<_>) =
        found.files.iter().cloned().partition(|file| bake::FILES.contains(&&*file.path));
    if (Record { files: inputs, ..found.clone() }) != expected {
        return Err(wrong("was made from other files, or by another version"));
    }
    let validators = fs::read(&baked.validators)?;
    if validators != bake::encode_validators(&prepared.validators) {
        return Err(wrong("has other validators than the mnemonics give"));
    }
    let mut files = vec![Bound::of(bake::VALIDATORS, &validators)];
    let mut count = 0;
    if let Some(known) = &found.keystores {
        let length = fs::length(&baked.keystores)?;
        if found.bound(bake::KEYSTORES).is_none_or(|bound| bound.size != length) {
            return Err(wrong("has a keystores.jsonl of another size than bake.json says"));
        }
        let Ok(kdf) = known.kdf.parse() else {
            return Err(wrong("has a bake.json with an unknown kdf"));
        };
        let validators = &prepared.validators;
        // Those of the mnemonics come first.
        let signing = validators.iter().take(prepared.keystores.len());
        let keys: Vec<_> = signing.map(|validator| validator.pubkey).collect();
        files.push(check_keystores(&baked.keystores, &keys, kdf, console)?);
        count = keys.len();
        if known.count != count {
            return Err(wrong("has a bake.json with another number of keystores"));
        }
    }
    if own != files {
        return Err(wrong("has a bake.json that describes other files in baked/"));
    }
    Ok(count)
}

/// The keystores are those of the validators with these public keys, in order; returns what the
/// record must say of the file.
fn check_keystores(
    input: &Input,
    keys: &[PublicKey],
    kdf: Kdf,
    console: &Console,
) -> Result<Bound, Failure> {
    let wrong = |what: &str| wrong_bake(&input.label(), what);
    let (mut hasher, mut size) = (Sha256::new(), 0);
    let (mut checked, total) = (0, keys.len());
    fs::each_lines(input, KEYSTORES_AT_ONCE, |lines| {
        hasher.update(lines);
        size += lines.len() as u64;
        let sealed = bake::decode_keystores(lines).map_err(|_| wrong("is damaged"))?;
        let Some(keys) = keys.get(checked..checked + sealed.len()) else {
            let what = format!("has more keystores than the mnemonics have validators, {total}");
            return Err(wrong(&what));
        };
        let pairs = sealed.par_iter().zip(keys).enumerate();
        let fault = pairs.find_map_first(|(index, (sealed, key))| {
            fault_of(sealed, key, kdf).map(|fault| (checked + index, fault))
        });
        if let Some((index, fault)) = fault {
            return Err(wrong(&format!("has a keystore for validator {index} that {fault}")));
        }
        checked += sealed.len();
        console.progress(|| format!("keystore {checked} of {total}"));
        Ok(())
    })?;
    if checked != total {
        return Err(wrong(&format!("has {checked} keystores for {total} validators")));
    }
    let sha256 = hex::encode(hasher.finalize());
    Ok(Bound { path: bake::KEYSTORES.to_owned(), size, sha256 })
}

/// How many keystores are opened until progress shows: with scrypt, one takes a second.
const KEYSTORES_AT_ONCE: usize = 64;

/// Why a keystore is not the one of the validator with this public key.
fn fault_of(sealed: &Sealed, key: &PublicKey, kdf: Kdf) -> Option<&'static str> {
    if sealed.pubkey != *key {
        return Some("holds another key");
    }
    // Before it is opened: another protection may take any time.
    match Keystore::from_json(&sealed.keystore) {
        Ok(keystore) if keystore.kdf() != Some(kdf) => Some("has another kdf than bake.json says"),
        _ => sealed.open().err().map(|_| "does not open"),
    }
}

fn wrong_bake(place: &dyn std::fmt::Display, what: &str) -> Failure {
    let hint = "run `regenesis bake` to make it again";
    Failure::new(exit::VERIFICATION, format!("{place} {what}"), Some(hint))
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
        if !is_ours(path) {
            let named = snapshot.join(METADATA);
            let message = format!("{}: files has {path:?}, no file of a snapshot", named.display());
            let hint = "remove the entry, or ask whoever made the snapshot for one without it";
            return Err(Failure::new(exit::VERIFICATION, message, Some(hint)));
        }
        let input = Input::File(snapshot.join(path));
        if fs::length(&input)? != file.size || sha256(&input, file.size, steps)? != file.sha256 {
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

/// SHA-256 of a file, as hex, with progress.
fn sha256(input: &Input, size: u64, steps: &Steps<'_>) -> Result<String, fs::Error> {
    if size > LARGE {
        let (label, size) = (input.label(), size >> 30);
        steps.console.note(&format!("hashing {label}, {size} GiB; Ctrl-C stops it"));
    }
    let mut hasher = Sha256::new();
    let mut done = 0;
    fs::each_piece(input, 0..size, |bytes| {
        hasher.update(bytes);
        done += bytes.len() as u64;
        steps
            .console
            .progress(|| format!("hashing {} of {} MB", done / 1_000_000, size / 1_000_000));
        Ok::<_, fs::Error>(())
    })?;
    Ok(hex::encode(hasher.finalize()))
}

/// A file of more bytes takes long enough to say so, also where no progress is shown.
const LARGE: u64 = 4 << 30;

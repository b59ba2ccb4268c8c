//! A snapshot by itself: digests, state root, fork schedules, keys.

use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::super::Failure;
use super::super::steps::Steps;
use super::history::ChainHistory;
use crate::el::header::Header;
use crate::el::state_sink::StateSink;
use crate::exit;
use crate::file::{FileDigest, Input};
use crate::geth_database::{BakedDatabase, Collector, is_geths};
use crate::io::clock;
use crate::io::console::Console;
use crate::io::fs::{self, Files};
use crate::keys::{Entropy, Kdf, Keystore, PublicKey, Sealed};
use crate::pipeline::{self, Prepared, Request, Schedule};
use crate::snapshot::bake::{self, Record};
use crate::snapshot::foreign::is_ours;
use crate::snapshot::metadata::Metadata;
use crate::snapshot::{Baked, DATABASE, METADATA, Snapshot};
use crate::snapshot_files::{digests, geth_database};
use crate::stamp::Stamp;

#[derive(Debug, Serialize)]
pub(super) struct Verified {
    snapshot: String,
    accounts: usize,
    validators: usize,
    state_root: String,
    /// `null`: the snapshot was not captured.
    proven: Option<bool>,
    derived: Vec<String>,
    baked: bool,
    keystores: usize,
}

/// Reads every byte of the snapshot, and computes everything that can be computed.
pub(super) fn verify(
    snapshot: &Snapshot,
    directory: &Path,
    steps: &Steps<'_>,
) -> Result<(Verified, Prepared), Failure> {
    let entropy = Entropy::new([0; 32]);
    let record = match &snapshot.baked {
        None => None,
        Some(baked) => Some(record(baked, directory)?),
    };
    let disk = geth_database::Check { directory };
    let database = record.as_ref().and_then(|record| record.geth.as_ref());
    // What geth imported cannot be computed again without it.
    let is_computed = database.is_some_and(|database| database.chain.is_none());
    let collector = is_computed.then(|| Collector::new(&disk));
    let sink = collector.as_ref().map(|collector| collector as &dyn StateSink);
    let request = Request::new(snapshot, &entropy);
    let prepared =
        pipeline::compute(&Request { sink, space: Some(&disk), ..request }, &Files, steps)?;
    prepared.warnings.iter().for_each(|warning| steps.console.warning(warning));
    let metadata = pipeline::read_metadata(snapshot, &Files)?.unwrap_or_default();
    check_files(directory, &metadata, &prepared, steps)?;
    if let Some(history) = ChainHistory::of(snapshot, &prepared) {
        history.read(|_| Ok(()))?;
        let blocks = history.head.0;
        steps.done("history", &format!("{blocks} blocks, an unbroken chain"));
    }
    let (_, warnings) = genesis_block(&prepared, clock::now())?;
    warnings.iter().for_each(|warning| steps.console.warning(warning));
    steps.done("schedule", "both layers agree");
    if let Some(database) = &prepared.database {
        check_own_database(database, directory)?;
        let count = database.files.len();
        steps.done("geth", &format!("database as captured, {count} files; its state is not read"));
    }
    let mut keystores = 0;
    if let (Some(baked), Some(record)) = (&snapshot.baked, &record) {
        keystores = check_bake(record, baked, directory, &request, &prepared, steps.console)?;
        steps.done("baked", &format!("matches, {keystores} keystores open"));
        if let Some(found) = &record.geth {
            let done = check_database(found, collector, directory, &prepared)?;
            steps.done("geth", &format!("{done}, {} files", found.files.len()));
        }
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

/// Reads the record of the bake.
fn record(baked: &Baked, directory: &Path) -> Result<Record, Failure> {
    let place = directory.join(bake::DIRECTORY);
    Record::parse(&fs::read(&baked.record)?)
        .map_err(|_| wrong_bake(&place.display(), "has a damaged bake.json"))
}

/// Checks that geth's database has the collected state, or names this history, and that its files are
/// as they were written. Returns what was checked.
fn check_database(
    found: &BakedDatabase,
    collector: Option<Collector<'_>>,
    directory: &Path,
    prepared: &Prepared,
) -> Result<String, Failure> {
    let place = directory.join(bake::GETH);
    let failed = |error: std::io::Error| Failure::new(exit::OUTPUT, error.to_string(), None);
    let expected = collector.map(|collector| collector.finish(prepared.state_root));
    let (is_expected, done) = match (expected.transpose().map_err(failed)?, &found.chain) {
        (Some(expected), _) => (*found == expected, "database matches".to_owned()),
        (None, Some(chain)) => {
            let history = prepared.history.as_ref();
            let is_expected = history.is_some_and(|history| chain.head == history.hash);
            (is_expected, format!("database as {} imported it", chain.client))
        }
        (None, None) => (false, String::new()),
    };
    if !is_expected {
        return Err(wrong_bake(&place.display(), "belongs to another state"));
    }
    match geth_database::changed(&place, &found.files)? {
        Some(file) => Err(wrong_bake(&file.display(), "is damaged or missing")),
        None => Ok(done),
    }
}

/// Checks that the files of the snapshot's own database are as they were captured.
fn check_own_database(database: &BakedDatabase, directory: &Path) -> Result<(), Failure> {
    const HINT: &str = "capture the snapshot again";
    let place = directory.join(DATABASE);
    if let Some(file) = database.files.iter().find(|file| !is_geths(&file.path)) {
        let named = directory.join(METADATA);
        let message = format!("{}: database lists {:?}", named.display(), file.path);
        return Err(Failure::new(exit::VERIFICATION, message, Some(HINT)));
    }
    match geth_database::changed(&place, &database.files)? {
        None => Ok(()),
        Some(file) => {
            let message = format!("{} is damaged or missing", file.display());
            Err(Failure::new(exit::VERIFICATION, message, Some(HINT)))
        }
    }
}

/// Checks that the bake matches this snapshot; returns its number of keystores.
fn check_bake(
    found: &Record,
    baked: &Baked,
    directory: &Path,
    request: &Request<'_>,
    prepared: &Prepared,
    console: &Console,
) -> Result<usize, Failure> {
    let wrong = |what: &str| wrong_bake(&directory.join(bake::DIRECTORY).display(), what);
    let digests = digests::compute(&prepared.snapshot)?;
    let mut expected = pipeline::bake_record(request, prepared, &digests, &Files)?;
    expected.keystores.clone_from(&found.keystores);
    expected.geth.clone_from(&found.geth);
    let (own, inputs): (Vec<_>, Vec<_>) =
        found.files.iter().cloned().partition(|file| bake::FILES.contains(&&*file.path));
    if (Record { files: inputs, ..found.clone() }) != expected {
        return Err(wrong("belongs to other files, or comes from another version"));
    }
    let validators = fs::read(&baked.validators)?;
    if validators != bake::encode_validators(&prepared.validators) {
        return Err(wrong("has validators that differ from those of the mnemonics"));
    }
    let mut files = vec![FileDigest::of(bake::VALIDATORS, &validators)];
    let mut count = 0;
    if let Some(known) = &found.keystores {
        let length = fs::length(&baked.keystores)?;
        if found.file(bake::KEYSTORES).is_none_or(|file| file.size != length) {
            return Err(wrong(
                "has a keystores.jsonl whose size differs from the one in bake.json",
            ));
        }
        let Ok(kdf) = known.kdf.parse() else {
            return Err(wrong("has a bake.json with an unknown kdf"));
        };
        let validators = &prepared.validators;
        // The validators of the mnemonics come first.
        let signing = validators.iter().take(prepared.keystores.len());
        let keys: Vec<_> = signing.map(|validator| validator.pubkey).collect();
        files.push(check_keystores(&baked.keystores, &keys, kdf, console)?);
        count = keys.len();
        if known.count != count {
            return Err(wrong("has a bake.json with a different number of keystores"));
        }
    }
    if own != files {
        return Err(wrong("has a bake.json that describes other files in baked/"));
    }
    Ok(count)
}

/// Checks that the keystores are those of the validators with these public keys, in order; returns the
/// entry of the file that the record must have.
fn check_keystores(
    input: &Input,
    keys: &[PublicKey],
    kdf: Kdf,
    console: &Console,
) -> Result<FileDigest, Failure> {
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
        let mismatch = pairs.find_map_first(|(index, (sealed, key))| {
            mismatch(sealed, key, kdf).map(|what| (checked + index, what))
        });
        if let Some((index, what)) = mismatch {
            return Err(wrong(&format!("has a keystore for validator {index} that {what}")));
        }
        checked += sealed.len();
        console.progress(|| format!("keystore {checked} of {total}"));
        Ok(())
    })?;
    if checked != total {
        return Err(wrong(&format!("has {checked} keystores for {total} validators")));
    }
    Ok(FileDigest { path: bake::KEYSTORES.to_owned(), size, sha256: hasher.finalize().into() })
}

/// Keystores that are opened between two updates of the progress: with scrypt, each takes a second.
const KEYSTORES_AT_ONCE: usize = 64;

/// How a keystore differs from that of the validator with this public key.
fn mismatch(sealed: &Sealed, key: &PublicKey, kdf: Kdf) -> Option<&'static str> {
    if sealed.pubkey != *key {
        return Some("has a different key");
    }
    // Checked before it is opened, which may take any time with another key derivation.
    match Keystore::from_json(&sealed.keystore) {
        Ok(keystore) if keystore.kdf() != Some(kdf) => Some("has a different kdf from bake.json"),
        _ => sealed.open().err().map(|_| "does not open"),
    }
}

fn wrong_bake(place: &dyn std::fmt::Display, what: &str) -> Failure {
    let hint = "run regenesis bake again";
    Failure::new(exit::VERIFICATION, format!("{place} {what}"), Some(hint))
}

/// Block 0 of a chain that starts from the snapshot at `time`, and the warnings about its schedules.
pub(in super::super) fn genesis_block(
    prepared: &Prepared,
    time: u64,
) -> Result<(Header, Vec<String>), Failure> {
    let stamp = Stamp::at(time, prepared.history_times());
    let Schedule { document, warnings, .. } = pipeline::schedule(prepared, stamp)?;
    let (input, root) = (&prepared.snapshot.genesis, prepared.state_root);
    let execution = pipeline::execution(input, &document, root, stamp.el_timestamp)?;
    Ok((execution.header, warnings))
}

/// Checks the files against the metadata, and the state root against the captured block.
fn check_files(
    snapshot: &Path,
    metadata: &Metadata,
    prepared: &Prepared,
    steps: &Steps<'_>,
) -> Result<(), Failure> {
    const HINT: &str =
        "if you edited it, regenesis edit seals it; if it is damaged, capture the snapshot again";
    for (path, file) in &metadata.files {
        let plain = |part| matches!(part, std::path::Component::Normal(_));
        if !Path::new(path).components().all(plain) {
            let named = snapshot.join(METADATA);
            let message =
                format!("{}: files lists {path:?}, outside the snapshot", named.display());
            return Err(Failure::new(exit::VERIFICATION, message, Some(HINT)));
        }
        if !is_ours(path) {
            let named = snapshot.join(METADATA);
            let message =
                format!("{}: files lists {path:?}, which is not a snapshot file", named.display());
            let hint = "remove the entry, or get the snapshot without it from its author";
            return Err(Failure::new(exit::VERIFICATION, message, Some(hint)));
        }
        let input = Input::file(snapshot.join(path));
        if fs::length(&input)? != file.size || sha256(&input, file.size, steps)? != file.sha256 {
            let message =
                format!("{} differs from its size and SHA-256 in {METADATA}", input.label());
            return Err(Failure::new(exit::VERIFICATION, message, Some(HINT)));
        }
    }
    let root = prepared.captured_state_root();
    let block = metadata.source.as_ref().and_then(|source| source.block.as_ref());
    let of_block = block.filter(|_| metadata.has_root_of_block());
    for (name, named) in [
        ("the snapshot", metadata.state_root),
        ("its block", of_block.map(|block| block.state_root)),
    ] {
        if let Some(named) = named.filter(|named| *named != root) {
            let path = snapshot.join(METADATA).display().to_string();
            let found =
                if prepared.history.is_some() { "the last block has" } else { "the alloc has" };
            let message = format!("{path}: {name} has state root {named}, but {found} {root}");
            return Err(Failure::new(exit::VERIFICATION, message, Some(HINT)));
        }
    }
    if !metadata.files.is_empty() {
        steps.done("files", &format!("{} as listed in {METADATA}", metadata.files.len()));
    }
    Ok(())
}

/// SHA-256 of a file, with progress.
fn sha256(input: &Input, size: u64, steps: &Steps<'_>) -> Result<[u8; 32], fs::Error> {
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
    Ok(hasher.finalize().into())
}

/// Hashing a larger file takes long enough to announce it, even where no progress is shown.
const LARGE: u64 = 4 << 30;

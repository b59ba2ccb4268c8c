//! `regenesis bake`: computes once what does not depend on the time.

mod ours;

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::init::seed;
use super::prepare::baked::entropy_id;
use super::prepare::{Prepared, Steps, Wanted, compute, digests};
use super::{Failure, access, given};
use crate::cl::preset::Revision;
use crate::digest;
use crate::el::edit::Piece;
use crate::keys::{Entropy, Kdf, SecretText};
use crate::rim::atomic_file::AtomicFile;
use crate::rim::console::Console;
use crate::rim::disk;
use crate::rim::fs;
use crate::rim::lock::Held;
use crate::rim::work;
use crate::snapshot::Snapshot;
use crate::snapshot::bake::{self, BakedGenesis, BakedKeystores, Bound, Record};
use crate::{cl, exit};

const EXAMPLES: &str = "Examples:
  regenesis bake my-snapshot                   then: regenesis init my-snapshot
  regenesis bake my-snapshot --keystores none  keys are derived and sealed at every boot

What is baked is bound to the snapshot's files by digest. init does not use a bake that is of
other files, damaged, or made by another version: it says so, and computes.";

/// Compute once what does not depend on the time, so that a boot costs what copying the state costs
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub struct Args {
    /// Snapshot directory; baked/ is written into it
    #[arg(env = "REGENESIS_SNAPSHOT", hide_env_values = true)]
    snapshot: PathBuf,
    /// Keystores to keep in the snapshot, with their passwords: light ones protect nothing, so
    /// that nothing is given away; others are as secret as the mnemonic beside them
    #[arg(
        long,
        value_name = "light|pbkdf2|scrypt|none",
        default_value = "light",
        env = "REGENESIS_KEYSTORES",
        hide_env_values = true
    )]
    keystores: String,
    /// 32 bytes of hex from which the keystores are made, to get the same ones again
    #[arg(long, value_name = "HEX", env = "REGENESIS_SEED", hide_env_values = true)]
    seed: Option<SecretText>,
    /// Print what was baked (baked/bake.json) to stdout
    #[arg(
        long,
        env = "REGENESIS_JSON",
        hide_env_values = true,
        value_parser = crate::command::switch()
    )]
    json: bool,
}

/// Runs the verb.
///
/// # Errors
/// The snapshot is wrong, or cannot be written to.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let kdf = match args.keystores.as_str() {
        "none" => None,
        text => Some(text.parse::<Kdf>().map_err(|_| {
            Failure::usage(
                format!("--keystores is {text:?}, expected light, pbkdf2, scrypt or none"),
                "see regenesis bake --help",
            )
        })?),
    };
    let chosen = args.seed.as_deref().and_then(given);
    let seed = seed(chosen)?;
    let entropy = Entropy::new(seed);
    let _lock = work::hold(&args.snapshot, console).map_err(|held| busy(&held))?;
    if work::is_half_published(&args.snapshot) {
        let message = format!(
            "{}: a capture was interrupted while it put its files in place",
            args.snapshot.display()
        );
        let hint = "run the same capture again: it finishes the snapshot";
        return Err(Failure::new(exit::OUTPUT, message, Some(hint)));
    }
    let snapshot = super::snapshot_directory(&args.snapshot)?;
    check_place(&args.snapshot)?;
    let wanted = wanted(&snapshot, kdf, &entropy, chosen.is_some());
    let mut steps = Steps::start(console);
    console.title(&format!("regenesis {} · baking {}", env!("CARGO_PKG_VERSION"), snapshot.name));
    let prepared = compute(&wanted, &mut steps)?;
    prepared.warnings.iter().for_each(|warning| console.warning(warning));
    let record = write(&args.snapshot, &wanted, &prepared, &mut steps)?;
    steps.done("write", &args.snapshot.join(bake::DIRECTORY).display().to_string());
    if args.json {
        super::print(&record)?;
    }
    Ok(())
}

/// A bake or a capture that another one waited for in vain.
pub(super) fn busy(held: &Held) -> Failure {
    let hint = "a bake or a capture works there: wait until it has ended, and run this again";
    Failure::new(exit::OUTPUT, held.to_string(), Some(hint))
}

/// What is baked of a snapshot.
pub(super) fn wanted<'a>(
    snapshot: &'a Snapshot,
    kdf: Option<Kdf>,
    entropy: &'a Entropy,
    seeded: bool,
) -> Wanted<'a> {
    let revision = Revision::default();
    Wanted {
        snapshot,
        shadow_fork: None,
        revision,
        add_system_contracts: false,
        kdf,
        entropy,
        seeded,
    }
}

/// Writes the bake into the snapshot's directory; returns its record.
pub(super) fn write(
    directory: &Path,
    wanted: &Wanted<'_>,
    prepared: &Prepared,
    steps: &mut Steps<'_>,
) -> Result<Vec<u8>, Failure> {
    let mut record = record(wanted, prepared)?;
    digests::check(&prepared.watch)?;
    let place = |path: &str| directory.join(path);
    check_place(directory)?;
    // Without its record a bake is none: it goes first and comes last.
    disk::remove_file(&place(bake::RECORD))?;
    disk::remove_file(&place(bake::SEEN))?;
    if wanted.kdf.is_none() {
        disk::remove_file(&place(bake::KEYSTORES))?;
    }
    let file = AtomicFile::create(&place(bake::VALIDATORS), false)?;
    let validators = bake::encode_validators(&prepared.validators);
    record.files.push(publish(file, bake::VALIDATORS, &validators)?);
    if let Some(kdf) = wanted.kdf {
        // They are as secret as the phrase beside them.
        let secret = !wanted.snapshot.mnemonics.as_ref().is_some_and(fs::is_public);
        let mut file = AtomicFile::create(&place(bake::KEYSTORES), secret)?;
        let mut put = |sealed: &[_]| Ok(file.put(&bake::encode_keystores(sealed))?);
        prepared.keystores.each(wanted, steps.console, |sealed| put(sealed))?;
        record.files.push(publish(file, bake::KEYSTORES, &[])?);
        access::follow(wanted.snapshot.mnemonics.as_ref(), &place(bake::KEYSTORES));
        steps.done("seal", &format!("{} keystores, kdf {kdf}", prepared.keystores.len()));
    }
    let seen = digests::seen(wanted.snapshot, &prepared.watch, &prepared.digests);
    if !seen.files.is_empty() {
        publish(AtomicFile::create(&place(bake::SEEN), false)?, bake::SEEN, &seen.to_bytes())?;
    }
    let bytes = record.to_bytes();
    publish(AtomicFile::create(&place(bake::RECORD), false)?, bake::RECORD, &bytes)?;
    Ok(bytes)
}

/// Checks that `baked/` is a directory, or can become one, and has at our names nothing but files that
/// a bake wrote.
fn check_place(directory: &Path) -> Result<(), Failure> {
    disk::check_directory(&directory.join(bake::DIRECTORY))?;
    for path in bake::FILES {
        disk::check_file(&directory.join(path))?;
    }
    ours::check(directory)
}

/// Ends a file of the bake with `bytes`.
fn publish(mut file: AtomicFile, path: &str, bytes: &[u8]) -> Result<Bound, Failure> {
    file.put(bytes)?;
    let (size, sha256) = file.publish()?;
    Ok(Bound { path: path.to_owned(), size, sha256: hex::encode(sha256) })
}

/// The record of what was prepared, but for the baked files themselves.
pub(super) fn record(wanted: &Wanted<'_>, prepared: &Prepared) -> Result<Record, Failure> {
    let snapshot = wanted.snapshot;
    let mut files = Vec::new();
    for (path, input) in snapshot.small_files() {
        files.push(Bound::of(path, &fs::read(input)?));
    }
    let root = registry_root(snapshot, prepared)?;
    Ok(Record {
        regenesis: env!("CARGO_PKG_VERSION").to_owned(),
        genesis: baked_genesis(snapshot, prepared)?,
        files,
        trees: digests::of_large_files(snapshot, &prepared.digests),
        genesis_validators_root: root.into(),
        sources: prepared.sources.clone(),
        keystores: wanted.kdf.map(|kdf| BakedKeystores {
            kdf: kdf.to_string(),
            count: prepared.keystores.len(),
            entropy: entropy_id(wanted.entropy),
        }),
    })
}

/// `genesis_validators_root`, which depends on the validators alone.
pub(super) fn registry_root(snapshot: &Snapshot, prepared: &Prepared) -> Result<[u8; 32], Failure> {
    let in_config = |error: cl::Error| Failure::config(&snapshot.config, &error);
    let fork = prepared.config.genesis_fork().map_err(in_config)?;
    Ok(cl::state::genesis_validators_root(fork, &prepared.preset, &prepared.validators))
}

fn baked_genesis(snapshot: &Snapshot, prepared: &Prepared) -> Result<BakedGenesis, Failure> {
    let input = &snapshot.genesis;
    let [alloc] = &prepared.document.alloc[..] else {
        let hint = Some("merge them into one");
        return Err(Failure::input(input, None, "has more than one alloc", hint));
    };
    let size = prepared.file_size;
    let mut whole = Sha256::new();
    fs::each_piece(input, 0..size, |bytes| {
        whole.update(bytes);
        Ok::<_, fs::Error>(())
    })?;
    // As the written file begins: see Document::pieces.
    let mut prefix = Sha256::new();
    let mut length = 0;
    if let Some(Piece::Text(text)) = prepared.document.pieces(&[]).first() {
        prefix.update(text);
        length = text.len() as u64;
    }
    fs::each_piece(input, alloc.range.clone(), |bytes| {
        prefix.update(bytes);
        Ok::<_, fs::Error>(())
    })?;
    Ok(BakedGenesis {
        file: Bound {
            path: snapshot.genesis_path().to_owned(),
            size,
            sha256: hex::encode(whole.finalize()),
        },
        alloc: alloc.range.clone(),
        empty: alloc.empty,
        accounts: prepared.accounts,
        state_root: prepared.state_root,
        missing: prepared.missing.clone(),
        sha256_state: digest::save(&prefix),
        sha256_length: length + alloc.range.end - alloc.range.start,
    })
}

//! Snapshots of registries that `init` and `up` keep, by the digest of their manifests.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::pull::pull;
use super::remote;
use crate::archive::oci::{Reference, digest_text};
use crate::archive::parse_digest;
use crate::command::restore::megabytes;
use crate::command::{Failure, print, print_json};
use crate::exit;
use crate::file::Input;
use crate::io::console::Console;
use crate::io::lock::{self, Wait};
use crate::io::{disk, fs, host, list};

const EXAMPLES: &str = "Examples:
  regenesis oci cache
  regenesis oci cache --clear

regenesis init oci://… and up oci://… keep what they pull in $XDG_CACHE_HOME/regenesis/snapshots, by
default in ~/.cache/regenesis/snapshots.";

/// How long a command waits for another one that pulls the same snapshot.
const MOST: Duration = Duration::from_hours(12);
/// The start of the name of a snapshot's directory; the digest follows.
const START: &str = "sha256-";
/// The end of the name of a directory that is being filled.
const UNFINISHED: &str = ".restore";
/// Entries of a snapshot.
const MOST_ENTRIES: usize = 1_000_000;

/// List the snapshots that init and up have pulled, or remove them
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Remove them
    #[arg(long)]
    clear: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Kept {
    format: u8,
    directory: PathBuf,
    bytes: u64,
    snapshots: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    digest: String,
    bytes: u64,
    complete: bool,
}

/// A snapshot in the cache, which stays there until this is dropped.
#[derive(Debug)]
pub(in crate::command) struct Cached {
    /// Its directory. Read it, and do not change it: other commands use it, too.
    pub(in crate::command) directory: PathBuf,
    _lock: File,
}

/// Whether an argument that may be a directory is a reference.
pub(in crate::command) fn is_reference(path: &Path) -> bool {
    path.to_str().is_some_and(Reference::is_meant)
}

/// The snapshot of a reference, pulled into the cache unless it is there. With a digest in the reference and
/// the snapshot in the cache, nothing is sent.
///
/// # Errors
/// It cannot be pulled, or the cache cannot be written.
pub(in crate::command) fn cached(text: &str, console: &Console) -> Result<Cached, Failure> {
    let reference = remote::reference(text)?;
    let cache = directory()?;
    host::make_directory(&cache)?;
    let lock = locked(&cache.join("lock"), File::try_lock_shared, console)?;
    let reference = match reference.digest {
        Some(_) => reference,
        None => remote::Remote::read(&reference, None, console)?.reference,
    };
    let digest = reference.digest.unwrap_or_default();
    let directory = cache.join(format!("{START}{}", hex::encode(digest)));
    let _pulling = locked(&directory.with_extension("lock"), File::try_lock, console)?;
    if fs::exists(&directory.join(crate::archive::MARKER)) {
        console.note(&format!("{reference} is in the cache: {}", directory.display()));
    } else {
        let (remote, _) = pull(&reference, None, &directory, console)?;
        let size = megabytes(remote.artifact.size());
        console.note(&format!("{size} are kept; regenesis oci cache --clear removes them"));
    }
    Ok(Cached { directory, _lock: lock })
}

fn directory() -> Result<PathBuf, Failure> {
    host::cache_directory("snapshots").ok_or_else(|| {
        Failure::usage("there is no directory for the cache", "set XDG_CACHE_HOME or HOME")
    })
}

/// Opens and locks a file. Waits while another command holds it.
fn locked(
    path: &Path,
    try_lock: fn(&File) -> Result<(), TryLockError>,
    console: &Console,
) -> Result<File, Failure> {
    let file = lock::open(path)?;
    let mut wait = Wait::new(MOST);
    loop {
        match try_lock(&file) {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => wait
                .pause(&file, path, console)
                .map_err(|held: lock::Held| Failure::new(exit::OUTPUT, held.to_string(), None))?,
            Err(TryLockError::Error(error)) => return Err(disk::at(path)(error).into()),
        }
    }
}

/// Runs the verb.
///
/// # Errors
/// The cache cannot be read, or another command uses it.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let cache = directory()?;
    if !fs::exists(&cache) {
        host::make_directory(&cache)?;
    }
    let kept = kept(&cache)?;
    if args.clear {
        clear(&cache, &kept, console)?;
    }
    if args.json {
        return print_json(&kept);
    }
    let done = if args.clear { "removed" } else { "in" };
    let line = |row: &Row| {
        let state = if row.complete { "" } else { "  incomplete" };
        format!("{:>12}  {}{state}\n", megabytes(row.bytes), row.digest)
    };
    let rows: String = kept.snapshots.iter().map(line).collect();
    let total = format!("{:>12}  {done} {}\n", megabytes(kept.bytes), cache.display());
    print((rows + &total).as_bytes())
}

fn kept(cache: &Path) -> Result<Kept, Failure> {
    let (entries, _) = list::below(cache, |_| true, 0)?;
    let mut snapshots = Vec::new();
    for entry in entries {
        let name = entry.path.trim_end_matches('/');
        let digits = name.strip_prefix(START).map(|rest| rest.trim_end_matches(UNFINISHED));
        let Some(digest) = digits.and_then(parse_digest) else { continue };
        if entry.kind != list::Kind::Directory {
            continue;
        }
        let complete = !name.ends_with(UNFINISHED);
        snapshots.push(Row {
            digest: digest_text(&digest),
            bytes: size(&cache.join(name))?,
            complete,
        });
    }
    let bytes = snapshots.iter().map(|row| row.bytes).sum();
    Ok(Kept { format: 1, directory: cache.to_owned(), bytes, snapshots })
}

fn size(directory: &Path) -> Result<u64, Failure> {
    let (entries, _) = list::below(directory, |_| false, MOST_ENTRIES)?;
    let of = |entry: &list::Entry| fs::length(&Input::file(directory.join(&entry.path))).ok();
    Ok(entries.iter().filter(|entry| entry.kind == list::Kind::File).filter_map(of).sum())
}

/// Removes the snapshots; other files stay.
fn clear(cache: &Path, kept: &Kept, console: &Console) -> Result<(), Failure> {
    let lock = lock::open(&cache.join("lock"))?;
    if lock.try_lock().is_err() {
        let message = format!("{}: another command uses it", cache.display());
        return Err(Failure::new(exit::OUTPUT, message, Some("run this again when it has ended")));
    }
    for row in &kept.snapshots {
        console.heartbeat(None, || format!("removing {}", row.digest));
        let digits = row.digest.trim_start_matches("sha256:");
        let end = if row.complete { "" } else { UNFINISHED };
        let name = format!("{START}{digits}");
        disk::remove(&cache.join(format!("{name}{end}")))?;
        disk::remove(&cache.join(format!("{name}.lock")))?;
    }
    Ok(())
}

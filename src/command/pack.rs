//! `regenesis pack`: an archive of a snapshot.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, StdoutLock, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::restore::{SIDECAR, megabytes};
use super::steps::Steps;
use super::{Failure, bake, restore, snapshot_directory};
use crate::archive::{MANIFEST, Manifest, Reader, sidecar_line};
use crate::exit;
use crate::file::FileDigest;
use crate::io::atomic_file::{AtomicFile, replace};
use crate::io::console::{self, Console};
use crate::io::disk;
use crate::io::download::{Hashed, Source, Stream, Unpacked};
use crate::io::{environment, fs};
use crate::progress::Progress as _;
use crate::snapshot::foreign::is_ours;
use crate::snapshot_files::packed::{Contents, Unpackable};
use crate::snapshot_files::work::share;

const EXAMPLES: &str = "Examples:
  regenesis pack my-snapshot my-snapshot.tar.zst         and my-snapshot.tar.zst.sha256
  regenesis pack my-snapshot -  | ssh host 'cat > my-snapshot.tar.zst'
  regenesis pack today today.tar.zst --incremental-from yesterday
                                                         only what yesterday does not have

The same files give the same bytes on every machine: names are sorted, owners and times are 0.";

/// Pack a snapshot into an archive (tar.zst) that `regenesis restore` streams and resumes
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Snapshot directory
    #[arg(value_name = "SNAPSHOT")]
    directory: PathBuf,
    /// The archive to write, or - for stdout
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
    /// Leave out the files that this snapshot also has: a directory, or an archive of pack
    #[arg(long, value_name = "SNAPSHOT|FILE|URL")]
    incremental_from: Option<String>,
}

/// Runs the verb.
///
/// # Errors
/// The snapshot cannot be read, or the archive cannot be written.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let root = &args.directory;
    snapshot_directory(root)?;
    let _lock = share(root, console).map_err(|held| bake::busy(&held))?;
    let mut out = Out::create(&args.file, root)?;
    let steps = Steps::start(console);
    let version = env!("CARGO_PKG_VERSION");
    console.title(&format!("regenesis {version} · packing {}", root.display()));
    let contents = contents(root, &steps)?;
    name_foreign(&contents, "packed", console);
    let base = match args.incremental_from.as_deref().and_then(super::given) {
        Some(other) => base(other, &steps)?,
        None => BTreeMap::new(),
    };
    let manifest = Manifest::new(contents.files.clone(), &base);
    let (files, unchanged) = (manifest.files.len(), manifest.unchanged.len());
    let advance = |path: &str| steps.advance(&|| format!("packing {path}"));
    out = contents.pack(root, &manifest, out, advance).map_err(failure)?;
    let (size, sha256) = out.publish().map_err(failure)?;
    let left_out = if base.is_empty() { String::new() } else { format!(", {unchanged} unchanged") };
    steps.done("pack", &format!("{files} files{left_out}, {}", megabytes(size)));
    if args.file == Path::new("-") {
        console.title(&format!("sha256 {}", hex::encode(sha256)));
        return Ok(());
    }
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    replace(&beside(&args.file), sidecar_line(&sha256, &name).as_bytes(), 0o644)?;
    super::print(sidecar_line(&sha256, &args.file.to_string_lossy()).as_bytes())
}

/// Names the files that regenesis did not write, because the user may want to keep them here, and
/// what is left out.
pub(super) fn name_foreign(contents: &Contents, done: &str, console: &Console) {
    let foreign = contents.files.iter().filter(|file| !is_ours(&file.path));
    for file in foreign {
        console.note(&format!("{} is {done}, too: regenesis did not write it", file.path));
    }
    for path in &contents.left_out {
        console.note(&format!("{path} is not {done}: an interrupted run of regenesis left it"));
    }
}

pub(super) fn contents(root: &Path, steps: &Steps<'_>) -> Result<Contents, Failure> {
    let advance = |path: &str| steps.advance(&|| format!("reading {path}"));
    Contents::of(root, advance).map_err(|error| match error {
        Unpackable::Read(error) => error.into(),
        error => Failure::new(exit::INPUT, error.to_string(), error.hint()),
    })
}

/// The files of the other snapshot.
fn base(other: &str, steps: &Steps<'_>) -> Result<BTreeMap<String, FileDigest>, Failure> {
    let path = Path::new(other);
    let files = if !other.contains("://") && fs::is_directory(path)? {
        snapshot_directory(path)?;
        let files = contents(path, steps)?.files;
        files.into_iter().map(|file| (file.path.clone(), file)).collect()
    } else {
        packed(other, steps.console)?
    };
    steps.done("compare", &format!("{} files of the other snapshot", files.len()));
    Ok(files)
}

/// The files that an archive lists in its first entry; the rest is not read.
fn packed(other: &str, console: &Console) -> Result<BTreeMap<String, FileDigest>, Failure> {
    const MOST: u64 = 64 << 20;
    let source = Source::parse(other, &environment::variables())
        .map_err(|error| Failure::usage(format!("--incremental-from: {error}"), error.hint()))?;
    let stream = Stream::open(&source, 0, None, console);
    let stream = stream.map_err(|error| restore::source_failure(&source, error))?;
    let broken = stream.broken();
    let read = || -> Result<Manifest, String> {
        let unpacked = Unpacked::new(Hashed::resume(stream, 0, Sha256::new()));
        let unpacked = unpacked.map_err(|error| error.to_string())?;
        let mut reader = Reader::resume(unpacked, 0, 0);
        let first = reader.next_entry().map_err(|error| error.to_string())?;
        if first.is_none_or(|first| first.path != MANIFEST) {
            return Err(format!("does not start with {MANIFEST}"));
        }
        let mut json = Vec::new();
        let read = (&mut reader).take(MOST).read_to_end(&mut json);
        read.map_err(|error| error.to_string())?;
        Manifest::parse(&json)
    };
    read().map(Manifest::all).map_err(|what| match broken.take() {
        Some(error) => restore::source_failure(&source, error),
        None => {
            let message = format!("{}: {what}", source.label());
            let hint = "--incremental-from needs an archive of regenesis pack, or a snapshot";
            Failure::new(exit::INPUT, message, Some(hint))
        }
    })
}

/// Where the archive is written.
#[derive(Debug)]
enum Out {
    File(AtomicFile),
    Stdout(StdoutLock<'static>, Sha256, u64),
}

impl Out {
    fn create(file: &Path, root: &Path) -> Result<Self, Failure> {
        if file == Path::new("-") {
            let out = console::binary_stdout().ok_or_else(|| {
                Failure::usage("stdout is a terminal", "pipe it to a program, or name a file")
            })?;
            return Ok(Self::Stdout(out, Sha256::new(), 0));
        }
        for path in [file, &beside(file)] {
            if fs::exists(path) {
                return Err(disk::Error::Exists(path.to_owned()).into());
            }
        }
        let parent = file.parent().filter(|parent| *parent != Path::new(""));
        let parent = fs::canonical(parent.unwrap_or(Path::new(".")));
        // A later pack would contain it.
        if parent.is_ok_and(|parent| fs::canonical(root).is_ok_and(|root| parent.starts_with(root)))
        {
            let what = format!("{} is in the snapshot itself", file.display());
            return Err(Failure::usage(what, "write the archive to another directory"));
        }
        // A snapshot has keys.
        Ok(Self::File(AtomicFile::create(file, true)?))
    }

    /// Completes the archive. Returns its size and digest.
    fn publish(self) -> io::Result<(u64, [u8; 32])> {
        match self {
            Self::File(file) => file.publish().map_err(of_disk),
            Self::Stdout(mut out, hasher, size) => {
                out.flush()?;
                Ok((size, hasher.finalize().into()))
            }
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.put(bytes).map_err(of_disk)?,
            Self::Stdout(out, hasher, size) => {
                out.write_all(bytes)?;
                hasher.update(bytes);
                *size += bytes.len() as u64;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn of_disk(error: disk::Error) -> io::Error {
    let kind = match &error {
        disk::Error::Path { source, .. } => source.kind(),
        _ => ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

fn failure(error: io::Error) -> Failure {
    let code = match error.kind() {
        ErrorKind::InvalidData => exit::INPUT,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => exit::FULL,
        _ => exit::OUTPUT,
    };
    let hint = match code {
        exit::INPUT => Some("run this again once nothing writes to the snapshot"),
        exit::FULL => Some("free space on the disk, or pipe the archive to another machine: -"),
        _ => None,
    };
    Failure::new(code, error.to_string(), hint)
}

/// The file with the digest of an archive.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(SIDECAR);
    PathBuf::from(name)
}

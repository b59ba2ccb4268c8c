//! From the stream to the directory.

use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::expected::Expected;
use super::failure;
use super::shown::{Shown, megabytes};
use crate::archive::{self, Checkpoint, Entry, Kind, MANIFEST, Manifest, Marker, Reader};
use crate::command::Failure;
use crate::command::steps::Steps;
use crate::exit;
use crate::io::console::Console;
use crate::io::download::{self, Hashed, Source, Stream, Unpacked};
use crate::io::owner::Owner;
use crate::snapshot_files::restored::{self, Staging, add_unchanged, check_base};

/// Uncompressed bytes between two checkpoints.
const STRIDE: u64 = 1 << 18;
/// Bytes of a manifest.
const MOST_MANIFEST: u64 = 64 << 20;

/// A restore.
pub(super) struct Order<'a> {
    pub(super) source: &'a Source,
    pub(super) base: Option<&'a Path>,
    pub(super) owner: Option<Owner>,
    pub(super) steps: &'a Steps<'a>,
}

/// Why a run ended early.
enum Stop {
    Source(download::Error),
    Restore(restored::Error),
    Failure(Failure),
}

impl From<restored::Error> for Stop {
    fn from(error: restored::Error) -> Self {
        Self::Restore(error)
    }
}

impl From<archive::Error> for Stop {
    fn from(error: archive::Error) -> Self {
        Self::Restore(error.into())
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        archive::Error::Read(error).into()
    }
}

/// The identity of an archive whose digest is unknown: its place, its version there, and its size.
///
/// # Errors
/// The archive cannot be read.
pub(super) fn identity(source: &Source, console: &Console) -> Result<Option<String>, Failure> {
    let stream = Stream::open(source, 0, None, console);
    let stream = stream.map_err(|error| failure::source(source, error))?;
    Ok(identity_of(source, stream.version(), stream.size()))
}

/// `None` without a version: equal identities would not mean equal bytes.
fn identity_of(source: &Source, version: Option<&str>, size: Option<u64>) -> Option<String> {
    let text = format!("{} {} {size:?}", source.identity(), version?);
    Some(hex::encode(Sha256::digest(text)))
}

impl Order<'_> {
    /// Fills the staging directory, and moves it to its place. After a failure, the directory stays if
    /// the next run can resume from it.
    pub(super) fn carry_out(
        &self,
        mut staging: Staging,
        expected: &mut Expected,
    ) -> Result<Marker, Failure> {
        let mut may_change = true;
        loop {
            let stop = match self.fill(&mut staging, expected) {
                Ok(marker) => {
                    staging.set_complete(&marker, self.owner)?;
                    staging.publish(&marker)?;
                    return Ok(marker);
                }
                Err(stop) => stop,
            };
            let is_of_base = matches!(stop, Stop::Restore(restored::Error::Base(_)));
            let failure = match stop {
                Stop::Source(download::Error::Changed) if may_change => {
                    may_change = false;
                    let label = self.source.label();
                    self.steps.console.note(&format!("{label} has changed: starting again"));
                    staging.clear()?;
                    continue;
                }
                Stop::Source(error) => failure::source(self.source, error),
                Stop::Restore(error) => failure::restore(self.source, &error),
                Stop::Failure(failure) => failure,
            };
            let is_kept = match failure.exit {
                // Another --base may follow.
                exit::SOURCE | exit::NOT_THERE | exit::USAGE => staging.has_checkpoint(),
                exit::VERIFICATION if is_of_base => staging.has_checkpoint(),
                exit::FULL | exit::OUTPUT => true,
                _ => false,
            };
            if !is_kept {
                staging.remove()?;
            }
            return Err(failure);
        }
    }

    /// Downloads and extracts the archive, and checks its digest.
    fn fill(&self, staging: &mut Staging, expected: &mut Expected) -> Result<Marker, Stop> {
        let console = self.steps.console;
        let mut checkpoint = staging.resume(&self.source.identity())?;
        expected.look_beside(self.source, console).map_err(Stop::Failure)?;
        // Nothing would notice that the rest is of another archive.
        if checkpoint.as_ref().is_some_and(|known| known.version.is_none())
            && expected.digest().is_none()
        {
            staging.clear()?;
            checkpoint = None;
        }
        // The manifest was the first entry, which does not come again.
        if checkpoint.is_some()
            && let Some(manifest) = staging.manifest()?
        {
            self.check_manifest(&manifest)?;
        }
        let start = checkpoint.as_ref().and_then(Checkpoint::start);
        let offset = start.as_ref().map_or(0, |start| start.compressed);
        let version = checkpoint.as_ref().and_then(|known| known.version.as_deref());
        let stream = Stream::open(self.source, offset, version, console).map_err(Stop::Source)?;
        let (size, version) = (stream.size(), stream.version().map(str::to_owned));
        if checkpoint.as_ref().is_some_and(|known| known.size != size) {
            return Err(Stop::Source(download::Error::Changed));
        }
        let broken = stream.broken();
        let (complete, entries) =
            checkpoint.as_ref().map_or((0, 0), |known| (known.complete, known.entries));
        if offset > 0 {
            console.note(&format!("resuming at {} after {entries} entries", megabytes(offset)));
        }
        let read = || -> Result<_, Stop> {
            let mut unpacked = match start {
                Some(start) => {
                    let hashed = Hashed::resume(stream, start.compressed, start.hasher.clone());
                    let skip = complete - start.uncompressed;
                    let mut unpacked = Unpacked::resume(hashed, start)?;
                    io::copy(&mut (&mut unpacked).take(skip), &mut io::sink())?;
                    unpacked
                }
                None => Unpacked::new(Hashed::resume(stream, 0, Sha256::new()))?,
            };
            unpacked.start()?;
            let shown = Shown::new(unpacked, size, console);
            let mut reader = Reader::resume(shown, complete, entries);
            let progress = Progress { size, version: version.clone() };
            self.extract(&mut reader, staging, &progress)?;
            reader.drain()?;
            let entries = reader.entries();
            let stream = reader.get_mut().unpacked.compressed();
            let (hasher, count) =
                stream.map(|stream| (stream.hasher().clone(), stream.count())).unwrap_or_default();
            Ok((<[u8; 32]>::from(hasher.finalize()), count, entries))
        };
        // A broken stream shows as damaged data.
        let (sha256, count, entries) =
            read().map_err(|stop| broken.take().map_or(stop, Stop::Source))?;
        self.check(sha256, expected).map_err(Stop::Failure)?;
        self.steps.done("restore", &format!("{entries} entries, {}", megabytes(count)));
        self.add_unchanged(staging)?;
        let source = identity_of(self.source, version.as_deref(), size).unwrap_or_default();
        Ok(Marker::new(sha256, count, entries, source, env!("CARGO_PKG_VERSION")))
    }

    fn extract(
        &self,
        reader: &mut Reader<Shown<'_>>,
        staging: &mut Staging,
        progress: &Progress,
    ) -> Result<(), Stop> {
        let mut saved = reader.position();
        while let Some(entry) = reader.next_entry()? {
            if entry.path == MANIFEST && reader.entries() == 1 {
                self.read_manifest(&entry, reader, staging)?;
            } else {
                staging.write(&entry, reader)?;
            }
            reader.finish()?;
            let complete = reader.position();
            if complete - saved >= STRIDE {
                let start = reader.get_mut().unpacked.start()?;
                let (source, listed) = (self.source.identity(), staging.listed());
                let mut checkpoint =
                    Checkpoint::new(&source, &start, complete, reader.entries(), listed);
                (checkpoint.size, checkpoint.version) = (progress.size, progress.version.clone());
                staging.set_checkpoint(checkpoint)?;
                saved = complete;
            }
        }
        Ok(())
    }

    /// Reads the list of files, and checks it.
    fn read_manifest(
        &self,
        entry: &Entry,
        reader: &mut Reader<Shown<'_>>,
        staging: &Staging,
    ) -> Result<(), Stop> {
        let invalid = |what: String| {
            let message = format!("{}: {MANIFEST}: {what}", self.source.label());
            Stop::Failure(Failure::new(exit::INPUT, message, Some("pack the snapshot again")))
        };
        match entry.kind {
            Kind::File(size) if size <= MOST_MANIFEST => {}
            _ => return Err(invalid("is not a file of at most 64 MiB".to_owned())),
        }
        let mut json = Vec::new();
        reader.read_to_end(&mut json)?;
        let manifest = Manifest::parse(&json).map_err(invalid)?;
        staging.set_manifest(&manifest)?;
        self.check_manifest(&manifest)
    }

    /// Checks that the files which the archive leaves out are in the other snapshot.
    fn check_manifest(&self, manifest: &Manifest) -> Result<(), Stop> {
        match (self.base, manifest.unchanged.len()) {
            (_, 0) => Ok(()),
            (Some(base), _) => Ok(check_base(base, manifest)?),
            (None, files) => {
                let message = format!(
                    "{}: is incremental, and leaves out {files} files of another snapshot",
                    self.source.label()
                );
                let hint = "pass that snapshot as --base DIR";
                Err(Stop::Failure(Failure::usage(message, hint)))
            }
        }
    }

    fn add_unchanged(&self, staging: &mut Staging) -> Result<(), Stop> {
        if let (Some(base), Some(manifest)) = (self.base, staging.manifest()?) {
            add_unchanged(staging, base, &manifest)?;
            let text =
                format!("{} unchanged files from {}", manifest.unchanged.len(), super::shown(base));
            self.steps.done("base", &text);
        }
        Ok(())
    }

    fn check(&self, sha256: [u8; 32], expected: &Expected) -> Result<(), Failure> {
        let (label, found) = (self.source.label(), hex::encode(sha256));
        match expected.digest() {
            None => {
                let text = format!("{label}: no digest to compare with; its sha256 is {found}");
                self.steps.console.warning(&text);
                Ok(())
            }
            Some(digest) if digest == sha256 => Ok(()),
            Some(digest) => {
                let (wanted, origin) = (hex::encode(digest), expected.origin());
                let message = format!("{label}: sha256 is {found}, expected {wanted} ({origin})");
                let hint = "nothing of it was kept; upload it again, or correct the digest";
                Err(Failure::new(exit::VERIFICATION, message, Some(hint)))
            }
        }
    }
}

/// What a checkpoint has to know of the archive.
struct Progress {
    size: Option<u64>,
    version: Option<String>,
}

//! The staging directory of a restore: resumed by the next run, unless its archive has changed.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::place::is_empty;
use super::{Error, Place, VERB};
use crate::archive::{Checkpoint, Manifest, Seen};
use crate::io::atomic_file::{replace, replace_unsynced};
use crate::io::disk::{self, at};
use crate::io::{fs, platform, signal};
use crate::snapshot_files::work::{
    LOCK, check_work, create_work, has, lock_work, open_file, remove_empty, replace_checkpoint,
};

pub(super) const NEW: &str = "new";
pub(super) const MARKER: &str = "marker.json";
const ENTRIES: &str = "entries";
const MANIFEST: &str = "manifest.json";
const CHECKPOINT: &str = "checkpoint.json";
const SYNCED: &str = "synced.json";
/// All that a restore writes there, besides mark and lock.
const OURS: [&str; 6] = [NEW, ENTRIES, MANIFEST, CHECKPOINT, SYNCED, MARKER];
/// Bytes of files between two syncs.
const SYNC: u64 = 1 << 30;

/// The staging directory, locked.
#[derive(Debug)]
pub struct Staging {
    pub(super) place: Place,
    /// The paths of the archive so far.
    pub(super) seen: Seen,
    /// The list of these paths.
    entries: File,
    listed: u64,
    /// Lines that are not in the list yet.
    pending: String,
    /// Bytes of files since the last sync.
    pub(super) unsynced: u64,
    /// Open since before the first write: its sync reports each write that failed since then.
    file_system: File,
    _lock: File,
}

impl Staging {
    /// Creates the staging directory of a place, or opens that of an earlier run. `None` if another
    /// process has finished meanwhile: look at the place again.
    ///
    /// # Errors
    /// The directory cannot be created, or another process has locked it.
    pub fn open(place: Place) -> Result<Option<Self>, Error> {
        let directory = &place.staging;
        if !check_work(VERB, directory)? {
            create_work(VERB, directory)?;
        }
        let path = directory.join(LOCK);
        let lock = match lock_work(&path) {
            Ok(Some(lock)) => lock,
            Ok(None) => return Err(Error::Busy(place.directory)),
            Err(_) if !has(directory)? => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // The process that held the lock may have removed the directory.
        let inode = |meta: std::io::Result<std::fs::Metadata>| meta.ok().map(|meta| meta.ino());
        if inode(lock.metadata()) != inode(path.symlink_metadata()) {
            return Ok(None);
        }
        disk::make_directory(&directory.join(NEW), 0o755)?;
        let list = directory.join(ENTRIES);
        let entries = open_file(&list)?;
        let file_system = File::open(directory).map_err(at(directory))?;
        signal::set_farewell(Some(format!(
            "interrupted; {} is kept: run the same command again to resume",
            directory.display()
        )));
        let (seen, pending) = (Seen::default(), String::new());
        let (listed, unsynced) = (0, 0);
        Ok(Some(Self { place, seen, entries, listed, pending, unsynced, file_system, _lock: lock }))
    }

    /// A path in the staging directory.
    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.place.staging.join(name)
    }

    /// Resumes from the latest checkpoint of the archive `source`. Without one, starts again.
    ///
    /// # Errors
    /// Files of another archive cannot be removed.
    pub fn resume(&mut self, source: &str) -> Result<Option<Checkpoint>, Error> {
        let read =
            |name| fs::read_file(&self.at(name)).ok().and_then(|json| Checkpoint::parse(&json));
        let boot = platform::boot();
        let survives = |checkpoint: &Checkpoint| boot.is_some() && checkpoint.boot == boot;
        let found = read(CHECKPOINT).filter(survives).or_else(|| read(SYNCED));
        let found = found.filter(|checkpoint| checkpoint.source == source);
        if let Some(checkpoint) = found
            && self.read_list(checkpoint.listed)?
        {
            return Ok(Some(checkpoint));
        }
        self.clear()?;
        Ok(None)
    }

    /// Removes all files of the archive.
    ///
    /// # Errors
    /// One cannot be removed.
    pub fn clear(&mut self) -> Result<(), Error> {
        for name in [CHECKPOINT, SYNCED, MARKER, MANIFEST, NEW] {
            disk::remove(&self.at(name))?;
        }
        disk::make_directory(&self.at(NEW), 0o755)?;
        self.read_list(0)?;
        Ok(())
    }

    /// Reads the first bytes of the list of paths, and forgets the others. Returns whether it has them.
    fn read_list(&mut self, length: u64) -> Result<bool, Error> {
        let path = self.at(ENTRIES);
        (self.seen, self.listed) = (Seen::default(), length);
        self.pending.clear();
        if self.entries.metadata().map_err(at(&path))?.len() < length {
            return Ok(false);
        }
        self.entries.set_len(length).map_err(at(&path))?;
        self.entries.seek(SeekFrom::Start(0)).map_err(at(&path))?;
        for line in BufReader::new(&self.entries).lines() {
            let line = line.map_err(at(&path))?;
            let directory = line.strip_suffix('/');
            self.seen.add(directory.unwrap_or(&line), directory.is_some())?;
        }
        Ok(true)
    }

    /// Adds a path to the list.
    pub(super) fn list(&mut self, path: &str, is_directory: bool) {
        let end = if is_directory { "/\n" } else { "\n" };
        self.pending += path;
        self.pending += end;
    }

    /// Bytes of the list.
    pub fn listed(&self) -> u64 {
        self.listed + self.pending.len() as u64
    }

    /// Notes that all entries so far are complete. A kill loses nothing then; a reboot, at most what
    /// follows the last sync.
    ///
    /// # Errors
    /// The checkpoint cannot be written.
    pub fn set_checkpoint(&mut self, mut checkpoint: Checkpoint) -> Result<(), Error> {
        let list = self.at(ENTRIES);
        self.entries.write_all(self.pending.as_bytes()).map_err(at(&list))?;
        self.listed += self.pending.len() as u64;
        self.pending.clear();
        checkpoint.boot = platform::boot();
        replace_checkpoint(&self.at(CHECKPOINT), &checkpoint.to_json())?;
        if self.unsynced >= SYNC {
            self.sync()?;
            replace(&self.at(SYNCED), &checkpoint.to_json(), 0o644)?;
            self.unsynced = 0;
        }
        Ok(())
    }

    /// Syncs all files. The system reports a write that failed once, and then takes its pages for written:
    /// the next run must not trust what followed the last sync.
    ///
    /// # Errors
    /// A write failed.
    pub(super) fn sync(&self) -> Result<(), Error> {
        let synced = platform::sync_file_system(&self.file_system).map_err(at(&self.place.staging));
        if synced.is_err() {
            disk::remove(&self.at(CHECKPOINT))?;
        }
        Ok(synced?)
    }

    /// Whether an interrupted publication has moved files of the archive: only the rest can follow them.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn is_half_moved(&self) -> Result<bool, Error> {
        Ok(self.place.inside && !is_empty(&self.place.directory)?)
    }

    /// Whether the next run can resume.
    pub fn has_checkpoint(&self) -> bool {
        matches!(has(&self.at(CHECKPOINT)), Ok(true))
    }

    /// Keeps the manifest of the archive for the end of the restore. It needs no sync of its own: after a
    /// reboot, a restore resumes only from a checkpoint that followed a sync, which includes the manifest.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set_manifest(&self, manifest: &Manifest) -> Result<(), Error> {
        Ok(replace_unsynced(&self.at(MANIFEST), &manifest.to_json(), 0o644)?)
    }

    /// The manifest of the archive; `None` if the archive has none.
    ///
    /// # Errors
    /// It cannot be read, or is damaged: without it, files would be missing.
    pub fn manifest(&self) -> Result<Option<Manifest>, Error> {
        let path = self.at(MANIFEST);
        if !has(&path)? {
            return Ok(None);
        }
        let json = fs::read_file(&path).map_err(disk::Error::from)?;
        match Manifest::parse(&json) {
            Ok(manifest) => Ok(Some(manifest)),
            Err(_) => Err(disk::Error::Edited(path).into()),
        }
    }

    /// Removes the staging directory with its files.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn remove(self) -> Result<(), Error> {
        signal::set_farewell(None);
        Ok(remove(&self.place.staging)?)
    }
}

/// Removes what a restore wrote to a staging directory. Other files stay, with the directory.
fn remove(directory: &Path) -> Result<(), disk::Error> {
    for name in OURS {
        disk::remove(&directory.join(name))?;
    }
    disk::remove(&directory.join(CHECKPOINT).with_extension("new"))?;
    remove_empty(directory)
}

//! Writes the entries of an archive.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use super::place::{INSIDE, LOST_AND_FOUND};
use super::staging::NEW;
use super::{Error, Staging};
use crate::archive::{self, Entry, Kind, Reader, Refusal};
use crate::io::disk::{self, at};
use crate::io::{free_space, fs};

const BUFFER: usize = 1 << 18;
/// Files of this size or more go to the disk while the next ones arrive, so the sync at the end is short.
const WRITEBACK: u64 = 1 << 20;

impl Staging {
    /// Writes an entry; `reader` has its data. Nothing below a link is ever written, because the list of
    /// paths has the link.
    ///
    /// # Errors
    /// The entry is refused, its data cannot be read, or the file cannot be written.
    pub fn write(&mut self, entry: &Entry, reader: &mut Reader<impl Read>) -> Result<(), Error> {
        let is_directory = entry.kind == Kind::Directory;
        if entry.path.is_empty() {
            return Ok(());
        }
        match entry.path.split('/').next() {
            Some(INSIDE) => {
                let why = Refusal::Staging;
                return Err(archive::Error::Refused { path: entry.path.clone(), why }.into());
            }
            // The file system has its own, which a move could not replace.
            Some(LOST_AND_FOUND) if self.place.inside => return Ok(()),
            _ => {}
        }
        let is_new = self.seen.add(&entry.path, is_directory)?;
        let path = self.at(NEW).join(&entry.path);
        if !is_directory {
            // From a run that was killed before its checkpoint.
            disk::remove(&path)?;
        }
        if let Some(parent) = path.parent() {
            disk::make_directories(parent, 0o755)?;
        }
        match &entry.kind {
            // Its owner must be able to fill it.
            Kind::Directory => disk::make_directory(&path, entry.mode | 0o700)?,
            Kind::File(size) => self.write_file(entry, *size, &path, reader)?,
            Kind::Link(target) => std::os::unix::fs::symlink(target, &path).map_err(at(&path))?,
            Kind::SameAs(target) => self.link(entry, target, &path)?,
        }
        if is_new {
            self.list(&entry.path, is_directory);
        }
        Ok(())
    }

    fn write_file(
        &mut self,
        entry: &Entry,
        size: u64,
        path: &Path,
        reader: &mut Reader<impl Read>,
    ) -> Result<(), Error> {
        let mut out = disk::create(path, entry.mode)?;
        let room = free_space::room(&out).map_err(at(path))?;
        if size > room {
            let why = Refusal::Size { size, room };
            return Err(archive::Error::Refused { path: entry.path.clone(), why }.into());
        }
        let written = copy(reader, &mut out, path)?;
        self.unsynced += written;
        if written < size {
            return Err(archive::Error::Truncated(reader.position()).into());
        }
        Ok(())
    }

    /// Gives an earlier file of the archive another name.
    fn link(&self, entry: &Entry, target: &str, path: &Path) -> Result<(), Error> {
        let original = self.at(NEW).join(target);
        if !original.symlink_metadata().is_ok_and(|meta| meta.is_file()) {
            let why = Refusal::NoFile(target.to_owned());
            return Err(archive::Error::Refused { path: entry.path.clone(), why }.into());
        }
        Ok(std::fs::hard_link(&original, path).map_err(at(path))?)
    }
}

/// Copies a stream to a file as long as the disk has room. Returns the number of bytes.
pub(super) fn copy(stream: &mut impl Read, out: &mut File, path: &Path) -> Result<u64, Error> {
    let mut buffer = vec![0; BUFFER];
    let (mut written, mut begun, mut checked) = (0, 0, 0);
    loop {
        let length = match stream.read(&mut buffer) {
            Ok(0) if written - begun < WRITEBACK => return Ok(written),
            Ok(0) => {
                fs::start_writeback(out, begun, written - begun);
                return Ok(written);
            }
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(archive::Error::Read(error).into()),
        };
        out.write_all(&buffer[..length]).map_err(at(path))?;
        written += length as u64;
        if written - checked >= free_space::STRIDE {
            free_space::check(out).map_err(at(path))?;
            checked = written;
        }
        if written - begun >= fs::STRIDE {
            fs::start_writeback(out, begun, written - begun);
            begun = written;
        }
    }
}

//! Files that an incremental archive leaves out: they come from another snapshot.

use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::staging::NEW;
use super::{Error, Staging, extract};
use crate::archive::Manifest;
use crate::file::FileDigest;
use crate::io::disk::{self, at};
use crate::io::open;

/// Checks that `base` has all files of the size that the manifest names, before anything is downloaded.
///
/// # Errors
/// A file is missing, or has another size.
pub fn check_base(base: &Path, manifest: &Manifest) -> Result<(), Error> {
    for (name, file) in &manifest.unchanged {
        let path = base.join(name);
        let meta = path.symlink_metadata().ok();
        if !meta.is_some_and(|meta| meta.is_file() && meta.len() == file.size) {
            return Err(Error::Base(path));
        }
    }
    Ok(())
}

/// Copies the files that the manifest leaves out from `base`, and checks their digests.
///
/// # Errors
/// A file differs from the one that was packed, or cannot be copied.
pub fn add_unchanged(staging: &mut Staging, base: &Path, manifest: &Manifest) -> Result<(), Error> {
    for (name, file) in &manifest.unchanged {
        staging.seen.add(name, false)?;
        add(&base.join(name), &staging.at(NEW).join(name), file)?;
    }
    Ok(())
}

fn add(from: &Path, to: &Path, file: &FileDigest) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt;
    let source = open::file(from).map_err(at(from))?;
    let mode = source.metadata().map_err(at(from))?.mode() & 0o777;
    // From a run that was killed before its marker.
    disk::remove(to)?;
    if let Some(parent) = to.parent() {
        disk::make_directories(parent, 0o755)?;
    }
    let mut out = disk::create(to, mode)?;
    let mut hashed = Tee { source: source.take(file.size + 1), hasher: Sha256::new() };
    let size = extract::copy(&mut hashed, &mut out, to)?;
    let sha256: [u8; 32] = hashed.hasher.finalize().into();
    if (size, sha256) == (file.size, file.sha256) { Ok(()) } else { Err(Error::Base(from.into())) }
}

/// Hashes what is read.
struct Tee<R> {
    source: R,
    hasher: Sha256,
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.hasher.update(&buffer[..length]);
        Ok(length)
    }
}

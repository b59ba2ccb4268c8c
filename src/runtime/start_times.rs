//! `.regenesis/start-times.json` in a runtime directory: how long its clients needed to start.
//!
//! Observers of the clients write it, where the directory is not mounted read-only, and `init` reads it.
//! It survives `init`.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::io::atomic_file;
use crate::io::disk::{Error, at};
use crate::layout::MARKER;
use crate::runtime::claim::open_if_exists;
use crate::runtime::staging::{OWN, binding};
use crate::start_times::StartTimes;

/// The file in `.regenesis`.
pub(crate) const FILE: &str = "start-times.json";
/// Our files are shorter.
const MAX: u64 = 1 << 16;

/// The recorded starts; empty without a valid file.
pub(crate) fn read(out: &Path) -> StartTimes {
    let path = out.join(OWN).join(FILE);
    let Ok(Some(file)) = open_if_exists(&path, OpenOptions::new().read(true)) else {
        return StartTimes::default();
    };
    let mut text = Vec::new();
    match file.take(MAX).read_to_end(&mut text) {
        Ok(_) => StartTimes::parse(&text),
        Err(_) => StartTimes::default(),
    }
}

/// Writes the recorded starts, if the directory is ours. Returns whether it is.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write(out: &Path, times: &StartTimes) -> Result<bool, Error> {
    let is_ours = binding::is_bound(out)?;
    if is_ours {
        atomic_file::replace(&out.join(OWN).join(FILE), &times.to_json(), 0o644)?;
    }
    Ok(is_ours)
}

/// When the genesis was complete, in seconds since the epoch: its marker is written last.
///
/// # Errors
/// The marker cannot be inspected.
pub(crate) fn stamped(out: &Path) -> Result<u64, Error> {
    let marker = out.join(MARKER);
    let meta = marker.symlink_metadata().map_err(at(&marker))?;
    Ok(u64::try_from(meta.mtime()).unwrap_or_default())
}

//! Where Linux and macOS differ.

use std::fs::File;
use std::io;

/// Asks the kernel to start writing this part of `file` to disk. It may refuse.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn start_writeback(file: &File, offset: u64, length: u64) {
    // Linux starts to write what is dirty and drops only what is clean: mm/fadvise.c.
    let length = std::num::NonZeroU64::new(length);
    let _ = rustix::fs::fadvise(file, offset, length, rustix::fs::Advice::DontNeed);
}

/// macOS has no such request; the sync at the end writes everything.
#[cfg(target_vendor = "apple")]
pub(super) fn start_writeback(_: &File, _: u64, _: u64) {}

/// Writes everything to disk that the file system of `file` still holds in memory.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn sync_file_system(file: &File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(file)?)
}

/// `sync` hands everything to the drive; the full sync of one file then has the drive write its cache.
#[cfg(target_vendor = "apple")]
pub(super) fn sync_file_system(file: &File) -> io::Result<()> {
    rustix::fs::sync();
    file.sync_all()
}

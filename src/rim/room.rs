//! Whether a disk has room for what comes without an announced end.

use std::fs::File;
use std::io::{Error, ErrorKind, Result};

/// What is written until the room is looked at again: less than what is left free.
pub(super) const STRIDE: u64 = 4 << 20;
/// What is left free: this, or a twentieth of a disk that is smaller than twenty times that.
const RESERVE: u64 = 1 << 30;

/// Checks that the disk of `file` is not about to be filled: other programs need some of it.
///
/// # Errors
/// Less is free than should be left.
pub(super) fn check(file: &File) -> Result<()> {
    let disk = rustix::fs::fstatvfs(file)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let reserve = RESERVE.min(disk.f_blocks.saturating_mul(disk.f_frsize) / 20);
    if free >= reserve {
        return Ok(());
    }
    let (free, reserve) = (free >> 20, reserve >> 20);
    let what =
        format!("{free} MiB of the disk are free, and the last {reserve} MiB are left alone");
    Err(Error::new(ErrorKind::StorageFull, what))
}

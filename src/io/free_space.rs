//! Whether a disk has room for a stream of unknown length.

use std::fs::File;
use std::io::{Error, ErrorKind, Result};

/// How many bytes are written between two checks: less than the reserve.
pub(crate) const STRIDE: u64 = 4 << 20;
/// The space that stays free: 1 GiB, or 5 % of a disk smaller than 20 GiB.
const RESERVE: u64 = 1 << 30;

/// Checks that the disk of `file` has more free space than the reserve for other programs.
///
/// # Errors
/// It has less.
pub(crate) fn check(file: &File) -> Result<()> {
    let (free, reserve) = free_and_reserve(file)?;
    if free >= reserve {
        return Ok(());
    }
    let (free, reserve) = (free >> 20, reserve >> 20);
    let message = format!("{free} MiB are free; regenesis leaves {reserve} MiB for other programs");
    Err(Error::new(ErrorKind::StorageFull, message))
}

/// Bytes that may be written to the disk of `file`: the free space without the reserve.
///
/// # Errors
/// The disk does not report it.
#[cfg(feature = "host")]
pub(crate) fn room(file: &File) -> Result<u64> {
    free_and_reserve(file).map(|(free, reserve)| free.saturating_sub(reserve))
}

fn free_and_reserve(file: &File) -> Result<(u64, u64)> {
    let disk = rustix::fs::fstatvfs(file)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    Ok((free, RESERVE.min(disk.f_blocks.saturating_mul(disk.f_frsize) / 20)))
}

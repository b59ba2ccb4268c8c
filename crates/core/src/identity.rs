//! How a file or directory is recognised without reading it: by what its file system reports.

use serde::{Deserialize, Serialize};

/// A time as file systems store it: seconds since the epoch, and nanoseconds.
pub type Time = (i64, i64);

/// Seconds that must lie between the last change of a file and the moment when it was seen. Two
/// changes within one tick of the file system's clock leave the same identity; the coarsest clock,
/// that of FAT, ticks every two seconds.
const TICK: i64 = 2;

/// The identity of a file. New content comes with a new identity: no program can set the time of
/// the last change (`ctime`), which the kernel takes from its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    /// Bytes.
    pub size: u64,
    /// Inode number.
    pub inode: u64,
    /// Last change of the content (`mtime`), which any program may set.
    pub modified: Time,
    /// Last change of content, name, owner or mode (`ctime`).
    pub changed: Time,
}

impl FileIdentity {
    /// Whether a change at `now` (seconds since the epoch) or later leads to another identity.
    pub fn is_settled(&self, now: u64) -> bool {
        i64::try_from(now).is_ok_and(|now| now.saturating_sub(self.changed.0) > TICK)
    }
}

/// The identity of a directory, which no copy of it shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryIdentity {
    /// Inode number.
    pub inode: u64,
    /// Time of creation, where the file system reports one: seconds and nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<(i64, u32)>,
    /// Device, major and minor, where the file system does not report the time of creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<(u32, u32)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_has_just_changed_is_not_settled() {
        let changed = (200, 999_999_999);
        let identity = FileIdentity { size: 7, inode: 5, modified: (100, 1), changed };
        for (now, settled) in [(199, false), (200, false), (202, false), (203, true)] {
            assert_eq!(identity.is_settled(now), settled, "{now}");
        }
    }
}

//! The differences between Linux and macOS.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Stat};
use rustix::io::Errno;

use crate::identity::DirectoryIdentity;

/// The error of `unlink` for a directory.
#[cfg(not(target_vendor = "apple"))]
pub(crate) const IS_DIRECTORY: Errno = Errno::ISDIR;
/// The error of `unlink` for a directory.
#[cfg(target_vendor = "apple")]
pub(crate) const IS_DIRECTORY: Errno = Errno::PERM;

/// Starts writeback early: asks the kernel to write this part of `file` to disk. It may refuse.
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn start_writeback(file: &File, offset: u64, length: u64) {
    // Linux starts writing dirty pages and drops clean ones only: mm/fadvise.c.
    let length = std::num::NonZeroU64::new(length);
    let _ = rustix::fs::fadvise(file, offset, length, rustix::fs::Advice::DontNeed);
}

/// macOS has no such request; the sync at the end writes everything.
#[cfg(target_vendor = "apple")]
pub(crate) fn start_writeback(_: &File, _: u64, _: u64) {}

/// Syncs the file system of `file`.
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn sync_file_system(file: &File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(file)?)
}

/// `sync` passes all data to the drive; a full sync of one file then makes the drive flush its cache.
#[cfg(target_vendor = "apple")]
pub(crate) fn sync_file_system(file: &File) -> io::Result<()> {
    rustix::fs::sync();
    file.sync_all()
}

/// The id of this boot of the machine.
#[cfg(all(feature = "host", not(target_vendor = "apple")))]
pub(crate) fn boot() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned())
}

/// macOS has none that every sandbox may read.
#[cfg(all(feature = "host", target_vendor = "apple"))]
pub(crate) fn boot() -> Option<String> {
    None
}

/// The running program, even if its file has been replaced.
#[cfg(not(target_vendor = "apple"))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on macOS")]
pub(crate) fn own_program() -> io::Result<PathBuf> {
    Ok(PathBuf::from("/proc/self/exe"))
}

/// The path from which the running program was started.
#[cfg(target_vendor = "apple")]
pub(crate) fn own_program() -> io::Result<PathBuf> {
    std::env::current_exe()
}

/// Makes the kernel kill this process when its parent ends.
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn die_with_parent() -> io::Result<()> {
    use rustix::process::{Signal, set_parent_process_death_signal};
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// macOS has no parent-death signal: this process outlives a killed parent.
#[cfg(target_vendor = "apple")]
pub(crate) fn die_with_parent() -> io::Result<()> {
    Ok(())
}

/// Makes orphaned descendants children of this process, as process 1 of a container.
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn adopt_orphans() -> io::Result<()> {
    Ok(rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?)
}

/// On macOS process 1 adopts them.
#[cfg(target_vendor = "apple")]
pub(crate) fn adopt_orphans() -> io::Result<()> {
    Ok(())
}

/// Renames the entry `from` of `source` to `to` in `target`; [`Errno::EXIST`] if `to` exists.
pub(crate) fn rename_new(
    source: impl AsFd,
    from: &Path,
    target: impl AsFd,
    to: &Path,
) -> Result<(), Errno> {
    use rustix::fs::{RenameFlags, renameat, renameat_with, statat};
    match renameat_with(&source, from, &target, to, RenameFlags::NOREPLACE) {
        // Some file systems do not support the flag.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            match statat(&target, to, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => renameat(source, from, target, to),
                Err(error) => Err(error),
                Ok(_) => Err(Errno::EXIST),
            }
        }
        renamed => renamed,
    }
}

/// The identity of the directory `path` in `parent`, or of `parent` itself if `path` is empty.
pub(crate) fn identity(parent: impl AsFd, path: &Path) -> Result<DirectoryIdentity, Errno> {
    if let Some((inode, birth)) = inode_and_birth(&parent, path) {
        return Ok(DirectoryIdentity { inode, birth: Some(birth), device: None });
    }
    // Less reliable: a device number may change at the next mount, the time of creation never does.
    let stat = stat(parent, path, AtFlags::empty())?;
    Ok(DirectoryIdentity { inode: stat.st_ino, birth: None, device: Some(device(&stat)) })
}

#[cfg(not(target_vendor = "apple"))]
fn inode_and_birth(parent: impl AsFd, path: &Path) -> Option<(u64, (i64, u32))> {
    use rustix::fs::{StatxFlags, statx};
    let mask = StatxFlags::INO | StatxFlags::BTIME;
    let stat = statx(parent, path, AtFlags::EMPTY_PATH, mask).ok()?;
    let birth = (stat.stx_btime.tv_sec, stat.stx_btime.tv_nsec);
    let is_known = StatxFlags::from_bits_retain(stat.stx_mask).contains(mask);
    is_known.then_some((stat.stx_ino, birth))
}

#[cfg(target_vendor = "apple")]
fn inode_and_birth(parent: impl AsFd, path: &Path) -> Option<(u64, (i64, u32))> {
    let stat = stat(parent, path, AtFlags::empty()).ok()?;
    let birth = (stat.st_birthtime, u32::try_from(stat.st_birthtime_nsec).ok()?);
    // File systems that do not record it report the epoch.
    (birth.0 > 0).then_some((stat.st_ino, birth))
}

/// The id of the mount of the entry `path` of `parent`, or of `parent` itself if `path` is empty;
/// `None` if the system reports devices only.
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn mount_id(parent: impl AsFd, path: &Path) -> Result<Option<u64>, Errno> {
    use rustix::fs::{StatxFlags, statx};
    let flags = AtFlags::EMPTY_PATH | AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    match statx(parent, path, flags, StatxFlags::MNT_ID) {
        Ok(stat) => {
            let is_known = StatxFlags::from_bits_retain(stat.stx_mask).contains(StatxFlags::MNT_ID);
            Ok(is_known.then_some(stat.stx_mnt_id))
        }
        Err(Errno::NOSYS) => Ok(None),
        Err(error) => Err(error),
    }
}

/// On macOS every mount has its own device.
#[cfg(target_vendor = "apple")]
pub(crate) fn mount_id(_: impl AsFd, _: &Path) -> Result<Option<u64>, Errno> {
    Ok(None)
}

/// The mount of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mount {
    /// Its id.
    Id(u64),
    /// Its device, on systems that do not report mounts.
    Device(u32, u32),
}

impl Mount {
    /// The mount of the entry `name` of `directory`, or of `directory` itself if `name` is empty.
    pub(crate) fn of(directory: impl AsFd, name: &OsStr) -> Result<Self, Errno> {
        let name = Path::new(name);
        if let Some(id) = mount_id(&directory, name)? {
            return Ok(Self::Id(id));
        }
        device_of(directory, name).map(|(major, minor)| Self::Device(major, minor))
    }
}

/// The device (major, minor) of the entry `path` of `parent`, or of `parent` itself if `path` is
/// empty.
pub(crate) fn device_of(parent: impl AsFd, path: &Path) -> Result<(u32, u32), Errno> {
    stat(parent, path, AtFlags::SYMLINK_NOFOLLOW).map(|stat| device(&stat))
}

fn device(stat: &Stat) -> (u32, u32) {
    (rustix::fs::major(stat.st_dev), rustix::fs::minor(stat.st_dev))
}

#[cfg(not(target_vendor = "apple"))]
fn stat(parent: impl AsFd, path: &Path, flags: AtFlags) -> Result<Stat, Errno> {
    rustix::fs::statat(parent, path, flags | AtFlags::EMPTY_PATH)
}

#[cfg(target_vendor = "apple")]
fn stat(parent: impl AsFd, path: &Path, flags: AtFlags) -> Result<Stat, Errno> {
    if path.as_os_str().is_empty() {
        return rustix::fs::fstat(parent);
    }
    rustix::fs::statat(parent, path, flags)
}

#[cfg(test)]
mod tests {
    use rustix::fs::CWD;

    use super::*;

    #[test]
    fn path_handle_and_link_lead_to_the_same_identity() {
        let place = tempfile::tempdir().unwrap();
        let (own, other, link) = ("own", "other", "link");
        std::fs::create_dir(place.path().join(own)).unwrap();
        std::fs::create_dir(place.path().join(other)).unwrap();
        std::os::unix::fs::symlink(own, place.path().join(link)).unwrap();
        let parent = File::open(place.path()).unwrap();
        let handle = File::open(place.path().join(own)).unwrap();
        let by_handle = identity(&handle, Path::new("")).unwrap();
        assert_eq!(identity(CWD, &place.path().join(own)).unwrap(), by_handle);
        assert_eq!(identity(&parent, Path::new(link)).unwrap(), by_handle);
        assert_ne!(identity(&parent, Path::new(other)).unwrap(), by_handle);
        assert_ne!(identity(&parent, Path::new("")).unwrap(), by_handle);
        assert_eq!(identity(&parent, Path::new("none")), Err(Errno::NOENT));
    }

    #[test]
    fn a_link_is_on_the_mount_of_its_directory() {
        let place = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/proc/self", place.path().join("link")).unwrap();
        let parent = File::open(place.path()).unwrap();
        let (link, itself, none) = (Path::new("link"), Path::new(""), Path::new("none"));
        assert_eq!(mount_id(&parent, link).unwrap(), mount_id(&parent, itself).unwrap());
        assert_eq!(device_of(&parent, link).unwrap(), device_of(&parent, itself).unwrap());
        assert_eq!(device_of(&parent, none), Err(Errno::NOENT));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn mounts_and_missing_entries_are_distinguished() {
        let parent = File::open("/").unwrap();
        let (proc, itself, none) = (Path::new("proc"), Path::new(""), Path::new("no such entry"));
        assert_ne!(device_of(&parent, proc).unwrap(), device_of(&parent, itself).unwrap());
        assert_ne!(mount_id(&parent, proc).unwrap(), mount_id(&parent, itself).unwrap());
        assert_eq!(mount_id(&parent, none), Err(Errno::NOENT));
    }
}

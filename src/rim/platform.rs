//! Where Linux and macOS differ.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Stat};
use rustix::io::Errno;

use crate::lease::mark::Identity;

/// What `unlink` answers for a directory.
#[cfg(not(target_vendor = "apple"))]
pub(super) const IS_DIRECTORY: Errno = Errno::ISDIR;
/// What `unlink` answers for a directory.
#[cfg(target_vendor = "apple")]
pub(super) const IS_DIRECTORY: Errno = Errno::PERM;

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

/// The program that runs, even if another file has its name by now.
#[cfg(not(target_vendor = "apple"))]
#[expect(clippy::unnecessary_wraps, reason = "macOS may not know")]
pub(super) fn own_program() -> io::Result<PathBuf> {
    Ok(PathBuf::from("/proc/self/exe"))
}

/// The path by which the program that runs was started.
#[cfg(target_vendor = "apple")]
pub(super) fn own_program() -> io::Result<PathBuf> {
    std::env::current_exe()
}

/// Has the kernel kill this process when its parent ends.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn die_with_parent() -> io::Result<()> {
    use rustix::process::{Signal, set_parent_process_death_signal};
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// macOS has no such signal: this process outlives a parent that is killed.
#[cfg(target_vendor = "apple")]
pub(super) fn die_with_parent() -> io::Result<()> {
    Ok(())
}

/// What tells a directory from every copy of it: the directory `path` in `parent`, or `parent` itself
/// if `path` is empty.
pub(super) fn identity(parent: impl AsFd, path: &Path) -> Result<Identity, Errno> {
    if let Some((inode, birth)) = inode_and_birth(&parent, path) {
        return Ok(Identity { inode, birth: Some(birth), device: None });
    }
    // Second best: a device may get another number when it is mounted again; a birth is for ever.
    let stat = stat(parent, path, AtFlags::empty())?;
    Ok(Identity { inode: stat.st_ino, birth: None, device: Some(device(&stat)) })
}

#[cfg(not(target_vendor = "apple"))]
fn inode_and_birth(parent: impl AsFd, path: &Path) -> Option<(u64, (i64, u32))> {
    use rustix::fs::{StatxFlags, statx};
    let wanted = StatxFlags::INO | StatxFlags::BTIME;
    let stat = statx(parent, path, AtFlags::EMPTY_PATH, wanted).ok()?;
    let birth = (stat.stx_btime.tv_sec, stat.stx_btime.tv_nsec);
    let is_known = StatxFlags::from_bits_retain(stat.stx_mask).contains(wanted);
    is_known.then_some((stat.stx_ino, birth))
}

#[cfg(target_vendor = "apple")]
fn inode_and_birth(parent: impl AsFd, path: &Path) -> Option<(u64, (i64, u32))> {
    let stat = stat(parent, path, AtFlags::empty()).ok()?;
    let birth = (stat.st_birthtime, u32::try_from(stat.st_birthtime_nsec).ok()?);
    // A file system that does not keep it gives the epoch.
    (birth.0 > 0).then_some((stat.st_ino, birth))
}

/// The mount that holds the entry `path` of `parent`, or `parent` itself if `path` is empty; `None`
/// where the system does not tell mounts, only devices.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn mount_id(parent: impl AsFd, path: &Path) -> Result<Option<u64>, Errno> {
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

/// On macOS every mount has a device of its own.
#[cfg(target_vendor = "apple")]
pub(super) fn mount_id(_: impl AsFd, _: &Path) -> Result<Option<u64>, Errno> {
    Ok(None)
}

/// The device, by its major and minor number, of the entry `path` of `parent`, or of `parent` itself
/// if `path` is empty.
pub(super) fn device_of(parent: impl AsFd, path: &Path) -> Result<(u32, u32), Errno> {
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
    fn a_directory_has_one_identity_by_its_path_its_handle_and_a_link_to_it() {
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
    fn a_link_lies_where_it_is_and_not_where_it_leads() {
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
    fn two_mounts_and_a_missing_entry_are_told_apart() {
        let parent = File::open("/").unwrap();
        let (proc, itself, none) = (Path::new("proc"), Path::new(""), Path::new("no such entry"));
        assert_ne!(device_of(&parent, proc).unwrap(), device_of(&parent, itself).unwrap());
        assert_ne!(mount_id(&parent, proc).unwrap(), mount_id(&parent, itself).unwrap());
        assert_eq!(mount_id(&parent, none), Err(Errno::NOENT));
    }
}

//! Who may read a file: owner, mode and access control list.
//!
//! Sources: acl(5) for the rules; the kernel's `posix_acl_xattr.h` for the bytes of the attribute
//! `system.posix_acl_access`.

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, XattrFlags, getxattr, openat, setxattr};
use rustix::io::Errno;

/// The right to read a file.
pub const READ: u16 = 4;
/// The right to write a file, or to create and remove entries of a directory.
pub const WRITE: u16 = 2;
/// The right to pass through a directory.
pub const SEARCH: u16 = 1;

const NAME: &str = "system.posix_acl_access";
const VERSION: u32 = 2;
/// The id in an entry that names no user or group.
const NO_ID: u32 = u32::MAX;

const OWNER: u16 = 0x01;
const USER: u16 = 0x02;
const GROUP: u16 = 0x04;
const NAMED_GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
const OTHERS: u16 = 0x20;

/// An entry of an access control list; ordered as the kernel orders them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rule {
    tag: u16,
    id: u32,
    rights: u16,
}

/// An open file or directory: operations apply to it even if its path changes.
#[derive(Debug)]
pub struct Entry {
    handle: File,
    meta: Metadata,
}

/// The target of a path below a directory.
#[derive(Debug)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// This path, or a directory on the way, is a symbolic link: it may lead anywhere.
    Link(PathBuf),
    /// A file, a directory or a special file.
    Entry(Entry),
}

/// Finds `path` below `directory` without following symbolic links. `directory` itself may be one,
/// because the user named it.
///
/// # Errors
/// It cannot be inspected.
pub fn find(directory: &Path, path: &Path) -> io::Result<Found> {
    let mut entry = open(CWD, directory, HANDLE)?;
    let mut place = directory.to_owned();
    for name in path.components() {
        place.push(name);
        entry = match open(&entry.handle, Path::new(&name), HANDLE | OFlags::NOFOLLOW) {
            Ok(entry) if entry.meta.is_symlink() => return Ok(Found::Link(place)),
            Ok(entry) => entry,
            Err(Errno::LOOP) => return Ok(Found::Link(place)),
            Err(Errno::NOENT) => return Ok(Found::Nothing),
            Err(error) => return Err(error.into()),
        };
    }
    Ok(Found::Entry(entry))
}

/// Opening neither reads nor blocks, and needs no right to the file itself.
#[cfg(not(target_vendor = "apple"))]
const HANDLE: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);
#[cfg(target_vendor = "apple")]
const HANDLE: OFlags = OFlags::NONBLOCK.union(OFlags::CLOEXEC);

fn open(parent: impl AsFd, path: &Path, flags: OFlags) -> Result<Entry, Errno> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let handle = File::from(openat(parent, path, flags, Mode::empty())?);
    let meta =
        handle.metadata().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    Ok(Entry { handle, meta })
}

/// Whether `user`, with the group of the same id, has `right` to `path`. Follows symbolic links; the
/// directories above are not checked.
///
/// # Errors
/// The path cannot be inspected.
pub fn allows(path: &Path, user: u32, right: u16) -> io::Result<bool> {
    open(CWD, path, HANDLE)?.allows(user, right)
}

impl Entry {
    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.meta.is_file()
    }

    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.meta.is_dir()
    }

    /// Whether `user`, with the group of the same id, has `right` to it.
    ///
    /// # Errors
    /// Its access control list cannot be read.
    pub fn allows(&self, user: u32, right: u16) -> io::Result<bool> {
        let rules = self.rules()?;
        let of = |tag, id| rules.iter().find(|rule| (rule.tag, rule.id) == (tag, id));
        let mask = of(MASK, NO_ID).map_or(7, |rule| rule.rights);
        let class = if self.meta.uid() == user {
            of(OWNER, NO_ID).map(|rule| rule.rights)
        } else if let Some(rule) = of(USER, user) {
            Some(rule.rights & mask)
        } else {
            let of_group = self.meta.gid() == user;
            let group = if of_group { of(GROUP, NO_ID) } else { of(NAMED_GROUP, user) };
            group.map(|rule| rule.rights & mask).or(of(OTHERS, NO_ID).map(|rule| rule.rights))
        };
        Ok(class.is_some_and(|rights| rights & right == right))
    }

    /// Grants `user` a right to it. No other user gains a right.
    ///
    /// # Errors
    /// The file system has no access control lists, or another user owns the entry.
    pub fn grant(&self, user: u32, right: u16) -> io::Result<()> {
        let mut rules = self.rules()?;
        let mask = rules.iter().find(|rule| rule.tag == MASK).map_or(7, |rule| rule.rights);
        rules.retain(|rule| rule.tag != MASK);
        // Rights that the mask denied stay denied when the mask widens.
        let is_masked = |rule: &Rule| [USER, GROUP, NAMED_GROUP].contains(&rule.tag);
        let masked = rules.iter_mut().filter(|rule| is_masked(rule));
        masked.for_each(|rule| rule.rights &= mask);
        match rules.iter_mut().find(|rule| (rule.tag, rule.id) == (USER, user)) {
            Some(rule) => rule.rights |= right,
            None => rules.push(Rule { tag: USER, id: user, rights: right }),
        }
        let masked = rules.iter().filter(|rule| is_masked(rule));
        let rights = masked.fold(0, |rights, rule| rights | rule.rights);
        rules.push(Rule { tag: MASK, id: NO_ID, rights });
        rules.sort_unstable();
        let mut bytes = VERSION.to_le_bytes().to_vec();
        for Rule { tag, id, rights } in rules {
            bytes.extend_from_slice(&tag.to_le_bytes());
            bytes.extend_from_slice(&rights.to_le_bytes());
            bytes.extend_from_slice(&id.to_le_bytes());
        }
        Ok(setxattr(self.path(), NAME, &bytes, XattrFlags::empty())?)
    }

    /// The access control list, or the mode as one.
    fn rules(&self) -> io::Result<Vec<Rule>> {
        let mut bytes = vec![0; 1 << 16];
        let length = match getxattr(self.path(), NAME, &mut bytes) {
            Ok(length) => length,
            Err(Errno::NODATA | Errno::NOTSUP) => {
                let of = |tag, shift: u32| {
                    let rights = ((self.meta.mode() >> shift) & 7) as u16;
                    Rule { tag, id: NO_ID, rights }
                };
                return Ok(vec![of(OWNER, 6), of(GROUP, 3), of(OTHERS, 0)]);
            }
            Err(error) => return Err(error.into()),
        };
        let (_, list) = bytes[..length].split_at_checked(4).unwrap_or_default();
        let rule = |&[a, b, c, d, e, f, g, h]: &[u8; 8]| Rule {
            tag: u16::from_le_bytes([a, b]),
            rights: u16::from_le_bytes([c, d]),
            id: u32::from_le_bytes([e, f, g, h]),
        };
        Ok(list.as_chunks().0.iter().map(rule).collect())
    }

    /// The path of the handle: fsetxattr(2) refuses handles opened with `O_PATH`.
    fn path(&self) -> String {
        let place = if cfg!(target_vendor = "apple") { "/dev/fd" } else { "/proc/self/fd" };
        format!("{place}/{}", self.handle.as_raw_fd())
    }
}

/// Why this process may not access a path.
#[derive(Debug)]
pub struct Obstacle {
    /// The path itself, or the directory on the way that denies access.
    pub path: PathBuf,
    /// Its owner.
    pub owner: u32,
    /// Its mode.
    pub mode: u32,
    /// The user that runs this process.
    pub user: u32,
}

/// Why this process may not access `path`: names the path itself, or the nearest directory above it
/// that can be inspected.
pub fn obstacle(path: &Path) -> Option<Obstacle> {
    path.ancestors().find_map(|path| {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let meta = std::fs::metadata(path).ok()?;
        let user = rustix::process::geteuid().as_raw();
        Some(Obstacle { path: path.into(), owner: meta.uid(), mode: meta.mode() & 0o7777, user })
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const OURS: u32 = 65532;

    fn grant(path: &Path, user: u32, right: u16) -> io::Result<()> {
        open(CWD, path, HANDLE)?.grant(user, right)
    }

    #[test]
    fn a_granted_right_belongs_to_one_user() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("secret");
        std::fs::write(&file, "secret").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        assert!(!allows(&file, OURS, READ).unwrap());
        for user in [OURS, 7] {
            grant(&file, user, READ).unwrap();
            grant(&file, user, READ).unwrap();
            assert!(allows(&file, user, READ).unwrap());
            assert!(!allows(&file, user, SEARCH).unwrap());
        }
        let meta = std::fs::metadata(&file).unwrap();
        let list = open(CWD, &file, HANDLE).unwrap().rules().unwrap();
        let expected = [(OWNER, NO_ID, 6), (USER, 7, 4), (USER, OURS, 4), (GROUP, NO_ID, 0)];
        let rest = [(MASK, NO_ID, 4), (OTHERS, NO_ID, 0)];
        let list: Vec<_> = list.iter().map(|rule| (rule.tag, rule.id, rule.rights)).collect();
        assert_eq!(list, [&expected[..], &rest[..]].concat());
        assert!(!allows(&file, OURS + 1, READ).unwrap());
        // The mode shows the mask instead of the group's rights.
        assert_eq!(meta.mode() & 0o777, 0o640);
    }

    #[test]
    fn rights_that_the_mask_denied_stay_denied() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("secret");
        std::fs::write(&file, "secret").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        grant(&file, 7, READ).unwrap();
        // This removes all rights of the group class.
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        assert!(!allows(&file, 7, READ).unwrap());
        grant(&file, OURS, READ).unwrap();
        assert!(allows(&file, OURS, READ).unwrap() && !allows(&file, 7, READ).unwrap());
    }
}

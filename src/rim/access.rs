//! Who may read a file: owner, mode, and the access list that Linux keeps beside them
//! (`system.posix_acl_access`; acl(5) has the rules, the kernel's `posix_acl_xattr.h` the bytes).

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{XattrFlags, getxattr, setxattr};
use rustix::io::Errno;

/// To read a file.
pub const READ: u16 = 4;
/// To pass through a directory.
pub const SEARCH: u16 = 1;

const NAME: &str = "system.posix_acl_access";
const VERSION: u32 = 2;
/// The id of an entry that is of no user or group by number.
const NOBODY: u32 = u32::MAX;

const OWNER: u16 = 0x01;
const USER: u16 = 0x02;
const GROUP: u16 = 0x04;
const NAMED_GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
const OTHERS: u16 = 0x20;

/// An entry of an access list, in the order of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    tag: u16,
    id: u32,
    rights: u16,
}

/// Whether a user with the group of the same number has `right` to `path`, whose directories are
/// another question.
///
/// # Errors
/// The path cannot be seen.
pub fn allows(path: &Path, user: u32, right: u16) -> io::Result<bool> {
    let meta = std::fs::metadata(path)?;
    let entries = entries(path, &meta)?;
    let of = |tag, id| entries.iter().find(|entry| (entry.tag, entry.id) == (tag, id));
    let mask = of(MASK, NOBODY).map_or(7, |entry| entry.rights);
    let class = if meta.uid() == user {
        of(OWNER, NOBODY).map(|entry| entry.rights)
    } else if let Some(entry) = of(USER, user) {
        Some(entry.rights & mask)
    } else {
        let group = if meta.gid() == user { of(GROUP, NOBODY) } else { of(NAMED_GROUP, user) };
        group.map(|entry| entry.rights & mask).or(of(OTHERS, NOBODY).map(|entry| entry.rights))
    };
    Ok(class.is_some_and(|rights| rights & right == right))
}

/// Gives `user` a right to `path`, and nobody else one more.
///
/// # Errors
/// The file system has no access lists, or the path is another user's.
pub fn grant(path: &Path, user: u32, right: u16) -> io::Result<()> {
    let meta = std::fs::metadata(path)?;
    let mut entries = entries(path, &meta)?;
    let mask = entries.iter().find(|entry| entry.tag == MASK).map_or(7, |entry| entry.rights);
    entries.retain(|entry| entry.tag != MASK);
    // What the mask held back stays held back when it is widened.
    let masked = entries.iter_mut().filter(|entry| [USER, GROUP, NAMED_GROUP].contains(&entry.tag));
    masked.for_each(|entry| entry.rights &= mask);
    match entries.iter_mut().find(|entry| (entry.tag, entry.id) == (USER, user)) {
        Some(entry) => entry.rights |= right,
        None => entries.push(Entry { tag: USER, id: user, rights: right }),
    }
    let masked = entries.iter().filter(|entry| [USER, GROUP, NAMED_GROUP].contains(&entry.tag));
    let rights = masked.fold(0, |rights, entry| rights | entry.rights);
    entries.push(Entry { tag: MASK, id: NOBODY, rights });
    entries.sort_unstable();
    let mut bytes = VERSION.to_le_bytes().to_vec();
    for Entry { tag, id, rights } in entries {
        bytes.extend_from_slice(&tag.to_le_bytes());
        bytes.extend_from_slice(&rights.to_le_bytes());
        bytes.extend_from_slice(&id.to_le_bytes());
    }
    Ok(setxattr(path, NAME, &bytes, XattrFlags::empty())?)
}

/// The access list of a path; without one, what its mode says.
fn entries(path: &Path, meta: &Metadata) -> io::Result<Vec<Entry>> {
    let mut bytes = vec![0; 1 << 16];
    let length = match getxattr(path, NAME, &mut bytes) {
        Ok(length) => length,
        Err(Errno::NODATA | Errno::NOTSUP) => {
            let of = |tag, shift: u32| {
                let rights = ((meta.mode() >> shift) & 7) as u16;
                Entry { tag, id: NOBODY, rights }
            };
            return Ok(vec![of(OWNER, 6), of(GROUP, 3), of(OTHERS, 0)]);
        }
        Err(error) => return Err(error.into()),
    };
    let (_, list) = bytes[..length].split_at_checked(4).unwrap_or_default();
    let entry = |&[a, b, c, d, e, f, g, h]: &[u8; 8]| Entry {
        tag: u16::from_le_bytes([a, b]),
        rights: u16::from_le_bytes([c, d]),
        id: u32::from_le_bytes([e, f, g, h]),
    };
    Ok(list.as_chunks().0.iter().map(entry).collect())
}

/// What keeps this program from a path.
#[derive(Debug)]
pub struct Obstacle {
    /// The path itself, or a directory on the way to it that cannot be passed.
    pub path: PathBuf,
    /// Its owner.
    pub owner: u32,
    /// Its mode.
    pub mode: u32,
    /// The user as whom this program runs.
    pub user: u32,
}

/// What keeps this program from `path`: the nearest of its directories that can be seen, or itself.
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

    #[test]
    fn a_right_is_of_one_user_alone() {
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
        let list = entries(&file, &meta).unwrap();
        let wanted = [(OWNER, NOBODY, 6), (USER, 7, 4), (USER, OURS, 4), (GROUP, NOBODY, 0)];
        let rest = [(MASK, NOBODY, 4), (OTHERS, NOBODY, 0)];
        let list: Vec<_> = list.iter().map(|entry| (entry.tag, entry.id, entry.rights)).collect();
        assert_eq!(list, [&wanted[..], &rest[..]].concat());
        assert!(!allows(&file, OURS + 1, READ).unwrap());
        // The mode shows the mask where the group's rights were.
        assert_eq!(meta.mode() & 0o777, 0o640);
    }

    #[test]
    fn what_a_mask_holds_back_stays_held_back() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("secret");
        std::fs::write(&file, "secret").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        grant(&file, 7, READ).unwrap();
        // This takes all rights from the group's class.
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        assert!(!allows(&file, 7, READ).unwrap());
        grant(&file, OURS, READ).unwrap();
        assert!(allows(&file, OURS, READ).unwrap() && !allows(&file, 7, READ).unwrap());
    }
}

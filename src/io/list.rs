//! The contents of a directory; symbolic links are not followed.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::io::fs::{Error, at};
use crate::io::open::name_of;

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path from the directory; invalid UTF-8 is replaced.
    pub path: String,
    /// Its kind.
    pub kind: Kind,
}

/// The kind of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory that is empty, or excluded from the listing.
    Directory,
    /// A directory that cannot be read, or an entry that cannot be examined.
    Unreadable(ErrorKind),
    /// A symbolic link to a path within the directory.
    Link,
    /// A symbolic link that is broken or leads outside, and its target.
    LeadsOut(PathBuf),
    /// A pipe, a socket or a device.
    Other(&'static str),
}

/// Whether a path is a symbolic link.
pub fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_symlink())
}

/// Lists everything below `root`, sorted by path, without looking into directories that `closed`
/// selects: every entry of `root` itself, and at most `most` others. The second value says whether the
/// list is complete.
///
/// # Errors
/// `root` cannot be read.
pub fn below(
    root: &Path,
    closed: impl Fn(&str) -> bool,
    most: usize,
) -> Result<(Vec<Entry>, bool), Error> {
    let home = root.canonicalize().map_err(at(root))?;
    let (mut found, mut open) = (Vec::new(), Vec::new());
    for path in children(root).map_err(at(root))? {
        look(root, &home, &path, &closed, &mut found, &mut open);
    }
    let mut rest = most;
    while let Some(directory) = open.pop() {
        let inside = match children(&directory) {
            Ok(inside) => inside,
            // It may have been removed since it was listed.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                let (path, kind) = (relative(root, &directory) + "/", error.kind());
                found.push(Entry { path, kind: Kind::Unreadable(kind) });
                continue;
            }
        };
        if inside.len() > rest {
            found.sort_unstable_by(|a: &Entry, b| a.path.cmp(&b.path));
            return Ok((found, false));
        }
        rest -= inside.len();
        if inside.is_empty() {
            found.push(Entry { path: relative(root, &directory) + "/", kind: Kind::Directory });
        }
        inside.iter().for_each(|path| look(root, &home, path, &closed, &mut found, &mut open));
    }
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok((found, true))
}

fn children(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    std::fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect()
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

/// Adds an entry to `found`, or to the directories in `open` that remain to be read.
fn look(
    root: &Path,
    home: &Path,
    path: &Path,
    closed: &impl Fn(&str) -> bool,
    found: &mut Vec<Entry>,
    open: &mut Vec<PathBuf>,
) {
    let name = relative(root, path);
    let meta = match path.symlink_metadata() {
        Ok(meta) => meta,
        // It may have been removed since the directory was read.
        Err(error) if error.kind() == ErrorKind::NotFound => return,
        Err(error) => {
            return found.push(Entry { path: name, kind: Kind::Unreadable(error.kind()) });
        }
    };
    let kind = meta.file_type();
    if kind.is_dir() && !closed(&name) {
        return open.push(path.to_owned());
    }
    let (path, kind) = if kind.is_dir() {
        (name + "/", Kind::Directory)
    } else if kind.is_symlink() {
        let inside = path.canonicalize().is_ok_and(|target| target.starts_with(home));
        let target = std::fs::read_link(path).unwrap_or_default();
        (name, if inside { Kind::Link } else { Kind::LeadsOut(target) })
    } else if kind.is_file() {
        (name, Kind::File)
    } else {
        (name, Kind::Other(name_of(kind)))
    };
    found.push(Entry { path, kind });
}

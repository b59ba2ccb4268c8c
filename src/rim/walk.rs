//! What is in a directory, links not followed.

use std::path::{Path, PathBuf};

use super::fs::Error;
use super::open::name_of;

/// Something in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path from the directory; what is no UTF-8 in it is replaced.
    pub path: String,
    /// What it is.
    pub kind: Kind,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory that is empty, cannot be read, or is not looked into.
    Directory,
    /// A symbolic link to a place within the directory.
    Link,
    /// A symbolic link that leads out of it, or nowhere; to where.
    LeadsOut(PathBuf),
    /// A pipe, a socket, a device.
    Other(&'static str),
}

/// Whether a path is a symbolic link.
pub fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_symlink())
}

/// All that is below `root`, in order, but for what is in the directories that `closed` names: first
/// the entries of `root` itself, however many they are, then at most `most` others. Also whether that
/// is all.
///
/// # Errors
/// `root` cannot be read.
pub fn below(
    root: &Path,
    closed: impl Fn(&str) -> bool,
    most: usize,
) -> Result<(Vec<Entry>, bool), Error> {
    let failed = |source| Error { path: root.to_owned(), source };
    let home = root.canonicalize().map_err(failed)?;
    let (mut found, mut open) = (Vec::new(), Vec::new());
    for path in children(root).map_err(failed)? {
        look(root, &home, &path, &closed, &mut found, &mut open);
    }
    let mut rest = most;
    while let Some(directory) = open.pop() {
        let inside = children(&directory).unwrap_or_default();
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

/// Adds an entry to those that were found, or to the directories that are still to be looked into.
fn look(
    root: &Path,
    home: &Path,
    path: &Path,
    closed: &impl Fn(&str) -> bool,
    found: &mut Vec<Entry>,
    open: &mut Vec<PathBuf>,
) {
    let name = relative(root, path);
    // What is removed meanwhile is not there.
    let Ok(meta) = path.symlink_metadata() else { return };
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

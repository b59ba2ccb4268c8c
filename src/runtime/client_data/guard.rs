//! Directories that must never become a data directory, whatever the command line says.

use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::error::Error;
use crate::snapshot::METADATA;

/// The number of symbolic links that the kernel follows.
const MAX_LINKS: u32 = 40;

/// User ids from here on belong to people; lower ids, except root, to services.
const FIRST_PERSON: u32 = 1000;

/// The absolute path of a directory that may not exist yet, with symbolic links resolved.
fn resolve(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    resolve_links(&absolute, MAX_LINKS)
}

fn resolve_links(path: &Path, links: u32) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let Some(parent) = path.parent() else { return path.to_owned() };
    match std::fs::read_link(path) {
        Ok(target) if links > 0 => resolve_links(&parent.join(target), links - 1),
        _ => {
            let parent = resolve_links(parent, links);
            match path.components().next_back() {
                Some(Component::ParentDir) => parent.parent().unwrap_or(&parent).to_owned(),
                Some(Component::Normal(name)) => parent.join(name),
                _ => parent,
            }
        }
    }
}

/// Checks that a directory may be a data directory, and returns its absolute path.
///
/// # Errors
/// It contains the runtime directory, the working directory, a home directory or a snapshot, or is
/// inside the runtime directory.
pub fn check(datadir: &Path, runtime: &Path) -> Result<PathBuf, Error> {
    let real = resolve(datadir);
    let refused = |reason: String| Error::Guarded { datadir: datadir.to_owned(), reason };
    let real_runtime = resolve(runtime);
    if real.parent().is_none() {
        return Err(refused("is the root directory".to_owned()));
    }
    if contains(&real, &real_runtime) {
        return Err(refused(format!("contains the runtime directory {}", runtime.display())));
    }
    if contains(&real_runtime, &real) {
        return Err(refused(format!("is in the runtime directory {}", runtime.display())));
    }
    if let Ok(working) = std::env::current_dir()
        && contains(&real, &working)
    {
        return Err(refused(format!("contains the working directory {}", working.display())));
    }
    if let Some(home) = homes().into_iter().find(|home| contains(&real, home)) {
        return Err(refused(format!("contains the home directory {}", home.display())));
    }
    if let Some(snapshot) = snapshot_in(&real) {
        return Err(refused(format!("contains the snapshot {}", snapshot.display())));
    }
    Ok(real)
}

/// Whether `outer` is `inner` or a directory above it. A directory that is mounted at two paths counts
/// as the same.
fn contains(outer: &Path, inner: &Path) -> bool {
    let inode = |path: &Path| path.metadata().ok().map(|meta| (meta.dev(), meta.ino()));
    let id = inode(outer);
    let is_outer = |path: &Path| path == outer || (id.is_some() && inode(path) == id);
    inner.ancestors().any(is_outer)
}

/// The home directories of root and of people, except `/`.
fn homes() -> Vec<PathBuf> {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let homes = users.lines().filter_map(|line| {
        let mut fields = line.split(':').skip(2);
        let id: u32 = fields.next()?.parse().ok()?;
        (id == 0 || id >= FIRST_PERSON).then(|| fields.nth(2).map(PathBuf::from)).flatten()
    });
    let own = std::env::var_os("HOME").map(PathBuf::from);
    let homes = homes.chain(own).filter_map(|home| home.canonicalize().ok());
    homes.filter(|home| home.parent().is_some()).collect()
}

fn snapshot_in(directory: &Path) -> Option<PathBuf> {
    let is_snapshot = |path: &Path| path.join(METADATA).is_file() && path.join("el").is_dir();
    if is_snapshot(directory) {
        return Some(directory.to_owned());
    }
    let entries = std::fs::read_dir(directory).ok()?;
    entries.flatten().map(|entry| entry.path()).find(|path| is_snapshot(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_path_resolves_to_an_absolute_path_without_links() {
        let directory = tempfile::tempdir().unwrap();
        let at = |path: &str| directory.path().canonicalize().unwrap().join(path);
        std::fs::create_dir(at("there")).unwrap();
        std::os::unix::fs::symlink("there", at("link")).unwrap();
        std::os::unix::fs::symlink("later", at("dangling")).unwrap();
        std::os::unix::fs::symlink("loop", at("loop")).unwrap();
        assert_eq!(resolve(&at("link/a/b")), at("there/a/b"));
        assert_eq!(resolve(&at("dangling/a")), at("later/a"));
        assert_eq!(resolve(&at("none/../there")), at("there"));
        assert_eq!(resolve(&at("loop/a")), at("loop/a"));
        let working = std::env::current_dir().unwrap();
        assert_eq!(resolve(Path::new("./not-there")), working.join("not-there"));
        assert_eq!(resolve(Path::new(".")), working);
    }
}

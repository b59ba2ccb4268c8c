//! Access of the stack's user to a snapshot, and why a file cannot be read.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::compose;
use crate::file::Input;
use crate::io::access::{Found, Obstacle, READ, SEARCH, WRITE, allows, find, obstacle};
use crate::io::console::Console;
use crate::io::disk;
use crate::io::fs;
use crate::services::{Captured, USER_ID};
use crate::snapshot::{DIRECTORIES, FILES, L2, L2_FILES, METADATA, bake};
use crate::snapshot_files;

/// Grants the stack's user, and no other, read access to the files of the snapshot in `directory`.
/// Symbolic links are left alone: in a snapshot from another author they may lead to any secret.
pub(super) fn give(directory: &Path, console: &Console) {
    let service_files = service_files(directory);
    let mut used = files_of(directory);
    used.extend(service_files.iter().map(|path| directory.join(path)));
    let l2 = snapshot_files::snapshot(directory).l2;
    let l2_directories: Vec<String> = l2.iter().map(|l2| format!("{L2}/{}", l2.name)).collect();
    let l2_files = l2.iter().flat_map(|l2| L2_FILES.map(|file| l2.path(file)));
    let l2_files: Vec<_> = l2_files.collect();
    let directories = [""].into_iter().chain(DIRECTORIES);
    let directories = directories.chain(l2_directories.iter().map(|path| &**path));
    let of_services: BTreeSet<_> = service_files.iter().flat_map(|path| above(path)).collect();
    let directories = directories.chain(of_services);
    let files = [METADATA].into_iter().chain(FILES).chain(bake::FILES);
    let files = files.chain(l2_files.iter().map(|path| &**path));
    let files = files.chain(service_files.iter().map(|path| &**path));
    let directories = directories.map(|path| (path, SEARCH));
    let files = files.map(|path| (path, READ));
    let (mut given, mut links) = (Vec::new(), BTreeSet::new());
    for (path, right) in directories.chain(files) {
        let place = if path.is_empty() { directory.to_owned() } else { directory.join(path) };
        let name = place.display();
        let granted = match find(directory, Path::new(path)) {
            Ok(Found::Nothing) => continue,
            Ok(Found::Link(link)) => {
                links.insert(link);
                continue;
            }
            Ok(Found::Entry(entry)) => {
                let is_used = match right {
                    READ => entry.is_file() && used.contains(&place),
                    _ => entry.is_directory(),
                };
                if !is_used || entry.allows(USER_ID, right).unwrap_or(false) {
                    continue;
                }
                entry.grant(USER_ID, right)
            }
            Err(error) => Err(error),
        };
        match granted {
            Ok(()) => given.push(name.to_string()),
            Err(error) => console.warning(&format!(
                "{name}: the stack runs as uid {USER_ID}, which may not read it, and access cannot be \
                 granted ({error}): chown {USER_ID} {name}, or let everybody read it: chmod o+rX {name}"
            )),
        }
    }
    for link in links {
        console.warning(&format!(
            "{} is a symbolic link: regenesis leaves the link and its target as they are. If the \
             stack needs the data, replace the link by a copy",
            link.display()
        ));
    }
    if !given.is_empty() {
        let given = given.join(", ");
        console.note(&format!(
            "uid {USER_ID}, which the stack runs as, may now read {given}: by an access list, for no \
             other user"
        ));
    }
}

/// The directories above a file of the snapshot.
fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// The files that captured services mount.
fn service_files(directory: &Path) -> Vec<String> {
    // A manifest that cannot be read has been reported.
    let services = compose::enclave(directory).unwrap_or_default().services;
    let files = |service: Captured| service.files.into_keys().chain(service.secrets.into_values());
    services.into_iter().flat_map(files).collect()
}

/// The files of the snapshot.
fn files_of(directory: &Path) -> Vec<PathBuf> {
    let snapshot = snapshot_files::snapshot(directory);
    let baked = snapshot
        .baked
        .iter()
        .flat_map(|baked| [&baked.record, &baked.validators, &baked.keystores, &baked.seen]);
    let inputs = snapshot.inputs().into_iter().chain(baked);
    let path = |input: &Input| match input {
        Input::File(path) => Some(path.clone()),
        Input::Embedded(..) | Input::Made(..) => None,
    };
    inputs.filter_map(path).map(PathBuf::from).collect()
}

/// Grants the stack's user access to `path` if it may read `other`, which is equally secret.
pub(super) fn follow(other: Option<&Input>, path: &Path) {
    if let Some(Input::File(other)) = other
        && let (Some(directory), Some(name)) = (path.parent(), path.file_name())
        && allows(other.as_ref(), USER_ID, READ).unwrap_or(false)
        && let Ok(Found::Entry(entry)) = find(directory, Path::new(name))
        && entry.is_file()
        && !entry.allows(USER_ID, READ).unwrap_or(false)
    {
        // If this fails, init reports the file that it cannot read, and the remedy.
        let _ = entry.grant(USER_ID, READ);
    }
}

/// Message and remedy where the permissions of a file forbid reading it.
pub(super) fn explain(error: &fs::Error) -> Option<(String, String)> {
    if error.source.kind() != ErrorKind::PermissionDenied {
        return None;
    }
    let Obstacle { path, owner, mode, user } = obstacle(&error.path)?;
    let (name, right) = if path == error.path {
        ("it".to_owned(), "r")
    } else {
        (format!("the directory {}", path.display()), "x")
    };
    let message = format!(
        "{error}: {name} belongs to uid {owner} with mode {mode:04o}, and regenesis runs as uid \
         {user}"
    );
    let path = path.display();
    let mut hint = format!(
        "check the file's owner and mode: setfacl -m u:{user}:{right} {path}, or chmod o+{right} \
         {path}"
    );
    if user == USER_ID {
        hint.push_str("; for a snapshot, `regenesis compose SNAPSHOT` on the host does this");
    }
    Some((message, hint))
}

/// Message and remedy where the permissions of a directory or a file forbid writing it.
pub(super) fn explain_output(error: &disk::Error) -> Option<(String, String)> {
    let disk::Error::Path { path: failed, source } = error else { return None };
    if source.kind() != ErrorKind::PermissionDenied {
        return None;
    }
    let Obstacle { mut path, mut owner, mut mode, user } = obstacle(failed)?;
    // To replace or remove an entry, a user must be able to write to its directory. Of a new entry,
    // the obstacle is that directory already.
    if path == *failed
        && let Some(parent) =
            path.parent().filter(|parent| fs::is_directory(parent).unwrap_or(false))
        && !allows(parent, user, WRITE).unwrap_or(true)
        && let Some(found) = obstacle(parent)
    {
        (path, owner, mode) = (found.path, found.owner, found.mode);
    }
    let path = path.display();
    let message = format!(
        "{error}: {path} belongs to uid {owner} with mode {mode:04o}, and regenesis runs as uid \
         {user}"
    );
    let hint = format!(
        "check the owner of {path}: chown {user} {path}, or run regenesis as uid {owner} (docker \
         run --user {owner}; user: \"{owner}\" in a compose file)"
    );
    Some((message, hint))
}

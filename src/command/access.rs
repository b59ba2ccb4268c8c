//! Whether the user of the stack may read a snapshot; and why a file cannot be read.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::compose::USER_ID;
use crate::rim::access::{Found, Obstacle, READ, SEARCH, allows, find, obstacle};
use crate::rim::console::Console;
use crate::rim::fs;
use crate::snapshot::{DIRECTORIES, FILES, Input, METADATA, Snapshot, bake};

/// Lets the user of the stack read what the snapshot in `directory` uses, and nobody else. Links stay
/// as they are: whoever made the snapshot may have them lead to any secret of the user's.
pub(super) fn give(directory: &Path, console: &Console) {
    let used = files_of(directory);
    let directories = [""].into_iter().chain(DIRECTORIES).map(|path| (path, SEARCH));
    let files = [METADATA].into_iter().chain(FILES).chain(bake::FILES).map(|path| (path, READ));
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
                "{name}: uid {USER_ID}, as which the stack runs, may not read it, and cannot be \
                 let to ({error}): chown {USER_ID} {name}, or let everybody read it: chmod o+rX {name}"
            )),
        }
    }
    for link in links {
        console.warning(&format!(
            "{} is a symbolic link: regenesis leaves it and what it leads to as they are. If the \
             stack needs it, put a copy of the data in its place",
            link.display()
        ));
    }
    if !given.is_empty() {
        let given = given.join(", ");
        console.note(&format!(
            "uid {USER_ID}, as which the stack runs, may now read {given}: an access list says so, \
             and nobody else may"
        ));
    }
}

/// The files that the snapshot uses.
fn files_of(directory: &Path) -> Vec<PathBuf> {
    let snapshot = Snapshot::directory(directory, fs::exists);
    let baked = snapshot
        .baked
        .iter()
        .flat_map(|baked| [&baked.record, &baked.validators, &baked.keystores, &baked.seen]);
    let inputs = snapshot.inputs().into_iter().chain(baked);
    let path = |input: &Input| match input {
        Input::File(path) => Some(path.clone()),
        Input::Embedded(..) | Input::Made(..) => None,
    };
    inputs.filter_map(path).collect()
}

/// Lets the user of the stack read `path` if it may read `other`, which is as secret.
pub(super) fn follow(other: Option<&Input>, path: &Path) {
    if let Some(Input::File(other)) = other
        && let (Some(directory), Some(name)) = (path.parent(), path.file_name())
        && allows(other, USER_ID, READ).unwrap_or(false)
        && let Ok(Found::Entry(entry)) = find(directory, Path::new(name))
        && entry.is_file()
        && !entry.allows(USER_ID, READ).unwrap_or(false)
    {
        // Where it fails, init says which file it cannot read, and what helps.
        let _ = entry.grant(USER_ID, READ);
    }
}

/// What is wrong and what helps when the rights to a file are missing.
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
        hint.push_str("; for a snapshot, `regenesis compose SNAPSHOT` on the host does it");
    }
    Some((message, hint))
}

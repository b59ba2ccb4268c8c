//! Whether the user of the stack may read a snapshot; and why a file cannot be read.

use std::io::ErrorKind;
use std::path::Path;

use crate::compose::USER_ID;
use crate::rim::access::{Obstacle, READ, SEARCH, allows, grant, obstacle};
use crate::rim::console::Console;
use crate::rim::fs;
use crate::snapshot::{DIRECTORIES, FILES, Input, METADATA, bake};

/// Lets the user of the stack read the snapshot in `directory`, and nobody else.
pub(super) fn give(directory: &Path, console: &Console) {
    let directories =
        [directory.to_owned()].into_iter().chain(DIRECTORIES.map(|d| directory.join(d)));
    let files = [METADATA].into_iter().chain(FILES).chain(bake::FILES);
    let files = files.map(|file| (directory.join(file), READ));
    let mut given = Vec::new();
    for (path, right) in directories.map(|path| (path, SEARCH)).chain(files) {
        if !fs::exists(&path) || allows(&path, USER_ID, right).unwrap_or(false) {
            continue;
        }
        let name = path.display();
        match grant(&path, USER_ID, right) {
            Ok(()) => given.push(name.to_string()),
            Err(error) => console.warning(&format!(
                "{name}: uid {USER_ID}, as which the stack runs, may not read it, and cannot be \
                 let to ({error}): chown {USER_ID} {name}, or let everybody read it: chmod o+rX {name}"
            )),
        }
    }
    if !given.is_empty() {
        let given = given.join(", ");
        console.note(&format!(
            "uid {USER_ID}, as which the stack runs, may now read {given}: an access list says so, \
             and nobody else may"
        ));
    }
}

/// Lets the user of the stack read `path` if it may read `other`, which is as secret.
pub(super) fn follow(other: Option<&Input>, path: &Path) {
    if let Some(Input::File(other)) = other
        && allows(other, USER_ID, READ).unwrap_or(false)
        && !allows(path, USER_ID, READ).unwrap_or(false)
    {
        // Where it fails, init says which file it cannot read, and what helps.
        let _ = grant(path, USER_ID, READ);
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

//! `--layout PATH=NAME`: a file, or the keystores of a client, at the path where an existing stack reads
//! them.
//!
//! A new file is one line in [`FILES`].

use std::collections::BTreeMap;

use super::plan::{Error, invalid};
use super::{JWT, MARKER, OWNED, PROGRAM};

/// The files by their names in `--layout PATH=NAME`, and their paths in a runtime directory.
pub const FILES: [(&str, &str); 12] = [
    ("jwt", JWT),
    ("genesis", "metadata/genesis.json"),
    ("besu", "metadata/besu.json"),
    ("nethermind", "metadata/chainspec.json"),
    ("state", "metadata/genesis.ssz"),
    ("config", "metadata/config.yaml"),
    ("bootnodes", "metadata/bootstrap_nodes.txt"),
    ("boot-enr", "metadata/boot_enr.yaml"),
    ("deposit-contract", "metadata/deposit_contract.txt"),
    ("deposit-block", "metadata/deposit_contract_block.txt"),
    ("deploy-block", "metadata/deploy_block.txt"),
    ("validators-root", "metadata/genesis_validators_root.txt"),
];

/// Every name that starts with this is regenesis' own, in any directory.
const RESERVED: &str = ".regenesis";
/// The longest path, and the longest part of it, in bytes: any file system has room for them.
const MAX_PATH: usize = 1024;
const MAX_PART: usize = 200;

/// A path that the user chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The path in the runtime directory; of a directory if [`Self::source`] is `None`.
    pub path: String,
    /// The path of the file to copy; `None` for the keystores of a client.
    pub source: Option<&'static str>,
}

/// The path of the file `name` in a runtime directory.
pub(super) fn source(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, path)| *path)
}

/// The directories of keystores in the value of `--layout` that a run recorded.
pub(super) fn key_directories(layout: &str) -> impl Iterator<Item = &str> {
    let placed = layout.split(',').filter_map(|entry| entry.trim().rsplit_once('='));
    placed.filter(|(_, name)| source(name).is_none()).map(|(path, _)| path)
}

/// Whether the user chose a path that a run recorded. A path that no run can have written is not one: a
/// marker may have been edited.
pub fn is_chosen(path: &str) -> bool {
    check_path(path).is_ok()
}

/// Whether regenesis itself has a top-level entry of this name, on a file system that ignores case.
fn is_taken(top: &str) -> bool {
    let program = PROGRAM.split('/').next();
    let names = OWNED.into_iter().chain([MARKER]).chain(program);
    names.into_iter().any(|name| top.eq_ignore_ascii_case(name))
}

/// Checks a path: relative, plain, in ASCII, below the runtime directory, and not regenesis' own. File
/// systems disagree on which other characters are equal.
pub(super) fn check_path(path: &str) -> Result<(), Error> {
    let wrong = |what: &str, hint: &str| invalid(format!("--layout {path:?}: {what}"), hint);
    if path.starts_with('/') {
        return wrong("is absolute", "name a path below --out, such as el/genesis.json");
    }
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return wrong("is not a plain path", "omit `.`, `..` and empty parts");
    }
    if !path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return wrong(
            "has a space, a backslash or a character outside ASCII",
            "use letters, digits and punctuation",
        );
    }
    if path.len() > MAX_PATH || path.split('/').any(|part| part.len() > MAX_PART) {
        let hint = format!("use at most {MAX_PATH} bytes, and {MAX_PART} in a part");
        return wrong("is too long", &hint);
    }
    let is_reserved = |part: &str| part.to_ascii_lowercase().starts_with(RESERVED);
    if path.split('/').any(is_reserved) {
        return wrong("has a name of regenesis' own files", "choose another name");
    }
    if is_taken(path.split('/').next().unwrap_or(path)) {
        return wrong("is in a directory of regenesis' own files", "choose another directory");
    }
    Ok(())
}

/// Checks that no two paths are equal, or one inside the other, on any file system.
pub(super) fn check_together(places: &[Place]) -> Result<(), Error> {
    let mut paths = BTreeMap::new();
    for Place { path, .. } in places {
        let Some(other) = paths.insert(path.to_ascii_lowercase(), path) else { continue };
        let what = if other == path {
            format!("--layout has {path} twice")
        } else {
            format!("--layout has {other} and {path}: one file where a file system ignores case")
        };
        return invalid(what, "each path is one file, or the keystores of one client");
    }
    for (folded, path) in &paths {
        let mut parents = folded.match_indices('/').map(|(end, _)| &folded[..end]);
        if let Some(other) = parents.find_map(|parent| paths.get(parent)) {
            let what = format!("--layout has {other} and {path}, one inside the other");
            return invalid(what, "choose paths side by side");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_layout_names_the_directories_of_keystores() {
        let layout = "egg,jwt.hex=jwt,cl/keys=teku, vc=lighthouse,lodestar";
        assert_eq!(key_directories(layout).collect::<Vec<_>>(), ["cl/keys", "vc"]);
    }

    #[test]
    fn a_path_that_no_run_writes_was_not_chosen() {
        for path in ["jwt.hex", "el/genesis.json", "binary/x", "jwtx/x"] {
            assert!(is_chosen(path), "{path}");
        }
        for path in [
            "../x",
            "a/../../x",
            "/etc/passwd",
            "metadata/genesis.json",
            "Metadata/x",
            "a/.Regenesis-run",
            "",
            "a\\b",
            "a b",
            "é",
        ] {
            assert!(!is_chosen(path), "{path}");
        }
    }

    #[test]
    fn thousands_of_places_are_checked_at_once() {
        let place = |number| Place { path: format!("a/{number}/jwt"), source: Some(JWT) };
        let mut places: Vec<_> = (0..50_000).map(place).collect();
        assert_eq!(check_together(&places), Ok(()));
        places.push(Place { path: "A/7".to_owned(), source: None });
        assert!(check_together(&places).unwrap_err().what.contains("inside"));
    }
}

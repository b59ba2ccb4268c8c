//! Whether a runtime directory is ours.
//!
//! The mark `.regenesis/mark` binds it to us: everything under our names is ours to replace. A copy, or
//! a volume of an earlier version, has no valid mark. It is accepted in two cases: its summary lists
//! every file under our names, byte for byte; or a killed run left it without a summary, and it is
//! complete otherwise. In the second case, without a list, every file is kept and none removed.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::OWN;
use super::kept::{Entry, entries};
use crate::file::Input;
use crate::io::disk::Error;
use crate::io::fs;
use crate::io::mark;
use crate::layout::shape::{self, ALWAYS, Kind};
use crate::layout::{MARKER, OWNED};
use crate::summary::Finished;

const MARK: &str = "mark";
const PURPOSE: &str = "runtime";

/// Why a runtime directory is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// It has our mark.
    Bound,
    /// It has no mark, but its summary lists every file.
    Listed,
    /// It has neither mark nor summary.
    Incomplete,
}

/// Binds `out` to us.
pub(super) fn bind(out: &Path) -> Result<(), Error> {
    mark::set(&out.join(OWN).join(MARK), PURPOSE, out)
}

/// Whether `out` has our mark.
///
/// # Errors
/// The mark cannot be read.
pub(crate) fn is_bound(out: &Path) -> Result<bool, Error> {
    mark::is_set(&out.join(OWN).join(MARK), PURPOSE, out)
}

/// Checks that `out`, which has a directory `.regenesis`, is ours.
///
/// # Errors
/// The first path that is not ours.
pub(crate) fn check(out: &Path, marker: Option<&[u8]>) -> Result<Binding, Error> {
    if is_bound(out)? {
        return Ok(Binding::Bound);
    }
    let mut found = Vec::new();
    for name in OWNED {
        if out.join(name).symlink_metadata().is_ok() {
            collect(&out.join(name), name, &mut found)?;
        }
    }
    found.sort();
    match marker {
        Some(marker) => {
            check_listed(out, &found, marker)?;
            Ok(Binding::Listed)
        }
        None => {
            check_incomplete(out, &found)?;
            Ok(Binding::Incomplete)
        }
    }
}

/// Collects the files below `directory`, as (path, place). Runs create files and directories only.
fn collect(directory: &Path, path: &str, found: &mut Vec<(String, PathBuf)>) -> Result<(), Error> {
    if !directory.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(Error::Foreign(directory.to_owned()));
    }
    for Entry { place, path, meta } in entries(directory, path)? {
        if meta.is_dir() {
            collect(&place, &path, found)?;
        } else if meta.is_file() {
            found.push((path, place));
        } else {
            return Err(Error::Foreign(place));
        }
    }
    Ok(())
}

/// Checks that every file is as the summary lists it, or one that clients write beside their keys.
fn check_listed(out: &Path, found: &[(String, PathBuf)], marker: &[u8]) -> Result<(), Error> {
    let Ok(finished) = Finished::parse(marker) else {
        return Err(Error::Foreign(out.join(MARKER)));
    };
    let listed: HashMap<_, _> = finished.files.iter().map(|file| (&file.path[..], file)).collect();
    let is_ours = |path: &str, place: &Path| match listed.get(path) {
        Some(file) => {
            place.metadata().is_ok_and(|meta| meta.len() == file.size)
                && fs::sha256(&Input::file(place.to_owned())).is_ok_and(|sha| sha == file.sha256)
        }
        None => shape::kind(path) == Kind::Client,
    };
    match found.par_iter().find_first(|(path, place)| !is_ours(path, place)) {
        Some((_, place)) => Err(Error::Foreign(place.clone())),
        None => Ok(()),
    }
}

/// Checks that every file has the path of one of ours, and that `metadata/` is complete: the root in
/// `genesis.ssz` equals the one in the file beside it. A killed run may have left `metadata/` in one of
/// the directories of `.regenesis`.
fn check_incomplete(out: &Path, found: &[(String, PathBuf)]) -> Result<(), Error> {
    let Some((_, first)) = found.first() else { return Ok(()) };
    let foreign = found.iter().find(|(path, _)| shape::kind(path) == Kind::Foreign);
    if let Some((_, place)) = foreign {
        return Err(Error::Foreign(place.clone()));
    }
    let own = out.join(OWN);
    let is_complete = [out, &own.join("new"), &own.join("old")]
        .into_iter()
        .any(|place| is_complete(&place.join("metadata")).unwrap_or(false));
    if is_complete { Ok(()) } else { Err(Error::Foreign(first.clone())) }
}

fn is_complete(metadata: &Path) -> std::io::Result<bool> {
    let is_file = |name| metadata.join(name).symlink_metadata().is_ok_and(|meta| meta.is_file());
    if !ALWAYS.into_iter().all(is_file) {
        return Ok(false);
    }
    let mut head = [0; 40];
    std::fs::File::open(metadata.join("genesis.ssz"))?.read_exact(&mut head)?;
    let root = std::fs::read(metadata.join("genesis_validators_root.txt"))?;
    Ok(root == format!("0x{}", hex::encode(&head[8..])).as_bytes())
}

//! Whether a runtime directory is ours.
//!
//! `.regenesis/mark` binds it to us: what has one of our names there is ours to replace. A copy or a
//! volume of an earlier version has no valid mark. It is taken over only if all that has our names
//! is what its summary lists, byte for byte; or if a killed run left it without a summary, and it is
//! whole otherwise: without a list, all of it is put aside, and nothing removed.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::OWN;
use super::aside::entries;
use crate::layout::shape::{self, ALWAYS, Kind};
use crate::layout::{MARKER, OWNED};
use crate::rim::disk::Error;
use crate::rim::{fs, mark};
use crate::snapshot::Input;
use crate::summary::Finished;

const MARK: &str = "mark";
const PURPOSE: &str = "runtime";

/// Whose a runtime directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rim) enum Binding {
    /// It has our mark.
    Bound,
    /// It lacks the mark, and has nothing but what its summary lists.
    Listed,
    /// It lacks the mark and the summary.
    HalfMade,
}

/// Binds `out` to us.
pub(super) fn bind(out: &Path) -> Result<(), Error> {
    mark::set(&out.join(OWN).join(MARK), PURPOSE, out)
}

/// Whether the directory `.regenesis` in `out` bears our mark.
///
/// # Errors
/// The mark cannot be read.
pub(in crate::rim) fn is_bound(out: &Path) -> Result<bool, Error> {
    mark::is_set(&out.join(OWN).join(MARK), PURPOSE, out)
}

/// Looks whose `out` is, which has a directory `.regenesis`.
///
/// # Errors
/// Something there is not ours.
pub(in crate::rim) fn look(out: &Path, marker: Option<&[u8]>) -> Result<Binding, Error> {
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
            check_half_made(out, &found)?;
            Ok(Binding::HalfMade)
        }
    }
}

/// Collects the files below `directory`; runs make nothing but files and directories.
fn collect(directory: &Path, path: &str, found: &mut Vec<(String, PathBuf)>) -> Result<(), Error> {
    if !directory.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(Error::Foreign(directory.to_owned()));
    }
    for (place, path, meta) in entries(directory, path)? {
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

/// Every file is as the summary lists it, or a client's beside its keys.
fn check_listed(out: &Path, found: &[(String, PathBuf)], marker: &[u8]) -> Result<(), Error> {
    let Ok(finished) = Finished::parse(marker) else {
        return Err(Error::Foreign(out.join(MARKER)));
    };
    let listed: HashMap<_, _> = finished.files.iter().map(|file| (&file.path[..], file)).collect();
    let is_ours = |path: &str, place: &Path| match listed.get(path) {
        Some(file) => {
            place.metadata().is_ok_and(|meta| meta.len() == file.size)
                && fs::sha256(&Input::File(place.to_owned())).is_ok_and(|sha| sha == file.sha256)
        }
        None => shape::kind(path) == Kind::Client,
    };
    match found.par_iter().find_first(|(path, place)| !is_ours(path, place)) {
        Some((_, place)) => Err(Error::Foreign(place.clone())),
        None => Ok(()),
    }
}

/// Every file has the shape of ours, and `metadata/` is whole: `genesis.ssz` has the root that stands
/// beside it. A run that was killed may have it in one of its own directories.
fn check_half_made(out: &Path, found: &[(String, PathBuf)]) -> Result<(), Error> {
    let Some((_, first)) = found.first() else { return Ok(()) };
    let foreign = found.iter().find(|(path, _)| shape::kind(path) == Kind::Foreign);
    if let Some((_, place)) = foreign {
        return Err(Error::Foreign(place.clone()));
    }
    let own = out.join(OWN);
    let is_whole = [out, &own.join("new"), &own.join("old")]
        .into_iter()
        .any(|place| is_whole(&place.join("metadata")).unwrap_or(false));
    if is_whole { Ok(()) } else { Err(Error::Foreign(first.clone())) }
}

fn is_whole(metadata: &Path) -> std::io::Result<bool> {
    let is_file = |name| metadata.join(name).symlink_metadata().is_ok_and(|meta| meta.is_file());
    if !ALWAYS.into_iter().all(is_file) {
        return Ok(false);
    }
    let mut head = [0; 40];
    std::fs::File::open(metadata.join("genesis.ssz"))?.read_exact(&mut head)?;
    let root = std::fs::read(metadata.join("genesis_validators_root.txt"))?;
    Ok(root == format!("0x{}", hex::encode(&head[8..])).as_bytes())
}

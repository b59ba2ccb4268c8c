//! Snapshot directories: the files in one, and how `capture` writes it.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is where files are written"
)]

pub mod digests;
pub mod geth_database;
#[cfg(feature = "host")]
pub mod packed;
#[cfg(feature = "host")]
pub mod pushed;
pub mod replaced;
#[cfg(feature = "host")]
pub mod restored;
#[cfg(feature = "host")]
pub mod stopped_geth;
pub mod work;

use std::path::Path;

use crate::file::Input;
use crate::io::{fs, list};
use crate::snapshot::{
    L2, L2_CAPTURED, L2_KEPT, SERVICES, Snapshot, is_l2_file, is_l2_name, is_service_file,
};

/// The snapshot in `directory`.
pub fn snapshot(directory: &Path) -> Snapshot {
    snapshot_over(directory, None)
}

/// The snapshot in `directory`, once it has replaced that in `out`, whose L2s keep their other files.
pub fn snapshot_over(directory: &Path, out: Option<&Path>) -> Snapshot {
    let name = directory.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_else(|| "snapshot".to_owned());
    let place = |path: &str| match out {
        Some(out) if is_l2_file(path, &L2_KEPT) => out.join(path),
        _ => directory.join(path),
    };
    let input = |path: &str| Input::file(place(path));
    Snapshot::new(name, l2_names(directory), input, |path| fs::exists(&place(path)))
}

/// The directories of the L2s in a snapshot. An entry with another kind of name is not one.
fn l2_names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory.join(L2)).into_iter().flatten().flatten();
    let is_directory = |entry: &std::fs::DirEntry| entry.path().is_dir();
    let names =
        entries.filter(is_directory).filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| is_l2_name(name)).collect();
    names.sort();
    names
}

/// The files of L2s and of services that a capture writes, among `paths` in a snapshot.
fn listed_files<'a>(paths: impl Iterator<Item = &'a String>) -> impl Iterator<Item = &'a String> {
    paths.filter(|path| is_l2_file(path, &L2_CAPTURED) || is_service_file(path))
}

/// The directories on the way to a file of a snapshot, outermost first.
fn directories(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// The files of services in a snapshot that a capture has staged.
fn service_files(directory: &Path) -> Result<Vec<String>, fs::Error> {
    /// More than the services of an enclave have.
    const MOST: usize = 100_000;
    let root = directory.join(SERVICES);
    if !fs::exists(&root) {
        return Ok(Vec::new());
    }
    let (entries, _) = list::below(&root, |_| false, MOST)?;
    let files = entries.into_iter().filter(|entry| entry.kind == list::Kind::File);
    Ok(files.map(|entry| format!("{SERVICES}/{}", entry.path)).collect())
}

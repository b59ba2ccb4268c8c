//! `.regenesis/request.json` in a runtime directory: the latest request of `watch` to the supervisors of
//! the clients, which read it and mount the directory read-only.

use std::fs::OpenOptions;
use std::io::Read;
use std::path::Path;

use crate::heal::request::Request;
use crate::io::atomic_file;
use crate::io::disk::Error;
use crate::runtime::claim::open_if_exists;
use crate::runtime::staging::{OWN, binding};

/// The file in `.regenesis`.
pub(crate) const FILE: &str = "request.json";
/// Requests are shorter.
const MAX: u64 = 4 << 10;

/// The latest request; `None` without a valid file.
pub(crate) fn read(out: &Path) -> Option<Request> {
    let path = out.join(OWN).join(FILE);
    let file = open_if_exists(&path, OpenOptions::new().read(true)).ok()??;
    let mut json = Vec::new();
    file.take(MAX).read_to_end(&mut json).ok()?;
    Request::parse(&json)
}

/// Replaces the request, if the directory is ours. Returns whether it is.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write(out: &Path, request: &Request) -> Result<bool, Error> {
    let is_ours = binding::is_bound(out)?;
    if is_ours {
        atomic_file::replace(&out.join(OWN).join(FILE), &request.to_json(), 0o644)?;
    }
    Ok(is_ours)
}

//! The files in `baked/` that a bake may replace: those that a bake wrote.

use std::io::ErrorKind;
use std::path::Path;

use crate::command::Failure;
use crate::file::Input;
use crate::io::disk::Error;
use crate::io::fs;
use crate::snapshot::bake::{self, KEYSTORES, RECORD, Record, SEEN, VALIDATORS};
use crate::snapshot::seen::Seen;
use crate::snapshot_files::geth_database;

/// Length of a validator in [`VALIDATORS`].
const VALIDATOR: usize = 48 + 32 + 8 + 1;

/// Checks every file against the record. If the record is damaged, or missing after a kill, the
/// files must have the form of a bake's.
pub(super) fn check(directory: &Path) -> Result<(), Failure> {
    let edited = |path: &str| Err(Error::Edited(directory.join(path)).into());
    let record = match read(directory, RECORD)? {
        None => None,
        Some(bytes) => match Record::parse(&bytes) {
            Ok(record) => Some(record),
            Err(_) if bytes.is_empty() || bytes.starts_with(b"{\"regenesis\":") => None,
            Err(_) => return edited(RECORD),
        },
    };
    geth_database::check_ours(directory, record.as_ref())?;
    for path in [VALIDATORS, KEYSTORES] {
        let is_ours = match &record {
            Some(record) => match digest(directory, path)? {
                None => true,
                Some(found) => record.file(path).is_some_and(|file| file.sha256 == found),
            },
            None => read(directory, path)?.is_none_or(|bytes| has_form(path, &bytes)),
        };
        if !is_ours {
            return edited(path);
        }
    }
    let is_seen = |bytes: &[u8]| bytes.is_empty() || Seen::parse(bytes).to_bytes() == bytes;
    match read(directory, SEEN)? {
        Some(bytes) if !is_seen(&bytes) => edited(SEEN),
        _ => Ok(()),
    }
}

/// Whether a file has the form of a bake's, possibly cut off at its end.
fn has_form(path: &str, bytes: &[u8]) -> bool {
    if bytes.is_empty() {
        return true;
    }
    if path == VALIDATORS {
        let whole = bytes.len() - bytes.len() % VALIDATOR;
        return whole > 0 && bake::decode_validators(&bytes[..whole]).is_ok();
    }
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    whole > 0 && bake::decode_keystores(&bytes[..whole]).is_ok()
}

fn digest(directory: &Path, path: &str) -> Result<Option<[u8; 32]>, Failure> {
    let found = fs::sha256(&Input::file(directory.join(path)));
    if_there(found)
}

fn read(directory: &Path, path: &str) -> Result<Option<Vec<u8>>, Failure> {
    if_there(fs::read_file(&directory.join(path)))
}

fn if_there<T>(read: Result<T, fs::Error>) -> Result<Option<T>, Failure> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.source.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

//! `run --secret NAME=FILE`.

use std::path::{Path, PathBuf};

use super::super::{Failure, given_list};
use crate::exit;
use crate::io::fs;
use crate::keys::SecretText;

/// The variables, and the files with their values.
pub(super) fn places(given: &[String]) -> Result<Vec<(String, PathBuf)>, Failure> {
    let place = |text: &str| {
        let is_name = |name: &&str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            !name.is_empty() && name.bytes().all(allowed)
        };
        let pair = text.split_once('=').filter(|(name, file)| is_name(name) && !file.is_empty());
        let (name, file) = pair.ok_or_else(|| {
            // What stands there may be a secret.
            Failure::usage("--secret is not NAME=FILE", "name a variable and a file with its value")
        })?;
        Ok((name.to_owned(), PathBuf::from(file)))
    };
    given_list(given).map(place).collect()
}

/// The variables with their values: one line of each file.
pub(super) fn read(places: &[(String, PathBuf)]) -> Result<Vec<(String, SecretText)>, Failure> {
    let value = |(name, file): &(String, PathBuf)| Ok((name.clone(), read_line(file)?));
    places.iter().map(value).collect()
}

fn read_line(file: &Path) -> Result<SecretText, Failure> {
    let text = zeroize::Zeroizing::new(fs::read_file(file)?);
    let line = std::str::from_utf8(&text).map(str::trim).unwrap_or_default();
    if line.is_empty() || line.contains(char::is_control) {
        let message = format!("--secret {}: the file is not one line of text", file.display());
        let hint = "regenesis init writes l2/NAME/batcher.key if the snapshot has it";
        return Err(Failure::new(exit::INPUT, message, Some(hint)));
    }
    Ok(line.to_owned().into())
}

//! The validators of a snapshot.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::Error;
use crate::file::{Input, InputReader};
use crate::progress::{Progress, announce};
use crate::snapshot::validators::{self, KeyCheck, Registry};
use crate::snapshot::{Snapshot, mnemonics};

/// Characters of the shortest line of `validators.txt`.
const LINE: usize = 162;

/// Derives the validators of the mnemonics, and checks the public keys of the list. Appends to
/// `warnings`.
pub(super) fn read(
    snapshot: &Snapshot,
    check: KeyCheck,
    reader: &dyn InputReader,
    progress: &dyn Progress,
    warnings: &mut Vec<String>,
) -> Result<Registry, Error> {
    let mut registry = match &snapshot.mnemonics {
        Some(input) => derive(input, reader, progress, warnings)?,
        None => Registry::default(),
    };
    let derived = registry.signing_keys.len();
    if let Some(input) = &snapshot.validators {
        let text = reader.read(input)?;
        if check == KeyCheck::All {
            let lines = text.len() / LINE;
            announce(progress, "checking", lines, &format!("public keys of {}", input.label()));
        }
        let listed = validators::parse(&text, check);
        let invalid = |source| Error::Validators { input: input.clone(), source };
        registry.extend(listed.map_err(invalid)?);
    }
    let Some(input) = snapshot.mnemonics.as_ref().or(snapshot.validators.as_ref()) else {
        let hint = "add val/mnemonics.yaml or val/validators.txt to the snapshot";
        let named = Input::memory(&snapshot.name, []);
        return Err(Error::snapshot(&named, "has no validators", hint));
    };
    if registry.validators.is_empty() {
        let hint = "a chain needs a validator to propose its blocks: add an entry";
        return Err(Error::snapshot(input, "has no validator", hint));
    }
    if let Some((first, second)) = registry.duplicate() {
        let listed = snapshot.validators.as_ref().filter(|_| second >= derived);
        let (first, second) = (registry.name(first), registry.name(second));
        let message = format!("validators {first} and {second} have the same key");
        let hint = "a beacon chain accepts each public key once: change start, or remove an entry";
        return Err(Error::snapshot(listed.unwrap_or(input), message, hint));
    }
    Ok(registry)
}

/// Derives the validators of `mnemonics.yaml`.
pub(super) fn derive(
    input: &Input,
    reader: &dyn InputReader,
    progress: &dyn Progress,
    warnings: &mut Vec<String>,
) -> Result<Registry, Error> {
    let label = input.label();
    let mut ignored = Vec::new();
    let entries = mnemonics::parse_with(&reader.read(input)?, &mut ignored)
        .map_err(|source| Error::Mnemonics { input: input.clone(), source })?;
    if !ignored.is_empty() {
        warnings.push(format!("{label}: keys without effect: {}", ignored.join(", ")));
    }
    let total: usize = entries.iter().map(|entry| entry.count as usize).sum();
    announce(progress, "deriving", total, &format!("validator keys of {label}"));
    for (number, entry) in entries.iter().enumerate() {
        if entry.mnemonic.was_normalised() {
            warnings.push(format!(
                "{label}: entry {number} has repeated blanks in its mnemonic, read as one: \
                 eth2-val-tools would derive other keys"
            ));
        }
    }
    let done = AtomicUsize::new(0);
    let advance = |more: usize| {
        let done = more + done.fetch_add(more, Ordering::Relaxed);
        progress.advance(&|| format!("deriving validator {done} of {total}"));
    };
    validators::derive(&entries, &advance)
        .map_err(|source| Error::Keys { action: "keys cannot be derived", source })
}

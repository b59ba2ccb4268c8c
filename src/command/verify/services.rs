//! The captured enclave of a snapshot: the files of each service, and the keystores that they name.

use std::collections::BTreeSet;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::super::steps::Steps;
use super::super::{Failure, compose};
use crate::enclave::document::{Document, Format};
use crate::enclave::{Manifest, Started, hosts, keystores, started};
use crate::exit;
use crate::file::Input;
use crate::io::fs;
use crate::snapshot::is_service_file;

const HINT: &str = "capture the snapshot again, or get it again from its author";

/// Checks the files that `services/manifest.json` lists. Of started services, warns of configs that are
/// invalid, or name keystores that the snapshot lacks or services of the enclave that the stack lacks.
///
/// # Errors
/// A file is missing or was changed, or the manifest is invalid.
pub(super) fn verify(directory: &Path, steps: &Steps<'_>) -> Result<(), Failure> {
    let Some(manifest) = compose::manifest(directory)? else { return Ok(()) };
    let Started { enclave, left_out } = started(&manifest);
    for why in left_out {
        steps.console.warning(&format!("{}: {why}", Manifest::path()));
    }
    let mut count = 0;
    for service in &manifest.services {
        bytes(directory, &service.command)?;
        let starts = enclave.services.iter().find(|one| one.name == service.name);
        let secrets = starts.iter().flat_map(|one| one.secrets.values());
        secrets.map(|path| bytes(directory, path)).collect::<Result<Vec<_>, _>>()?;
        let sources: BTreeSet<_> = service.files.iter().map(|file| &*file.source).collect();
        for file in &service.files {
            count += 1;
            let found = bytes(directory, &file.path)?;
            if <[u8; 32]>::from(Sha256::digest(&found)) != file.sha256 {
                let what = format!("differs from its SHA-256 in {}", Manifest::path());
                return Err(invalid(directory, &file.path, &what));
            }
            let config = Format::of(&file.path).filter(|_| starts.is_some());
            let Some(config) = config.map(|format| Document::parse(format, &found)) else {
                continue;
            };
            let place = directory.join(&file.path);
            let warn = |what: &str| {
                steps.console.warning(&format!("{} {what}", place.display()));
            };
            let config = match config {
                Ok(config) => config,
                // The capture has copied it as the container had it.
                Err(error) => {
                    warn(&error.to_string());
                    continue;
                }
            };
            // Configs also name keystores and services of components that do not run.
            for missing in keystores(&config).iter().filter(|one| !sources.contains(&*one.path)) {
                warn(&format!("names {}, which its container did not have", missing.path));
            }
            for (field, host) in hosts(&service.role, &config) {
                if manifest.others.contains(&host) {
                    warn(&format!(
                        "has the host {host} in {field}, and the stack lacks that service"
                    ));
                }
            }
        }
    }
    let (all, starts) = (manifest.services.len(), enclave.services.len());
    steps.done(
        "services",
        &format!("{all} of an enclave, {count} files; the stack starts {starts}"),
    );
    Ok(())
}

fn bytes(directory: &Path, path: &str) -> Result<Vec<u8>, Failure> {
    if !is_service_file(path) {
        let what = format!("lists {path:?}, which is not a path of a captured file");
        return Err(invalid(directory, &Manifest::path(), &what));
    }
    let place = directory.join(path);
    if !fs::exists(&place) {
        return Err(invalid(directory, path, "is missing"));
    }
    Ok(fs::read(&Input::file(place))?)
}

fn invalid(directory: &Path, path: &str, what: &str) -> Failure {
    let message = format!("{} {what}", directory.join(path).display());
    Failure::new(exit::VERIFICATION, message, Some(HINT))
}

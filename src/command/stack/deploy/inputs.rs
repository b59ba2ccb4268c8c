//! The digest of what an image is built from, and the record of the last build.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::super::Failure;
use crate::exit;
use crate::io::atomic_file::replace;
use crate::io::fs;
use crate::io::list::{self, Kind};
use crate::operate::build::{Build, Ignored};

/// The entries of a context that are read. A larger one lacks a `.dockerignore`.
const MOST: usize = 200_000;

/// The last build of each service.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Record(BTreeMap<String, Built>);

/// An image, and what it was built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Built {
    /// The digest of the inputs.
    pub(super) inputs: String,
    /// The id of the image.
    pub(super) image: String,
}

impl Record {
    /// Reads it. A record that is missing or damaged only means one more build.
    pub(super) fn read(path: &Path) -> Self {
        let text = fs::read_file(path).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub(super) fn has(&self, service: &str, built: &Built) -> bool {
        self.0.get(service) == Some(built)
    }

    /// Adds builds, and writes it.
    pub(super) fn add(
        &mut self,
        built: impl IntoIterator<Item = (String, Built)>,
        path: &Path,
    ) -> Result<(), Failure> {
        self.0.extend(built);
        let text = serde_json::to_vec(self).map_err(|error| Failure::bug(error.to_string()))?;
        Ok(replace(path, &text, 0o600)?)
    }
}

/// The digest of the files that are sent to the builder, of the Dockerfile, and of the `build` section.
pub(super) fn digest(build: &Build) -> Result<String, Failure> {
    let context = Path::new(&build.context);
    if !fs::exists(context) {
        let service = &build.service;
        let message =
            format!("{}: the build context of {service} does not exist", context.display());
        let hint = "a context is a directory of this machine";
        return Err(Failure::new(exit::INPUT, message, Some(hint)));
    }
    let dockerfile = context.join(&build.dockerfile);
    // The builder prefers the list that has the name of the Dockerfile.
    let own = format!("{}.dockerignore", dockerfile.display());
    let lists = [Path::new(&own).to_owned(), context.join(".dockerignore")];
    let ignored = match lists.iter().find(|path| fs::exists(path)) {
        Some(path) => Ignored::parse(&String::from_utf8_lossy(&fs::read_file(path)?)),
        None => Ignored::default(),
    };
    let (entries, complete) =
        list::below(context, |directory| ignored.has_all_below(directory), MOST)?;
    if !complete {
        let message = format!("{}: has more than {MOST} files", context.display());
        let hint = "list those that the image does not need in its .dockerignore";
        return Err(Failure::new(exit::INPUT, message, Some(hint)));
    }
    let mut hash = Sha256::new();
    hash.update(&build.section);
    hash.update(fs::read_file(&dockerfile)?);
    for entry in entries.iter().filter(|entry| !ignored.has(entry.path.trim_end_matches('/'))) {
        let path = context.join(&entry.path);
        hash.update(format!("\n{:?} ", entry.path));
        match &entry.kind {
            Kind::File => {
                hash.update(if fs::is_executable(&path) { "x " } else { "- " });
                hash.update(Sha256::digest(fs::read_file(&path)?));
            }
            Kind::Link => hash.update(fs::link_target(&path).as_os_str().as_encoded_bytes()),
            other => hash.update(format!("{other:?}")),
        }
    }
    Ok(hex::encode(hash.finalize()))
}

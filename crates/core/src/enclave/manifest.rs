//! `services/manifest.json`: where each file below `services/` comes from.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Change, Launch};
use crate::snapshot::SERVICES;
use crate::snapshot::metadata::Mode;

/// The name of the manifest in its directory.
pub const MANIFEST: &str = "manifest.json";

/// `manifest.json` is not valid.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is not what a capture writes.
    #[error("{0}")]
    Json(serde_json::Error),
    /// It has another version.
    #[error("format is {0}, expected 1")]
    Format(u64),
}

/// The services of an enclave that a snapshot has files of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this format: 1.
    pub format: u64,
    /// The name of the enclave.
    pub enclave: String,
    /// Its UUID.
    pub uuid: String,
    /// The mode that the configs are changed for.
    pub mode: Mode,
    /// The services of the stack that must get the old host names as aliases, by the old names.
    pub aliases: BTreeMap<String, String>,
    /// The names of the enclave's other services, which the stack lacks.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub others: BTreeSet<String>,
    /// The services, in the order of their names.
    pub services: Vec<Service>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name, which is its host name in the enclave.
    pub name: String,
    /// The network that it belongs to, if it does not serve all.
    pub network: Option<String>,
    /// What it is for.
    pub role: String,
    /// The name of its image.
    pub image: String,
    /// The id of its container.
    pub container: String,
    /// The ports that it has in the enclave, by their names.
    pub ports: BTreeMap<String, u16>,
    /// The file of the snapshot with its image, entrypoint, arguments and variables, verbatim.
    pub command: String,
    /// How a stack starts it; `None` if no stack does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Launch>,
    /// Its other files.
    pub files: Vec<File>,
}

/// A file of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its path in the container.
    pub source: String,
    /// Its path in the snapshot.
    pub path: String,
    /// SHA-256 of the file in the container.
    #[serde(with = "hex::serde")]
    pub source_sha256: [u8; 32],
    /// SHA-256 of the file in the snapshot.
    #[serde(with = "hex::serde")]
    pub sha256: [u8; 32],
    /// The values that differ between the two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

impl Manifest {
    /// Its path in a snapshot.
    pub fn path() -> String {
        format!("{SERVICES}/{MANIFEST}")
    }

    /// Parses `manifest.json`.
    ///
    /// # Errors
    /// It is not a manifest, or has another version.
    pub fn parse(json: &[u8]) -> Result<Self, ManifestError> {
        let manifest: Self = serde_json::from_slice(json).map_err(ManifestError::Json)?;
        match manifest.format {
            1 => Ok(manifest),
            other => Err(ManifestError::Format(other)),
        }
    }

    /// Its JSON.
    #[expect(clippy::missing_panics_doc, reason = "texts and numbers always serialise")]
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).expect("texts and numbers always serialise");
        json.push(b'\n');
        json
    }
}

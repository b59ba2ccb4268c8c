//! The parts that all manifests have.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::parse_digest;

/// Media type of a manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of a list of manifests.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Media type of an empty configuration.
const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";
/// An empty configuration.
pub const EMPTY: &[u8] = b"{}";

/// A digest as registries write it.
pub fn digest_text(digest: &[u8; 32]) -> String {
    format!("sha256:{}", hex::encode(digest))
}

/// Bytes in a registry, by their digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blob {
    /// SHA-256 of the bytes.
    pub digest: [u8; 32],
    /// Their number.
    pub size: u64,
}

impl Blob {
    /// The blob with these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { digest: Sha256::digest(bytes).into(), size: bytes.len() as u64 }
    }
}

/// A reference from a manifest to a blob or to another manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Descriptor {
    #[serde(rename = "mediaType")]
    pub media_type: String,
    pub digest: String,
    pub size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    #[serde(default, skip_serializing_if = "Annotations::is_empty")]
    pub annotations: Annotations,
    /// Places outside of the registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urls: Option<serde_json::Value>,
}

pub(super) type Annotations = std::collections::BTreeMap<String, String>;

/// The machine that an image is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Platform {
    pub architecture: String,
    pub os: String,
}

impl Descriptor {
    pub(super) fn new(media_type: &str, blob: Blob, annotations: Annotations) -> Self {
        let (media_type, digest) = (media_type.to_owned(), digest_text(&blob.digest));
        Self { media_type, digest, size: blob.size, platform: None, annotations, urls: None }
    }

    pub(super) fn empty() -> Self {
        Self::new(EMPTY_TYPE, Blob::of(EMPTY), Annotations::new())
    }

    /// The blob, if the digest is a SHA-256.
    pub(super) fn blob(&self) -> Option<Blob> {
        let digest = parse_digest(self.digest.strip_prefix("sha256:")?)?;
        Some(Blob { digest, size: self.size })
    }
}

/// A manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    #[serde(rename = "schemaVersion")]
    pub schema: u64,
    #[serde(rename = "mediaType", default)]
    pub media_type: String,
    #[serde(rename = "artifactType", default, skip_serializing_if = "String::is_empty")]
    pub artifact_type: String,
    pub config: Descriptor,
    pub layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "Annotations::is_empty")]
    pub annotations: Annotations,
}

impl Manifest {
    pub(super) fn new(artifact_type: &str, config: Descriptor, layers: Vec<Descriptor>) -> Self {
        let (schema, media_type) = (2, MANIFEST.to_owned());
        let (artifact_type, annotations) = (artifact_type.to_owned(), Annotations::new());
        Self { schema, media_type, artifact_type, config, layers, annotations }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

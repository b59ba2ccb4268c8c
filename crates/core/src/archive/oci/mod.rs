//! Snapshots in an OCI registry, as values: references, manifests, signatures, credentials. Requests are
//! the caller's.
//!
//! ```text
//! TAG                 artifact: one layer a file, with its path as title
//! TAG-image           image index for each platform: the same files as tar layers
//! sha256-DIGEST.sig   signatures of the manifest with this digest, as cosign writes them
//! ```
//!
//! Sources: OCI image specification 1.1, OCI distribution specification 1.1, cosign's `SIGNATURE_SPEC`.

mod artifact;
mod challenge;
mod docker_config;
mod image;
mod key;
mod manifest;
mod reference;
mod signature;

pub use self::artifact::{ARTIFACT, Artifact, Layer};
pub use self::challenge::{Bearer, Challenge};
pub use self::docker_config::{Login, Stored, basic, helper_answer};
pub use self::image::{Image, groups, image_config, image_index};
pub use self::key::{KeyError, PrivateKey, PublicKey};
pub use self::manifest::{Blob, EMPTY, INDEX, MANIFEST, digest_text};
pub use self::reference::{BadReference, Reference};
pub use self::signature::{Signatures, payload, payload_digest};

/// The end of the tag of an image.
pub const IMAGE_TAG: &str = "-image";

/// A manifest that is not pulled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a manifest.
    #[error("is not an OCI manifest: {0}")]
    Json(String),
    /// Another kind of manifest.
    #[error("is {0}, expected a snapshot that regenesis pushed")]
    Kind(String),
    /// A layer that a snapshot cannot have.
    #[error("layer {number}{}: {what}", title(.path))]
    Layer {
        /// Its position, from 1.
        number: usize,
        /// Its title.
        path: String,
        /// The error.
        what: String,
    },
    /// More layers than a manifest of 4 MiB can have.
    #[error("has {0} layers, expected 1 to {most}", most = artifact::MOST_LAYERS)]
    Layers(usize),
    /// More bytes than a number can count.
    #[error("lists more than 2^64 bytes")]
    Size,
    /// The annotation with the digest of all files.
    #[error("has no valid annotation {0}")]
    Annotation(&'static str),
}

fn title(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" ({})", crate::visible::line(path)) }
}

impl Error {
    /// The remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Kind(kind) if kind.contains("index") => {
                "an image is for Kubernetes and Compose; pull the tag without -image"
            }
            Self::Json(_) | Self::Kind(_) => "check the tag; regenesis oci ls lists them",
            _ => "nothing of it was kept; push the snapshot again",
        }
    }
}

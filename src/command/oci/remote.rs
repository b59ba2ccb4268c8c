//! A snapshot in a registry, with its manifest.

use super::{failure, sign};
use crate::archive::oci::{Artifact, PublicKey, Reference, digest_text};
use crate::command::Failure;
use crate::exit;
use crate::io::console::Console;
use crate::io::download::Source;
use crate::io::registry::Registry;

/// A snapshot in a registry.
#[derive(Debug)]
pub(super) struct Remote {
    pub(super) registry: Registry,
    /// With the digest of the manifest.
    pub(super) reference: Reference,
    pub(super) digest: [u8; 32],
    pub(super) artifact: Artifact,
}

/// Reads a reference.
pub(super) fn reference(text: &str) -> Result<Reference, Failure> {
    Reference::parse(text).map_err(failure::reference)
}

impl Remote {
    /// Reads the manifest, and checks its signature if there is a key to check it with.
    pub(super) fn read(
        reference: &Reference,
        key: Option<&PublicKey>,
        console: &Console,
    ) -> Result<Self, Failure> {
        let registry = Registry::new(reference);
        let label = reference.to_string();
        let found = registry.manifest(&reference.name(), console);
        let found = found.map_err(|error| failure::registry(&label, error))?;
        let received = found.ok_or_else(|| {
            let message = format!("{label}: does not exist");
            Failure::new(exit::NOT_THERE, message, Some("regenesis oci ls lists the tags"))
        })?;
        let reference = reference.with_digest(received.digest);
        if let Some(key) = key {
            sign::check(&registry, &reference, &received.digest, key, console)?;
        }
        let artifact = Artifact::parse(&received.bytes).map_err(|error| {
            let message = format!("{label}: the manifest {error}");
            Failure::new(exit::INPUT, message, Some(error.hint()))
        })?;
        Ok(Self { registry, reference, digest: received.digest, artifact })
    }

    /// Its files as an archive.
    pub(super) fn source(&self) -> Source {
        Source::in_registry(
            self.registry.clone(),
            self.artifact.archive(),
            self.reference.to_string(),
        )
    }

    /// The digest as text.
    pub(super) fn digest(&self) -> String {
        digest_text(&self.digest)
    }
}

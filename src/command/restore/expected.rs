//! The digest that an archive must have.

use super::failure;
use crate::archive::sidecar;
use crate::command::Failure;
use crate::io::console::Console;
use crate::io::download::Source;

/// The ending of the file with the digest.
pub(in crate::command) const SIDECAR: &str = ".sha256";

/// The digest, and where it is from.
#[derive(Debug)]
pub(in crate::command) struct Expected {
    digest: Option<([u8; 32], &'static str)>,
    has_looked: bool,
}

impl Expected {
    pub(in crate::command) fn of_flag(digest: Option<[u8; 32]>) -> Self {
        Self { has_looked: digest.is_some(), digest: digest.map(|digest| (digest, "--sha256")) }
    }

    /// The digest in a list of files. That of a flag is from the user, and counts.
    pub(in crate::command) fn set_listed(&mut self, digest: [u8; 32]) {
        self.has_looked = true;
        self.digest = self.digest.or(Some((digest, "the list of files")));
    }

    pub(in crate::command) fn digest(&self) -> Option<[u8; 32]> {
        self.digest.map(|(digest, _)| digest)
    }

    /// Where the digest is from.
    pub(super) fn origin(&self) -> &'static str {
        self.digest.map_or("", |(_, origin)| origin)
    }

    /// Looks for the file with the digest beside the archive, unless the digest is known.
    pub(super) fn look_beside(
        &mut self,
        source: &Source,
        console: &Console,
    ) -> Result<(), Failure> {
        if self.has_looked {
            return Ok(());
        }
        self.has_looked = true;
        let found =
            source.beside(SIDECAR, console).map_err(|error| failure::source(source, error))?;
        let found = found.as_deref();
        match found.map(sidecar) {
            Some(Some(digest)) => self.digest = Some((digest, SIDECAR)),
            Some(None) => {
                let label = source.label();
                console.warning(&format!("{label}{SIDECAR}: has no SHA-256, and is not used"));
            }
            None => {}
        }
        Ok(())
    }
}

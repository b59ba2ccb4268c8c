//! A file that a capture has read from a container.

use super::document::{Document, Error, Format};

/// A file of a container. It may be secret, so `Debug` does not print it.
pub struct File {
    /// Its path in the container.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its values, if it is a config in a known format.
    config: Option<Result<Document, Error>>,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "File({}, {} bytes)", self.path, self.bytes.len())
    }
}

impl File {
    /// A file that the snapshot has unchanged.
    pub fn plain(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), bytes, config: None }
    }

    /// A config. It is parsed here, once.
    pub fn config_of(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        let path = path.into();
        let config = Format::of(&path).map(|format| Document::parse(format, &bytes));
        Self { path, bytes, config }
    }

    /// The config, or why it is invalid; `None` for any other file.
    pub(super) fn config(&self) -> Option<Result<&Document, Error>> {
        self.config.as_ref().map(|config| config.as_ref().map_err(Clone::clone))
    }

    /// The config, if it is valid.
    pub fn document(&self) -> Option<&Document> {
        self.config.as_ref()?.as_ref().ok()
    }
}

//! Files as values: inputs, outputs, and their digests.
//!
//! The core opens nothing. An [`Input`] names bytes, an [`InputReader`] fetches them, and an
//! [`OutFile`] describes a file for the caller to write.

mod digest;
mod out;
mod reader;

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

pub use digest::{Digester, FileDigest, by_path};
pub use out::{Content, Encode, FilePart, OpenRange, OutFile};
pub use reader::{InMemory, InputReader, LongLine, ReadError, each_chunk, each_lines, read_all};

/// Where the bytes of an input are.
#[derive(Clone, PartialEq, Eq)]
pub enum Input {
    /// In the binary, with a name for messages.
    Embedded(&'static str, &'static [u8]),
    /// In memory, generated from the source that messages name.
    Made(Arc<str>, Arc<[u8]>),
    /// In a file.
    File(OsString),
}

impl Input {
    /// The file at `path`.
    pub fn file(path: impl Into<OsString>) -> Self {
        Self::File(path.into())
    }

    /// Bytes in memory, which messages call `name`.
    pub fn memory(name: &str, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::Made(name.into(), bytes.into())
    }

    /// Its name in messages.
    pub fn label(&self) -> String {
        match self {
            Self::Embedded(name, _) => format!("(embedded) {name}"),
            Self::Made(name, _) => name.to_string(),
            Self::File(path) => path.to_string_lossy().into_owned(),
        }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Input({})", self.label())
    }
}

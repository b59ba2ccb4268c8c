//! Files to write, with large content described instead of held.

use std::fmt;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::sync::Arc;

use super::Input;
use crate::digest::Prefix;

/// A file to write.
#[derive(Debug, Clone)]
pub struct OutFile {
    /// Path in the runtime directory, with `/`.
    pub path: String,
    /// Its bytes.
    pub content: Content,
    /// Whether only its owner may read it.
    pub secret: bool,
}

/// The content of a file. It may be secret, so `Debug` does not print it.
#[derive(Clone)]
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Bytes that are encoded while they are written.
    Encoded(Arc<dyn Encode>),
    /// Parts, some of them ranges of an input; and the digest of the first ones, if it is known.
    Parts(Vec<FilePart>, Input, Option<Prefix>),
    /// All of an input, whose length and SHA-256 are known.
    Copy(Input, u64, [u8; 32]),
}

/// A part of a file to write.
#[derive(Clone)]
pub enum FilePart {
    /// These bytes.
    Text(Vec<u8>),
    /// This range of the input.
    Source(Range<u64>),
    /// Bytes that are encoded from the input while they are written.
    Encoded(Arc<dyn Encode>),
}

/// Opens a range of the input that a file is written from.
pub type OpenRange<'a> = dyn Fn(Range<u64>) -> io::Result<Box<dyn Read + Send>> + 'a;

/// Content that is too large to hold as bytes.
pub trait Encode: Send + Sync {
    /// Writes all of it to `out`; `source` opens ranges of the file's input.
    ///
    /// # Errors
    /// Those of `source` and `out`; the input has changed since it was read.
    fn encode_to(&self, source: &OpenRange<'_>, out: &mut dyn Write) -> io::Result<()>;
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Encoded(_) => f.write_str("Encoded"),
            Self::Parts(parts, input, _) => write!(f, "Parts({}, {input:?})", parts.len()),
            Self::Copy(input, length, _) => write!(f, "Copy({length}, {input:?})"),
        }
    }
}

impl fmt::Debug for FilePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(bytes) => write!(f, "Text({})", bytes.len()),
            Self::Source(range) => write!(f, "Source({range:?})"),
            Self::Encoded(_) => f.write_str("Encoded"),
        }
    }
}

impl OutFile {
    /// A file, which only its owner may read if it is secret.
    pub fn new(path: impl Into<String>, content: Content, secret: bool) -> Self {
        Self { path: path.into(), content, secret }
    }

    /// A file of these bytes that everybody may read.
    pub fn public(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self::new(path, Content::Bytes(content.into()), false)
    }

    /// A file of these bytes that only its owner may read.
    pub fn secret(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self::new(path, Content::Bytes(content.into()), true)
    }

    /// The same file below `directory`.
    #[must_use]
    pub fn below(mut self, directory: &str) -> Self {
        self.path = format!("{directory}/{}", self.path);
        self
    }
}

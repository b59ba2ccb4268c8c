//! The files of a runtime directory. One consumer a file; none of them writes anything.

pub mod lighthouse;
pub mod metadata;

use std::fmt;

use crate::cl::ssz::Value;
use crate::digest::Prefix;
use crate::el::edit::Piece;
use crate::snapshot::Input;

/// What `init` owns in a runtime directory, beside its marker: a run replaces it wholly.
pub const OWNED: [&str; 3] = ["metadata", "jwt", SECRETS];
/// The directory of the validators' keystores and their passwords.
pub const SECRETS: &str = "validator-keys";
/// The marker of a finished run, its summary.
pub const MARKER: &str = "regenesis.json";
/// This program, if it was asked to leave itself there.
pub const PROGRAM: &str = "bin/regenesis";

/// A file to write.
#[derive(Debug)]
pub struct OutFile {
    /// Path in the runtime directory, with `/`.
    pub path: String,
    /// What is in it.
    pub content: Content,
    /// Whether only its owner may read it.
    pub secret: bool,
}

/// The content of a file; it may be secret, and is not printed.
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The encoding of a value.
    Ssz(Value),
    /// Pieces, some of them ranges of an input; and what is known of the digest.
    Pieces(Vec<Piece>, Input, Option<Prefix>),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Ssz(value) => write!(f, "Ssz({})", value.len()),
            Self::Pieces(pieces, input, _) => write!(f, "Pieces({}, {input:?})", pieces.len()),
        }
    }
}

impl OutFile {
    fn public(path: &str, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), content: Content::Bytes(content.into()), secret: false }
    }

    fn secret(path: String, content: impl Into<Vec<u8>>) -> Self {
        Self { path, content: Content::Bytes(content.into()), secret: true }
    }
}

/// The JWT secret, as ethereum-genesis-generator places it.
pub fn jwt(secret: &str) -> OutFile {
    OutFile::secret("jwt/jwtsecret".to_owned(), secret)
}

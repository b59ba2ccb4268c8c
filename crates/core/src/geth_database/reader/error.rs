//! Why a database cannot be read.

use std::io;

/// A database cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refuses to read a file, or the file ends early.
    #[error("{file}: {source}")]
    Io {
        /// Its name in the database's directory.
        file: String,
        /// The cause.
        source: io::Error,
    },
    /// A file has other contents than its program writes.
    #[error("{file}: offset {offset}: {what}")]
    Corrupt {
        /// Its name.
        file: String,
        /// The first byte of the part that is not valid.
        offset: u64,
        /// The error in it.
        what: &'static str,
    },
    /// A file is of a format that no geth in the tests writes.
    #[error("{file}: {what}: regenesis does not read this format")]
    Unknown {
        /// Its name.
        file: String,
        /// The unknown part.
        what: String,
    },
    /// A file that the database names does not exist.
    #[error("{file} is missing, and {by} names it")]
    Missing {
        /// Its name.
        file: String,
        /// The file that names it.
        by: String,
    },
}

/// [`Error::Io`] of the file `name`.
pub(super) fn at(name: &str) -> impl FnOnce(io::Error) -> Error + '_ {
    |source| Error::Io { file: name.to_owned(), source }
}

/// [`Error::Corrupt`] of the file `name`.
pub(super) fn corrupt(name: &str, offset: u64, what: &'static str) -> Error {
    Error::Corrupt { file: name.to_owned(), offset, what }
}

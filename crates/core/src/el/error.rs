//! Errors in a `genesis.json`.

use std::fmt;
use std::io::ErrorKind;

use super::other_chains::OtherChain;
use crate::placeholder;

/// An error in an execution genesis with its JSON path, for example `alloc.0xabc….storage.0x1`.
#[derive(Debug, thiserror::Error)]
pub struct Error {
    /// Keys from the document's root to the error, outermost first.
    path: Vec<String>,
    /// Byte offset in the file, where known.
    pub offset: Option<u64>,
    /// The problem at that path.
    pub problem: Problem,
}

/// The kinds of problems. In a message, the text follows the JSON path.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The text is not JSON.
    #[error("not valid JSON: expected {expected}, found {found}")]
    Syntax {
        /// What the grammar allows here.
        expected: &'static str,
        /// The byte that is there.
        found: Found,
    },
    /// A value that geth requires is absent or `null`.
    #[error("is missing")]
    Missing,
    /// A value of the wrong JSON type, form or range.
    #[error("is {value}, expected {expected}")]
    Invalid {
        /// The value in the file, shortened.
        value: String,
        /// What geth accepts here.
        expected: &'static str,
    },
    /// Forks out of order, by `CheckConfigForkOrder` of geth's `params/config.go`.
    #[error("{later} is set to {at} but {earlier} is {before}")]
    ForkOrder {
        /// The key of the later fork.
        later: &'static str,
        /// Its block or time.
        at: String,
        /// The key of the fork that must come before.
        earlier: &'static str,
        /// `not set`, or its block or time.
        before: String,
    },
    /// A fork with blobs has no entry in `config.blobSchedule`.
    #[error("has no entry for {0}, whose time is set")]
    BlobScheduleMissing(&'static str),
    /// A clique chain, which no consensus client supports.
    #[error("has clique with {0} bytes of extraData, geth requires at least 97")]
    Clique(usize),
    /// A chain that no beacon chain drives.
    #[error("has {}: {}, and no beacon chain can", .0.key, .0.name)]
    OtherChain(&'static OtherChain),
    /// Binary tries change the definition of the state root.
    #[error("enables the experimental binary trie")]
    BinaryTrie,
    /// A value that is longer than any valid one.
    #[error("has a value longer than {0} bytes")]
    TooLong(usize),
    /// The temporary file of a large alloc cannot be written or read.
    #[error("cannot be sorted in a temporary file: {0}")]
    Space(std::io::Error),
    /// Reading the file failed.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
}

/// A byte of the input, or its end, for a message.
#[derive(Debug, Clone, Copy)]
pub struct Found(pub Option<u8>);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("the end of the file"),
            Some(0) => f.write_str("a NUL byte"),
            Some(0xef) => f.write_str("byte 0xef (a byte order mark?)"),
            Some(byte) if byte.is_ascii_graphic() => write!(f, "`{}`", char::from(byte)),
            Some(byte) => write!(f, "byte {byte:#04x}"),
        }
    }
}

impl Error {
    /// A problem at byte `offset` of the file, if known.
    pub fn new(problem: Problem, offset: Option<u64>) -> Self {
        Self { path: Vec::new(), offset, problem }
    }

    /// The same error one level further out, under `key`.
    #[must_use]
    pub fn under(mut self, key: impl Into<String>) -> Self {
        self.path.insert(0, key.into());
        self
    }

    /// The JSON path, empty for the document itself.
    pub fn path(&self) -> String {
        self.path.join(".")
    }

    /// Whether a temporary file is the cause, not the file that was read.
    pub fn is_of_space(&self) -> bool {
        matches!(self.problem, Problem::Space(_))
    }

    /// The remedy.
    pub fn hint(&self) -> Option<&'static str> {
        match &self.problem {
            Problem::Syntax { found: Found(Some(0xef)), .. } => {
                Some("save the file as UTF-8 without a byte order mark")
            }
            Problem::Syntax { found: Found(None), .. } => {
                Some("copy the file again: it ends too early")
            }
            Problem::Missing if self.path() == "config" => {
                Some("add the chain config: chainId and the forks, as `geth dumpgenesis` prints it")
            }
            Problem::Missing => Some("add it: geth rejects a genesis without it"),
            Problem::ForkOrder { .. } => Some("schedule all earlier forks too, in order"),
            Problem::BlobScheduleMissing(_) => {
                Some("add an entry {\"target\": …, \"max\": …, \"baseFeeUpdateFraction\": …}")
            }
            Problem::Clique(_) => {
                Some("remove config.clique: the beacon chain produces the blocks")
            }
            Problem::OtherChain(_) => Some(
                "a beacon chain starts an L1: remove this key, and the state runs on a new L1; an OP-stack \
                 L2 goes into l2/NAME of its L1's snapshot (docs/l2.md)",
            ),
            Problem::Invalid { value, .. } => placeholder::hint(value),
            Problem::Syntax { found: Found(Some(b'$')), .. } => Some(placeholder::VARIABLE),
            Problem::Space(error) => match error.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some(
                    "free space there: up to the size of genesis.json until the end of the run",
                ),
                ErrorKind::FileTooLarge => Some("raise the limit on file sizes: ulimit -f"),
                _ => None,
            },
            Problem::BinaryTrie => Some("remove ubtTime and enableUBTAtGenesis"),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{} ", self.path())?;
        }
        write!(f, "{}", self.problem)
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::new(problem, None)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Problem::Io(error).into()
    }
}

/// `raw`, shortened for a message.
pub fn shorten(raw: &[u8]) -> String {
    const LIMIT: usize = 80;
    let text = String::from_utf8_lossy(&raw[..raw.len().min(LIMIT)]);
    let text = text.replace(|c: char| c.is_control(), "\u{fffd}");
    if raw.len() > LIMIT { format!("{text}… ({} bytes)", raw.len()) } else { text }
}

/// A value of the wrong type, form or range.
pub fn invalid(raw: &[u8], expected: &'static str) -> Problem {
    Problem::Invalid { value: shorten(raw), expected }
}

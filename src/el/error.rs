//! What can be wrong with a `genesis.json`.

use std::fmt;

/// A fault in an execution genesis and its JSON path, for example `alloc.0xabc….storage.0x1`.
#[derive(Debug, thiserror::Error)]
pub struct Error {
    /// Keys from the document's root to the fault, outermost first.
    path: Vec<String>,
    /// Byte offset in the file, where known.
    pub offset: Option<u64>,
    /// The fault itself.
    pub problem: Problem,
}

/// The kinds of fault; the texts follow the JSON path in a message.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The text is not JSON.
    #[error("not valid JSON: expected {expected}, found {found}")]
    Syntax {
        /// What the grammar allows here.
        expected: &'static str,
        /// The byte that stands there.
        found: Found,
    },
    /// A value that geth requires is absent or `null`.
    #[error("is missing")]
    Missing,
    /// A value of the wrong JSON type, form or range.
    #[error("is {value}, expected {expected}")]
    Invalid {
        /// The value as it stands in the file, shortened.
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
    /// A clique chain, which no consensus client can drive.
    #[error("asks for clique with {0} bytes of extraData, geth wants at least 97")]
    Clique(usize),
    /// Binary tries change the state root's definition.
    #[error("asks for the experimental binary trie")]
    BinaryTrie,
    /// A value that is longer than any that is right.
    #[error("has a value longer than {0} bytes")]
    TooLong(usize),
    /// Reading the file failed.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
}

/// A byte of the input, or its end, as a person wants to read it.
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
    /// A fault at byte `offset` of the file, or somewhere in it.
    pub fn new(problem: Problem, offset: Option<u64>) -> Self {
        Self { path: Vec::new(), offset, problem }
    }

    /// The same fault seen from one level further out, where it lies under `key`.
    #[must_use]
    pub fn under(mut self, key: impl Into<String>) -> Self {
        self.path.insert(0, key.into());
        self
    }

    /// The JSON path, empty for the document itself.
    pub fn path(&self) -> String {
        self.path.join(".")
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match &self.problem {
            Problem::Syntax { found: Found(Some(0xef)), .. } => {
                Some("save the file as UTF-8 without a byte order mark")
            }
            Problem::Syntax { found: Found(None), .. } => {
                Some("the file ends too early: was it copied whole?")
            }
            Problem::Missing if self.path() == "config" => {
                Some("add the chain config: chainId and the forks, as `geth dumpgenesis` prints it")
            }
            Problem::Missing => Some("add it: geth refuses a genesis without it"),
            Problem::ForkOrder { .. } => Some("every fork needs all the earlier ones, in order"),
            Problem::BlobScheduleMissing(_) => {
                Some("add {\"target\": …, \"max\": …, \"baseFeeUpdateFraction\": …} for it")
            }
            Problem::Clique(_) => Some("remove config.clique: the beacon chain makes the blocks"),
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

/// `raw` as it stands in the file, shortened to what fits in a message.
pub fn shorten(raw: &[u8]) -> String {
    const MOST: usize = 80;
    let text = String::from_utf8_lossy(&raw[..raw.len().min(MOST)]);
    let text = text.replace(|c: char| c.is_control(), "\u{fffd}");
    if raw.len() > MOST { format!("{text}… ({} bytes)", raw.len()) } else { text }
}

/// A value of the wrong form.
pub fn invalid(raw: &[u8], expected: &'static str) -> Problem {
    Problem::Invalid { value: shorten(raw), expected }
}

//! Why a genesis cannot be generated.

use crate::file::{Input, InputReader, ReadError};
use crate::snapshot::{Snapshot, metadata, mnemonics, validators};
use crate::{cl, el, keys, l2, schedule, stamp};

/// Why a genesis cannot be generated: the input that causes it, the line, the cause and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An input cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The execution genesis is not valid.
    #[error("{}: {source}", at(input, *line))]
    Genesis {
        /// The file.
        input: Input,
        /// Line, from 1, where it is known.
        line: Option<u64>,
        /// The cause.
        source: Box<el::Error>,
    },
    /// The consensus config, or the state that it describes, is not valid.
    #[error("{}: {source}", at(input, line_of(source)))]
    Config {
        /// The file that causes it: the config, or another one that the state is built from.
        input: Input,
        /// The cause.
        source: Box<cl::Error>,
    },
    /// The list of mnemonics is not valid.
    #[error("{}: {source}", at(input, Some(source.line as u64)))]
    Mnemonics {
        /// The file.
        input: Input,
        /// The cause, which quotes no phrase.
        source: mnemonics::Error,
    },
    /// The list of validators is not valid.
    #[error("{}: {source}", at(input, Some(source.line as u64)))]
    Validators {
        /// The file.
        input: Input,
        /// The cause.
        source: validators::Error,
    },
    /// The metadata is not valid.
    #[error("{}: {source}", input.label())]
    Metadata {
        /// The file.
        input: Input,
        /// The cause.
        source: metadata::Error,
    },
    /// No time can be chosen.
    #[error("{}{source}", in_genesis(input, source))]
    Stamp {
        /// The execution genesis.
        input: Input,
        /// The cause.
        source: stamp::Error,
    },
    /// Both layers' files are valid, but contradict each other.
    #[error("{}: {message}", both(inputs))]
    Contradiction {
        /// The execution genesis and the consensus config.
        inputs: Box<[Input; 2]>,
        /// Both keys and both values.
        message: String,
        /// The remedy.
        hint: String,
    },
    /// An input does not fit the rest of its snapshot.
    #[error("{}: {message}", input.label())]
    Snapshot {
        /// The input.
        input: Input,
        /// The cause.
        message: String,
        /// The remedy.
        hint: String,
    },
    /// A file of an L2 is not valid, or does not belong to the others.
    #[error("{}: {source}", at(input, *line))]
    L2 {
        /// The file.
        input: Input,
        /// Line, from 1, where it is known.
        line: Option<u64>,
        /// The cause.
        source: Box<l2::Error>,
    },
    /// The request does not fit the snapshot.
    #[error("{message}")]
    Request {
        /// The cause.
        message: String,
        /// The remedy.
        hint: String,
    },
    /// A key cannot be derived or sealed: a bug.
    #[error("{action}: {source}")]
    Keys {
        /// What failed.
        action: &'static str,
        /// The cause.
        source: keys::Error,
    },
    /// The table of system contracts is not valid: a bug.
    #[error("the table of system contracts: {0}")]
    SystemContracts(Box<el::Error>),
}

/// An input and a line of it. Generated inputs have lines that no user sees.
fn at(input: &Input, line: Option<u64>) -> String {
    let line = line.filter(|_| !matches!(input, Input::Made(..)));
    line.map_or_else(|| input.label(), |line| format!("{} line {line}", input.label()))
}

fn line_of(error: &cl::Error) -> Option<u64> {
    error.line().map(|line| line as u64)
}

/// The genesis, for errors that are about its time.
fn in_genesis(input: &Input, error: &stamp::Error) -> String {
    if is_of_request(error) { String::new() } else { format!("{}: ", input.label()) }
}

/// Whether the requested time is the cause, not the one in the files.
fn is_of_request(error: &stamp::Error) -> bool {
    matches!(error, stamp::Error::BeforeHead { .. } | stamp::Error::TooLarge(_))
}

fn both([genesis, config]: &[Input; 2]) -> String {
    match (genesis.label(), config.label()) {
        (one, other) if one == other => one,
        (one, other) => format!("{one} and {other}"),
    }
}

impl Error {
    /// An error in the execution genesis, with its line.
    pub fn genesis(input: &Input, error: el::Error, reader: &dyn InputReader) -> Self {
        let line = error.offset.and_then(|offset| reader.line_of(input, offset).ok());
        Self::Genesis { input: input.clone(), line, source: Box::new(error) }
    }

    /// An error in the consensus config.
    pub fn config(input: &Input, source: cl::Error) -> Self {
        Self::Config { input: input.clone(), source: Box::new(source) }
    }

    /// An error of the genesis state, in the file that causes it.
    pub(super) fn state(snapshot: &Snapshot, source: cl::Error) -> Self {
        let input = match source {
            cl::Error::NoActiveValidator(_) | cl::Error::TooFewActiveValidators { .. } => {
                snapshot.mnemonics.as_ref().or(snapshot.validators.as_ref())
            }
            cl::Error::PublicKey(_) => snapshot.validators.as_ref().or(snapshot.mnemonics.as_ref()),
            cl::Error::Payload(_) | cl::Error::ExtraData { .. } => Some(&snapshot.genesis),
            _ => None,
        };
        Self::config(input.unwrap_or(&snapshot.config), source)
    }

    /// An error of the times.
    pub(super) fn stamp(snapshot: &Snapshot, error: stamp::Error) -> Self {
        match error {
            stamp::Error::Config(error) => Self::config(&snapshot.config, error),
            source => Self::Stamp { input: snapshot.genesis.clone(), source },
        }
    }

    /// An error of the fork schedules.
    pub fn schedule(snapshot: &Snapshot, error: schedule::Error) -> Self {
        let (genesis, config) = (snapshot.genesis.clone(), snapshot.config.clone());
        match error {
            schedule::Error::Config(error) => Self::config(&config, error),
            // It is found in the edited document, whose offsets are not the file's.
            schedule::Error::Genesis(error) => {
                Self::Genesis { input: genesis, line: None, source: Box::new(error) }
            }
            schedule::Error::Contradiction { problem: message, hint } => {
                Self::Contradiction { inputs: Box::new([genesis, config]), message, hint }
            }
        }
    }

    pub(super) fn snapshot(input: &Input, message: impl Into<String>, hint: &str) -> Self {
        let (input, message) = (input.clone(), message.into());
        Self::Snapshot { input, message, hint: hint.to_owned() }
    }

    /// The input that causes the error.
    pub fn input(&self) -> Option<&Input> {
        match self {
            Self::Read(error) => Some(&error.input),
            Self::Genesis { input, .. }
            | Self::Config { input, .. }
            | Self::Mnemonics { input, .. }
            | Self::Validators { input, .. }
            | Self::Metadata { input, .. }
            | Self::L2 { input, .. }
            | Self::Snapshot { input, .. } => Some(input),
            Self::Stamp { input, source } => Some(input).filter(|_| !is_of_request(source)),
            Self::Contradiction { inputs, .. } => Some(&inputs[0]),
            Self::Request { .. } | Self::Keys { .. } | Self::SystemContracts(_) => None,
        }
    }

    /// The line of [`Error::input`], from 1.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Genesis { line, .. } | Self::L2 { line, .. } => *line,
            Self::Config { source, .. } => line_of(source),
            Self::Mnemonics { source, .. } => Some(source.line as u64),
            Self::Validators { source, .. } => Some(source.line as u64),
            _ => None,
        }
    }

    /// The remedy.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Read(_) => None,
            Self::Genesis { source, .. } => source.hint(),
            Self::Config { source, .. } => source.hint(),
            Self::Mnemonics { source, .. } => Some(source.hint),
            Self::Validators { source, .. } => Some(source.hint),
            Self::Metadata { source, .. } => Some(source.hint()),
            Self::L2 { source, .. } => Some(source.hint()),
            Self::Stamp { source, .. } => source.hint(),
            Self::Contradiction { hint, .. }
            | Self::Snapshot { hint, .. }
            | Self::Request { hint, .. } => Some(hint),
            Self::Keys { .. } | Self::SystemContracts(_) => Some("please report this"),
        }
    }

    /// Whether the request is the cause, not an input.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Request { .. } => true,
            Self::Stamp { source, .. } => is_of_request(source),
            _ => false,
        }
    }

    /// Whether a file to write is the cause, not an input.
    pub fn is_output(&self) -> bool {
        matches!(self, Self::Genesis { source, .. } if source.is_of_space())
    }

    /// Whether it is a bug of this crate.
    pub fn is_bug(&self) -> bool {
        matches!(self, Self::Keys { .. } | Self::SystemContracts(_))
    }
}

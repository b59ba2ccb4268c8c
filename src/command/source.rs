//! Errors of what a chain is read from, a node or a file with a state: exit codes, and lines.

use std::io::Read;
use std::path::PathBuf;

use super::Failure;
use crate::capture::Error;
use crate::exit;
use crate::file::Input;
use crate::geth_database::stopped;
use crate::io::{disk, fs};

impl Failure {
    /// An error of a node, a file, or a work file.
    pub(super) fn capture(error: &Error) -> Self {
        match error {
            Error::Input { .. } => Self::new(exit::INPUT, error.to_string(), None),
            Error::StateFile { input, error } => Self::state_file(input, error),
            Error::Genesis { input, error } => Self::genesis(input, error),
            Error::L2 { input, error } => {
                Self::input(input, None, &error.to_string(), Some(error.hint()))
            }
            Error::Mnemonics { input, error } => {
                Self::input(input, Some(error.line as u64), &error.what, Some(error.hint))
            }
            Error::Write(source) => {
                let inner = source.get_ref().and_then(|inner| inner.downcast_ref());
                let hint = error.hint().or(inner.and_then(disk::Error::hint));
                Self::new(exit::OUTPUT, error.to_string(), hint)
            }
            _ => Self::new(exit_code(error), error.to_string(), error.hint()),
        }
    }

    /// An error of a file with a state.
    pub(super) fn state_file(input: &Input, error: &Error) -> Self {
        match error {
            Error::File(inner) => {
                let plain = fs::open(input).ok().is_some_and(begins_as_json);
                let line = inner.offset.filter(|_| plain);
                let line = line.and_then(|offset| fs::line_of(input, offset).ok());
                Self::input(input, line, &inner.to_string(), error.hint())
            }
            Error::Write(_) | Error::Input { .. } => Self::capture(error),
            _ => Self::input(input, None, &error.to_string(), error.hint()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            // The hint depends on the original error of the operating system.
            Error::Input { input: Input::File(path), source } => {
                fs::Error { path: PathBuf::from(path), source }.into()
            }
            error => Self::capture(&error),
        }
    }
}

fn exit_code(error: &Error) -> u8 {
    match error {
        Error::Client { error, .. } | Error::NoSource { error, .. } => exit_code(error),
        Error::Stopped(error) => stopped_exit_code(error),
        Error::WorkFile { .. } => exit::OUTPUT,
        Error::AnotherState { .. }
        | Error::WrongBlock { .. }
        | Error::FileOfAnotherBlock { .. }
        | Error::GenesisOfAnotherChain { .. }
        | Error::L2OfAnotherChain { .. }
        | Error::UnknownValidator { .. }
        | Error::OtherMnemonic
        | Error::Incomplete { .. }
        | Error::StateRoot { .. } => exit::VERIFICATION,
        Error::NoChainId
        | Error::ConfigOfAnotherChain { .. }
        | Error::BeaconOfAnotherChain { .. }
        | Error::NoHistory
        | Error::HeadOnly { .. } => exit::USAGE,
        Error::ExecutionConfig { .. } | Error::ConfigFile { .. } => exit::INPUT,
        Error::Template(_) | Error::Keys(_) | Error::ReadBack(_) => exit::BUG,
        _ => exit::SOURCE,
    }
}

/// The exit code of an error in a data directory.
pub(super) fn stopped_exit_code(error: &stopped::Error) -> u8 {
    match error {
        stopped::Error::AfterHead { .. }
        | stopped::Error::NoBlock(_)
        | stopped::Error::NotFinalized
        | stopped::Error::NoState { .. }
        | stopped::Error::Frozen { .. } => exit::USAGE,
        stopped::Error::Write(_) => exit::OUTPUT,
        stopped::Error::Trie { .. } | stopped::Error::Node(_) => exit::VERIFICATION,
        _ => exit::INPUT,
    }
}

fn begins_as_json(mut reader: Box<dyn Read + Send>) -> bool {
    let mut first = [0];
    reader.read_exact(&mut first).is_ok() && matches!(first[0], b'{' | b' ' | b'\n')
}

//! Verbs, one a file: its arguments and its `run`.

mod access;
pub mod bake;
pub mod capture;
pub mod compose;
pub mod health;
pub mod init;
pub mod inspect;
pub mod keys;
#[cfg(feature = "host")]
pub mod manual;
pub mod prepare;
pub mod run;
pub mod verify;

use std::path::Path;

use clap::builder::{StringValueParser, TypedValueParser};

use crate::exit;
use crate::rim::console::{self, Console};
use crate::rim::http::{Endpoint, Patience};
use crate::rim::rpc::Client;
use crate::rim::{datadir, disk, fs, lease, process, work};
use crate::snapshot::{Input, METADATA, Snapshot};
use crate::{cl, el, schedule, stamp};

/// Prints what another program may read.
fn print(data: &[u8]) -> Result<(), Failure> {
    console::print(data)
        .map_err(|error| Failure::new(exit::OUTPUT, format!("stdout: {error}"), None))
}

/// A flag's variable: a misspelt one must not turn on what it is to turn off.
pub(crate) fn switch() -> impl TypedValueParser<Value = bool> {
    let parse = |text: String| match text.trim().to_lowercase().as_str() {
        "1" | "true" | "yes" | "y" | "on" => Ok(true),
        "" | "0" | "false" | "no" | "n" | "off" => Ok(false),
        _ => Err("expected true or false"),
    };
    StringValueParser::new().try_map(parse)
}

/// What the user gave; an empty variable, as compose files leave it, is no setting.
fn given(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

/// What the user gave of a list.
fn given_list(texts: &[String]) -> impl Iterator<Item = &str> {
    texts.iter().filter_map(|text| given(text))
}

/// The snapshot in a directory.
fn snapshot_directory(directory: &Path) -> Result<Snapshot, Failure> {
    // metadata.json goes first and comes last: with it the snapshot is the old or the new one.
    if !fs::exists(&directory.join(METADATA)) && work::is_half_published(directory) {
        let message = format!("{}: a capture into it was interrupted", directory.display());
        let hint = "run the same capture again: it finishes the snapshot";
        return Err(Failure::new(exit::INPUT, message, Some(hint)));
    }
    if fs::is_directory(directory)? {
        let snapshot = Snapshot::directory(directory, fs::exists);
        return loose_files(directory, &snapshot).map_or(Ok(snapshot), Err);
    }
    if !fs::exists(directory) {
        let message =
            format!("{}: is not a snapshot directory: it does not exist", directory.display());
        let hint = "check the path of the snapshot; in a container, check the mount";
        return Err(Failure::new(exit::INPUT, message, Some(hint)));
    }
    let message = format!("{}: is not a snapshot directory", directory.display());
    let hint = "a snapshot has el/, cl/ and val/; loose files use --genesis, --config and \
                --mnemonics";
    Err(Failure::new(exit::INPUT, message, Some(hint)))
}

/// What is wrong with a directory that has the files of a snapshot side by side, as they come out of a
/// Kurtosis container.
fn loose_files(directory: &Path, snapshot: &Snapshot) -> Option<Failure> {
    let is_there = |input: &Input| matches!(input, Input::File(path) if fs::exists(path));
    if is_there(&snapshot.genesis) || is_there(&snapshot.config) {
        return None;
    }
    let flags = [
        ("--genesis", "genesis.json"),
        ("--config", "config.yaml"),
        ("--mnemonics", "mnemonics.yaml"),
    ];
    let found = flags.map(|(flag, name)| (flag, directory.join(name)));
    let found: Vec<_> = found.iter().filter(|(_, path)| fs::exists(path)).collect();
    if found.is_empty() {
        return None;
    }
    let message = format!("{}: has loose files, and is no snapshot", directory.display());
    let given = found.iter().map(|(flag, path)| format!("{flag} {}", path.display()));
    let hint = format!("name the files: {}", given.collect::<Vec<_>>().join(" "));
    Some(Failure::new(exit::INPUT, message, Some(&hint)))
}

/// The node at the URL that `flag` gives; its scheme may be left out.
fn connect<'a>(
    flag: &str,
    url: &str,
    patience: Patience,
    console: &'a Console,
) -> Result<Client<'a>, Failure> {
    let endpoint = Endpoint::new(url, patience, console).map_err(|error| {
        // Not quoting the URL: it may hold a password.
        Failure::usage(format!("{flag} {error}"), error.hint())
    })?;
    Ok(Client::new(endpoint))
}

/// Why a verb failed, for the user.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: u8,
    /// What is wrong, and where.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    fn new(exit: u8, message: impl Into<String>, hint: Option<&str>) -> Self {
        Self { exit, message: message.into(), hint: hint.map(str::to_owned) }
    }

    /// A fault of this program.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(exit::BUG, message, Some("please report this"))
    }

    /// A wrong flag.
    pub fn usage(message: impl Into<String>, hint: &str) -> Self {
        Self::new(exit::USAGE, message, Some(hint))
    }

    /// A fault at a line of an input.
    fn input(input: &Input, line: Option<u64>, what: &str, hint: Option<&str>) -> Self {
        // Nobody sees the lines of a file that is made of variables.
        let line = line.filter(|_| !matches!(input, Input::Made(..)));
        let line = line.map_or_else(String::new, |line| format!(" line {line}"));
        Self::new(exit::INPUT, format!("{}{line}: {what}", input.label()), hint)
    }

    /// A fault of `genesis.json`.
    fn genesis(input: &Input, error: &el::Error) -> Self {
        let line = error.offset.and_then(|offset| fs::line_of(input, offset).ok());
        Self::input(input, line, &error.to_string(), error.hint())
    }

    /// A fault of `config.yaml`.
    fn config(input: &Input, error: &cl::Error) -> Self {
        Self::input(input, error.line().map(|l| l as u64), &error.to_string(), error.hint())
    }

    fn stamp(genesis: &Input, config: &Input, error: &stamp::Error) -> Self {
        match error {
            stamp::Error::Config(error) => Self::config(config, error),
            stamp::Error::Placeholder => Self::input(
                genesis,
                None,
                &error.to_string(),
                Some("use --timestamp now, or a time"),
            ),
            stamp::Error::KeptTooLarge(_) => Self::input(
                genesis,
                None,
                &error.to_string(),
                Some("times are seconds since 1970, not milliseconds"),
            ),
            stamp::Error::BeforeHead { .. } => Self::usage(
                error.to_string(),
                "a chain that keeps its past goes on after it: choose a later --timestamp",
            ),
            stamp::Error::TooLarge(_) => {
                Self::usage(error.to_string(), "--timestamp takes seconds, not milliseconds")
            }
        }
    }

    fn schedule(genesis: &Input, config: &Input, error: &schedule::Error) -> Self {
        match error {
            schedule::Error::Config(error) => Self::config(config, error),
            schedule::Error::Genesis(error) => Self::genesis(genesis, error),
            schedule::Error::Contradiction { what, hint } => {
                let message = match (genesis.label(), config.label()) {
                    (one, other) if one == other => format!("{one}: {what}"),
                    (one, other) => format!("{one} and {other}: {what}"),
                };
                Self::new(exit::INPUT, message, Some(hint))
            }
        }
    }
}

impl From<fs::Error> for Failure {
    fn from(error: fs::Error) -> Self {
        match access::explain(&error) {
            Some((message, hint)) => Self::new(exit::INPUT, message, Some(&hint)),
            None => Self::new(exit::INPUT, error.to_string(), error.hint()),
        }
    }
}

impl From<disk::Error> for Failure {
    fn from(error: disk::Error) -> Self {
        Self::new(exit::OUTPUT, error.to_string(), error.hint())
    }
}

impl From<lease::Error> for Failure {
    fn from(error: lease::Error) -> Self {
        Self::new(exit::OUTPUT, error.to_string(), error.hint())
    }
}

impl From<datadir::Error> for Failure {
    fn from(error: datadir::Error) -> Self {
        let exit = match error {
            datadir::Error::Guarded { .. } => exit::USAGE,
            datadir::Error::NothingToCopy(_) | datadir::Error::Special(_) => exit::INPUT,
            _ => exit::OUTPUT,
        };
        Self::new(exit, error.to_string(), error.hint())
    }
}

impl From<process::Error> for Failure {
    fn from(error: process::Error) -> Self {
        Self::new(exit::TOOL, error.to_string(), error.hint())
    }
}

//! The verbs, one per file: each has its arguments and its `run`.

mod access;
pub mod bake;
#[cfg(feature = "host")]
pub mod capture;
pub mod compose;
#[cfg(feature = "host")]
pub mod diff;
#[cfg(feature = "host")]
pub mod edit;
pub mod health;
pub mod init;
pub mod inspect;
pub mod keys;
#[cfg(feature = "host")]
pub mod kube;
#[cfg(feature = "host")]
pub mod manual;
mod named;
#[cfg(feature = "host")]
mod networks;
#[cfg(feature = "host")]
pub mod new;
#[cfg(feature = "host")]
pub mod oci;
#[cfg(feature = "host")]
pub mod pack;
#[cfg(feature = "host")]
pub mod restore;
pub mod run;
mod source;
#[cfg(feature = "host")]
pub mod stack;
mod start_times;
pub(crate) mod steps;
pub mod tools;
pub mod verify;
pub mod watch;

use std::path::Path;

use crate::exit;
use crate::file::Input;
use crate::io::console::{self, Console};
use crate::io::disk;
use crate::io::fs;
use crate::io::http::{Endpoint, RetryPolicy};
use crate::io::identity::Watch;
use crate::io::process;
use crate::io::rpc_client::Client;
use crate::runtime::claim;
use crate::runtime::client_data;
use crate::snapshot::{METADATA, Snapshot};
use crate::snapshot_files::{self, work};
use crate::{cl, el, pipeline};

/// Prints data for other programs.
fn print(data: &[u8]) -> Result<(), Failure> {
    console::print(data)
        .map_err(|error| Failure::new(exit::OUTPUT, format!("stdout: {error}"), None))
}

/// Prints `value` as JSON, on several lines.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let mut json =
        serde_json::to_vec_pretty(value).map_err(|error| Failure::bug(error.to_string()))?;
    json.push(b'\n');
    print(&json)
}

/// A setting. Compose files leave variables empty: an empty one counts as unset.
fn given(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

/// The settings in a list.
fn given_list(texts: &[String]) -> impl Iterator<Item = &str> {
    texts.iter().filter_map(|text| given(text))
}

/// The snapshot in a directory.
fn snapshot_directory(directory: &Path) -> Result<Snapshot, Failure> {
    // A capture removes metadata.json first and writes it last: with it, the snapshot is complete.
    if !fs::exists(&directory.join(METADATA)) && work::is_half_published(directory) {
        let message = format!("{}: a capture or an edit was interrupted", directory.display());
        let hint = "run the same command again: it finishes the snapshot";
        return Err(Failure::new(exit::INPUT, message, Some(hint)));
    }
    if fs::is_directory(directory)? {
        let snapshot = snapshot_files::snapshot(directory);
        if let Some(failure) = loose_files(directory, &snapshot) {
            return Err(failure);
        }
        let has = |input: &Input| matches!(input, Input::File(path) if fs::exists(path.as_ref()));
        let files = [&snapshot.genesis, &snapshot.config].into_iter().chain(&snapshot.metadata);
        if files.into_iter().any(has) {
            return Ok(snapshot);
        }
        let message = format!("{}: is not a snapshot: it has no {METADATA}", directory.display());
        let hint = "check the path; regenesis capture writes a snapshot";
        return Err(Failure::new(exit::INPUT, message, Some(hint)));
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

/// The error of a directory that has the files of a snapshot side by side, as they are copied from a
/// Kurtosis container.
fn loose_files(directory: &Path, snapshot: &Snapshot) -> Option<Failure> {
    let is_there = |input: &Input| matches!(input, Input::File(path) if fs::exists(path.as_ref()));
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
    let message = format!("{}: has loose files, and is not a snapshot", directory.display());
    let given = found.iter().map(|(flag, path)| format!("{flag} {}", path.display()));
    let hint = format!("pass the files: {}", given.collect::<Vec<_>>().join(" "));
    Some(Failure::new(exit::INPUT, message, Some(&hint)))
}

/// The node at the URL in `flag`, whose scheme may be left out.
fn connect<'a>(
    flag: &str,
    url: &str,
    retry: RetryPolicy,
    console: &'a Console,
) -> Result<Client<'a>, Failure> {
    let endpoint = Endpoint::new(url, retry, console).map_err(|error| {
        // The URL may hold a password: it is not quoted.
        Failure::usage(format!("{flag} {error}"), error.hint())
    })?;
    Ok(Client::new(endpoint))
}

/// Fails if an input has changed since `watch` was taken.
fn unchanged(watch: &Watch) -> Result<(), Failure> {
    let Some(input) = watch.changed() else { return Ok(()) };
    let message = format!("{} changed while it was being read", input.label());
    let hint = "run this again once nothing writes to the snapshot";
    Err(Failure::new(exit::INPUT, message, Some(hint)))
}

/// Why a verb failed, for the user.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: u8,
    /// The cause and its place.
    pub message: String,
    /// The remedy.
    pub hint: Option<String>,
}

impl Failure {
    fn new(exit: u8, message: impl Into<String>, hint: Option<&str>) -> Self {
        Self { exit, message: message.into(), hint: hint.map(str::to_owned) }
    }

    /// A bug of this program.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(exit::BUG, message, Some("please report this"))
    }

    /// A wrong flag.
    pub fn usage(message: impl Into<String>, hint: &str) -> Self {
        Self::new(exit::USAGE, message, Some(hint))
    }

    /// An error in a line of an input.
    fn input(input: &Input, line: Option<u64>, what: &str, hint: Option<&str>) -> Self {
        // A generated file has lines that no user sees.
        let line = line.filter(|_| !matches!(input, Input::Made(..)));
        let line = line.map_or_else(String::new, |line| format!(" line {line}"));
        Self::new(exit::INPUT, format!("{}{line}: {what}", input.label()), hint)
    }

    /// An error in a `genesis.json`.
    fn genesis(input: &Input, error: &el::Error) -> Self {
        let line = error.offset.and_then(|offset| fs::line_of(input, offset).ok());
        Self::input(input, line, &error.to_string(), error.hint())
    }

    /// An error in a `config.yaml`.
    fn config(input: &Input, error: &cl::Error) -> Self {
        Self::input(input, error.line().map(|l| l as u64), &error.to_string(), error.hint())
    }
}

impl From<pipeline::Error> for Failure {
    fn from(error: pipeline::Error) -> Self {
        let exit = match &error {
            error if error.is_usage() => exit::USAGE,
            error if error.is_bug() => exit::BUG,
            error if error.is_output() => exit::OUTPUT,
            _ => exit::INPUT,
        };
        match error {
            pipeline::Error::Read(error) => fs::Error::from(error).into(),
            error => Self::new(exit, error.to_string(), error.hint()),
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
        match access::explain_output(&error) {
            Some((message, hint)) => Self::new(exit::OUTPUT, message, Some(&hint)),
            None => Self::new(exit::OUTPUT, error.to_string(), error.hint()),
        }
    }
}

impl From<claim::Error> for Failure {
    fn from(error: claim::Error) -> Self {
        match error {
            claim::Error::Disk(error) => error.into(),
            error => Self::new(exit::OUTPUT, error.to_string(), error.hint()),
        }
    }
}

impl From<client_data::Error> for Failure {
    fn from(error: client_data::Error) -> Self {
        let exit = match error {
            client_data::Error::Guarded { .. } => exit::USAGE,
            client_data::Error::NothingToCopy(_) | client_data::Error::Special(_) => exit::INPUT,
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

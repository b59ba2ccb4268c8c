//! The verbs that operate stacks through Docker Compose: one per file.

mod blocks;
pub mod can_start;
pub mod complete;
pub mod deploy;
pub mod doctor;
pub mod down;
mod events;
mod failures;
mod images;
pub mod list;
pub mod logs;
mod observe;
pub mod port;
mod ports;
pub mod purge;
mod removal;
pub mod reset;
pub mod restart;
pub mod status;
mod summary;
mod target;
pub(super) mod trial;
pub mod up;

use std::path::PathBuf;

use super::Failure;
use crate::exit;
use crate::io::console::Console;
use crate::io::{docker, host};
use crate::operate::stacks::{self, Stack};

/// These verbs, in the order of `--help`.
#[derive(Debug, clap::Subcommand)]
#[allow(missing_docs, reason = "a comment would replace the help of the verb's arguments")]
pub enum Verb {
    Up(up::Args),
    Status(status::Args),
    Logs(logs::Args),
    Port(port::Args),
    List(list::Args),
    Restart(restart::Args),
    Deploy(deploy::Args),
    Down(down::Args),
    Reset(reset::Args),
    Purge(purge::Args),
    Doctor(doctor::Args),
    #[command(hide = true)]
    Complete(complete::Args),
    #[command(hide = true)]
    CanStart(can_start::Args),
}

impl Verb {
    /// Runs the verb.
    ///
    /// # Errors
    /// Those of the verb.
    pub fn run(&self, console: &Console) -> Result<(), Failure> {
        match self {
            Self::Up(args) => up::run(args, console),
            Self::Status(args) => status::run(args, console),
            Self::Logs(args) => logs::run(args, console),
            Self::Port(args) => port::run(args, console),
            Self::List(args) => list::run(args, console),
            Self::Restart(args) => restart::run(args, console),
            Self::Deploy(args) => deploy::run(args, console),
            Self::Down(args) => down::run(args, console),
            Self::Reset(args) => reset::run(args, console),
            Self::Purge(args) => purge::run(args, console),
            Self::Doctor(args) => doctor::run(args, console),
            Self::Complete(args) => complete::run(args),
            Self::CanStart(args) => can_start::run(args),
        }
    }
}

const COMPOSE_FILE: &str = crate::compose::FILE;
/// The files in the state directory of a stack.
const STATE_FILES: [&str; 4] = [COMPOSE_FILE, NO_SETTINGS, deploy::RECORD, LOCK];
const NO_SETTINGS: &str = "no-settings.env";
const LOCK: &str = "lock";

/// Where the files of a stack are that belong in no snapshot.
fn state_directory(name: &str) -> Result<PathBuf, Failure> {
    host::state_directory(name).ok_or_else(|| {
        Failure::usage("HOME is not set", "set HOME or XDG_STATE_HOME to a directory")
    })
}

/// Waits until no other command starts or stops the stack.
fn lock(name: &str, console: &Console) -> Result<host::Lock, Failure> {
    let state = state_directory(name)?;
    host::make_directory(&state)?;
    Ok(host::lock(&state.join(LOCK), console)?)
}

/// The stack of this name as it is now; an empty one if nothing of it exists.
fn now(name: &str) -> Result<Stack, Failure> {
    let found = docker::all_stacks()?.into_iter().find(|stack| stack.name == name);
    Ok(found.unwrap_or_else(|| Stack { name: name.to_owned(), ..Stack::default() }))
}

/// Locks a stack, and looks at it again: while this waited, another command may have changed it.
fn locked(name: &str, console: &Console) -> Result<(host::Lock, Stack), Failure> {
    let lock = lock(name, console)?;
    Ok((lock, named(&docker::all_stacks()?, Some(name))?.clone()))
}

impl From<docker::Error> for Failure {
    fn from(error: docker::Error) -> Self {
        let exit = match error {
            docker::Error::Disk(error) => return error.into(),
            docker::Error::Missing | docker::Error::NoCompose | docker::Error::Silent(_) => {
                exit::DOCKER
            }
            _ => exit::TOOL,
        };
        Self::new(exit, error.to_string(), error.hint())
    }
}

impl From<stacks::Unknown> for Failure {
    fn from(error: stacks::Unknown) -> Self {
        Self::usage(error.to_string(), error.hint())
    }
}

/// The stack and the services that `[NAME] [SERVICE]…` mean.
fn stack_and_services<'a>(
    stacks: &'a [Stack],
    words: &'a [String],
) -> Result<(&'a Stack, Vec<&'a str>), Failure> {
    let not_one = |word: &str, stack: &Stack| {
        let hint = format!("the services are {}", stack.services().join(", "));
        Failure::usage(format!("{word:?} is not a service"), &hint)
    };
    let (name, services) = match stacks::words(stacks, words) {
        Ok(parts) => parts,
        // Without the stack, nothing is known about its services.
        Err((name, word)) => return Err(not_one(word, stacks::select(stacks, Some(name))?)),
    };
    let stack = stacks::select(stacks, name)?;
    let known = stack.services();
    match services.iter().find(|service| !known.contains(service)) {
        Some(word) => Err(not_one(word, stack)),
        None => Ok((stack, services)),
    }
}

/// The stack of this name; without a name, the only one.
fn named<'a>(stacks: &'a [Stack], name: Option<&str>) -> Result<&'a Stack, Failure> {
    Ok(stacks::select(stacks, name.filter(|name| !name.is_empty()))?)
}

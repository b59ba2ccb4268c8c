//! Docker and Compose, through their command lines: what they answer is read, never shown as it is.

mod files;
mod services;

use std::ffi::OsString;
use std::path::PathBuf;

use super::process::{self, Captured};
use crate::archive;
use crate::operate::containers::{self, Container, Volume};
use crate::operate::stacks::{Stack, stacks};
use crate::operate::{Unexpected, disk};
pub use files::{Directory, Found, copy, file, files};
pub use services::services;

const PROJECT: &str = "label=com.docker.compose.project";

/// Docker cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program is missing.
    #[error("Docker is missing")]
    Missing,
    /// Neither version of Compose is there.
    #[error("Docker Compose is missing")]
    NoCompose,
    /// The daemon does not answer.
    #[error("Docker does not answer: {0}")]
    Silent(String),
    /// A command failed.
    #[error("docker {command}: {message}")]
    Failed {
        /// Its first argument.
        command: String,
        /// The last line of its messages.
        message: String,
    },
    /// A file of a container exceeds the limit.
    #[error("{path}: has more than {most} bytes")]
    TooLarge {
        /// The file in the container.
        path: String,
        /// The limit.
        most: u64,
    },
    /// The archive of a path in a container breaks off, or has an entry that is refused.
    #[error("{path}: {source}")]
    Archive {
        /// The path in the container.
        path: String,
        /// The cause.
        source: archive::Error,
    },
    /// A copy cannot be written.
    #[error(transparent)]
    Disk(#[from] super::disk::Error),
    /// A program did not start.
    #[error(transparent)]
    Start(#[from] process::Error),
    /// An answer is not what Docker documents.
    #[error(transparent)]
    Unexpected(#[from] Unexpected),
}

impl Error {
    /// The remedy.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing => Some("install it: docs.docker.com/engine/install"),
            Self::NoCompose => Some("install the compose plugin, or docker-compose 1.29"),
            Self::Silent(_) => Some("start it, or join the group docker"),
            Self::TooLarge { .. } => Some("check that this is the file of the service, not a log"),
            Self::Archive { .. } => Some("run the command again while the container is there"),
            Self::Disk(error) => error.hint(),
            Self::Failed { .. } | Self::Start(_) | Self::Unexpected(_) => None,
        }
    }
}

/// The last line that is not empty.
pub fn last_line(text: &str) -> &str {
    text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("no message")
}

/// Runs `docker` with these arguments; its exit code is not checked.
///
/// # Errors
/// It is missing.
pub fn tries<S: AsRef<str>>(arguments: &[S]) -> Result<Captured, Error> {
    let line = std::iter::once("docker").chain(arguments.iter().map(AsRef::as_ref));
    let line: Vec<_> = line.map(OsString::from).collect();
    process::capture(&line, &mut |_| (), &mut |_| ()).map_err(not_started)
}

/// The error of `docker` that did not start.
fn not_started(error: process::Error) -> Error {
    match error {
        process::Error::Start { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            Error::Missing
        }
        error => error.into(),
    }
}

/// Runs `docker` with these arguments.
///
/// # Errors
/// It is missing, or fails.
pub fn run<S: AsRef<str>>(arguments: &[S]) -> Result<Captured, Error> {
    let done = tries(arguments)?;
    if done.succeeded() {
        return Ok(done);
    }
    Err(failed(arguments.first().map_or("", |word| word.as_ref()), &done.stderr()))
}

/// The error of a command that said this.
fn failed(command: &str, said: &str) -> Error {
    if ["Cannot connect", "permission denied"].iter().any(|text| said.contains(text)) {
        return Error::Silent(last_line(said).to_owned());
    }
    Error::Failed { command: command.to_owned(), message: last_line(said).to_owned() }
}

/// Follows the log of a container until it stops: `see` gets each line with its time.
///
/// # Errors
/// Docker is missing.
pub fn follow(
    container: &str,
    since: Option<&str>,
    see: &(dyn Fn(&str) + Sync),
) -> Result<(), Error> {
    let since = since.into_iter().flat_map(|since| ["--since", since]);
    let line = ["docker", "logs", "--follow", "--timestamps"].into_iter().chain(since);
    let line: Vec<_> = line.chain([container]).map(OsString::from).collect();
    Ok(process::follow(&line, see)?)
}

/// The containers of a service, running or not.
///
/// # Errors
/// Docker does not answer.
pub fn of_service(project: &str, service: &str) -> Result<Vec<String>, Error> {
    let project = format!("{PROJECT}={project}");
    let service = format!("label=com.docker.compose.service={service}");
    let found = run(&["ps", "-aq", "--no-trunc", "--filter", &project, "--filter", &service])?;
    Ok(found.stdout().lines().map(str::to_owned).collect())
}

/// Whether a container runs.
///
/// # Errors
/// It is gone, or Docker does not answer.
pub fn is_running(container: &str) -> Result<bool, Error> {
    let format = "{{.State.Running}}";
    let done = run(&["inspect", "--type", "container", "--format", format, container])?;
    Ok(done.stdout().trim() == "true")
}

/// The version of the daemon.
///
/// # Errors
/// Docker is missing, or does not answer.
pub fn daemon() -> Result<String, Error> {
    let done = tries(&["version", "--format", "{{.Server.Version}}"])?;
    if done.succeeded() {
        return Ok(done.stdout().trim().to_owned());
    }
    Err(Error::Silent(last_line(&done.stderr()).to_owned()))
}

/// Compose.
#[derive(Debug)]
pub struct Compose {
    program: &'static [&'static str],
    /// Its name and version.
    pub version: String,
}

const PLUGIN: &[&str] = &["docker", "compose"];
const PROGRAM: &[&str] = &["docker-compose"];

impl Compose {
    /// The plugin of Docker, or docker-compose where the plugin is missing.
    ///
    /// # Errors
    /// Neither is there.
    pub fn find() -> Result<Self, Error> {
        for (program, name) in [(PLUGIN, "Docker Compose"), (PROGRAM, "docker-compose")] {
            let line = program.iter().chain(&["version", "--short"]).map(OsString::from);
            let done = process::capture(&line.collect::<Vec<_>>(), &mut |_| (), &mut |_| ());
            if let Ok(done) = done
                && done.succeeded()
            {
                let version = format!("{name} {}", done.stdout().trim());
                return Ok(Self { program, version });
            }
        }
        Err(Error::NoCompose)
    }

    /// The words with which a user calls it.
    pub fn command(&self) -> String {
        self.program.join(" ")
    }

    /// Runs it for a project, with these variables set, or removed where the value is `None`.
    ///
    /// # Errors
    /// It does not start.
    pub fn run(
        &self,
        project: &Project,
        arguments: &[&str],
        variables: &[(String, Option<String>)],
    ) -> Result<Captured, Error> {
        let mut line: Vec<OsString> = self.program.iter().map(OsString::from).collect();
        line.extend(["-p".into(), project.name.clone().into()]);
        line.extend(["--project-directory".into(), project.directory.clone().into()]);
        line.extend(["--env-file".into(), project.no_settings.clone().into()]);
        for file in &project.files {
            line.extend(["-f".into(), file.into()]);
        }
        line.extend(arguments.iter().map(OsString::from));
        let mut environment = |command: &mut std::process::Command| {
            for (name, value) in variables {
                match value {
                    Some(value) => command.env(name, value),
                    None => command.env_remove(name),
                };
            }
        };
        Ok(process::capture(&line, &mut environment, &mut |_| ())?)
    }
}

/// A Compose project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// The directory to which relative paths refer.
    pub directory: PathBuf,
    /// Its compose files.
    pub files: Vec<PathBuf>,
    /// A file without settings: Compose must not read the `.env` of a directory that a stranger wrote.
    pub no_settings: PathBuf,
}

/// The stacks of this machine.
///
/// # Errors
/// Docker does not answer.
pub fn all_stacks() -> Result<Vec<Stack>, Error> {
    Ok(stacks(containers()?, volumes()?))
}

fn containers() -> Result<Vec<Container>, Error> {
    let ids = run(&["ps", "-aq", "--no-trunc", "--filter", PROJECT])?;
    let answer = inspect(&["inspect", "--type", "container"], &ids.stdout())?;
    Ok(containers::containers(&answer)?)
}

fn volumes() -> Result<Vec<Volume>, Error> {
    let names = run(&["volume", "ls", "-q", "--filter", PROJECT])?;
    let answer = inspect(&["volume", "inspect"], &names.stdout())?;
    Ok(containers::volumes(&answer)?)
}

/// Inspects what is listed. What has disappeared since is left out: docker prints the others, and fails.
fn inspect(command: &[&str], listed: &str) -> Result<String, Error> {
    let listed: Vec<_> = listed.lines().collect();
    if listed.is_empty() {
        return Ok(String::new());
    }
    let done = tries(&[command, &listed].concat())?;
    let said = done.stderr();
    // Of a container, of a volume, of both.
    let is_gone = ["No such container", "no such volume", "No such volume", "No such object"];
    if done.succeeded() || is_gone.iter().any(|text| said.contains(text)) {
        return Ok(done.stdout());
    }
    Err(failed(command.first().unwrap_or(&""), &said))
}

/// Whether an image is on this machine.
///
/// # Errors
/// Docker is missing.
pub fn has_image(name: &str) -> Result<bool, Error> {
    Ok(image_id(name)?.is_some())
}

/// The id of an image; `None` if it is not on this machine.
///
/// # Errors
/// Docker is missing.
pub fn image_id(name: &str) -> Result<Option<String>, Error> {
    let done = tries(&["image", "inspect", "--format", "{{.Id}}", name])?;
    Ok(done.succeeded().then(|| done.stdout().trim().to_owned()))
}

/// The size of each volume of a stack.
///
/// # Errors
/// Docker does not answer.
pub fn disk(stack: &Stack) -> Result<std::collections::BTreeMap<String, String>, Error> {
    let used = run(&["system", "df", "-v", "--format", "{{json .Volumes}}"])?;
    Ok(disk::volumes(&used.stdout(), stack)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_message_is_shown() {
        assert_eq!(last_line("one\n two \n\n"), "two");
        assert_eq!(last_line(""), "no message");
    }
}

//! Kubernetes, through the user's `kubectl`: its context and its credentials.

use std::ffi::OsString;
use std::io::ErrorKind;

use serde_json::Value;

use super::docker::last_line;
use super::process::{self, Captured};

/// Kubernetes cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program is missing.
    #[error("kubectl is missing")]
    Missing,
    /// A command failed.
    #[error("kubectl {command}: {message}")]
    Failed {
        /// Its first argument.
        command: String,
        /// The last line of its messages.
        message: String,
    },
    /// An answer is not JSON.
    #[error("kubectl get: its answer is not JSON: {0}")]
    Unexpected(#[from] serde_json::Error),
    /// It did not start.
    #[error(transparent)]
    Start(#[from] process::Error),
}

impl Error {
    /// The remedy.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing => Some("install it: kubernetes.io/docs/tasks/tools"),
            Self::Failed { .. } => Some("kubectl config current-context shows the cluster"),
            Self::Unexpected(_) | Self::Start(_) => None,
        }
    }
}

/// Runs `kubectl` with these arguments.
///
/// # Errors
/// It is missing, or fails.
pub fn run(arguments: &[&str]) -> Result<Captured, Error> {
    let line: Vec<_> = [&["kubectl"], arguments].concat().into_iter().map(OsString::from).collect();
    let done = process::capture(&line, &mut |_| (), &mut |_| ()).map_err(|error| match error {
        process::Error::Start { source, .. } if source.kind() == ErrorKind::NotFound => {
            Error::Missing
        }
        error => error.into(),
    })?;
    if done.succeeded() {
        return Ok(done);
    }
    let command = arguments.first().copied().unwrap_or_default().to_owned();
    Err(Error::Failed { command, message: last_line(&done.stderr()).to_owned() })
}

/// Objects of the current namespace.
///
/// # Errors
/// Those of [`run`].
pub fn get(arguments: &[&str]) -> Result<Value, Error> {
    let done = run(&[&["get", "--output", "json"], arguments].concat())?;
    Ok(serde_json::from_slice(&done.stdout)?)
}

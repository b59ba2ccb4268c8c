//! The data directory of a stopped geth, copied from its container.

use std::path::{Path, PathBuf};

use super::{Failure, GETH_DATADIR};
use crate::command::steps::Steps;
use crate::enclave::Service;
use crate::exit;
use crate::io::{disk, docker, signal};

/// A stopped geth in a container.
#[derive(Debug)]
pub(in super::super) struct Stopped {
    /// The service and the directory, as messages name them.
    pub(in super::super) label: String,
    /// What `docker cp` copies.
    pub(super) source: String,
    /// Where the copy will be: on the disk of the snapshot.
    pub(in super::super) copy: PathBuf,
}

/// The copy, which exists as long as this.
#[derive(Debug)]
pub(in super::super) struct Copied(PathBuf);

impl Stopped {
    /// A geth that has ended; `None` if it runs or has never run, or is another client. `out` is the snapshot.
    pub(super) fn of(execution: &Service, out: Option<&Path>) -> Result<Option<Self>, Failure> {
        let has_ended = ["exited", "dead"].contains(&&*execution.state);
        if !has_ended || execution.client.as_deref() != Some("geth") {
            return Ok(None);
        }
        let container = execution.container.get(..12).unwrap_or(&execution.container);
        let datadir = execution.words.value("--datadir").unwrap_or(GETH_DATADIR);
        Ok(Some(Self {
            label: format!("{}:{datadir}", execution.name),
            source: format!("{container}:{datadir}"),
            copy: disk::beside(out.unwrap_or(Path::new("geth")))?,
        }))
    }

    /// Copies the directory.
    ///
    /// # Errors
    /// The container or the directory is gone, or the disk is full.
    pub(in super::super) fn copy(&self, steps: &Steps<'_>) -> Result<Copied, Failure> {
        steps.console.work(&format!("copying {}", self.label));
        signal::begin_file(&self.copy);
        let copied = Copied(self.copy.clone());
        let copy = self.copy.to_string_lossy();
        match docker::run(&["cp", &*self.source, &*copy]) {
            Ok(_) => {
                steps.done("copy", &self.label);
                Ok(copied)
            }
            Err(docker::Error::Failed { message, .. }) => {
                let message = format!("{} cannot be copied: {message}", self.label);
                let hint =
                    "check the free space beside --out, and that the container is still there";
                Err(Failure::new(exit::SOURCE, message, Some(hint)))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        // The capture has ended, and its result is what counts.
        let _ = disk::remove(&self.0);
        signal::end_file(&self.0);
    }
}

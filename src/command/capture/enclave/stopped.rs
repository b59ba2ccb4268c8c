//! The database of a stopped geth, copied from its container.

use std::path::PathBuf;

use super::{Failure, GETH_DATADIR, gone};
use crate::command::steps::Steps;
use crate::datadir::DATABASE_PLACE;
use crate::enclave::Service;
use crate::exit;
use crate::io::console::Console;
use crate::io::{disk, docker, signal};

/// A stopped geth in a container.
#[derive(Debug)]
pub(in super::super) struct Stopped {
    pub(in super::super) service: String,
    container: String,
    datadir: String,
    /// Where geth puts old blocks, if not into its data directory.
    ancient: Option<String>,
}

/// The copy, a data directory that exists as long as this.
#[derive(Debug)]
pub(in super::super) struct Copied<'a> {
    pub(in super::super) directory: PathBuf,
    console: &'a Console,
}

impl Stopped {
    /// The geth of an execution client that has ended; `None` if it runs or has never run, or is another
    /// client.
    pub(super) fn of(execution: &Service) -> Option<Self> {
        let has_ended = ["exited", "dead"].contains(&&*execution.state);
        (has_ended && execution.client.as_deref() == Some("geth")).then(|| Self {
            service: execution.name.clone(),
            container: execution.container.clone(),
            datadir: execution.words.value("--datadir").unwrap_or(GETH_DATADIR).to_owned(),
            ancient: execution.words.value("--datadir.ancient").map(str::to_owned),
        })
    }

    /// The service and its data directory, as messages name them.
    pub(in super::super) fn label(&self) -> String {
        format!("{}:{}", self.service, self.datadir)
    }

    /// What `docker cp` copies.
    pub(super) fn source(&self) -> String {
        format!("{}:{}", self.container.get(..12).unwrap_or(&self.container), self.datadir)
    }

    /// Copies the database to a data directory.
    ///
    /// # Errors
    /// The container or its database is gone, it runs again, or the disk is full.
    pub(in super::super) fn copy<'a>(
        &self,
        directory: PathBuf,
        steps: &Steps<'a>,
    ) -> Result<Copied<'a>, Failure> {
        let failed = |message, hint: &str| Err(Failure::new(exit::SOURCE, message, Some(hint)));
        if let Some(ancient) = &self.ancient {
            let message = format!("{} has its old blocks in {ancient}", self.service);
            let hint = format!(
                "docker cp {} DIR, and that directory to DIR/geth/chaindata/ancient; then add --datadir DIR",
                self.source()
            );
            return failed(message, &hint);
        }
        let source = [&self.datadir, DATABASE_PLACE[0], DATABASE_PLACE[1]].join("/");
        let gone = |error| gone(&self.service, &source, error);
        steps.console.work(&format!("copying {}:{source}", self.service));
        signal::begin_file(&directory);
        let copied = Copied { directory, console: steps.console };
        let target = copied.directory.join(PathBuf::from_iter(DATABASE_PLACE));
        let Some(size) = docker::copy(&self.container, &source, &target).map_err(gone)? else {
            let message = format!("{} is stopped, and has no {source}", self.service);
            return failed(
                message,
                "name another node: --el SERVICE, --el-rpc URL or --datadir DIR",
            );
        };
        if docker::is_running(&self.container).map_err(gone)? {
            let message = format!("{} was started during the copy", self.service);
            return failed(message, "run the same command again");
        }
        let size = size.div_ceil(1_000_000);
        steps.done(
            "copy",
            &format!("{size} MB: the database of {}, which is stopped", self.service),
        );
        Ok(copied)
    }
}

impl Drop for Copied<'_> {
    fn drop(&mut self) {
        if let Err(error) = disk::remove(&self.directory) {
            self.console.warning(&format!("the copy of geth's database was not removed: {error}"));
        }
        signal::end_file(&self.directory);
    }
}

//! `--renew stale`: the genesis that is there is kept while its clients can continue its chain.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rayon::prelude::*;

use super::super::Failure;
use super::Init;
use super::args::Args;
use super::settings::{Jwt, path};
use crate::datadir::renew::{ClientData, continues};
use crate::io::identity::Watch;
use crate::runtime::{client_data, requests};
use crate::snapshot_files::digests;
use crate::stamp::Timestamp;
use crate::summary::Finished;

/// When a genesis that no client runs on is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Renew {
    /// At every start
    #[value(alias = "")]
    Always,
    /// Only when its clients cannot continue its chain
    Stale,
}

/// The settings of `--renew stale`.
pub(super) struct Keeping {
    client_data: Vec<PathBuf>,
    max_idle: Duration,
}

impl Keeping {
    /// `None` with `--renew always`.
    pub(super) fn parse(args: &Args) -> Result<Option<Self>, Failure> {
        if args.renew == Renew::Always {
            return Ok(None);
        }
        let client_data: Vec<_> =
            args.client_data.iter().filter_map(|given| path(Some(&trimmed(given)))).collect();
        if client_data.is_empty() {
            return Err(Failure::usage(
                "--renew stale needs --client-data",
                "name the data directory of every client, as in --client-data data/el,data/cl,data/vc",
            ));
        }
        Ok(Some(Self { client_data, max_idle: Duration::from_secs(args.max_idle) }))
    }
}

impl Init<'_> {
    /// Why the genesis of the marker `before`, which no client runs on, is replaced; `None` if it is
    /// kept, after a line that says so.
    pub(super) fn cause(self, before: &[u8]) -> Result<Option<String>, Failure> {
        let Some(keeping) = &self.settings.keeping else {
            let request = requests::read(&self.settings.out);
            let run_id = Finished::parse(before).map(|finished| finished.run_id);
            let is_watch =
                run_id.is_ok_and(|id| request.is_some_and(|request| request.renews(&id)));
            let cause = if is_watch { "watch renews it" } else { "--renew is always" };
            return Ok(Some(cause.to_owned()));
        };
        let (out, console) = (self.settings.out.display(), self.console);
        match self.obstacle(keeping, before)? {
            Ok((run_id, idle)) => {
                let idle = idle.as_secs();
                console.title(&format!(
                    "{out}: kept run {run_id}: its clients continue its chain, last written {idle} s \
                     ago (--renew stale)"
                ));
                Ok(None)
            }
            Err(reason) => Ok(Some(format!("{reason} (--renew stale)"))),
        }
    }

    /// The run and the time since its last write, or why its clients cannot continue.
    fn obstacle(
        self,
        keeping: &Keeping,
        before: &[u8],
    ) -> Result<Result<(String, Duration), String>, Failure> {
        let Ok(finished) = Finished::parse(before) else {
            return Ok(Err("regenesis.json is damaged".to_owned()));
        };
        let snapshot = &self.sources.snapshot;
        let requested = self.inputs(digests::recall(snapshot, &Watch::of(&snapshot.inputs()))?);
        let changed = finished.inputs.map(|inputs| {
            let differences = inputs.differences(&requested).into_iter();
            differences.chain(inputs.rearranged(&requested)).collect::<Vec<_>>().join(", ")
        });
        match changed {
            None => return Ok(Err("an older version made the last one".to_owned())),
            Some(changed) if !changed.is_empty() => {
                return Ok(Err(format!("{changed} changed")));
            }
            Some(_) => {}
        }
        if matches!(self.settings.jwt, Jwt::Given(_)) {
            return Ok(Err("--jwt sets its secret".to_owned()));
        }
        if matches!(self.settings.timestamp, Some(Timestamp::Keep | Timestamp::At(_))) {
            return Ok(Err("--timestamp sets its time".to_owned()));
        }
        let data = keeping.client_data.iter().map(|path| found(path));
        let data = data.collect::<Result<Vec<_>, Failure>>()?;
        let idle = match continues(&finished.run_id, keeping.max_idle, &data) {
            Ok(idle) => idle,
            Err(obstacle) => return Ok(Err(obstacle.to_string())),
        };
        // Last, because it reads every file.
        let damaged =
            finished.files.par_iter().find_map_first(|file| match self.is_as_written(file) {
                Ok(true) => None,
                Ok(false) => Some(format!("{} differs from what the last run wrote", file.path)),
                Err(failure) => Some(failure.message),
            });
        Ok(damaged.map_or(Ok((finished.run_id, idle)), Err))
    }
}

/// A path without the spaces around the commas of a list.
fn trimmed(path: &Path) -> PathBuf {
    path.to_str().map_or_else(|| path.to_owned(), |text| PathBuf::from(text.trim()))
}

fn found(path: &Path) -> Result<ClientData, Failure> {
    let (run_id, idle) = client_data::inspect(path)?;
    Ok(ClientData { name: path.display().to_string(), run_id, idle })
}

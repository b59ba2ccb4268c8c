//! Assigns each change of the blob limits to one of geth's blob-parameter-only forks.

use super::{Error, Plan, contradiction};
use crate::cl::config::BlobParameters;
use crate::forks::{BlobParams, ForkName, Hardfork};

/// A change of the blob limits on the new chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    /// Its fork in `genesis.json`, if there is one.
    pub(super) own: Option<Hardfork>,
    /// The epoch from which on it applies.
    pub(super) epoch: u64,
    /// The new limits, if known.
    pub(super) params: Option<BlobParams>,
    /// Its entry in `BLOB_SCHEDULE`, if there is one.
    pub(super) entry: Option<BlobParameters>,
}

/// The message for an entry without a fork in `genesis.json`.
pub(super) fn only_in_config(entry: BlobParameters) -> String {
    let BlobParameters { epoch, max_blobs_per_block: max } = entry;
    format!(
        "BLOB_SCHEDULE allows {max} blobs from epoch {epoch}, but no bpo fork of genesis.json does"
    )
}

/// The fork of each change: its own, or the next unused one.
fn assign(changes: &[Change]) -> Option<Vec<Hardfork>> {
    let bpo: Vec<Hardfork> = Hardfork::bpo().collect();
    let number = |fork: Hardfork| bpo.iter().position(|known| *known == fork);
    let mut next = 0;
    let mut forks = Vec::new();
    for change in changes {
        let index = change.own.and_then(number).unwrap_or(0).max(next);
        forks.push(index);
        next = index + 1;
    }
    if next > bpo.len() {
        // Renumber without gaps.
        forks = (0..changes.len()).collect();
    }
    forks.into_iter().map(|index| bpo.get(index).copied()).collect()
}

impl Plan<'_> {
    /// Writes the blob-parameter-only forks into `genesis.json`.
    pub(super) fn write_forks(&mut self, changes: &[Change]) -> Result<(), Error> {
        let Some(forks) = assign(changes) else {
            let added = changes.iter().filter(|change| change.own.is_none());
            let added = added.filter_map(|change| change.entry).map(only_in_config).next();
            return contradiction(
                format!("{}, and all five are in use", added.unwrap_or_default()),
                "remove an entry: geth has only five bpo forks",
            );
        };
        let has_history = self.stamp.head.is_some();
        for (change, fork) in changes.iter().zip(&forks) {
            if has_history && change.epoch == 0 && change.own.is_some_and(|own| own != *fork) {
                let problem = change.entry.map_or_else(String::new, only_in_config);
                let hint = "remove the entry: the bpo forks of the history cannot change";
                return contradiction(problem, hint);
            }
            self.check_before_gloas(change)?;
        }
        for fork in Hardfork::bpo() {
            let vacated = self.genesis.config.time(fork).is_some() && !forks.contains(&fork);
            if vacated {
                self.document.remove_config(fork.key())?;
                self.document.remove_blob_params(fork.blob_schedule_key().unwrap_or_default())?;
            }
        }
        for (change, fork) in changes.iter().zip(forks) {
            self.write_fork(change, fork)?;
        }
        Ok(())
    }

    fn write_fork(&mut self, change: &Change, fork: Hardfork) -> Result<(), Error> {
        let time = change.own.and_then(|own| self.genesis.config.time(own));
        let moved = change.own != Some(fork);
        if let Some(own) = change.own.filter(|_| moved) {
            self.note(format!("genesis.json: {} becomes {}", own.key(), fork.key()));
        }
        if change.epoch == 0 {
            let reached = time.filter(|time| *time <= self.stamp.el_timestamp);
            match (time, reached.or(self.stamp.head.and(time))) {
                (Some(_), Some(_)) if !moved => {}
                (_, reached) => {
                    self.document.set_time(fork, reached.unwrap_or(0))?;
                    if change.own.is_none() {
                        let key = fork.key();
                        self.note(format!("genesis.json: {key} 0 added, active at genesis"));
                    }
                }
            }
        } else if moved {
            let target = self.clock.time(change.epoch);
            self.document.set_time(fork, target)?;
            let (key, epoch) = (fork.key(), change.epoch);
            self.note(match change.own {
                None => format!("genesis.json: {key} {target} (added, epoch {epoch})"),
                Some(_) => format!("genesis.json: {key} {target} (epoch {epoch})"),
            });
        } else {
            self.move_to(fork, time, change.epoch)?;
        }
        let Some(params) = change.params else { return Ok(()) };
        if moved || self.genesis.config.blob_params(fork).is_none() {
            let entry = fork.blob_schedule_key().unwrap_or_default();
            self.document.set_blob_params(entry, params)?;
            self.note(format!("genesis.json: blobSchedule.{entry} added: {params}"));
        }
        Ok(())
    }

    /// geth requires times in the order of its forks, and amsterdam is after all bpo forks.
    fn check_before_gloas(&self, change: &Change) -> Result<(), Error> {
        let gloas = self.epoch(ForkName::Gloas)?;
        if change.epoch <= gloas {
            return Ok(());
        }
        let problem = match (change.own, change.entry) {
            (Some(own), _) => {
                let time = self.genesis.config.time(own).unwrap_or_default();
                format!("{} is {time}", own.key())
            }
            (None, entry) => {
                let max = entry.map_or(0, |entry| entry.max_blobs_per_block);
                format!("BLOB_SCHEDULE allows {max} blobs from epoch {}", change.epoch)
            }
        };
        contradiction(
            format!("{problem}, after GLOAS_FORK_EPOCH, which is {gloas}"),
            "change the limit earlier, or set a later GLOAS_FORK_EPOCH: geth rejects a bpo fork after \
             amsterdam",
        )
    }
}

//! The five blob forks that geth knows: which of them brings which change.

use super::{Error, Plan, contradiction};
use crate::cl::config::{BlobParameters, FAR_FUTURE_EPOCH};
use crate::cl::fork::FORKS;
use crate::el::chain_config::{BPO_FORKS, BlobParams, Hardfork};

/// A blob fork of the chain that is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element {
    /// The fork of `genesis.json` that it is; `None`: the file has none.
    pub(super) own: Option<Hardfork>,
    /// When it comes.
    pub(super) epoch: u64,
    /// What it brings; `None`: nothing says.
    pub(super) params: Option<BlobParams>,
    /// Its entry of `BLOB_SCHEDULE`.
    pub(super) entry: Option<BlobParameters>,
}

/// What to say of an entry that no blob fork goes with.
pub(super) fn only_in_config(entry: BlobParameters) -> String {
    let BlobParameters { epoch, max_blobs_per_block: max } = entry;
    format!(
        "BLOB_SCHEDULE allows {max} blobs from epoch {epoch}, but no bpo fork of genesis.json does"
    )
}

/// The fork that each element is to be: its own, or the next one that is free.
fn forks_for(elements: &[Element]) -> Option<Vec<Hardfork>> {
    let number = |fork: Hardfork| BPO_FORKS.iter().position(|known| *known == fork);
    let mut next = 0;
    let mut forks = Vec::new();
    for element in elements {
        let index = element.own.and_then(number).unwrap_or(0).max(next);
        forks.push(index);
        next = index + 1;
    }
    if next > BPO_FORKS.len() {
        // Numbers that the file leaves out make room.
        forks = (0..elements.len()).collect();
    }
    forks.into_iter().map(|index| BPO_FORKS.get(index).copied()).collect()
}

impl Plan<'_> {
    /// Writes the blob forks into `genesis.json`.
    pub(super) fn write_forks(&mut self, elements: &[Element]) -> Result<(), Error> {
        let Some(forks) = forks_for(elements) else {
            let added = elements.iter().filter(|element| element.own.is_none());
            let added = added.filter_map(|element| element.entry).map(only_in_config).next();
            return contradiction(
                format!("{}, and all five are taken", added.unwrap_or_default()),
                "geth knows five blob forks: leave an entry out",
            );
        };
        let past = self.stamp.head.is_some();
        for (element, fork) in elements.iter().zip(&forks) {
            if past && element.epoch == 0 && element.own.is_some_and(|own| own != *fork) {
                let what = element.entry.map_or_else(String::new, only_in_config);
                return contradiction(what, "the past has its blob forks: leave the entry out");
            }
            self.check_before_gloas(element)?;
        }
        for fork in BPO_FORKS {
            let vacated = self.genesis.config.time(fork).is_some() && !forks.contains(&fork);
            if vacated {
                self.document.remove_config(fork.key())?;
                self.document.remove_blob_params(fork.blob_schedule_key().unwrap_or_default())?;
            }
        }
        for (element, fork) in elements.iter().zip(forks) {
            self.write_fork(element, fork)?;
        }
        Ok(())
    }

    fn write_fork(&mut self, element: &Element, fork: Hardfork) -> Result<(), Error> {
        let time = element.own.and_then(|own| self.genesis.config.time(own));
        let moved = element.own != Some(fork);
        if let Some(own) = element.own.filter(|_| moved) {
            self.note(format!("genesis.json: {} becomes {}", own.key(), fork.key()));
        }
        if element.epoch == 0 {
            let reached = time.filter(|time| *time <= self.stamp.el_timestamp);
            match (time, reached.or(self.stamp.head.and(time))) {
                (Some(_), Some(_)) if !moved => {}
                (_, reached) => {
                    self.document.set_time(fork, reached.unwrap_or(0))?;
                    if element.own.is_none() {
                        let key = fork.key();
                        self.note(format!("genesis.json: {key} 0 added, active at genesis"));
                    }
                }
            }
        } else if moved {
            let target = self.clock.time(element.epoch);
            self.document.set_time(fork, target)?;
            let (key, epoch) = (fork.key(), element.epoch);
            self.note(match element.own {
                None => format!("genesis.json: {key} {target} (added, epoch {epoch})"),
                Some(_) => format!("genesis.json: {key} {target} (epoch {epoch})"),
            });
        } else {
            self.move_to(fork, time, element.epoch)?;
        }
        let Some(params) = element.params else { return Ok(()) };
        if moved || self.genesis.config.blob_params(fork).is_none() {
            let entry = fork.blob_schedule_key().unwrap_or_default();
            self.document.set_blob_params(entry, params)?;
            self.note(format!("genesis.json: blobSchedule.{entry} added: {params}"));
        }
        Ok(())
    }

    /// geth wants the times of its forks in their order, and amsterdam is behind all blob forks.
    fn check_before_gloas(&self, element: &Element) -> Result<(), Error> {
        const KEY: &str = "GLOAS_FORK_EPOCH";
        let added = self.values.get(KEY).and_then(|epoch| epoch.parse().ok());
        let gloas = FORKS.iter().find(|fork| fork.name == "gloas");
        let given = gloas.map_or(Ok(FAR_FUTURE_EPOCH), |fork| self.config.epoch(fork))?;
        let gloas = added.unwrap_or(given);
        if element.epoch <= gloas {
            return Ok(());
        }
        let what = match (element.own, element.entry) {
            (Some(own), _) => {
                let time = self.genesis.config.time(own).unwrap_or_default();
                format!("{} is {time}", own.key())
            }
            (None, entry) => {
                let max = entry.map_or(0, |entry| entry.max_blobs_per_block);
                format!("BLOB_SCHEDULE allows {max} blobs from epoch {}", element.epoch)
            }
        };
        contradiction(
            format!("{what}, after {KEY}, which is {gloas}"),
            "geth takes no blob fork after amsterdam: change the limit earlier, or set a later gloas",
        )
    }
}

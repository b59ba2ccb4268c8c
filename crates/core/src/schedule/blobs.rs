//! Blob limits: `BLOB_SCHEDULE` and the blob-parameter-only (bpo) forks (EIP-7892).
//!
//! ```text
//! genesis.json  bpoNTime, blobSchedule ──▶ groups  ─┐
//!                                                   ├─ pairing ──▶ one timeline ──▶ both files
//! config.yaml   BLOB_SCHEDULE          ──▶ entries ─┘
//! ```

use std::collections::BTreeMap;

use super::blob_params::default_params;
use super::bpo::{self, Change};
use super::pairing::{self, Group};
use super::{Error, Plan, contradiction};
use crate::cl::config::{BlobParameters, FAR_FUTURE_EPOCH};
use crate::forks::{ForkName, Hardfork};

/// The changes of the limits in an epoch, by file.
#[derive(Debug, Default)]
struct Moment {
    group: Option<usize>,
    entry: Option<BlobParameters>,
}

const HINT: &str = "schedule it for the same time in BLOB_SCHEDULE and genesis.json";

impl Plan<'_> {
    /// Reconciles `BLOB_SCHEDULE` with the bpo forks: from fulu on, both layers have the same limit
    /// in every epoch.
    pub(super) fn reconcile_blob_schedule(&mut self) -> Result<(), Error> {
        let fulu = self.epoch(ForkName::Fulu)?;
        let written = self.config.blob_schedule()?;
        let base = self.limit("MAX_BLOBS_PER_BLOCK_ELECTRA")?;
        // Osaka has its own limit, or that of prague.
        let osaka = self.params(Hardfork::Osaka).or(self.params(Hardfork::Prague));
        let osaka = osaka.map_or(base, |params| params.max);
        let groups = self.blob_groups(osaka)?;
        if fulu == FAR_FUTURE_EPOCH {
            return self.without_fulu(&groups);
        }
        let mut entries = pairing::without_repeats(&written);
        let timeline = self.timeline(&groups, &entries, fulu, osaka)?;
        let (mut execution, mut consensus) = (osaka, base);
        let mut changes: Vec<Change> = Vec::new();
        for (epoch, moment) in timeline {
            let group = moment.group.map(|group| &groups[group]);
            if group.is_none() && moment.entry.is_none() && execution != consensus {
                // The epoch of fulu, where osaka has its own limit.
                self.add_entry(&mut entries, epoch, execution, "osaka has its own limit");
                consensus = execution;
            }
            if let Some(group) = group {
                for fork in &group.forks {
                    let params = self.params(*fork);
                    let entry = moment.entry.filter(|_| *fork == group.last());
                    let from_entry = entry.map(|entry| self.params_like(entry)).transpose()?;
                    let params = params.or(from_entry).or(default_params(*fork));
                    changes.push(Change { own: Some(*fork), epoch, params, entry: moment.entry });
                    execution = params.map_or(execution, |params| params.max);
                }
                if moment.entry.is_none() && execution != consensus {
                    let change = format!("{} is {}", group.last().key(), group.time);
                    self.add_entry(&mut entries, epoch, execution, &change);
                }
                consensus = execution;
            }
            if let Some(entry) = moment.entry {
                let max = entry.max_blobs_per_block;
                if group.is_none() && max != execution {
                    self.only_consensus(entry, epoch, &mut changes)?;
                }
                (execution, consensus) = (max, max);
            }
        }
        if self.restamp {
            self.write_forks(&changes)?;
        }
        entries.sort_by_key(|entry| entry.epoch);
        if entries != written {
            self.set_blob_schedule(&entries);
        }
        Ok(())
    }

    fn without_fulu(&mut self, groups: &[Group]) -> Result<(), Error> {
        let Some(group) = groups.first() else { return Ok(()) };
        let problem = format!(
            "{} is {}, but FULU_FORK_EPOCH is never: bpo forks require fulu",
            group.last().key(),
            group.time
        );
        if self.restamp {
            return contradiction(problem, "set FULU_FORK_EPOCH, or remove the bpo fork");
        }
        self.warn(problem);
        Ok(())
    }

    /// The bpo forks of `genesis.json`, grouped by time. `osaka`: the limit at osaka.
    fn blob_groups(&self, osaka: u64) -> Result<Vec<Group>, Error> {
        let mut groups: Vec<Group> = Vec::new();
        // The limits before and after the last group.
        let (mut before, mut after) = (osaka, osaka);
        for fork in Hardfork::bpo() {
            let Some(time) = self.genesis.config.time(fork) else { continue };
            let at_genesis = self.active_at_genesis(time);
            let epoch = match self.file_clock {
                _ if at_genesis => Some(0),
                Some(clock) => clock.epoch(time),
                None => None,
            };
            let max = self.params(fork).or(default_params(fork)).map(|params| params.max);
            match groups.last_mut() {
                Some(last) if last.time > time => {
                    let (earlier, later) = (last.last().key(), fork.key());
                    return contradiction(
                        format!("{later} is {time}, before {earlier}, which is {}", last.time),
                        "set the times of the bpo forks in the order of their numbers",
                    );
                }
                Some(last) if last.time == time || (at_genesis && last.epoch == Some(0)) => {
                    last.forks.push(fork);
                    last.changes = max.is_none_or(|max| max != before);
                    (last.time, last.max) = (time, max);
                }
                _ => {
                    before = after;
                    let changes = max.is_none_or(|max| max != before);
                    groups.push(Group { forks: vec![fork], time, epoch, max, changes });
                }
            }
            after = max.unwrap_or(after);
        }
        Ok(groups)
    }

    /// All changes of the limits by epoch, and the epoch of fulu.
    fn timeline(
        &mut self,
        groups: &[Group],
        entries: &[BlobParameters],
        fulu: u64,
        osaka: u64,
    ) -> Result<BTreeMap<u64, Moment>, Error> {
        let early = |entry: &&BlobParameters| entry.epoch != 0 && entry.epoch < fulu;
        if self.restamp && entries.iter().any(|entry| early(&entry)) {
            let expected = format!("no entry before FULU_FORK_EPOCH, which is {fulu}");
            return Err(self.config.invalid("BLOB_SCHEDULE", expected).into());
        }
        let mut timeline = BTreeMap::from([(fulu, Moment::default())]);
        // An entry before fulu takes effect at fulu.
        let counted =
            |entry: &BlobParameters| BlobParameters { epoch: entry.epoch.max(fulu), ..*entry };
        let scheduled = entries.iter().filter(|entry| entry.epoch != FAR_FUTURE_EPOCH);
        let counted: Vec<_> = scheduled.map(counted).collect();
        let counted = pairing::without_repeats(&counted);
        let pairs = pairing::pair(groups, &counted, osaka);
        for entry in &counted {
            timeline.entry(entry.epoch).or_default().entry = Some(*entry);
        }
        for (index, group) in groups.iter().enumerate() {
            let epoch = match pairs[index] {
                Some(entry) => {
                    self.check_pair(group, counted[entry])?;
                    counted[entry].epoch
                }
                None => match group.epoch {
                    Some(epoch) => epoch,
                    None if self.restamp => {
                        self.epoch_in_file(group.last().key(), group.time, "BLOB_SCHEDULE")?
                    }
                    None => continue,
                },
            };
            let key = group.last().key();
            if epoch < fulu && self.restamp {
                return contradiction(
                    format!("{key} is {}, before FULU_FORK_EPOCH, which is {fulu}", group.time),
                    "set a later time, or an earlier FULU_FORK_EPOCH: bpo forks require fulu",
                );
            }
            let moment = timeline.entry(epoch.max(fulu)).or_default();
            if let Some(other) = moment.group.replace(index).map(|other| groups[other].last().key())
            {
                return contradiction(
                    format!("{other} and {key} both activate in epoch {epoch}"),
                    "add an entry for each to BLOB_SCHEDULE",
                );
            }
        }
        Ok(timeline)
    }

    fn check_pair(&mut self, group: &Group, entry: BlobParameters) -> Result<(), Error> {
        let BlobParameters { epoch, max_blobs_per_block: max } = entry;
        let (key, time) = (group.last().key(), group.time);
        let at_genesis = group.epoch == Some(0);
        if at_genesis != (epoch == 0) {
            let when = if at_genesis { "at genesis" } else { "after genesis" };
            return contradiction(
                format!("{key} is {time}: {when}, but its BLOB_SCHEDULE entry has EPOCH {epoch}"),
                HINT,
            );
        }
        if let Some(own) =
            self.params(group.last()).map(|params| params.max).filter(|own| *own != max)
        {
            let problem = format!(
                "{key} {time} allows {own} blobs, but BLOB_SCHEDULE allows {max} from epoch {epoch}"
            );
            if self.restamp {
                return contradiction(problem, "correct one of them: the limits must be equal");
            }
            self.warn(problem);
        }
        let expected = self.clock.time(epoch);
        if !self.restamp && epoch > 0 && time != expected {
            self.warn(format!("{key} is {time}, but epoch {epoch} starts at {expected}"));
        }
        Ok(())
    }

    /// Adds an entry for a limit that only `genesis.json` has.
    fn add_entry(&mut self, entries: &mut Vec<BlobParameters>, epoch: u64, max: u64, change: &str) {
        if !self.restamp {
            self.warn(format!("{change}, but BLOB_SCHEDULE has no entry for {max} blobs"));
            return;
        }
        entries.push(BlobParameters { epoch, max_blobs_per_block: max });
        self.note(format!("config.yaml: BLOB_SCHEDULE {max} blobs at epoch {epoch} added"));
    }

    /// Adds a bpo fork for a limit that only `config.yaml` has.
    fn only_consensus(
        &mut self,
        entry: BlobParameters,
        epoch: u64,
        changes: &mut Vec<Change>,
    ) -> Result<(), Error> {
        if !self.restamp {
            self.warn(bpo::only_in_config(entry));
            return Ok(());
        }
        if epoch == 0 && self.stamp.head.is_some() {
            let hint = "set a later EPOCH, or remove the entry: the history has no such fork";
            return contradiction(bpo::only_in_config(entry), hint);
        }
        let params = Some(self.params_like(entry)?);
        changes.push(Change { own: None, epoch, params, entry: Some(entry) });
        Ok(())
    }
}

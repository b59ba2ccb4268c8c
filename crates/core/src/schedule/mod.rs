//! Reconciles the fork schedules of both layers.
//!
//! A fork of the beacon chain is scheduled by epoch, its hardfork by time. When the genesis time
//! moves, every future hardfork moves with it. A fork that only one layer schedules is added to the
//! other. Contradictions are errors, before anything is written.

mod blob_params;
mod blobs;
mod bpo;
mod checks;
mod clock;
mod contracts;
mod pairing;

pub use blob_params::update_fraction;
use clock::Clock;
pub use contracts::required_contracts;

use crate::cl;
use crate::cl::config::{BlobParameters, Config, FAR_FUTURE_EPOCH};
use crate::cl::config_file::{self, Values};
use crate::cl::fork::{FORKS, Fork};
use crate::cl::preset::Preset;
use crate::el;
use crate::el::genesis::{Document, Genesis};
use crate::forks::{ForkName, Hardfork};
use crate::stamp::{self, Stamp};

/// Two files that cannot be reconciled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value of `config.yaml`.
    #[error(transparent)]
    Config(#[from] cl::Error),
    /// A value of `genesis.json`.
    #[error(transparent)]
    Genesis(#[from] el::Error),
    /// The two files contradict each other.
    #[error("{problem}")]
    Contradiction {
        /// Both files, both keys, both values.
        problem: String,
        /// The remedy.
        hint: String,
    },
}

fn contradiction<T>(problem: impl Into<String>, hint: impl Into<String>) -> Result<T, Error> {
    Err(Error::Contradiction { problem: problem.into(), hint: hint.into() })
}

/// The changes, in words, and the warnings.
#[derive(Debug, Default)]
pub struct Report {
    /// Changes to the files.
    pub notes: Vec<String>,
    /// Possible mistakes.
    pub warnings: Vec<String>,
}

/// A reconciliation in progress: both files and the edits so far.
struct Plan<'a> {
    genesis: &'a Genesis,
    config: &'a Config,
    document: &'a mut Document,
    values: Values,
    report: Report,
    stamp: Stamp,
    /// Of the new chain.
    clock: Clock,
    /// Of the chain in the files, if they have its genesis time.
    file_clock: Option<Clock>,
    /// Whether the schedule may change (not with `--timestamp keep`).
    restamp: bool,
}

/// Edits `document` and returns the values to set in the config, so that both layers have the
/// forks of `config` at `stamp`. With `--timestamp keep`, `restamp` is false: the schedule stays as
/// it is, and a fork that only one layer schedules is a warning.
///
/// # Errors
/// A fork is active at genesis on one layer only. Chain ids, deposit contracts or terminal total
/// difficulties differ. The time of a hardfork is not the start of an epoch.
pub fn reconcile(
    document: &mut Document,
    genesis: &Genesis,
    config: &Config,
    preset: &Preset,
    stamp: Stamp,
    restamp: bool,
) -> Result<(Values, Report), Error> {
    let seconds_per_epoch = config.slot_duration_ms()? / 1000 * preset.slots_per_epoch;
    let clock = Clock { genesis_time: stamp.genesis_time, seconds_per_epoch };
    // A config with a delay but no time starts at the execution genesis.
    let genesis_time = match (genesis.timestamp, config.optional_u64("MIN_GENESIS_TIME")?) {
        (Some(time), _) => Some(stamp::kept_genesis_time(time, config).unwrap_or(time)),
        (None, Some(time)) if time != 0 => Some(stamp::kept_genesis_time(0, config)?),
        (None, _) => None,
    };
    let file_clock = genesis_time.map(|genesis_time| Clock { genesis_time, seconds_per_epoch });
    let (values, report) = (Values::new(), Report::default());
    let mut plan =
        Plan { genesis, config, document, values, report, stamp, clock, file_clock, restamp };
    plan.check_keys();
    plan.check_epochs()?;
    plan.check_chain_id()?;
    plan.check_merge()?;
    for fork in FORKS.iter().filter(|fork| fork.hardfork.is_some()) {
        plan.reconcile_fork(fork)?;
    }
    plan.reconcile_blob_schedule()?;
    plan.complete_blob_params()?;
    plan.check_deposit_contract()?;
    plan.set_times(preset)?;
    Ok((plan.values, plan.report))
}

impl Plan<'_> {
    fn set(&mut self, key: &str, value: impl ToString) {
        self.values.insert(key.to_owned(), value.to_string());
    }

    fn note(&mut self, text: String) {
        self.report.notes.push(text);
    }

    fn warn(&mut self, text: impl Into<String>) {
        self.report.warnings.push(text.into());
    }

    /// Whether a hardfork at `time` is active in the block that the beacon chain continues: the
    /// last block of the history, or block 0. With a placeholder for the time of block 0, only time
    /// 0 is known to be active.
    fn active_in_file(&self, time: u64) -> bool {
        if let Some(head) = self.stamp.head {
            return time <= head;
        }
        time == 0 || self.genesis.timestamp.is_some_and(|timestamp| time <= timestamp)
    }

    fn reconcile_fork(&mut self, fork: &'static Fork) -> Result<(), Error> {
        let Some(hardfork) = fork.hardfork else { return Ok(()) };
        let epoch = self.config.epoch(fork)?;
        let epoch_key = fork.epoch_key().unwrap_or_default();
        let time_key = hardfork.key();
        let time = self.genesis.config.time(hardfork);
        match (epoch, time) {
            (0, None) if self.stamp.head.is_some() => contradiction(
                format!("{epoch_key} is 0 in config.yaml, but genesis.json has no {time_key}"),
                format!("the history ends before it: set {epoch_key} to a later epoch"),
            ),
            (0, None) => contradiction(
                format!("{epoch_key} is 0 in config.yaml, but genesis.json has no {time_key}"),
                format!("set config.{time_key} to 0, or {epoch_key} to {FAR_FUTURE_EPOCH}"),
            ),
            (0, Some(time))
                if self.active_at_genesis(time) || self.late_shanghai(hardfork, time) =>
            {
                // Hardforks in the history keep their times.
                if self.restamp && self.stamp.head.is_none() && time > self.stamp.el_timestamp {
                    self.document.set_time(hardfork, 0)?;
                    self.note(format!("genesis.json: {time_key} {time} → 0, active at genesis"));
                }
                Ok(())
            }
            (0, Some(time)) if self.stamp.head.is_some() => contradiction(
                format!(
                    "{epoch_key} is 0 in config.yaml, but {time_key} is {time}: after the history"
                ),
                format!("the history ends before it: set {epoch_key} to a later epoch"),
            ),
            (0, Some(time)) => contradiction(
                format!("{epoch_key} is 0 in config.yaml, but {time_key} is {time}: after genesis"),
                format!("set config.{time_key} to 0, or {epoch_key} to its epoch"),
            ),
            (_, Some(time)) if self.active_in_file(time) => contradiction(
                format!(
                    "{time_key} is {time}: active at genesis, but {epoch_key} is {}",
                    if epoch == FAR_FUTURE_EPOCH { "never".to_owned() } else { epoch.to_string() }
                ),
                format!("set {epoch_key} to 0 in config.yaml, or {time_key} to a later time"),
            ),
            (FAR_FUTURE_EPOCH, None) => Ok(()),
            (epoch, time) => self.reconcile_scheduled(fork, hardfork, epoch, time),
        }
    }

    /// Whether a block 0 before Shanghai is allowed: the beacon state accepts it if `--timestamp
    /// keep` keeps it.
    fn late_shanghai(&self, hardfork: Hardfork, time: u64) -> bool {
        hardfork == Hardfork::Shanghai && self.is_with_first_slot(time)
    }

    /// Whether a hardfork at `time` activates with the beacon chain's first slot, `GENESIS_DELAY`
    /// after the execution block: ethereum-genesis-generator before 4.0 writes epoch 0 like this.
    fn is_with_first_slot(&self, time: u64) -> bool {
        let genesis_time = self.file_clock.map(|clock| clock.genesis_time);
        self.stamp.head.is_none() && genesis_time.is_some_and(|genesis_time| time <= genesis_time)
    }

    fn active_at_genesis(&self, time: u64) -> bool {
        if self.restamp && self.is_with_first_slot(time) {
            return true;
        }
        if self.stamp.head.is_none() && self.restamp && self.genesis.timestamp.is_none() {
            return time <= self.stamp.el_timestamp;
        }
        self.active_in_file(time)
    }

    /// A fork after genesis: the epoch decides, unless only the execution layer schedules it.
    fn reconcile_scheduled(
        &mut self,
        fork: &'static Fork,
        hardfork: Hardfork,
        epoch: u64,
        time: Option<u64>,
    ) -> Result<(), Error> {
        let epoch_key = fork.epoch_key().unwrap_or_default();
        let time_key = hardfork.key();
        if epoch == FAR_FUTURE_EPOCH {
            let time = time.unwrap_or_default();
            if !self.restamp {
                self.warn(format!("{time_key} is {time}, but {epoch_key} is never"));
                return Ok(());
            }
            let epoch = self.epoch_in_file(time_key, time, &epoch_key)?;
            self.set(&epoch_key, epoch);
            self.note(format!("config.yaml: {epoch_key} {epoch} added, from {time_key} {time}"));
            return self.move_to(hardfork, Some(time), epoch);
        }
        if self.restamp {
            return self.move_to(hardfork, time, epoch);
        }
        let expected = self.clock.time(epoch);
        match time {
            None => {
                self.warn(format!("{epoch_key} is {epoch}, but genesis.json has no {time_key}"));
            }
            Some(time) if time != expected => self.warn(format!(
                "{time_key} is {time}, but {epoch_key} {epoch} starts at {expected}"
            )),
            Some(_) => {}
        }
        Ok(())
    }

    /// Sets `fork` to the time of `epoch` on the new clock.
    fn move_to(&mut self, fork: Hardfork, time: Option<u64>, epoch: u64) -> Result<(), Error> {
        let target = self.clock.time(epoch);
        if time != Some(target) {
            self.document.set_time(fork, target)?;
            let before = time.map_or_else(|| "added".to_owned(), |time| format!("was {time}"));
            self.note(format!("genesis.json: {} {target} ({before}, epoch {epoch})", fork.key()));
        }
        Ok(())
    }

    /// The epoch of a hardfork that only `genesis.json` schedules.
    fn epoch_in_file(&self, key: &str, time: u64, epoch_key: &str) -> Result<u64, Error> {
        let Some(clock) = self.file_clock else {
            return contradiction(
                format!("{key} is {time}, but config.yaml has no epoch for it"),
                format!("set {epoch_key}: it cannot be derived from a placeholder time"),
            );
        };
        match clock.epoch(time) {
            Some(epoch) if epoch > 0 => Ok(epoch),
            _ => contradiction(
                format!(
                    "{key} is {time}, which is not the start of an epoch after genesis ({} + n × {} s)",
                    clock.genesis_time, clock.seconds_per_epoch
                ),
                format!("set {epoch_key} in config.yaml, or correct {key}"),
            ),
        }
    }

    /// The epoch of `fork`, which `genesis.json` alone may have scheduled.
    fn epoch(&self, fork: ForkName) -> Result<u64, Error> {
        let key = fork.epoch_key().unwrap_or_default();
        let added = self.values.get(&key).and_then(|epoch| epoch.parse().ok());
        Ok(added.unwrap_or(self.config.epoch(Fork::of(fork))?))
    }

    fn set_blob_schedule(&mut self, entries: &[BlobParameters]) {
        self.set("BLOB_SCHEDULE", config_file::blob_schedule(entries));
    }
}

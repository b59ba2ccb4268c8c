//! Brings the forks of both layers to one schedule.
//!
//! A fork of the beacon chain is scheduled by epoch, its hardfork by time. Whenever the genesis
//! time moves, every future hardfork moves with it; what only one side schedules is completed on
//! the other; what contradicts is an error before anything is written.

mod blob_params;
mod blobs;
mod checks;
mod pairing;
mod slots;

pub use blob_params::update_fraction;

use crate::cl;
use crate::cl::config::{BlobParameters, Config, FAR_FUTURE_EPOCH};
use crate::cl::config_file::{self, Values};
use crate::cl::fork::{FORKS, Fork};
use crate::cl::preset::Preset;
use crate::el;
use crate::el::chain_config::Hardfork;
use crate::el::genesis::{Document, Genesis};
use crate::stamp::{self, Stamp};

/// What cannot be brought together.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value of `config.yaml`.
    #[error(transparent)]
    Config(#[from] cl::Error),
    /// A value of `genesis.json`.
    #[error(transparent)]
    Genesis(#[from] el::Error),
    /// The two files say different things.
    #[error("{what}")]
    Contradiction {
        /// Both files, both keys, both values.
        what: String,
        /// The remedy.
        hint: String,
    },
}

fn contradiction<T>(what: impl Into<String>, hint: impl Into<String>) -> Result<T, Error> {
    Err(Error::Contradiction { what: what.into(), hint: hint.into() })
}

/// What was changed, in words, and what the user should know.
#[derive(Debug, Default)]
pub struct Report {
    /// Changes that were made.
    pub notes: Vec<String>,
    /// Things that may be wrong.
    pub warnings: Vec<String>,
}

/// How epochs and times of a chain hang together.
#[derive(Debug, Clone, Copy)]
struct Clock {
    genesis_time: u64,
    seconds_per_epoch: u64,
}

impl Clock {
    /// The time of `epoch`. Those that a config may schedule fit: see [`Plan::check_epochs`].
    fn time(self, epoch: u64) -> u64 {
        self.genesis_time.saturating_add(epoch.saturating_mul(self.seconds_per_epoch))
    }

    /// The epoch that begins at `time`.
    fn epoch(self, time: u64) -> Option<u64> {
        let since = time.checked_sub(self.genesis_time)?;
        (since % self.seconds_per_epoch == 0).then_some(since / self.seconds_per_epoch)
    }
}

/// A run of the reconciliation: both files, and the edits that are collected.
struct Plan<'a> {
    genesis: &'a Genesis,
    config: &'a Config,
    document: &'a mut Document,
    values: Values,
    report: Report,
    stamp: Stamp,
    /// Of the chain that is made.
    clock: Clock,
    /// Of the chain that the files describe, if they say when it began.
    file_clock: Option<Clock>,
    /// Whether the schedule may be changed (not with `--timestamp keep`).
    restamp: bool,
}

/// Edits `document` and returns the values to set in the config, so that both layers have the
/// forks of `config` at `stamp`. `restamp` is false for `--timestamp keep`: then the schedule
/// stays as it is, and what is scheduled on one side only is a warning.
///
/// # Errors
/// A fork is active at genesis on one side only; chain ids, deposit contracts or merge
/// difficulties differ; a hardfork time fits no epoch.
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
    // With a delay but no time of its own, the config's clock starts with the execution's.
    let began = match (genesis.timestamp, config.optional_u64("MIN_GENESIS_TIME")?) {
        (Some(time), _) => Some(stamp::kept_genesis_time(time, config).unwrap_or(time)),
        (None, Some(time)) if time != 0 => Some(stamp::kept_genesis_time(0, config)?),
        (None, _) => None,
    };
    let file_clock = began.map(|genesis_time| Clock { genesis_time, seconds_per_epoch });
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

    /// Whether the files say that a hardfork at `time` is active in the block that the beacon
    /// chain continues: the last of the past, or block 0, of which a `genesis.json` with a
    /// placeholder for its time only says so of time 0.
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
                format!("the past has not reached it: set {epoch_key} to a later epoch"),
            ),
            (0, None) => contradiction(
                format!("{epoch_key} is 0 in config.yaml, but genesis.json has no {time_key}"),
                format!("set config.{time_key} to 0, or {epoch_key} to {FAR_FUTURE_EPOCH}"),
            ),
            (0, Some(time))
                if self.active_at_genesis(time) || self.late_shanghai(hardfork, time) =>
            {
                // What the past has reached stays as it is.
                if self.restamp && self.stamp.head.is_none() && time > self.stamp.el_timestamp {
                    self.document.set_time(hardfork, 0)?;
                    self.note(format!("genesis.json: {time_key} {time} → 0, active at genesis"));
                }
                Ok(())
            }
            (0, Some(time)) if self.stamp.head.is_some() => contradiction(
                format!(
                    "{epoch_key} is 0 in config.yaml, but {time_key} is {time}: after the past"
                ),
                format!("the past has not reached it: set {epoch_key} to a later epoch"),
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

    /// Whether `--timestamp keep` keeps a block 0 from before Shanghai: the beacon state takes it.
    fn late_shanghai(&self, hardfork: Hardfork, time: u64) -> bool {
        hardfork == Hardfork::Shanghai && self.is_with_first_slot(time)
    }

    /// Whether a hardfork at `time` comes with the beacon chain's first slot, `GENESIS_DELAY` after
    /// the execution block: as ethereum-genesis-generator before 4.0 writes what epoch 0 has.
    fn is_with_first_slot(&self, time: u64) -> bool {
        let began = self.file_clock.map(|clock| clock.genesis_time);
        self.stamp.head.is_none() && began.is_some_and(|began| time <= began)
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

    /// A fork after genesis: the consensus epoch leads, unless only the execution side has it.
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
                "{time_key} is {time}, but {epoch_key} {epoch} begins at {expected}"
            )),
            Some(_) => {}
        }
        Ok(())
    }

    /// Gives `hardfork` the time of `epoch` on the new clock.
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
                format!("set {epoch_key}: with a placeholder time nothing says which it is"),
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

    fn set_blob_schedule(&mut self, entries: &[BlobParameters]) {
        self.set("BLOB_SCHEDULE", config_file::blob_schedule(entries));
    }
}

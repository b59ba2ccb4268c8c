//! Blob limits: `blobSchedule` and the blob-parameter-only forks (EIP-7840, EIP-7892).

use super::{Error, Plan, contradiction};
use crate::cl::config::{BlobParameters, FAR_FUTURE_EPOCH};
use crate::cl::fork::FORKS;
use crate::el::chain_config::{BPO_FORKS, BlobParams, Hardfork};

const CANCUN: BlobParams = BlobParams { target: 3, max: 6, update_fraction: 3_338_477 };
const PRAGUE: BlobParams = BlobParams { target: 6, max: 9, update_fraction: 5_007_716 };
const BPO1: BlobParams = BlobParams { target: 10, max: 15, update_fraction: 8_346_193 };
const BPO2: BlobParams = BlobParams { target: 14, max: 21, update_fraction: 11_684_671 };

/// `baseFeeUpdateFraction` of a fork that has `max` blobs, by the rule behind geth's and
/// ethereum-genesis-generator's constants: a block at `max` raises the price by 1.125² at most.
pub fn update_fraction(max: u64) -> u64 {
    const BLOB_GAS: f64 = 131_072.0;
    #[allow(clippy::cast_precision_loss, reason = "blob counts are small")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, small")]
    let fraction = (max as f64 * BLOB_GAS / (2.0 * 1.125_f64.ln())).round() as u64;
    fraction
}

/// The limits of a fork of which only the maximum is known.
fn params_for(max: u64) -> BlobParams {
    BlobParams { target: max * 2 / 3, max, update_fraction: update_fraction(max) }
}

impl Plan<'_> {
    fn params(&self, fork: Hardfork) -> Option<BlobParams> {
        self.genesis.config.blob_params(fork)
    }

    /// Adds the entries of `blobSchedule` that geth demands and the file lacks.
    pub(super) fn complete_blob_params(&mut self) -> Result<(), Error> {
        let mut latest = None;
        for (fork, default) in [
            (Hardfork::Cancun, Some(CANCUN)),
            (Hardfork::Prague, Some(PRAGUE)),
            (Hardfork::Osaka, None),
            (Hardfork::Bpo1, Some(BPO1)),
            (Hardfork::Bpo2, Some(BPO2)),
            (Hardfork::Bpo3, None),
            (Hardfork::Bpo4, None),
            (Hardfork::Bpo5, None),
            (Hardfork::Amsterdam, None),
        ] {
            // Hardforks that were added have no entry of their own yet either.
            let scheduled = self.document.genesis()?.config.time(fork).is_some();
            let inherits = matches!(fork, Hardfork::Osaka | Hardfork::Amsterdam);
            let entry = fork.blob_schedule_key().unwrap_or_default();
            let present = self.document.genesis()?.config.blob_params(fork);
            if scheduled && present.is_none() {
                let default = if inherits { latest.or(Some(PRAGUE)) } else { default };
                if let Some(params) = default {
                    self.document.set_blob_params(entry, params)?;
                    self.note(format!("genesis.json: blobSchedule.{entry} added: {params}"));
                    latest = Some(params);
                    continue;
                }
            }
            if scheduled {
                latest = present.or(latest);
            }
        }
        Ok(())
    }

    /// Brings `BLOB_SCHEDULE` and the blob-parameter-only forks together. They are paired by
    /// their number of blobs: a fork has no other name on the consensus side.
    pub(super) fn reconcile_blob_schedule(&mut self) -> Result<(), Error> {
        let fulu = FORKS.iter().find(|fork| fork.name == "fulu");
        let fulu_epoch = fulu.map_or(Ok(FAR_FUTURE_EPOCH), |fork| self.config.epoch(fork))?;
        let mut entries = self.config.blob_schedule()?;
        let mut unpaired: Vec<Hardfork> = BPO_FORKS
            .into_iter()
            .filter(|fork| self.genesis.config.time(*fork).is_some())
            .collect();
        if fulu_epoch == FAR_FUTURE_EPOCH && unpaired.is_empty() {
            return Ok(());
        }
        for entry in entries.clone() {
            if self.restamp && entry.epoch != 0 && entry.epoch < fulu_epoch {
                let expected = format!("no entry before FULU_FORK_EPOCH, which is {fulu_epoch}");
                return Err(self.config.invalid("BLOB_SCHEDULE", expected).into());
            }
            let max = entry.max_blobs_per_block;
            let twin = unpaired
                .iter()
                .position(|fork| self.params(*fork).is_some_and(|params| params.max == max));
            match twin {
                Some(index) => {
                    let fork = unpaired.remove(index);
                    self.pair(fork, entry)?;
                }
                None => self.only_consensus(entry)?,
            }
        }
        let before = entries.len();
        for fork in unpaired {
            self.only_execution(fork, &mut entries)?;
        }
        if entries.len() > before {
            entries.sort_by_key(|entry| entry.epoch);
            self.set_blob_schedule(&entries);
        }
        Ok(())
    }

    fn pair(&mut self, fork: Hardfork, entry: BlobParameters) -> Result<(), Error> {
        let time = self.genesis.config.time(fork).unwrap_or_default();
        let (key, epoch) = (fork.key(), entry.epoch);
        let hint = "BLOB_SCHEDULE and genesis.json must schedule it for the same moment";
        match (epoch, self.active_in_file(time)) {
            (0, _) if self.active_at_genesis(time) => {
                if self.stamp.head.is_none() && time > self.stamp.el_timestamp {
                    self.document.set_time(fork, 0)?;
                }
                Ok(())
            }
            (0, _) => contradiction(
                format!("{key} is {time}: after genesis, but its BLOB_SCHEDULE entry has EPOCH 0"),
                hint,
            ),
            (_, true) => contradiction(
                format!(
                    "{key} is {time}: at genesis, but its BLOB_SCHEDULE entry has EPOCH {epoch}"
                ),
                hint,
            ),
            _ if self.restamp => self.move_to(fork, Some(time), epoch),
            _ => {
                let expected = self.clock.time(epoch);
                if time != expected {
                    self.warn(format!("{key} is {time}, but epoch {epoch} begins at {expected}"));
                }
                Ok(())
            }
        }
    }

    fn only_consensus(&mut self, entry: BlobParameters) -> Result<(), Error> {
        let BlobParameters { epoch, max_blobs_per_block: max } = entry;
        let same_as_osaka = self.params(Hardfork::Osaka).is_some_and(|params| params.max == max);
        if epoch == FAR_FUTURE_EPOCH || (epoch == 0 && same_as_osaka) {
            return Ok(());
        }
        let what = format!(
            "BLOB_SCHEDULE allows {max} blobs from epoch {epoch}, but no bpo fork of genesis.json does"
        );
        let known = self.document.genesis()?;
        let free =
            BPO_FORKS.into_iter().rev().take_while(|fork| known.config.time(*fork).is_none());
        match free.last() {
            _ if !self.restamp => {
                self.warn(what);
                Ok(())
            }
            Some(fork) if epoch > 0 => {
                self.move_to(fork, None, epoch)?;
                let known = [BPO1, BPO2].into_iter().find(|params| params.max == max);
                let params = known.unwrap_or_else(|| params_for(max));
                let entry = fork.blob_schedule_key().unwrap_or_default();
                self.document.set_blob_params(entry, params)?;
                self.note(format!("genesis.json: blobSchedule.{entry} added: {params}"));
                Ok(())
            }
            _ => contradiction(what, "add a bpoNTime and its blobSchedule entry to genesis.json"),
        }
    }

    fn only_execution(
        &mut self,
        fork: Hardfork,
        entries: &mut Vec<BlobParameters>,
    ) -> Result<(), Error> {
        let time = self.genesis.config.time(fork).unwrap_or_default();
        let Some(params) = self.params(fork) else { return Ok(()) };
        let (key, max) = (fork.key(), params.max);
        let later_at_genesis = BPO_FORKS.into_iter().any(|later| {
            later > fork && self.genesis.config.time(later).is_some_and(|t| self.active_in_file(t))
        });
        let no_change = self.params(Hardfork::Osaka).is_some_and(|osaka| osaka.max == max);
        match self.active_in_file(time) {
            true if later_at_genesis || no_change => Ok(()),
            true => contradiction(
                format!(
                    "{key} is {time}: {max} blobs at genesis, which BLOB_SCHEDULE does not say"
                ),
                format!("add {{EPOCH: 0, MAX_BLOBS_PER_BLOCK: {max}}} to BLOB_SCHEDULE"),
            ),
            false if !self.restamp => {
                self.warn(format!(
                    "{key} is {time}, but BLOB_SCHEDULE has no entry for {max} blobs"
                ));
                Ok(())
            }
            false => {
                let epoch = self.epoch_in_file(key, time, "BLOB_SCHEDULE")?;
                entries.push(BlobParameters { epoch, max_blobs_per_block: max });
                self.note(format!("config.yaml: BLOB_SCHEDULE {max} blobs at epoch {epoch} added"));
                self.move_to(fork, Some(time), epoch)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The constants of geth's `params/config.go`.
    #[test]
    fn the_fraction_follows_from_the_maximum() {
        for params in [CANCUN, PRAGUE, BPO1, BPO2] {
            assert_eq!(params_for(params.max).update_fraction, params.update_fraction);
        }
        assert_eq!(params_for(15), BPO1);
    }
}

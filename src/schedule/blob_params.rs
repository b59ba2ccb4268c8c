//! How many blobs a fork brings: `blobSchedule` (EIP-7840).

use super::{Error, Plan};
use crate::cl::config::BlobParameters;
use crate::cl::config_file;
use crate::el::chain_config::{BPO_FORKS, BlobParams, Hardfork};

const CANCUN: BlobParams = BlobParams { target: 3, max: 6, update_fraction: 3_338_477 };
const PRAGUE: BlobParams = BlobParams { target: 6, max: 9, update_fraction: 5_007_716 };
const BPO1: BlobParams = BlobParams { target: 10, max: 15, update_fraction: 8_346_193 };
const BPO2: BlobParams = BlobParams { target: 14, max: 21, update_fraction: 11_684_671 };

/// The most blobs that the beacon chain has room for (`MAX_BLOB_COMMITMENTS_PER_BLOCK`).
const MOST_BLOBS: u64 = 4096;

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

/// What geth itself has for a fork, where a file says nothing.
pub(super) fn usual(fork: Hardfork) -> Option<BlobParams> {
    match fork {
        Hardfork::Bpo1 => Some(BPO1),
        Hardfork::Bpo2 => Some(BPO2),
        _ => None,
    }
}

impl Plan<'_> {
    pub(super) fn params(&self, fork: Hardfork) -> Option<BlobParams> {
        self.genesis.config.blob_params(fork)
    }

    /// A limit of the beacon chain before its first entry: its key, or the preset's.
    pub(super) fn limit(&self, key: &str) -> Result<u64, Error> {
        let own = self.config.optional_u64(key)?;
        Ok(match own {
            Some(max) => max,
            None => config_file::usual(self.config, key)?.and_then(|v| v.parse().ok()).unwrap_or(0),
        })
    }

    /// Adds the entries of `blobSchedule` that geth demands and the file lacks.
    pub(super) fn complete_blob_params(&mut self) -> Result<(), Error> {
        let limited =
            |usual: BlobParams, max| if max == usual.max { usual } else { params_for(max) };
        let cancun = limited(CANCUN, self.limit("MAX_BLOBS_PER_BLOCK")?);
        let prague = limited(PRAGUE, self.limit("MAX_BLOBS_PER_BLOCK_ELECTRA")?);
        let mut latest = None;
        for (fork, default) in [
            (Hardfork::Cancun, Some(cancun)),
            (Hardfork::Prague, Some(prague)),
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
                let default = if inherits { latest.or(Some(prague)) } else { default };
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

    /// The limits of a fork that allows as many blobs as `entry`: those of one that is known.
    pub(super) fn params_like(&self, entry: BlobParameters) -> Result<BlobParams, Error> {
        let max = entry.max_blobs_per_block;
        if max == 0 || max > MOST_BLOBS {
            let expected = format!("MAX_BLOBS_PER_BLOCK from 1 to {MOST_BLOBS} where it changes");
            return Err(self.config.invalid("BLOB_SCHEDULE", expected).into());
        }
        let forks = [Hardfork::Prague, Hardfork::Osaka].into_iter().chain(BPO_FORKS);
        let in_file = forks.filter_map(|fork| self.params(fork));
        let mut known = in_file.chain([CANCUN, PRAGUE, BPO1, BPO2]);
        Ok(known.find(|params| params.max == max).unwrap_or_else(|| params_for(max)))
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

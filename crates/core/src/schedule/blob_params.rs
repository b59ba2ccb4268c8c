//! The blob limits of each hardfork: `blobSchedule` (EIP-7840).

use super::{Error, Plan};
use crate::cl::config::BlobParameters;
use crate::cl::config_file;
use crate::forks::{BlobParams, Blobs, Hardfork};

/// `MAX_BLOB_COMMITMENTS_PER_BLOCK`: a beacon block cannot carry more blobs.
const MOST_BLOBS: u64 = 4096;

/// `baseFeeUpdateFraction` of a hardfork with `max` blobs. The constants of geth and of
/// ethereum-genesis-generator follow the same rule: a full block raises the blob base fee by 1.125²
/// at most.
pub fn update_fraction(max: u64) -> u64 {
    const BLOB_GAS: f64 = 131_072.0;
    #[allow(clippy::cast_precision_loss, reason = "blob counts are small")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, small")]
    let fraction = (max as f64 * BLOB_GAS / (2.0 * 1.125_f64.ln())).round() as u64;
    fraction
}

/// The limits of a hardfork, from its maximum.
fn params_for(max: u64) -> BlobParams {
    BlobParams { target: max * 2 / 3, max, update_fraction: update_fraction(max) }
}

/// geth's default for a blob-parameter-only fork, where the genesis has no entry.
pub(super) fn default_params(fork: Hardfork) -> Option<BlobParams> {
    match fork.blobs() {
        Blobs::Limits { params, max_key: None } => Some(params),
        _ => None,
    }
}

/// The limits that hardforks have by default.
fn defaults() -> impl Iterator<Item = BlobParams> {
    Hardfork::ALL.iter().filter_map(|fork| match fork.blobs() {
        Blobs::Limits { params, .. } => Some(params),
        _ => None,
    })
}

impl Plan<'_> {
    pub(super) fn params(&self, fork: Hardfork) -> Option<BlobParams> {
        self.genesis.config.blob_params(fork)
    }

    /// The beacon chain's limit before the first entry of `BLOB_SCHEDULE`: that of `key`, or the
    /// preset's default.
    pub(super) fn limit(&self, key: &str) -> Result<u64, Error> {
        let default = || config_file::default(self.config, key);
        Ok(match self.config.optional_u64(key)? {
            Some(max) => max,
            None => default()?.and_then(|value| value.parse().ok()).unwrap_or(0),
        })
    }

    /// Adds the entries of `blobSchedule` that geth requires and the genesis lacks.
    pub(super) fn complete_blob_params(&mut self) -> Result<(), Error> {
        // The limits of the latest scheduled hardfork, and the latest that config.yaml implies.
        let (mut latest, mut configured) = (None, None);
        for &fork in Hardfork::ALL {
            let Some(entry) = fork.blob_schedule_key() else { continue };
            let default = match fork.blobs() {
                Blobs::None | Blobs::Required => None,
                Blobs::Inherited => latest.or(configured),
                Blobs::Limits { params, max_key: None } => Some(params),
                Blobs::Limits { params, max_key: Some(key) } => {
                    let max = self.limit(key)?;
                    configured = Some(if max == params.max { params } else { params_for(max) });
                    configured
                }
            };
            // Read again each time: the schedule may have added hardforks without an entry.
            let config = self.document.genesis()?.config;
            if config.time(fork).is_none() {
                continue;
            }
            match (config.blob_params(fork), default) {
                (Some(present), _) => latest = Some(present),
                (None, Some(params)) => {
                    self.document.set_blob_params(entry, params)?;
                    self.note(format!("genesis.json: blobSchedule.{entry} added: {params}"));
                    latest = Some(params);
                }
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// The limits of a hardfork with the maximum of `entry`: those of a known hardfork if there is
    /// one.
    pub(super) fn params_like(&self, entry: BlobParameters) -> Result<BlobParams, Error> {
        let max = entry.max_blobs_per_block;
        if max == 0 || max > MOST_BLOBS {
            let expected = format!("MAX_BLOBS_PER_BLOCK from 1 to {MOST_BLOBS} where it changes");
            return Err(self.config.invalid("BLOB_SCHEDULE", expected).into());
        }
        let forks = [Hardfork::Prague, Hardfork::Osaka].into_iter().chain(Hardfork::bpo());
        let in_file = forks.filter_map(|fork| self.params(fork));
        let mut known = in_file.chain(defaults());
        Ok(known.find(|params| params.max == max).unwrap_or_else(|| params_for(max)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The constants of geth's `params/config.go`.
    #[test]
    fn the_fraction_follows_from_the_maximum() {
        for params in defaults() {
            assert_eq!(params_for(params.max).update_fraction, params.update_fraction);
        }
        assert_eq!(Some(params_for(15)), default_params(Hardfork::Bpo1));
    }
}

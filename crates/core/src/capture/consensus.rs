//! The consensus `config.yaml` of a captured chain.

use super::block::Block;
use crate::cl;
use crate::cl::config::{BlobParameters, Config, FAR_FUTURE_EPOCH};
use crate::cl::config_file::{self, Values};
use crate::cl::fork::FORKS;
use crate::cl::preset::{Preset, Revision};
use crate::el::chain_config::ChainConfig;
use crate::forks::Hardfork;

/// The config of the sample: every key, minimal preset, two-second slots.
const TEMPLATE: &[u8] = include_bytes!("config.template.yaml");

/// The config of a chain without a reachable beacon node: the sample's, with the chain's id and the
/// forks of its execution layer.
///
/// # Errors
/// The template is invalid: a bug.
pub fn template(
    name: &str,
    chain_id: u64,
    slot_seconds: Option<u64>,
    execution: &ChainConfig,
    block: Option<&Block>,
) -> Result<String, cl::Error> {
    let config = Config::parse(TEMPLATE)?;
    let mut values = Values::new();
    let mut set = |key: &str, value: String| drop(values.insert(key.to_owned(), value));
    set("CONFIG_NAME", format!("'{name}'"));
    set("DEPOSIT_CHAIN_ID", chain_id.to_string());
    set("DEPOSIT_NETWORK_ID", chain_id.to_string());
    if !execution.deposit_contract_address.is_zero() {
        let address = execution.deposit_contract_address;
        set("DEPOSIT_CONTRACT_ADDRESS", address.to_string());
    }
    let slot_seconds = slot_seconds.unwrap_or(config.slot_duration_ms()? / 1000);
    set("SLOT_DURATION_MS", slot_seconds.saturating_mul(1000).to_string());
    set("SECONDS_PER_SLOT", slot_seconds.to_string());
    let preset = Preset::of(&config, Revision::default())?;
    let epoch_seconds = slot_seconds.saturating_mul(preset.slots_per_epoch).max(1);
    let now = block.map_or(0, |block| block.timestamp);
    // The new chain starts at the captured block: a fork is as far away as it was.
    let epoch = |fork: Hardfork| match execution.time(fork) {
        None => FAR_FUTURE_EPOCH,
        Some(time) => time.saturating_sub(now).div_ceil(epoch_seconds),
    };
    for fork in FORKS {
        if let (Some(hardfork), Some(key)) = (fork.hardfork, fork.epoch_key()) {
            set(&key, epoch(hardfork).to_string());
        }
    }
    let blobs = |fork: Hardfork| {
        let max = execution.blob_params(fork)?.max;
        let epoch = epoch(fork);
        (epoch != FAR_FUTURE_EPOCH).then_some(BlobParameters { epoch, max_blobs_per_block: max })
    };
    set("BLOB_SCHEDULE", config_file::blob_schedule(&latest(Hardfork::bpo().filter_map(blobs))));
    config_file::complete(TEMPLATE, &config, &values)
}

/// Entries with ascending epochs: of several with the same epoch, the last.
pub(super) fn latest(entries: impl Iterator<Item = BlobParameters>) -> Vec<BlobParameters> {
    let mut kept: Vec<BlobParameters> = Vec::new();
    for entry in entries {
        kept.retain(|earlier| earlier.epoch < entry.epoch);
        kept.push(entry);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::chain_config::flatten;
    use crate::capture::members::Members;
    use crate::forks::ForkName;

    #[test]
    fn the_template_has_the_chains_forks() {
        let block = Block::parse(
            format!(
                r#"{{"number": "0xa", "stateRoot": "0x{}", "timestamp": "0x3e8", "gasLimit": "0x1"}}"#,
                "00".repeat(32)
            )
            .as_bytes(),
        )
        .unwrap();
        let members =
            br#"{"shanghaiTime": 0, "cancunTime": 7, "pragueTime": 1000, "osakaTime": 1030,
            "bpo1Time": 1031, "bpo2Time": 1097, "blobSchedule": {
            "cancun": {"target": 3, "max": 6, "baseFeeUpdateFraction": 1},
            "bpo1": {"target": 8, "max": 12, "baseFeeUpdateFraction": 1},
            "bpo2": {"target": 8, "max": 15, "baseFeeUpdateFraction": 1}}}"#;
        let flat = flatten(Members::parse(members).unwrap(), 7, Some(&block)).unwrap();
        let text = template("net", 7, Some(4), &flat.config, Some(&block)).unwrap();
        let config = Config::parse(text.as_bytes()).unwrap();
        assert_eq!(config.slot_duration_ms().unwrap(), 4000);
        assert_eq!(config.u64("DEPOSIT_CHAIN_ID").unwrap(), 7);
        assert_eq!(config.text("CONFIG_NAME").unwrap(), Some("net"));
        assert_eq!(config.genesis_fork().unwrap().name, ForkName::Electra);
        // 30 s are one epoch of 32 s, begun; 97 s are four.
        assert_eq!(config.u64("FULU_FORK_EPOCH").unwrap(), 1);
        assert_eq!(config.u64("GLOAS_FORK_EPOCH").unwrap(), FAR_FUTURE_EPOCH);
        let blobs: Vec<_> = config.blob_schedule().unwrap();
        let blobs: Vec<_> = blobs.iter().map(|b| (b.epoch, b.max_blobs_per_block)).collect();
        assert_eq!(blobs, [(1, 12), (4, 15)]);
    }
}

//! `genesis.json`, as `apps/el-gen/generate_genesis.sh` writes it.

use serde_json::{Map, Value, json};

use super::blobs::{Bpo, limits_of};
use super::table::{self, Meaning};
use super::{Error, Settings, alloc, consensus};
use crate::forks::{BLOCK_FORKS, BlobParams, Blobs, Hardfork};

/// The hardforks that ethereum-genesis-generator schedules, each with the variable of its epoch.
pub(super) fn hardforks() -> impl Iterator<Item = (&'static str, Hardfork)> {
    Hardfork::ALL.iter().filter_map(|hardfork| {
        let variable = table::find(&hardfork.fork()?.epoch_key()?)?;
        (variable.meaning == Meaning::Fork).then_some((variable.name, *hardfork))
    })
}

/// Generates the file. `contracts` is the text of a file of accounts.
pub fn genesis(
    settings: &Settings,
    bpos: &[Bpo],
    contracts: Option<&str>,
) -> Result<String, Error> {
    let text = json!({
        "config": config(settings, bpos)?,
        "alloc": alloc::alloc(settings, contracts)?,
        "coinbase": format!("0x{:040x}", 0),
        "difficulty": format!("{:#x}", settings.number("GENESIS_DIFFICULTY")?),
        "extraData": "",
        "gasLimit": format!("{:#x}", settings.number("GENESIS_GASLIMIT")?),
        "nonce": "0x1234",
        "mixhash": format!("0x{:064x}", 0),
        "parentHash": format!("0x{:064x}", 0),
        "timestamp": settings.number("GENESIS_TIMESTAMP")?.to_string(),
    });
    Ok(format!("{text:#}\n"))
}

fn config(settings: &Settings, bpos: &[Bpo]) -> Result<Map<String, Value>, Error> {
    let mut config = Map::new();
    config.insert("chainId".to_owned(), settings.number("CHAIN_ID")?.into());
    let by_block = BLOCK_FORKS.iter().filter(|fork| !fork.optional).map(|fork| fork.key);
    for key in by_block.chain(["mergeNetsplitBlock", "terminalTotalDifficulty"]) {
        config.insert(key.to_owned(), 0.into());
    }
    config.insert("terminalTotalDifficultyPassed".to_owned(), true.into());
    let start = settings.number("GENESIS_TIMESTAMP")?;
    let start = start.saturating_add(settings.number("GENESIS_DELAY")?);
    let mut limits = Map::new();
    for (name, fork) in hardforks() {
        let Some(epoch) = settings.epoch(name)? else { continue };
        config.insert(fork.key().to_owned(), time(settings, start, name, epoch)?.into());
        if fork == Hardfork::Prague {
            // EIP-6110.
            let address = settings.address("DEPOSIT_CONTRACT_ADDRESS")?.to_string();
            config.insert("depositContractAddress".to_owned(), address.into());
        }
        if let Some((key, params)) = fork_limits(settings, fork)? {
            limits.insert(key.to_owned(), entry(params));
        }
    }
    for bpo in bpos {
        let time = time(settings, start, &bpo.epoch_name(), bpo.epoch)?;
        config.insert(bpo.fork.key().to_owned(), time.into());
        let key = bpo.fork.blob_schedule_key().unwrap_or_default();
        limits.insert(key.to_owned(), entry(bpo.params));
    }
    if !limits.is_empty() {
        config.insert("blobSchedule".to_owned(), limits.into());
    }
    Ok(config)
}

/// The entry of `blobSchedule` for a hardfork with limits of its own: those of the variables named
/// after its fork where the generator reads them, such as `MAX_BLOBS_PER_BLOCK_ELECTRA`, else
/// geth's.
pub(super) fn fork_limits(
    settings: &Settings,
    hardfork: Hardfork,
) -> Result<Option<(&'static str, BlobParams)>, Error> {
    let Blobs::Limits { params, .. } = hardfork.blobs() else { return Ok(None) };
    let Some((key, fork)) = hardfork.blob_schedule_key().zip(hardfork.fork()) else {
        return Ok(None);
    };
    let suffix = fork.as_str().to_ascii_uppercase();
    let names = ["TARGET_BLOBS_PER_BLOCK", "MAX_BLOBS_PER_BLOCK", "BASEFEE_UPDATE_FRACTION"];
    let names = names.map(|name| format!("{name}_{suffix}"));
    let is_read = |name: &String| table::find(name).is_some_and(|v| v.meaning == Meaning::Derived);
    let params = if names.iter().all(is_read) { limits_of(settings, &names)? } else { params };
    Ok(Some((key, params)))
}

fn entry(params: BlobParams) -> Value {
    let BlobParams { target, max, update_fraction } = params;
    json!({ "target": target, "max": max, "baseFeeUpdateFraction": update_fraction })
}

/// The time of `epoch` on a chain that starts at `start`. Epoch 0 is 0: active at genesis, whenever
/// that is.
pub(super) fn time(settings: &Settings, start: u64, name: &str, epoch: u64) -> Result<u64, Error> {
    if epoch == 0 {
        return Ok(0);
    }
    let slots_per_epoch = if consensus::is_minimal(settings)? { 8 } else { 32 };
    let ms = consensus::slot_duration_ms(settings)?.checked_mul(slots_per_epoch);
    let elapsed = ms.and_then(|ms| ms.checked_mul(epoch)).map(|ms| ms / 1000);
    elapsed
        .and_then(|elapsed| start.checked_add(elapsed))
        .filter(|time| *time < u64::MAX)
        .ok_or_else(|| settings.expected(name, "an epoch that starts before second 2^64"))
}

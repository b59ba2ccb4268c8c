//! `genesis.json`, as `apps/el-gen/generate_genesis.sh` puts it together.

use serde_json::{Map, Value, json};

use super::blobs::{Bpo, limits_of};
use super::{Error, Settings, alloc, consensus};
use crate::el::chain_config::{BlobParams, Hardfork};

/// The consensus forks that come with a hardfork.
pub(super) const HARDFORKS: [(&str, Hardfork); 5] = [
    ("CAPELLA_FORK_EPOCH", Hardfork::Shanghai),
    ("DENEB_FORK_EPOCH", Hardfork::Cancun),
    ("ELECTRA_FORK_EPOCH", Hardfork::Prague),
    ("FULU_FORK_EPOCH", Hardfork::Osaka),
    ("GLOAS_FORK_EPOCH", Hardfork::Amsterdam),
];

pub(super) const CANCUN: BlobParams = BlobParams { target: 3, max: 6, update_fraction: 3_338_477 };

/// Makes the file. `contracts` is the text of a file of accounts.
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
    for key in [
        "homesteadBlock",
        "eip150Block",
        "eip155Block",
        "eip158Block",
        "byzantiumBlock",
        "constantinopleBlock",
        "petersburgBlock",
        "istanbulBlock",
        "berlinBlock",
        "londonBlock",
        "mergeNetsplitBlock",
        "terminalTotalDifficulty",
    ] {
        config.insert(key.to_owned(), 0.into());
    }
    config.insert("terminalTotalDifficultyPassed".to_owned(), true.into());
    let begin = settings.number("GENESIS_TIMESTAMP")?;
    let begin = begin.saturating_add(settings.number("GENESIS_DELAY")?);
    let mut limits = Map::new();
    for (name, fork) in HARDFORKS {
        let Some(epoch) = settings.epoch(name)? else { continue };
        config.insert(fork.key().to_owned(), time(settings, begin, name, epoch)?.into());
        match fork {
            Hardfork::Cancun => drop(limits.insert("cancun".to_owned(), entry(CANCUN))),
            Hardfork::Prague => {
                let address = settings.address("DEPOSIT_CONTRACT_ADDRESS")?.to_string();
                config.insert("depositContractAddress".to_owned(), address.into());
                limits.insert("prague".to_owned(), entry(electra_limits(settings)?));
            }
            _ => {}
        }
    }
    for bpo in bpos {
        let (number, name) = (bpo.number, format!("BPO_{}_EPOCH", bpo.number));
        let time = time(settings, begin, &name, bpo.epoch)?;
        config.insert(format!("bpo{number}Time"), time.into());
        limits.insert(format!("bpo{number}"), entry(bpo.params));
    }
    if !limits.is_empty() {
        config.insert("blobSchedule".to_owned(), limits.into());
    }
    Ok(config)
}

/// The limits that come with electra.
pub(super) fn electra_limits(settings: &Settings) -> Result<BlobParams, Error> {
    let names = [
        "TARGET_BLOBS_PER_BLOCK_ELECTRA",
        "MAX_BLOBS_PER_BLOCK_ELECTRA",
        "BASEFEE_UPDATE_FRACTION_ELECTRA",
    ];
    limits_of(settings, names)
}

fn entry(params: BlobParams) -> Value {
    let BlobParams { target, max, update_fraction } = params;
    json!({ "target": target, "max": max, "baseFeeUpdateFraction": update_fraction })
}

/// When `epoch` begins, 0 for the first: it is active at genesis whenever that is. The first one
/// begins at `begin`.
pub(super) fn time(settings: &Settings, begin: u64, name: &str, epoch: u64) -> Result<u64, Error> {
    if epoch == 0 {
        return Ok(0);
    }
    let slots_per_epoch = if consensus::is_minimal(settings)? { 8 } else { 32 };
    let ms = consensus::slot_duration_ms(settings)?.checked_mul(slots_per_epoch);
    let since = ms.and_then(|ms| ms.checked_mul(epoch)).map(|ms| ms / 1000);
    since
        .and_then(|since| begin.checked_add(since))
        .filter(|time| *time < u64::MAX)
        .ok_or_else(|| settings.expected(name, "an epoch that begins before second 2^64"))
}

//! The chain config of the L1 as op-node reads it.
//!
//! op-node decodes `--rollup.l1-chain-config` strictly: a key that its geth does not know is an error. The
//! keys are those of op-geth v1.101702.3, `params/config.go`.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::error::{Error, Part, Problem};
use crate::el;
use crate::el::edit::{remove_member, set_member};

/// The keys of a chain config.
const CONFIG: [&str; 39] = [
    "chainId",
    "homesteadBlock",
    "daoForkBlock",
    "daoForkSupport",
    "eip150Block",
    "eip155Block",
    "eip158Block",
    "byzantiumBlock",
    "constantinopleBlock",
    "petersburgBlock",
    "istanbulBlock",
    "muirGlacierBlock",
    "berlinBlock",
    "londonBlock",
    "arrowGlacierBlock",
    "grayGlacierBlock",
    "mergeNetsplitBlock",
    "shanghaiTime",
    "cancunTime",
    "pragueTime",
    "osakaTime",
    "bpo1Time",
    "bpo2Time",
    "bpo3Time",
    "bpo4Time",
    "bpo5Time",
    "amsterdamTime",
    "verkleTime",
    "terminalTotalDifficulty",
    "depositContractAddress",
    "enableVerkleAtGenesis",
    "ethash",
    "clique",
    "blobSchedule",
    // A chain config of an L1 has none of these; op-node reads them nevertheless.
    "bedrockBlock",
    "regolithTime",
    "canyonTime",
    "ecotoneTime",
    "optimism",
];
/// The key of the blob limits.
const BLOB_SCHEDULE_KEY: &str = "blobSchedule";
/// The keys of `blobSchedule`.
const BLOB_SCHEDULE: [&str; 10] =
    ["cancun", "prague", "osaka", "verkle", "bpo1", "bpo2", "bpo3", "bpo4", "bpo5", "amsterdam"];
/// The keys of an entry of `blobSchedule`.
const BLOB_CONFIG: [&str; 3] = ["target", "max", "baseFeeUpdateFraction"];

/// The text of `l1-chain-config.json` from the raw `config` of the L1's genesis. Numbers stay as they are.
///
/// # Errors
/// The config has no `blobSchedule`, without which op-node does not start.
pub(super) fn l1_chain_config(config: &[u8]) -> Result<Vec<u8>, Error> {
    let none = || Error::new(Part::Rollup, "l1_chain_id", Problem::NoBlobSchedule);
    let (mut config, members) = reduced(config, &CONFIG)?;
    let schedule = members.iter().find(|(key, _)| key.eq_ignore_ascii_case(BLOB_SCHEDULE_KEY));
    let schedule = schedule.filter(|(_, value)| &value[..] != "null").ok_or_else(none)?;
    let (mut text, entries) = reduced(schedule.1.as_bytes(), &BLOB_SCHEDULE)?;
    if entries.is_empty() {
        return Err(none());
    }
    for (key, entry) in entries.iter().filter(|(_, entry)| &entry[..] != "null") {
        let entry = reduced(entry.as_bytes(), &BLOB_CONFIG)?.0;
        text = set(&text, key, &entry)?;
    }
    config = set(&config, BLOB_SCHEDULE_KEY, &text)?;
    config.push(b'\n');
    Ok(config)
}

/// The object `text` with the members that are in `known`, by Go's rule for the case of a key; and their
/// raw values.
fn reduced(text: &[u8], known: &[&str]) -> Result<(Vec<u8>, BTreeMap<String, String>), Error> {
    let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(text)
        .map_err(|e| Error::new(Part::Rollup, "l1_chain_id", Problem::Json(e.to_string())))?;
    let mut text = text.to_vec();
    let is_known = |key: &str| known.iter().any(|known| known.eq_ignore_ascii_case(key));
    for key in members.keys().filter(|key| !is_known(key)) {
        text = remove_member(&text, key).map_err(of_l1)?;
    }
    members.retain(|key, _| is_known(key));
    Ok((text, members.into_iter().map(|(key, raw)| (key, raw.get().to_owned())).collect()))
}

fn set(text: &[u8], key: &str, value: &[u8]) -> Result<Vec<u8>, Error> {
    set_member(text, key, &String::from_utf8_lossy(value)).map_err(of_l1)
}

fn of_l1(error: el::Error) -> Error {
    Error::new(Part::Rollup, "l1_chain_id", Problem::Genesis(Box::new(error)))
}

//! `state.json` of op-deployer: the genesis of an L2, whose `rollup.json` is known.
//!
//! The state has the alloc. The other members are as op-chain-ops writes them, at the time and with the
//! forks of `rollup.json`; its `genesis.l2.hash` proves the result. Sources: optimism
//! `op-deployer/pkg/deployer/state/state.go` (`State`), `op-chain-ops/genesis/genesis.go`
//! (`NewL2Genesis`), `op-chain-ops/genesis/layer_two.go` (`BuildL2Genesis`).

use std::io::Read;

use alloy_primitives::{Address, B256, U256, address};
use base64ct::{Base64, Encoding};
use flate2::read::GzDecoder;
use serde_json::{Map, Value, json};

use super::error::{Error, Part, Problem};
use super::forks::FORKS;
use super::rollup::Rollup;
use crate::el::system_contracts;

/// Most bytes of an unpacked alloc: that of a fresh chain has ten million.
const LONGEST: u64 = 256 << 20;
/// `SequencerFeeVault`.
const FEE_RECIPIENT: Address = address!("4200000000000000000000000000000000000011");
/// EIP-2935, which op-chain-ops adds from Isthmus on.
const BLOCK_HASHES: Address = address!("0000F90827F1C53a10cb7A02335B175320002935");
/// Denominator 250 and elasticity 6, whatever the chain config has.
const HOLOCENE: &str = "0x00000000fa00000006";
/// The same, and a minimum base fee of 0.
const JOVIAN: &str = "0x01000000fa000000060000000000000000";
/// Forks at block 0, after which every chain of the OP stack starts.
const BLOCKS: [&str; 15] = [
    "homesteadBlock",
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
    "bedrockBlock",
];

/// The text of `genesis.json` of the chain of `rollup`, from the text of `state.json`, which messages call
/// `file`.
///
/// # Errors
/// The state has not deployed this chain, or is damaged.
pub fn genesis(rollup: &Rollup, state: &[u8], file: &str) -> Result<Vec<u8>, Error> {
    let state: Value = serde_json::from_slice(state)
        .map_err(|error| Error::new(Part::State, "", Problem::Json(error.to_string())))?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let chains = list(&state["opChainDeployments"]);
    let of_chain = |chain: &&Value| chain_id(&chain["id"]) == Some(rollup.l2_chain_id);
    let deployed = |chain: &&Value| !chain["allocs"].is_null();
    let Some(chain) = chains.iter().filter(deployed).find(of_chain) else {
        let known = chains.iter().filter(deployed).filter_map(|chain| chain_id(&chain["id"]));
        let (id, file, known) = (rollup.l2_chain_id, file.to_owned(), known.collect());
        let problem = Problem::NoDeployment { id, file, known };
        return Err(Error::new(Part::Rollup, "l2_chain_id", problem));
    };
    let embedded = |what: &str| {
        let problem = Problem::Embedded(what.to_owned());
        Error::new(Part::State, "opChainDeployments[].allocs", problem)
    };
    let mut alloc = Vec::new();
    let mut packed = &unpacked(&chain["allocs"]).map_err(|what| embedded(&what))?[..];
    let read = if packed.starts_with(&[0x1f, 0x8b]) {
        GzDecoder::new(packed).take(LONGEST + 1).read_to_end(&mut alloc)
    } else {
        packed.read_to_end(&mut alloc)
    };
    read.map_err(|error| embedded(&format!("cannot be decompressed: {error}")))?;
    if alloc.len() as u64 > LONGEST {
        return Err(embedded("has more than 256 MB when it is decompressed"));
    }
    let alloc = String::from_utf8(alloc).map_err(|_| embedded("is not text"))?;
    let alloc = alloc.trim().strip_prefix('{').ok_or_else(|| embedded("is not an object"))?;
    let intents = list(&state["appliedIntent"]["chains"]);
    let intent = intents.iter().find(of_chain).cloned().unwrap_or_default();
    Ok(document(rollup, &intent, alloc)?.into_bytes())
}

/// The genesis with the alloc `{alloc`.
fn document(rollup: &Rollup, intent: &Value, alloc: &str) -> Result<String, Error> {
    let time = rollup.l2_time;
    let is_active = |key: &str| rollup.time(key).is_some_and(|fork| fork <= time);
    let missing = |field| Error::new(Part::Rollup, field, Problem::Missing);
    let gas_limit = intent["gasLimit"].as_u64().unwrap_or(rollup.gas_limit);
    let extra_data = match () {
        () if is_active("jovian_time") => JOVIAN,
        () if is_active("holocene_time") => HOLOCENE,
        () => "0x",
    };
    let block_hashes = system_contracts::by_address(&[BLOCK_HASHES]);
    let block_hashes = block_hashes.first().filter(|_| {
        let key = format!("\"{BLOCK_HASHES:?}\"");
        is_active("isthmus_time") && !alloc.contains(&key)
    });
    let added = block_hashes.map_or_else(String::new, |contract| format!("{},", contract.entry()));
    let config = config(rollup, intent).ok_or_else(|| missing("chain_op_config"))?;
    let zero = B256::ZERO;
    let blobs = if is_active("ecotone_time") {
        ",\n  \"excessBlobGas\": \"0x0\",\n  \"blobGasUsed\": \"0x0\""
    } else {
        ""
    };
    Ok(format!(
        "{{\n  \"config\": {config},\n  \"nonce\": \"0x0\",\n  \"timestamp\": \"{time:#x}\",\n  \
         \"extraData\": \"{extra_data}\",\n  \"gasLimit\": \"{gas_limit:#x}\",\n  \
         \"difficulty\": \"0x0\",\n  \"mixHash\": \"{zero}\",\n  \"coinbase\": \"{FEE_RECIPIENT:?}\",\n  \
         \"alloc\": {{{added}{alloc},\n  \"number\": \"0x0\",\n  \"gasUsed\": \"0x0\",\n  \
         \"parentHash\": \"{zero}\",\n  \"baseFeePerGas\": \"0x3b9aca00\"{blobs}\n}}\n"
    ))
}

/// The chain config; `None` without EIP-1559 parameters.
fn config(rollup: &Rollup, intent: &Value) -> Option<Value> {
    let mut config = Map::new();
    config.insert("chainId".to_owned(), json!(rollup.l2_chain_id));
    config.extend(BLOCKS.map(|key| (key.to_owned(), json!(0))));
    config.insert("terminalTotalDifficulty".to_owned(), json!(0));
    for fork in &FORKS {
        let Some(time) = rollup.time(fork.rollup) else { continue };
        let keys = fork.genesis.into_iter().chain(fork.hardfork);
        config.extend(keys.map(|key| (key.to_owned(), json!(time))));
    }
    if let Some(time) = rollup.time("interop_time") {
        config.insert("interopTime".to_owned(), json!(time));
    }
    let keys = ["eip1559Elasticity", "eip1559Denominator", "eip1559DenominatorCanyon"];
    let of_intent = || {
        let value = |key: &str| Some((key.to_owned(), json!(intent[key].as_u64()?)));
        keys.map(value).into_iter().collect::<Option<Map<_, _>>>().map(Value::Object)
    };
    let optimism = rollup.op_config().cloned().or_else(of_intent)?;
    config.insert("optimism".to_owned(), optimism);
    Some(Value::Object(config))
}

/// A chain id: 32 bytes of hex.
pub(crate) fn chain_id(value: &Value) -> Option<u64> {
    let text = value.as_str()?;
    let number = U256::from_str_radix(text.strip_prefix("0x").unwrap_or(text), 16).ok()?;
    number.try_into().ok()
}

/// The JSON of an alloc within the state, or the gzip of it.
///
/// # Errors
/// The value has another form, as a predicate.
pub(crate) fn unpacked(state: &Value) -> Result<Vec<u8>, String> {
    match state {
        Value::Object(_) => Ok(state.to_string().into_bytes()),
        Value::String(text) => {
            Base64::decode_vec(text).map_err(|_| "is not base64 of a gzip".to_owned())
        }
        _ => Err("is neither base64 of a gzip nor an alloc".to_owned()),
    }
}

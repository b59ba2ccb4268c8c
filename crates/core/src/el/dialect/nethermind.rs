//! `chainspec.json`: Nethermind's format, formerly Parity's, in which every EIP has its own time.
//!
//! Sources: Nethermind `Nethermind.Specs/ChainSpecStyle/{ChainSpecLoader,Json/*}.cs`;
//! ethereum-genesis-generator (1e01e5d) `apps/el-gen/tpl-chainspec.json`.

use std::io;

use alloy_primitives::{Address, B256, U256};
use serde_json::{Map, Value, json};

use super::super::chain_config::{BlobParams, ChainConfig, Hardfork};
use super::super::error::Error;
use super::super::header::{EMPTY_LIST_HASH, EMPTY_REQUESTS_HASH, Header};
use super::super::quantity;
use super::super::trie::EMPTY_ROOT_HASH;
use super::{Inputs, hex};
use crate::forks::BLOCK_FORKS;

/// The text before and after the accounts.
pub fn around(inputs: &Inputs<'_>) -> Result<(String, String), Error> {
    let Inputs { genesis, header, .. } = inputs;
    let mut seal = json!({
        "seal": { "ethereum": {
            "nonce": header.nonce.to_string(),
            "mixHash": header.mix_hash.to_string(),
        }},
        "difficulty": hex(header.difficulty),
        "author": header.coinbase.to_string(),
        "timestamp": hex(header.timestamp),
        "parentHash": header.parent_hash.to_string(),
        "extraData": header.extra_data.to_string(),
        "gasLimit": hex(header.gas_limit),
    });
    // Some releases do not read an absent field as zero.
    for (key, value) in [
        ("baseFeePerGas", header.base_fee_per_gas.map(hex)),
        ("blobGasUsed", header.blob_gas_used.map(hex)),
        ("excessBlobGas", header.excess_blob_gas.map(hex)),
    ] {
        if let Some(value) = value {
            seal[key] = value;
        }
    }
    let head = json!({
        "name": "Testnet",
        "engine": { "Ethash": {} },
        "params": params(&genesis.config),
        "genesis": seal,
        "nodes": [],
    });
    let mut head = serde_json::to_string_pretty(&head).map_err(io::Error::from)?;
    head.truncate(head.trim_end_matches('}').trim_end().len());
    head.push_str(",\n  \"accounts\": ");
    Ok((head, "\n}\n".to_owned()))
}

fn params(config: &ChainConfig) -> Value {
    let mut params = Map::new();
    let mut set = |key: String, value: Value| drop(params.insert(key, value));
    let chain_id = config.chain_id.unwrap_or_default();
    for (key, value) in [
        ("gasLimitBoundDivisor", hex(0x400)),
        ("registrar", Address::ZERO.to_string().into()),
        ("accountStartNonce", hex(0)),
        ("maximumExtraDataSize", hex(0xffff)),
        ("minGasLimit", hex(0x1388)),
        ("maxCodeSize", hex(0x6000)),
        ("networkID", hex(chain_id)),
        ("chainID", hex(chain_id)),
    ] {
        set(key.to_owned(), value);
    }
    for fork in BLOCK_FORKS {
        if let Some(number) = config.block(fork.key) {
            fork.transitions.iter().for_each(|name| set(format!("{name}Transition"), hex(number)));
        }
    }
    if let Some(difficulty) = config.terminal_total_difficulty {
        set("terminalTotalDifficulty".to_owned(), hex(difficulty));
    }
    if let Some(number) = config.block("mergeNetsplitBlock") {
        // Releases differ in the case of the first letter.
        set("mergeForkIdTransition".to_owned(), hex(number));
        set("MergeForkIdTransition".to_owned(), hex(number));
    }
    for &fork in Hardfork::ALL {
        if let Some(time) = config.time(fork) {
            let key = |eip| format!("eip{eip}TransitionTimestamp");
            fork.eips().iter().for_each(|eip| set(key(eip), hex(time)));
        }
    }
    if config.time(Hardfork::Prague).is_some() {
        let address = config.deposit_contract_address.to_string();
        set("depositContractAddress".to_owned(), address.into());
    }
    set("blobSchedule".to_owned(), blob_schedule(config).into());
    params.into()
}

/// The entries by time, strictly ascending. Of two entries at the same time the later hardfork's is
/// valid; one that changes nothing is left out.
fn blob_schedule(config: &ChainConfig) -> Vec<Value> {
    let mut schedule: Vec<(u64, BlobParams)> = Vec::new();
    for &fork in Hardfork::ALL {
        let (Some(time), Some(params)) = (config.time(fork), config.blob_params(fork)) else {
            continue;
        };
        schedule.retain(|(earlier, _)| *earlier < time);
        if schedule.last().is_none_or(|(_, last)| *last != params) {
            schedule.push((time, params));
        }
    }
    let entry = |(time, params): (u64, BlobParams)| {
        json!({
            "timestamp": hex(time),
            "target": params.target,
            "max": params.max,
            "baseFeeUpdateFraction": hex(params.update_fraction),
        })
    };
    schedule.into_iter().map(entry).collect()
}

/// The header that `ChainSpecLoader.LoadGenesis` builds.
pub fn header(text: &str, state_root: B256) -> Option<Header> {
    let spec: Value = serde_json::from_str(text).ok()?;
    let (genesis, params) = (&spec["genesis"], &spec["params"]);
    let timestamp: u64 = quantity(&genesis["timestamp"])?;
    let active = |eips: &[u16]| {
        eips.iter().any(|eip| {
            let time = quantity(&params[format!("eip{eip}TransitionTimestamp")]);
            time.is_some_and(|time: U256| time <= U256::from(timestamp))
        })
    };
    let london = quantity(&params["eip1559Transition"]).is_some_and(|block: U256| block.is_zero());
    let fee = quantity(&genesis["baseFeePerGas"]).unwrap_or(U256::from(1_000_000_000));
    let seal = &genesis["seal"]["ethereum"];
    Some(Header {
        parent_hash: genesis["parentHash"].as_str()?.parse().ok()?,
        coinbase: genesis["author"].as_str()?.parse().ok()?,
        state_root,
        difficulty: quantity(&genesis["difficulty"])?,
        gas_limit: quantity(&genesis["gasLimit"])?,
        timestamp,
        extra_data: genesis["extraData"].as_str()?.parse().ok()?,
        mix_hash: seal["mixHash"].as_str()?.parse().ok()?,
        nonce: seal["nonce"].as_str()?.parse().ok()?,
        base_fee_per_gas: london.then_some(fee),
        withdrawals_root: active(&[4895]).then_some(EMPTY_ROOT_HASH),
        blob_gas_used: quantity(&genesis["blobGasUsed"]).filter(|_| active(&[4844])),
        excess_blob_gas: quantity(&genesis["excessBlobGas"]).filter(|_| active(&[4844])),
        parent_beacon_block_root: active(&[4788]).then_some(B256::ZERO),
        requests_hash: active(&[6110, 7002, 7251]).then_some(EMPTY_REQUESTS_HASH),
        block_access_list_hash: active(&[7928]).then_some(EMPTY_LIST_HASH),
        slot_number: active(&[7843]).then_some(0),
        ..Header::of_empty_body()
    })
}

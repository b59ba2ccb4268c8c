//! Scans the blocks of a chain for addresses and slots.

use alloy_primitives::{Address, B256, U256, address};
use serde_json::{Value, json};

use super::Error;
use super::chain::{BLOCK_LIMIT, SMALL_LIMIT};
use super::preimage_index::{Origin, PreimageIndex};
use crate::el::quantity;
use crate::rpc::{self, Rpc};

/// Blocks in a batch.
const BATCH: u64 = 32;
/// Longest trace of a block.
const TRACE_LIMIT: u64 = 256 << 20;

const BEACON_ROOTS: Address = address!("0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02");
const HISTORY_STORAGE: Address = address!("0x0000F90827F1C53a10cb7A02335B175320002935");

/// How a node reports what its transactions touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    /// `debug_traceBlockByNumber` with `prestateTracer`: everything.
    Diffs,
    /// `eth_createAccessList` for each transaction: most of it.
    AccessLists,
}

/// Adds the addresses and slots of blocks 0 to `last` to `index`, from the best traces that the node
/// has. The state root shows whether they omit anything.
///
/// # Errors
/// The node cannot be reached, or does not have all blocks.
pub fn scan_blocks(
    rpc: &dyn Rpc,
    last: u64,
    index: &mut PreimageIndex,
    progress: &dyn Fn(u64),
) -> Result<(), Error> {
    let mut trace = Trace::Diffs;
    for first in (0..=last).step_by(usize::try_from(BATCH).unwrap_or(1)) {
        let numbers: Vec<_> = (first..=last.min(first + BATCH - 1)).collect();
        let call = |number: &u64| ("eth_getBlockByNumber", json!([format!("{number:#x}"), true]));
        let calls: Vec<_> = numbers.iter().map(call).collect();
        for (number, raw) in numbers.iter().zip(rpc.batch(&calls, BLOCK_LIMIT)?) {
            let block: Value = serde_json::from_slice(&raw).unwrap_or_default();
            if block.is_null() {
                return Err(Error::NoBlock { id: number.to_string() });
            }
            let transactions = learn_block(&block, index);
            if transactions.is_empty() {
                continue;
            }
            if trace == Trace::Diffs && !diffs(rpc, *number, index)? {
                trace = Trace::AccessLists;
            }
            if trace == Trace::AccessLists {
                access_lists(rpc, *number, last, transactions, index)?;
            }
        }
        progress(numbers.last().copied().unwrap_or(first));
    }
    Ok(())
}

/// Adds the addresses in the block itself; returns its transactions.
fn learn_block<'a>(block: &'a Value, index: &mut PreimageIndex) -> &'a [Value] {
    learn_system_slots(block, index);
    let mut learn = |value: &Value| {
        if let Some(address) = address_of(value) {
            index.add_address(address, Origin::Blocks);
        }
    };
    learn(&block["miner"]);
    list(&block["withdrawals"]).iter().for_each(|withdrawal| learn(&withdrawal["address"]));
    let transactions = list(&block["transactions"]);
    for transaction in transactions {
        learn(&transaction["from"]);
        learn(&transaction["to"]);
        list(&transaction["authorizationList"]).iter().for_each(|entry| learn(&entry["address"]));
    }
    for transaction in transactions {
        learn_access_list(&transaction["accessList"], index);
        let (from, nonce) = (address_of(&transaction["from"]), quantity(&transaction["nonce"]));
        if let (Some(from), Some(nonce), true) = (from, nonce, transaction["to"].is_null()) {
            index.add_created(from, nonce);
        }
    }
    transactions
}

/// Adds the slots that the system calls of a block write: no trace of a transaction has them.
fn learn_system_slots(block: &Value, index: &mut PreimageIndex) {
    const LENGTH: u64 = 8191;
    let (Some(number), Some(timestamp)) =
        (quantity::<u64>(&block["number"]), quantity::<u64>(&block["timestamp"]))
    else {
        return;
    };
    let word = |number: u64| B256::from(U256::from(number));
    // EIP-4788.
    index.add_slot(BEACON_ROOTS, word(timestamp % LENGTH));
    index.add_slot(BEACON_ROOTS, word(timestamp % LENGTH + LENGTH));
    // EIP-2935.
    index.add_slot(HISTORY_STORAGE, word(number.saturating_sub(1) % LENGTH));
}

/// Adds the state diffs of a block's transactions; `false` if the node does not return them.
fn diffs(rpc: &dyn Rpc, number: u64, index: &mut PreimageIndex) -> Result<bool, Error> {
    let tracer = json!({"tracer": "prestateTracer", "tracerConfig": {"diffMode": true}});
    let params = json!([format!("{number:#x}"), tracer]);
    let raw = match rpc.call("debug_traceBlockByNumber", &params, TRACE_LIMIT) {
        Ok(raw) => raw,
        Err(rpc::Error::Refused { .. } | rpc::Error::Slow { .. } | rpc::Error::TooLarge { .. }) => {
            return Ok(false);
        }
        Err(error) => return Err(error.into()),
    };
    let traces: Value = serde_json::from_slice(&raw).unwrap_or_default();
    for trace in list(&traces) {
        for side in ["pre", "post"] {
            for (key, account) in trace["result"][side].as_object().into_iter().flatten() {
                let Ok(address) = key.parse() else { continue };
                index.add_address(address, Origin::Blocks);
                for slot in account["storage"].as_object().into_iter().flat_map(|s| s.keys()) {
                    if let Ok(slot) = slot.parse() {
                        index.add_slot(address, slot);
                    }
                }
            }
        }
    }
    Ok(traces.is_array())
}

/// Runs each transaction again on the state before its block, or if that is pruned, on the last
/// state. There it may take another path, which the state root shows.
fn access_lists(
    rpc: &dyn Rpc,
    number: u64,
    last: u64,
    transactions: &[Value],
    index: &mut PreimageIndex,
) -> Result<(), Error> {
    for transaction in transactions {
        let mut call = json!({});
        for key in ["from", "to", "value", "input", "accessList", "authorizationList"] {
            if !transaction[key].is_null() {
                call[key] = transaction[key].clone();
            }
        }
        for at in [number.saturating_sub(1), last] {
            let params = json!([call, format!("{at:#x}")]);
            match rpc.call("eth_createAccessList", &params, BLOCK_LIMIT) {
                Ok(raw) => {
                    let answer: Value = serde_json::from_slice(&raw).unwrap_or_default();
                    learn_access_list(&answer["accessList"], index);
                    learn_created(rpc, transaction, at, &answer["accessList"], index)?;
                    break;
                }
                Err(rpc::Error::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    let receipts =
        match rpc.call("eth_getBlockReceipts", &json!([format!("{number:#x}")]), TRACE_LIMIT) {
            Err(rpc::Error::Refused { .. }) => return Ok(()),
            answer => answer?,
        };
    let receipts: Value = serde_json::from_slice(&receipts).unwrap_or_default();
    for log in list(&receipts).iter().flat_map(|receipt| list(&receipt["logs"])) {
        if let Some(address) = address_of(&log["address"]) {
            index.add_address(address, Origin::Blocks);
        }
    }
    Ok(())
}

/// A contract that is created on another state has another address there: its slots are added under
/// the right address.
fn learn_created(
    rpc: &dyn Rpc,
    transaction: &Value,
    at: u64,
    access_list: &Value,
    index: &mut PreimageIndex,
) -> Result<(), Error> {
    let (from, nonce) = (address_of(&transaction["from"]), quantity(&transaction["nonce"]));
    let (Some(from), Some(nonce), true) = (from, nonce, transaction["to"].is_null()) else {
        return Ok(());
    };
    let params = json!([from, format!("{at:#x}")]);
    let raw = rpc.call("eth_getTransactionCount", &params, SMALL_LIMIT)?;
    let count: Value = serde_json::from_slice(&raw).unwrap_or_default();
    let there = quantity(&count).map(|count| from.create(count));
    for entry in list(access_list).iter().filter(|entry| address_of(&entry["address"]) == there) {
        for slot in list(&entry["storageKeys"]) {
            if let Some(slot) = slot.as_str().and_then(|slot| slot.parse().ok()) {
                index.add_slot(from.create(nonce), slot);
            }
        }
    }
    Ok(())
}

fn learn_access_list(list_of: &Value, index: &mut PreimageIndex) {
    for entry in list(list_of) {
        let Some(address) = address_of(&entry["address"]) else { continue };
        index.add_address(address, Origin::Blocks);
        for slot in list(&entry["storageKeys"]) {
            if let Some(slot) = slot.as_str().and_then(|slot| slot.parse::<B256>().ok()) {
                index.add_slot(address, slot);
            }
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn address_of(value: &Value) -> Option<Address> {
    value.as_str()?.parse().ok()
}

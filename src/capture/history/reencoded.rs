//! Blocks put together again of what a node tells of them without its debug namespace: the fields of
//! the header, the withdrawals, and each transaction's bytes. That nothing is missing shows in the
//! hashes. Source: execution-apis `eth/block.yaml`, `eth/transaction.yaml`.

use std::ops::Range;

use alloy_primitives::{B256, Bytes};
use serde_json::{Value, json};

use super::{LIMIT, Source, answer_of, bytes, each};
use crate::capture::Error;
use crate::capture::block::{hash, number, parsed};
use crate::capture::chain::BLOCK_LIMIT;
use crate::el::block::{Block, Withdrawal};
use crate::el::header::{EMPTY_LIST_HASH, Header};
use crate::rpc::{self, Rpc};

const METHOD: &str = "eth_getBlockByNumber";
/// Transactions in a batch.
const BATCH: usize = 100;
/// EIP-4844.
const BLOB_TX_TYPE: u8 = 3;

/// How a node gives a transaction's bytes; clients have one or both.
#[derive(Debug, Clone, Copy)]
enum Spelling {
    ByIndex,
    ByHash,
}

impl Spelling {
    fn call(self, block: u64, index: usize, hash: &Value) -> (&'static str, Value) {
        match self {
            Self::ByIndex => (
                "eth_getRawTransactionByBlockNumberAndIndex",
                json!([format!("{block:#x}"), format!("{index:#x}")]),
            ),
            Self::ByHash => ("eth_getRawTransactionByHash", json!([hash])),
        }
    }
}

struct Reencoded(Spelling);

/// Asks for a transaction that there need not be: a node without the method says so.
pub(super) fn open(rpc: &dyn Rpc) -> Result<Box<dyn Source>, Error> {
    let mut lack = None;
    for spelling in [Spelling::ByIndex, Spelling::ByHash] {
        let (method, params) = spelling.call(1, 0, &json!(B256::ZERO));
        match rpc.call(method, &params, BLOCK_LIMIT) {
            Err(error) if error.is_unknown_method() => lack = lack.or(Some(error)),
            Err(
                error @ (rpc::Error::Unreachable { .. }
                | rpc::Error::Denied { .. }
                | rpc::Error::Foreign { .. }),
            ) => {
                return Err(error.into());
            }
            _ => return Ok(Box::new(Reencoded(spelling))),
        }
    }
    Err(lack.map_or(Error::NoDump { method: METHOD }, Error::from))
}

impl Source for Reencoded {
    fn name(&self) -> &'static str {
        METHOD
    }

    fn blocks(&self, rpc: &dyn Rpc, numbers: Range<u64>) -> Result<Vec<Block>, Error> {
        let call = |number: u64| (METHOD, json!([format!("{number:#x}"), false]));
        let told = each(rpc, numbers.clone(), call)?;
        let calls = numbers.clone().zip(&told).flat_map(|(block, told)| {
            let hashes = list(told, "transactions").iter().enumerate();
            hashes.map(move |(index, hash)| (block, self.0.call(block, index, hash)))
        });
        let mut transactions = transactions(rpc, &calls.collect::<Vec<_>>())?.into_iter();
        let mut blocks = Vec::new();
        for (number, told) in numbers.zip(&told) {
            let count = list(told, "transactions").len();
            blocks.push(block(number, told, transactions.by_ref().take(count).collect())?);
        }
        Ok(blocks)
    }
}

/// The bytes of transactions, each as its block has it; every call with the block's number.
fn transactions(
    rpc: &dyn Rpc,
    calls: &[(u64, (&'static str, Value))],
) -> Result<Vec<Bytes>, Error> {
    let mut transactions = Vec::new();
    for share in calls.chunks(BATCH) {
        let calls: Vec<_> = share.iter().map(|(_, call)| call.clone()).collect();
        for ((block, _), answer) in share.iter().zip(rpc.batch_of_each(&calls, LIMIT)?) {
            transactions.push(in_block(bytes(*block, &answer_of(*block, answer)?)?));
        }
    }
    Ok(transactions)
}

fn list<'a>(told: &'a Value, key: &str) -> &'a [Value] {
    told[key].as_array().map_or(&[], Vec::as_slice)
}

/// The block of which `told` tells all but its transactions.
pub(super) fn block(number: u64, told: &Value, transactions: Vec<Bytes>) -> Result<Block, Error> {
    let wrong = |what: String| Error::WrongBlock { number, what };
    let header = header(told)?;
    let (named, found) = (hash(told, "hash")?, header.hash());
    if named != found {
        let keys = told.as_object().into_iter().flat_map(|told| told.keys().map(String::as_str));
        let unknown: Vec<_> = keys.filter(|key| !KNOWN.contains(key)).collect();
        let fields = if unknown.is_empty() {
            String::new()
        } else {
            format!(": it has fields that are not known here ({})", unknown.join(", "))
        };
        return Err(wrong(format!(
            "is called {named}, but its fields have the hash {found}{fields}"
        )));
    }
    if header.ommers_hash != EMPTY_LIST_HASH {
        return Err(wrong("has ommers, of which only debug_getRawBlock tells all".to_owned()));
    }
    let withdrawals = told.get("withdrawals").filter(|withdrawals| !withdrawals.is_null());
    let withdrawals =
        withdrawals.map(|_| list(told, "withdrawals").iter().map(withdrawal).collect());
    Ok(Block {
        header,
        transactions,
        ommers: Block::no_ommers(),
        withdrawals: withdrawals.transpose()?,
    })
}

/// What a block is answered with.
const KNOWN: [&str; 29] = [
    "hash",
    "size",
    "totalDifficulty",
    "transactions",
    "uncles",
    "withdrawals",
    "parentHash",
    "sha3Uncles",
    "miner",
    "stateRoot",
    "transactionsRoot",
    "receiptsRoot",
    "logsBloom",
    "difficulty",
    "number",
    "gasLimit",
    "gasUsed",
    "timestamp",
    "extraData",
    "mixHash",
    "nonce",
    "baseFeePerGas",
    "withdrawalsRoot",
    "blobGasUsed",
    "excessBlobGas",
    "parentBeaconBlockRoot",
    "requestsHash",
    "blockAccessListHash",
    "slotNumber",
];

fn header(told: &Value) -> Result<Header, Error> {
    fn optional<T>(
        told: &Value,
        key: &str,
        read: impl Fn(&Value, &str) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        told.get(key).filter(|value| !value.is_null()).map(|_| read(told, key)).transpose()
    }
    Ok(Header {
        parent_hash: hash(told, "parentHash")?,
        ommers_hash: hash(told, "sha3Uncles")?,
        coinbase: parsed(told, "miner")?,
        state_root: hash(told, "stateRoot")?,
        transactions_root: hash(told, "transactionsRoot")?,
        receipts_root: hash(told, "receiptsRoot")?,
        logs_bloom: parsed(told, "logsBloom")?,
        difficulty: number(told, "difficulty")?,
        number: number(told, "number")?,
        gas_limit: number(told, "gasLimit")?,
        gas_used: number(told, "gasUsed")?,
        timestamp: number(told, "timestamp")?,
        extra_data: parsed(told, "extraData")?,
        mix_hash: hash(told, "mixHash")?,
        nonce: parsed(told, "nonce")?,
        base_fee_per_gas: optional(told, "baseFeePerGas", number)?,
        withdrawals_root: optional(told, "withdrawalsRoot", hash)?,
        blob_gas_used: optional(told, "blobGasUsed", number)?,
        excess_blob_gas: optional(told, "excessBlobGas", number)?,
        parent_beacon_block_root: optional(told, "parentBeaconBlockRoot", hash)?,
        requests_hash: optional(told, "requestsHash", hash)?,
        block_access_list_hash: optional(told, "blockAccessListHash", hash)?,
        slot_number: optional(told, "slotNumber", number)?,
    })
}

fn withdrawal(told: &Value) -> Result<Withdrawal, Error> {
    Ok(Withdrawal {
        index: number(told, "index")?,
        validator_index: number(told, "validatorIndex")?,
        address: parsed(told, "address")?,
        amount: number(told, "amount")?,
    })
}

/// A blob transaction as its block has it, if it came as it is sent, with its blobs:
/// `0x03 || rlp([transaction, …])`.
fn in_block(transaction: Vec<u8>) -> Bytes {
    let Some((&BLOB_TX_TYPE, mut rlp)) = transaction.split_first() else {
        return transaction.into();
    };
    let inner = |rlp: &mut &[u8]| {
        let mut payload = alloy_rlp::Header::decode_bytes(rlp, true)?;
        let start = payload;
        let first = alloy_rlp::Header::decode(&mut payload)?;
        let length = start.len() - payload.len() + first.payload_length;
        Ok::<_, alloy_rlp::Error>(first.list.then(|| start[..length].to_vec()))
    };
    match inner(&mut rlp) {
        Ok(Some(list)) => [&[BLOB_TX_TYPE][..], &list].concat().into(),
        _ => transaction.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blob_transactions_lose_what_they_are_sent_with() {
        let fields: Vec<Bytes> = vec![vec![1].into(), vec![2; 60].into()];
        let inner = alloy_rlp::encode(&fields);
        let blobs = alloy_rlp::encode(vec![Bytes::from(vec![7; 500])]);
        let in_a_block = [&[3], &inner[..]].concat();
        for version in [&[][..], &[1]] {
            let payload = [&inner, version, &blobs, &blobs, &blobs].concat();
            let mut sent = vec![3];
            let list = alloy_rlp::Header { list: true, payload_length: payload.len() };
            list.encode(&mut sent);
            sent.extend(payload);
            assert_eq!(in_block(sent)[..], in_a_block);
        }
        for other in [in_a_block, [&[2], &inner[..]].concat(), inner, vec![3], vec![]] {
            assert_eq!(in_block(other.clone())[..], other);
        }
    }
}

//! A block from the JSON that nodes answer to `eth_getBlockByNumber`. The hash that the answer names
//! proves that nothing is missing. Source: execution-apis `eth/block.yaml`.

use alloy_primitives::Bytes;
use serde_json::Value;

use super::rpc_transaction;
use crate::capture;
use crate::capture::block::{hash, number, parsed};
use crate::el;
use crate::el::block::{Block, Withdrawal};
use crate::el::header::{EMPTY_LIST_HASH, Header};

/// Why an answer is not a block.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not JSON.
    #[error("is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The node answered, but not with a block.
    #[error("has no block, but {0}")]
    NoBlock(String),
    /// The second parameter of the call was `false`.
    #[error("lists its transactions by hash only")]
    Hashes,
    /// A transaction that cannot be encoded.
    #[error("transaction {index} {what}")]
    Transaction {
        /// Index in the block, from 0.
        index: usize,
        /// The error.
        what: String,
    },
    /// A member of the block that is missing, or has another form.
    #[error("{0}")]
    Member(String),
    /// The members belong to another block than the hash.
    #[error("block {number} {what}")]
    Header {
        /// Number of the block.
        number: u64,
        /// The error.
        what: String,
    },
    /// The transactions or withdrawals are not the ones that the header names.
    #[error("the block {0}")]
    Body(#[from] el::block::Error),
}

impl Error {
    /// How to fix it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Header { .. } | Self::Body(_) => {
                "the block was edited, or is of a fork that this version does not know: request it \
                 from the node again"
            }
            Self::Transaction { .. } => {
                "the transaction was edited, or the chain has transaction types that Ethereum does \
                 not have"
            }
            _ => {
                "request the block from a node: {\"jsonrpc\":\"2.0\",\"method\":\
                 \"eth_getBlockByNumber\",\"params\":[\"latest\",true],\"id\":1}"
            }
        }
    }
}

/// Reads an answer with complete transactions, or the block within it, and proves that it is the
/// block whose hash it names.
///
/// # Errors
/// It is not that block.
pub fn parse(json: &[u8]) -> Result<Block, Error> {
    let answer: Value = serde_json::from_slice(json)?;
    let block = answer.get("result").unwrap_or(&answer);
    if block.get("hash").is_none() {
        return Err(Error::NoBlock(rpc_transaction::shortened(&answer)));
    }
    let list = block["transactions"].as_array().ok_or(Error::Hashes)?;
    if list.iter().any(Value::is_string) {
        return Err(Error::Hashes);
    }
    let encode = |(index, transaction)| {
        rpc_transaction::encode(transaction).map_err(|what| Error::Transaction { index, what })
    };
    let transactions = list.iter().enumerate().map(encode).collect::<Result<_, _>>()?;
    let wrong = |error: capture::Error| match error {
        capture::Error::WrongBlock { number, what } => Error::Header { number, what },
        other => Error::Member(other.to_string()),
    };
    let number = number(block, "number").map_err(wrong)?;
    let block = with_transactions(number, block, transactions).map_err(wrong)?;
    block.check()?;
    Ok(block)
}

/// The array at `key`; empty if absent.
pub(super) fn list<'a>(block: &'a Value, key: &str) -> &'a [Value] {
    block[key].as_array().map_or(&[], Vec::as_slice)
}

/// The block with the header and withdrawals of `answer`, and with these transactions. The header's
/// hash is checked, the body is not.
pub(super) fn with_transactions(
    number: u64,
    answer: &Value,
    transactions: Vec<Bytes>,
) -> Result<Block, capture::Error> {
    let wrong = |what: String| capture::Error::WrongBlock { number, what };
    let header = header(answer)?;
    let (named, found) = (hash(answer, "hash")?, header.hash());
    if named != found {
        let keys = answer.as_object().into_iter().flat_map(|block| block.keys());
        let unknown: Vec<_> = keys.map(String::as_str).filter(|key| !KNOWN.contains(key)).collect();
        let fields = if unknown.is_empty() {
            String::new()
        } else {
            format!("; unknown fields: {}", unknown.join(", "))
        };
        return Err(wrong(format!("has the hash {named}, but its fields hash to {found}{fields}")));
    }
    if header.ommers_hash != EMPTY_LIST_HASH {
        return Err(wrong("has ommers, which only debug_getRawBlock returns".to_owned()));
    }
    let withdrawals = answer.get("withdrawals").filter(|withdrawals| !withdrawals.is_null());
    let withdrawals =
        withdrawals.map(|_| list(answer, "withdrawals").iter().map(withdrawal).collect());
    Ok(Block {
        header,
        transactions,
        ommers: Block::no_ommers(),
        withdrawals: withdrawals.transpose()?,
    })
}

/// Members of an answer that this version knows.
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

fn header(block: &Value) -> Result<Header, capture::Error> {
    fn optional<T>(
        block: &Value,
        key: &str,
        read: impl Fn(&Value, &str) -> Result<T, capture::Error>,
    ) -> Result<Option<T>, capture::Error> {
        block.get(key).filter(|value| !value.is_null()).map(|_| read(block, key)).transpose()
    }
    Ok(Header {
        parent_hash: hash(block, "parentHash")?,
        ommers_hash: hash(block, "sha3Uncles")?,
        coinbase: parsed(block, "miner")?,
        state_root: hash(block, "stateRoot")?,
        transactions_root: hash(block, "transactionsRoot")?,
        receipts_root: hash(block, "receiptsRoot")?,
        logs_bloom: parsed(block, "logsBloom")?,
        difficulty: number(block, "difficulty")?,
        number: number(block, "number")?,
        gas_limit: number(block, "gasLimit")?,
        gas_used: number(block, "gasUsed")?,
        timestamp: number(block, "timestamp")?,
        extra_data: parsed(block, "extraData")?,
        mix_hash: hash(block, "mixHash")?,
        nonce: parsed(block, "nonce")?,
        base_fee_per_gas: optional(block, "baseFeePerGas", number)?,
        withdrawals_root: optional(block, "withdrawalsRoot", hash)?,
        blob_gas_used: optional(block, "blobGasUsed", number)?,
        excess_blob_gas: optional(block, "excessBlobGas", number)?,
        parent_beacon_block_root: optional(block, "parentBeaconBlockRoot", hash)?,
        requests_hash: optional(block, "requestsHash", hash)?,
        block_access_list_hash: optional(block, "blockAccessListHash", hash)?,
        slot_number: optional(block, "slotNumber", number)?,
    })
}

fn withdrawal(block: &Value) -> Result<Withdrawal, capture::Error> {
    Ok(Withdrawal {
        index: number(block, "index")?,
        validator_index: number(block, "validatorIndex")?,
        address: parsed(block, "address")?,
        amount: number(block, "amount")?,
    })
}

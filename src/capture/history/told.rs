//! A block from the answer to `eth_getBlockByNumber` with whole transactions: the bytes of each are
//! put together again from its members. That nothing is missing shows in the hashes. Source:
//! execution-apis `eth/block.yaml`, `eth/transaction.yaml`.

use alloy_primitives::{B256, Bytes, U256};
use alloy_rlp::{BufMut, Encodable};
use serde_json::Value;

use super::reencoded::block;
use crate::capture;
use crate::capture::block::number;
use crate::el;
use crate::el::block::Block;

/// Why an answer is no block.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not JSON.
    #[error("is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The node answered, but not with a block.
    #[error("has no block, but {0}")]
    NoBlock(String),
    /// The question ended with `false`.
    #[error("names its transactions by their hashes alone")]
    Hashes,
    /// A transaction that cannot be put together again.
    #[error("transaction {index} {what}")]
    Transaction {
        /// Which, from 0.
        index: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A member of the block that is missing, or of another form.
    #[error("{0}")]
    Member(String),
    /// The members are not those of the block whose hash is named.
    #[error("block {number} {what}")]
    Header {
        /// Its number.
        number: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The transactions or withdrawals are not the block's.
    #[error("the block {0}")]
    Body(#[from] el::block::Error),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Header { .. } | Self::Body(_) => {
                "it was edited, or is of a fork that is not known here: ask the node again"
            }
            Self::Transaction { .. } => {
                "it was edited, or the chain has transactions that Ethereum does not have"
            }
            _ => {
                "ask a node: {\"jsonrpc\":\"2.0\",\"method\":\"eth_getBlockByNumber\",\
                 \"params\":[\"latest\",true],\"id\":1}"
            }
        }
    }
}

/// Reads an answer, or the block within it, and proves that it is the block whose hash it names.
///
/// # Errors
/// It is not that block.
pub fn parse(json: &[u8]) -> Result<Block, Error> {
    let answer: Value = serde_json::from_slice(json)?;
    let told = answer.get("result").unwrap_or(&answer);
    if told.get("hash").is_none() {
        return Err(Error::NoBlock(shortened(&answer)));
    }
    let list = told["transactions"].as_array().ok_or(Error::Hashes)?;
    if list.iter().any(Value::is_string) {
        return Err(Error::Hashes);
    }
    let transactions = list
        .iter()
        .enumerate()
        .map(|(index, told)| transaction(told).map_err(|what| Error::Transaction { index, what }))
        .collect::<Result<_, _>>()?;
    let wrong = |error: capture::Error| match error {
        capture::Error::WrongBlock { number, what } => Error::Header { number, what },
        other => Error::Member(other.to_string()),
    };
    let number = number(told, "number").map_err(wrong)?;
    let block = block(number, told, transactions).map_err(wrong)?;
    block.check()?;
    Ok(block)
}

/// A member of a transaction, by its key.
enum Field {
    /// An integer.
    Number(&'static str),
    /// Bytes, `null` for none.
    Bytes(&'static str),
    /// 32 bytes each.
    Hashes(&'static str),
    /// Objects of these members.
    Objects(&'static str, &'static [Field]),
    /// `yParity`; older nodes call it `v`.
    Parity,
}

use Field::{Bytes as B, Hashes, Number as N, Objects, Parity};

/// EIP-2930.
const ACCESS_LIST: Field = Objects("accessList", &[B("address"), Hashes("storageKeys")]);
/// EIP-7702.
const AUTHORIZATION_LIST: Field =
    Objects("authorizationList", &[N("chainId"), B("address"), N("nonce"), Parity, N("r"), N("s")]);
/// EIP-1559.
const TIP: Field = N("maxPriorityFeePerGas");
const MAX_FEE: Field = N("maxFeePerGas");
/// EIP-4844.
const MAX_BLOB_FEE: Field = N("maxFeePerBlobGas");
const BLOB_HASHES: Field = Hashes("blobVersionedHashes");

/// The types, and the members of each in the order of its RLP list. Source: Yellow Paper, section
/// 4.2; EIP-2930, EIP-1559, EIP-4844, EIP-7702.
#[rustfmt::skip]
const TYPES: [(u8, &[Field]); 5] = [
    (0, &[N("nonce"), N("gasPrice"), N("gas"), B("to"), N("value"), B("input"),
        N("v"), N("r"), N("s")]),
    (1, &[N("chainId"), N("nonce"), N("gasPrice"), N("gas"), B("to"), N("value"), B("input"),
        ACCESS_LIST, Parity, N("r"), N("s")]),
    (2, &[N("chainId"), N("nonce"), TIP, MAX_FEE, N("gas"), B("to"), N("value"), B("input"),
        ACCESS_LIST, Parity, N("r"), N("s")]),
    (3, &[N("chainId"), N("nonce"), TIP, MAX_FEE, N("gas"), B("to"), N("value"), B("input"),
        ACCESS_LIST, MAX_BLOB_FEE, BLOB_HASHES, Parity, N("r"), N("s")]),
    (4, &[N("chainId"), N("nonce"), TIP, MAX_FEE, N("gas"), B("to"), N("value"), B("input"),
        ACCESS_LIST, AUTHORIZATION_LIST, Parity, N("r"), N("s")]),
];

/// A transaction as EIP-2718 has it.
fn transaction(told: &Value) -> Result<Bytes, String> {
    let kind = match told.get("type") {
        // Nodes from before EIP-2718.
        None | Some(Value::Null) => U256::ZERO,
        Some(_) => integer(told, "type")?,
    };
    let Some((kind, fields)) = TYPES.iter().find(|(known, _)| U256::from(*known) == kind) else {
        return Err(format!("has the type {kind:#x}, which is not known here: 0x0 to 0x4 are"));
    };
    let mut bytes = if *kind == 0 { Vec::new() } else { vec![*kind] };
    encode(told, fields, &mut bytes)?;
    Ok(bytes.into())
}

/// The RLP list of the members.
fn encode(told: &Value, fields: &[Field], out: &mut Vec<u8>) -> Result<(), String> {
    let mut payload = Vec::new();
    for field in fields {
        match field {
            N(key) => integer(told, key)?.encode(&mut payload),
            Parity if told.get("yParity").is_none() => integer(told, "v")?.encode(&mut payload),
            Parity => integer(told, "yParity")?.encode(&mut payload),
            B(key) if told.get(key).is_some_and(Value::is_null) => {
                Bytes::new().encode(&mut payload);
            }
            B(key) => octets(told, key)?.encode(&mut payload),
            Hashes(key) => {
                let hashes = array(told, key)?.iter().map(|hash| {
                    let parsed = hash.as_str().and_then(|text| text.parse::<B256>().ok());
                    parsed.ok_or_else(|| format!("has {hash} among its {key}"))
                });
                hashes.collect::<Result<Vec<_>, _>>()?.encode(&mut payload);
            }
            Objects(key, fields) => {
                let mut list = Vec::new();
                for object in array(told, key)? {
                    encode(object, fields, &mut list)?;
                }
                put_list(&list, &mut payload);
            }
        }
    }
    put_list(&payload, out);
    Ok(())
}

fn put_list(payload: &[u8], out: &mut Vec<u8>) {
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(out);
    out.put_slice(payload);
}

/// A member that is a text.
fn text<'a>(told: &'a Value, key: &str) -> Result<&'a str, String> {
    match told.get(key) {
        None | Some(Value::Null) => Err(format!("has no {key}")),
        Some(value) => value.as_str().ok_or_else(|| wrong(key, value)),
    }
}

fn wrong(key: &str, value: &Value) -> String {
    format!("has {key} {}", shortened(value))
}

fn shortened(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}

fn integer(told: &Value, key: &str) -> Result<U256, String> {
    let digits = text(told, key)?.strip_prefix("0x");
    let number = digits.and_then(|digits| U256::from_str_radix(digits, 16).ok());
    number.ok_or_else(|| wrong(key, &told[key]))
}

fn octets(told: &Value, key: &str) -> Result<Bytes, String> {
    text(told, key)?.parse().map_err(|_| wrong(key, &told[key]))
}

fn array<'a>(told: &'a Value, key: &str) -> Result<&'a [Value], String> {
    match told.get(key) {
        None | Some(Value::Null) => Err(format!("has no {key}")),
        Some(value) => value.as_array().map(Vec::as_slice).ok_or_else(|| wrong(key, value)),
    }
}

//! The bytes of a transaction (EIP-2718), from the JSON that nodes answer with. Source: execution-apis
//! `eth/transaction.yaml`; Yellow Paper, section 4.2; EIP-2930, EIP-1559, EIP-4844, EIP-7702.
//!
//! Why this is not alloy-consensus: `docs/decisions/0015-transactions-by-table.md`.

use alloy_primitives::{B256, Bytes, U256};
use alloy_rlp::{BufMut, Encodable};
use serde_json::Value;

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

/// The types, and the members of each in the order of its RLP list.
///
/// To add a type, add its line.
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

/// A transaction as its block has it: the type and its RLP list, or the list alone of a legacy one.
///
/// # Errors
/// The type is unknown, or a member is missing or malformed; the text says which.
pub(super) fn encode(json: &Value) -> Result<Bytes, String> {
    let kind = match json.get("type") {
        // Nodes from before EIP-2718.
        None | Some(Value::Null) => U256::ZERO,
        Some(_) => integer(json, "type")?,
    };
    let Some((kind, fields)) = TYPES.iter().find(|(known, _)| U256::from(*known) == kind) else {
        return Err(format!("has the unknown type {kind:#x}; 0x0 to 0x4 are known"));
    };
    let mut bytes = if *kind == 0 { Vec::new() } else { vec![*kind] };
    encode_list(json, fields, &mut bytes)?;
    Ok(bytes.into())
}

/// The RLP list of the members.
fn encode_list(json: &Value, fields: &[Field], out: &mut Vec<u8>) -> Result<(), String> {
    let mut payload = Vec::new();
    for field in fields {
        match field {
            N(key) => integer(json, key)?.encode(&mut payload),
            Parity if json.get("yParity").is_none() => integer(json, "v")?.encode(&mut payload),
            Parity => integer(json, "yParity")?.encode(&mut payload),
            B(key) if json.get(key).is_some_and(Value::is_null) => {
                Bytes::new().encode(&mut payload);
            }
            B(key) => octets(json, key)?.encode(&mut payload),
            Hashes(key) => {
                let hashes = array(json, key)?.iter().map(|hash| {
                    let parsed = hash.as_str().and_then(|text| text.parse::<B256>().ok());
                    parsed.ok_or_else(|| format!("has {hash} among its {key}"))
                });
                hashes.collect::<Result<Vec<_>, _>>()?.encode(&mut payload);
            }
            Objects(key, fields) => {
                let mut list = Vec::new();
                for object in array(json, key)? {
                    encode_list(object, fields, &mut list)?;
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

/// A member that is a string.
fn text<'a>(json: &'a Value, key: &str) -> Result<&'a str, String> {
    match json.get(key) {
        None | Some(Value::Null) => Err(format!("has no {key}")),
        Some(value) => value.as_str().ok_or_else(|| wrong(key, value)),
    }
}

fn wrong(key: &str, value: &Value) -> String {
    format!("has {key} {}", shortened(value))
}

pub(super) fn shortened(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}

fn integer(json: &Value, key: &str) -> Result<U256, String> {
    let digits = text(json, key)?.strip_prefix("0x");
    let number = digits.and_then(|digits| U256::from_str_radix(digits, 16).ok());
    number.ok_or_else(|| wrong(key, &json[key]))
}

fn octets(json: &Value, key: &str) -> Result<Bytes, String> {
    text(json, key)?.parse().map_err(|_| wrong(key, &json[key]))
}

fn array<'a>(json: &'a Value, key: &str) -> Result<&'a [Value], String> {
    match json.get(key) {
        None | Some(Value::Null) => Err(format!("has no {key}")),
        Some(value) => value.as_array().map(Vec::as_slice).ok_or_else(|| wrong(key, value)),
    }
}

#[cfg(test)]
mod tests;

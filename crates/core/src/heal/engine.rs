//! The part of the Engine API that healing needs: the token, payloads from beacon blocks, and statuses.
//!
//! Source: `ethereum/execution-apis`, `src/engine/`; `ethereum/beacon-APIs`, `getBlockV2`.

use alloy_primitives::U256;
use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::forks::{EngineVersions, ForkName};
use crate::keys::{SecretText, hmac_sha256};

/// A beacon block cannot be replayed, or a forkchoice update cannot be written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The table has no methods for this fork.
    #[error("the Engine API of {0} is not supported")]
    Fork(String),
    /// A field is missing or invalid.
    #[error("{0} is missing in the beacon node's block, or is invalid")]
    Field(&'static str),
}

/// A call of the Engine API.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Its method.
    pub method: String,
    /// Its parameters.
    pub parameters: Value,
}

/// `Authorization` for the Engine API: a JWT (HS256) that was issued `now`, in seconds since the epoch.
/// It is valid for 60 s.
pub fn authorization(secret: &[u8; 32], now: u64) -> SecretText {
    let encoded = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
    let header = encoded(br#"{"alg":"HS256","typ":"JWT"}"#);
    let claims = encoded(format!(r#"{{"iat":{now}}}"#).as_bytes());
    let signature = hmac_sha256(secret, &[header.as_bytes(), b".", claims.as_bytes()]);
    format!("Bearer {header}.{claims}.{}", encoded(&signature)).into()
}

fn versions(fork: &str) -> Result<EngineVersions, Error> {
    let versions = ForkName::parse(fork).and_then(ForkName::engine);
    versions.ok_or_else(|| Error::Fork(fork.to_owned()))
}

/// `engine_forkchoiceUpdated` to a head, without attributes and checkpoints: the beacon node sets
/// those.
///
/// # Errors
/// The fork is not supported.
pub fn forkchoice_updated(fork: &str, head: &str) -> Result<Call, Error> {
    let zero = format!("0x{}", "00".repeat(32));
    let state = json!({"headBlockHash": head, "safeBlockHash": zero, "finalizedBlockHash": zero});
    let method = format!("engine_forkchoiceUpdatedV{}", versions(fork)?.forkchoice_updated);
    Ok(Call { method, parameters: json!([state, null]) })
}

/// The `status` of a payload, in the answer to either method.
///
/// # Errors
/// It is not `VALID`: the status, and the client's reason.
pub fn check_status(answer: &Value) -> Result<(), String> {
    let status = answer.get("payloadStatus").unwrap_or(answer);
    match (status["status"].as_str(), status["validationError"].as_str()) {
        (Some("VALID"), _) => Ok(()),
        (Some(status), Some(reason)) => Err(format!("{status}: {reason}")),
        (Some(status), None) => Err(status.to_owned()),
        (None, _) => Err("no payload status".to_owned()),
    }
}

/// `engine_newPayload` for the payload in a beacon block: `fork` and `message` are `version` and
/// `data.message` of `GET /eth/v2/beacon/blocks/{block_id}`.
///
/// # Errors
/// The fork is not supported, or the block has no complete payload.
pub fn new_payload(fork: &str, message: &Value) -> Result<Call, Error> {
    let version = versions(fork)?.new_payload;
    let body = &message["body"];
    let mut parameters = vec![execution_payload(&body["execution_payload"])?];
    if version >= 3 {
        let field = "blob_kzg_commitments";
        let commitments = body[field].as_array().ok_or(Error::Field(field))?;
        let hashes: Option<Vec<_>> = commitments.iter().map(versioned_hash).collect();
        parameters.push(json!(hashes.ok_or(Error::Field(field))?));
        let root = message["parent_root"].as_str().ok_or(Error::Field("parent_root"))?;
        parameters.push(json!(root));
    }
    if version >= 4 {
        parameters.push(execution_requests(&body["execution_requests"])?);
    }
    let method = format!("engine_newPayloadV{version}");
    Ok(Call { method, parameters: parameters.into() })
}

/// `kzg_commitment_to_versioned_hash` of EIP-4844.
fn versioned_hash(commitment: &Value) -> Option<String> {
    let bytes = bytes(commitment)?;
    Some(format!("0x01{}", hex::encode(&Sha256::digest(bytes)[1..])))
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    hex::decode(value.as_str()?.strip_prefix("0x")?).ok()
}

/// The fields of `ExecutionPayload` and `Withdrawal` that are numbers: decimal in the beacon API, hex in
/// the Engine API.
const NUMBERS: [&str; 10] = [
    "block_number",
    "gas_limit",
    "gas_used",
    "timestamp",
    "base_fee_per_gas",
    "blob_gas_used",
    "excess_blob_gas",
    "index",
    "validator_index",
    "amount",
];

/// An `ExecutionPayload`, or a `Withdrawal` in it, as the Engine API spells it.
fn execution_payload(payload: &Value) -> Result<Value, Error> {
    let fields = payload.as_object().ok_or(Error::Field("execution_payload"))?;
    let mut out = Map::new();
    for (name, value) in fields {
        let value = match (NUMBERS.iter().find(|number| *number == name), value) {
            (Some(number), value) => {
                let number = value
                    .as_str()
                    .and_then(|text| text.parse::<U256>().ok())
                    .ok_or(Error::Field(number))?;
                json!(format!("{number:#x}"))
            }
            (None, Value::Array(items)) if name == "withdrawals" => {
                items.iter().map(execution_payload).collect::<Result<_, _>>()?
            }
            (None, other) => other.clone(),
        };
        out.insert(camel_case(name), value);
    }
    Ok(out.into())
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}

/// A kind of request: its type, its name in the beacon API, and the fields of its SSZ encoding.
type Kind = (u8, &'static str, &'static [&'static str]);

/// EIP-6110, EIP-7002, EIP-7251.
const REQUESTS: [Kind; 3] = [
    (0, "deposits", &["pubkey", "withdrawal_credentials", "amount", "signature", "index"]),
    (1, "withdrawals", &["source_address", "validator_pubkey", "amount"]),
    (2, "consolidations", &["source_address", "source_pubkey", "target_pubkey"]),
];

/// `ExecutionRequests` as EIP-7685 encodes them: each type with its requests; types without requests are
/// omitted.
fn execution_requests(requests: &Value) -> Result<Value, Error> {
    let mut out = Vec::new();
    for (kind, name, fields) in REQUESTS {
        let items = requests[name].as_array().ok_or(Error::Field("execution_requests"))?;
        if items.is_empty() {
            continue;
        }
        let mut encoded = vec![kind];
        for item in items {
            for field in fields {
                // A number is decimal; everything else is hex.
                let value = &item[field];
                let number = value.as_str().and_then(|text| text.parse::<u64>().ok());
                match number {
                    Some(number) => encoded.extend(number.to_le_bytes()),
                    None => encoded.extend(bytes(value).ok_or(Error::Field(field))?),
                }
            }
        }
        out.push(json!(format!("0x{}", hex::encode(encoded))));
    }
    Ok(out.into())
}

#[cfg(test)]
mod tests;

//! The Engine API, as far as building blocks needs it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::Genesis;

/// An execution client behind its authenticated port.
pub struct Engine<'a> {
    agent: ureq::Agent,
    url: String,
    genesis: &'a Genesis,
}

/// The chain's state, as the execution client receives it.
#[derive(Debug)]
pub struct Forkchoice {
    /// Hash of the execution block to build on.
    pub head: String,
    /// Root of its beacon block.
    pub root: String,
    /// Hashes of the execution blocks at the checkpoints; zero until there are any.
    pub safe: String,
    pub finalized: String,
}

/// The execution client reports the head as valid, but builds no block on it.
pub const NO_PAYLOAD_ID: &str = "no payload id";

impl<'a> Engine<'a> {
    /// An answer takes at most `limit`.
    pub fn new(address: &str, genesis: &'a Genesis, limit: Duration) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(limit));
        Self { agent: config.build().into(), url: format!("http://{address}"), genesis }
    }

    /// The versions of forkchoiceUpdated, getPayload, newPayload: engine/{shanghai,…,osaka}.md.
    fn versions(&self) -> Result<(u8, u8, u8), String> {
        match self.genesis.fork.as_str() {
            "capella" => Ok((2, 2, 2)),
            "deneb" => Ok((3, 3, 3)),
            "electra" => Ok((3, 4, 4)),
            "fulu" => Ok((3, 5, 4)),
            other => Err(format!("{other} is not known here")),
        }
    }

    /// Asks for a payload for `slot`; its id.
    pub fn prepare(&self, on: &Forkchoice, slot: u64) -> Result<Value, String> {
        let (update, ..) = self.versions()?;
        let mut attributes = json!({
            "timestamp": format!("{:#x}", self.genesis.time + slot * self.genesis.slot),
            "prevRandao": on.root,
            "suggestedFeeRecipient": "0x8943545177806ED17B9F23F0a21ee5948eCaa776",
            "withdrawals": [withdrawal(2 * slot), withdrawal(2 * slot + 1)],
        });
        if update >= 3 {
            attributes["parentBeaconBlockRoot"] = json!(on.root);
        }
        let begun = self.update(on, &on.head, &attributes)?;
        match &begun["payloadId"] {
            Value::Null => Err(NO_PAYLOAD_ID.to_owned()),
            id => Ok(id.clone()),
        }
    }

    fn update(&self, on: &Forkchoice, head: &str, attributes: &Value) -> Result<Value, String> {
        let choice = json!({
            "headBlockHash": head, "safeBlockHash": on.safe, "finalizedBlockHash": on.finalized,
        });
        let (version, ..) = self.versions()?;
        let method = format!("engine_forkchoiceUpdatedV{version}");
        let answer = self.call(&method, json!([choice, attributes]))?;
        valid(&answer["payloadStatus"]).map(|()| answer)
    }

    /// Builds the block of `slot`, with what the pool has within `pause`; the answer to getPayload.
    pub fn build(&self, on: &Forkchoice, slot: u64, pause: Duration) -> Result<Value, String> {
        let payload = self.payload(on, slot, pause)?;
        self.import(on, &payload)?;
        Ok(payload)
    }

    /// A payload for `slot`, with what the pool has within `pause`: the answer to getPayload.
    pub fn payload(&self, on: &Forkchoice, slot: u64, pause: Duration) -> Result<Value, String> {
        let (_, get, _) = self.versions()?;
        let id = self.prepare(on, slot)?;
        std::thread::sleep(pause);
        self.call(&format!("engine_getPayloadV{get}"), json!([id]))
    }

    /// Makes a payload the head.
    pub fn import(&self, on: &Forkchoice, payload: &Value) -> Result<(), String> {
        let (.., new) = self.versions()?;
        let mut parameters = vec![payload["executionPayload"].clone()];
        if new >= 3 {
            parameters.extend([json!(versioned_hashes(&payload["blobsBundle"])), json!(on.root)]);
        }
        if new >= 4 {
            parameters.push(payload["executionRequests"].clone());
        }
        valid(&self.call(&format!("engine_newPayloadV{new}"), json!(parameters))?)?;
        let hash = payload["executionPayload"]["blockHash"].as_str().unwrap();
        self.update(on, hash, &Value::Null)?;
        Ok(())
    }

    pub fn call(&self, method: &str, parameters: Value) -> Result<Value, String> {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters});
        let request = self.agent.post(&self.url).header("Content-Type", "application/json");
        let request = request.header("Authorization", format!("Bearer {}", self.token()));
        let mut answer = request.send(body.to_string()).map_err(|error| error.to_string())?;
        let text = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
        let mut answer: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        match answer["error"].take() {
            Value::Null => Ok(answer["result"].take()),
            error => Err(format!("{method}: {error}")),
        }
    }

    /// A JWT of now: engine/authentication.md.
    fn token(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let head = base64url(br#"{"alg":"HS256","typ":"JWT"}"#);
        let signed = format!("{head}.{}", base64url(json!({"iat": now}).to_string().as_bytes()));
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.genesis.jwt).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", base64url(&mac.finalize().into_bytes()))
    }
}

/// As a beacon chain pays its validators, a gwei each.
fn withdrawal(index: u64) -> Value {
    json!({
        "index": format!("{index:#x}"), "validatorIndex": format!("{:#x}", index % 64),
        "address": format!("0x{:040x}", 0xbeef_0000 + index % 64), "amount": "0x1",
    })
}

/// `kzg_to_versioned_hash` of EIP-4844, for each blob of a bundle.
pub fn versioned_hashes(bundle: &Value) -> Vec<String> {
    let commitments = bundle["commitments"].as_array().into_iter().flatten();
    let hash = |commitment: &Value| {
        let bytes = hex::decode(&commitment.as_str().unwrap()[2..]).unwrap();
        format!("0x01{}", hex::encode(&Sha256::digest(bytes)[1..]))
    };
    commitments.map(hash).collect()
}

fn valid(status: &Value) -> Result<(), String> {
    if status["status"] == "VALID" { Ok(()) } else { Err(format!("payload status is {status}")) }
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * digit)) as usize & 63]));
        }
    }
    text
}

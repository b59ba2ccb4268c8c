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

impl<'a> Engine<'a> {
    pub fn new(address: &str, genesis: &'a Genesis) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5)));
        Self { agent: config.build().into(), url: format!("http://{address}"), genesis }
    }

    /// Builds the block of `slot` on `head`, from what is found in the pool within `pause`; its
    /// hash.
    pub fn build(&self, head: &str, slot: u64, pause: Duration) -> Result<String, String> {
        let root = format!("0x{}", hex::encode(Sha256::digest(slot.to_le_bytes())));
        // Version of forkchoiceUpdated, getPayload, newPayload: engine/{shanghai,…,osaka}.md.
        let (update, get, new) = match self.genesis.fork.as_str() {
            "capella" => (2, 2, 2),
            "deneb" => (3, 3, 3),
            "electra" => (3, 4, 4),
            "fulu" => (3, 5, 4),
            other => return Err(format!("{other} is not known here")),
        };
        let mut attributes = json!({
            "timestamp": format!("{:#x}", self.genesis.time + slot * self.genesis.slot),
            "prevRandao": root,
            "suggestedFeeRecipient": "0x8943545177806ED17B9F23F0a21ee5948eCaa776",
            "withdrawals": [withdrawal(2 * slot), withdrawal(2 * slot + 1)],
        });
        if update >= 3 {
            attributes["parentBeaconBlockRoot"] = json!(root);
        }
        let zero = format!("0x{}", "00".repeat(32));
        let choice = |hash: &str| json!({"headBlockHash": hash, "safeBlockHash": zero, "finalizedBlockHash": zero});
        let update = format!("engine_forkchoiceUpdatedV{update}");
        let begun = self.call(&update, json!([choice(head), attributes]))?;
        valid(&begun["payloadStatus"])?;
        std::thread::sleep(pause);
        let payload =
            self.call(&format!("engine_getPayloadV{get}"), json!([begun["payloadId"]]))?;
        let mut parameters = vec![payload["executionPayload"].clone()];
        if new >= 3 {
            parameters.extend([versioned_hashes(&payload["blobsBundle"]), json!(root)]);
        }
        if new >= 4 {
            parameters.push(payload["executionRequests"].clone());
        }
        valid(&self.call(&format!("engine_newPayloadV{new}"), json!(parameters))?)?;
        let hash = payload["executionPayload"]["blockHash"].as_str().unwrap().to_owned();
        valid(&self.call(&update, json!([choice(&hash), null]))?["payloadStatus"])?;
        Ok(hash)
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

/// `kzg_to_versioned_hash` of EIP-4844.
fn versioned_hashes(bundle: &Value) -> Value {
    let commitments = bundle["commitments"].as_array().unwrap().iter();
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

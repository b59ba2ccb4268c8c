//! The first blocks of a chain that began long ago, as fast as geth builds them.

use std::time::Duration;

use alloy_primitives::{Address, Bytes, U256, keccak256};
use alloy_rlp::Encodable;
use bip32::secp256k1::ecdsa::SigningKey;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::Genesis;
use crate::engine::{Engine, Forkchoice};

/// The first development account of the sample.
const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
/// What geth takes to put a transaction into a block.
const PAUSE: Duration = Duration::from_millis(40);

pub fn run(genesis: &Genesis, engine: &str, blocks: u64, call: &str) {
    let engine = Engine::new(engine, genesis);
    let key = SigningKey::from_slice(&hex::decode(KEY).unwrap()).unwrap();
    let mut head = genesis.block_hash.clone();
    for slot in 1..=blocks {
        let raw = transaction(&key, genesis.chain_id, slot - 1, call.parse().unwrap());
        let sent = engine.call("eth_sendRawTransaction", json!([Bytes::from(raw)]));
        sent.unwrap();
        let zero = format!("0x{}", "00".repeat(32));
        let root = format!("0x{}", hex::encode(Sha256::digest(slot.to_le_bytes())));
        let on = Forkchoice { head: head.clone(), root, safe: zero.clone(), finalized: zero };
        let built = engine.build(&on, slot, PAUSE).unwrap();
        built["executionPayload"]["blockHash"].as_str().unwrap().clone_into(&mut head);
    }
    println!("{blocks} blocks, the last {head}");
}

/// A call without value, signed by EIP-155.
fn transaction(key: &SigningKey, chain_id: u64, nonce: u64, to: Address) -> Vec<u8> {
    let (gas_price, gas, value) = (U256::from(10_000_000_000_u64), 60_000_u64, U256::ZERO);
    let list = |end: [U256; 3]| {
        let mut fields = Vec::new();
        nonce.encode(&mut fields);
        gas_price.encode(&mut fields);
        gas.encode(&mut fields);
        to.encode(&mut fields);
        value.encode(&mut fields);
        U256::from(nonce).to_be_bytes::<32>().encode(&mut fields);
        end.iter().for_each(|word| word.encode(&mut fields));
        let mut rlp = Vec::new();
        alloy_rlp::Header { list: true, payload_length: fields.len() }.encode(&mut rlp);
        [rlp, fields].concat()
    };
    let hash = keccak256(list([U256::from(chain_id), U256::ZERO, U256::ZERO]));
    let (signature, recovery) = key.sign_prehash_recoverable(hash.as_slice());
    let (r, s) = signature.split_bytes();
    let v = U256::from(chain_id * 2 + 35 + u64::from(recovery.to_byte()));
    list([v, U256::from_be_slice(&r), U256::from_be_slice(&s)])
}

/// Prints a signed call.
pub fn sign(genesis: &Genesis, nonce: u64, call: &str) {
    let key = SigningKey::from_slice(&hex::decode(KEY).unwrap()).unwrap();
    println!("{}", Bytes::from(transaction(&key, genesis.chain_id, nonce, call.parse().unwrap())));
}

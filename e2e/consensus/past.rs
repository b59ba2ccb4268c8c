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
/// How often a block is built, each time with twice the pause, until it has its transaction.
const ATTEMPTS: u64 = 10;
/// The limit for an answer of geth.
const ANSWER: Duration = Duration::from_mins(1);

pub fn run(genesis: &Genesis, engine: &str, blocks: u64, call: &str) {
    let engine = Engine::new(engine, genesis, ANSWER);
    let key = SigningKey::from_slice(&hex::decode(KEY).unwrap()).unwrap();
    let mut head = genesis.block_hash.clone();
    for slot in 1..=blocks {
        let raw = transaction(&key, genesis.chain_id, slot - 1, call.parse().unwrap());
        let sent = engine.call("eth_sendRawTransaction", json!([Bytes::from(raw)]));
        sent.unwrap();
        let built = (0..ATTEMPTS).find_map(|attempt| {
            let on = forkchoice(&head, slot, attempt);
            let payload = engine.payload(&on, slot, PAUSE * (1_u32 << attempt)).unwrap();
            let transactions = payload["executionPayload"]["transactions"].as_array().unwrap();
            (!transactions.is_empty()).then_some((on, payload))
        });
        let (on, payload) = built.expect("geth puts the transaction into no block");
        engine.import(&on, &payload).unwrap();
        payload["executionPayload"]["blockHash"].as_str().unwrap().clone_into(&mut head);
    }
    println!("{blocks} blocks, the last {head}");
}

/// What to build on. Its root, which no client checks, is another in each attempt: geth returns the same
/// payload again for the same attributes.
fn forkchoice(head: &str, slot: u64, attempt: u64) -> Forkchoice {
    let zero = format!("0x{}", "00".repeat(32));
    let root = Sha256::digest(format!("slot {slot}, attempt {attempt}"));
    let root = format!("0x{}", hex::encode(root));
    Forkchoice { head: head.to_owned(), root, safe: zero.clone(), finalized: zero }
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

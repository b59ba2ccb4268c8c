//! The beacon node: builds when it is asked to, and tells what a health check wants to know.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Genesis;
use crate::engine::Engine;

pub fn run(genesis: &Genesis, data: &Path, engine: &str, port: &str) {
    let engine = Engine::new(engine, genesis);
    let listener = TcpListener::bind(format!("0.0.0.0:{port}")).unwrap();
    let mut head = Head::load(data, genesis);
    println!("head is slot {}, {}", head.slot, head.hash);
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let mut request = [0; 4096];
        let Ok(length) = stream.read(&mut request) else { continue };
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        let path = request.split_whitespace().nth(1).unwrap_or_default();
        let answer = match path.strip_prefix("/propose/") {
            Some(slot) => propose(&engine, &mut head, data, slot.parse().unwrap()),
            None => answer(genesis, &head, path),
        };
        let (status, body) = match answer {
            Some(data) => ("200 OK", json!({"data": data}).to_string()),
            None => ("404 Not Found", "{}".to_owned()),
        };
        let length = body.len();
        let _ = write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        );
    }
}

fn propose(engine: &Engine<'_>, head: &mut Head, data: &Path, slot: u64) -> Option<Value> {
    if slot <= head.slot {
        return None;
    }
    match engine.build(&head.hash, slot, Duration::ZERO) {
        Ok(hash) => {
            *head = Head { slot, number: head.number + 1, hash };
            head.save(data);
            println!("slot {slot}: block {} {}", head.number, head.hash);
            Some(json!(head.hash))
        }
        Err(error) => {
            println!("slot {slot}: {error}");
            None
        }
    }
}

fn answer(genesis: &Genesis, head: &Head, path: &str) -> Option<Value> {
    Some(match path {
        "/eth/v1/beacon/genesis" => json!({
            "genesis_time": genesis.time.to_string(),
            "genesis_validators_root": genesis.validators_root,
        }),
        // As a node without peers says it.
        "/eth/v1/node/syncing" => json!({
            "head_slot": head.slot.to_string(), "sync_distance": "0", "is_syncing": true,
            "is_optimistic": false, "el_offline": false,
        }),
        "/eth/v1/beacon/headers/genesis" => json!({"root": genesis.block_root}),
        "/eth/v2/beacon/blocks/head" => json!({"message": {"body": {"execution_payload": {
            "block_number": head.number.to_string(),
        }}}}),
        _ => return None,
    })
}

/// The head of the chain, as it is on disk.
struct Head {
    slot: u64,
    number: u64,
    hash: String,
}

impl Head {
    fn load(data: &Path, genesis: &Genesis) -> Self {
        let Ok(text) = std::fs::read_to_string(data.join("beaconchaindata")) else {
            return Self { slot: 0, number: genesis.number, hash: genesis.block_hash.clone() };
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        Self {
            slot: words[0].parse().unwrap(),
            number: words[1].parse().unwrap(),
            hash: words[2].to_owned(),
        }
    }

    fn save(&self, data: &Path) {
        let text = format!("{} {} {}", self.slot, self.number, self.hash);
        std::fs::write(data.join("beaconchaindata.new"), text).unwrap();
        std::fs::rename(data.join("beaconchaindata.new"), data.join("beaconchaindata")).unwrap();
    }
}

//! A consensus client of a few hundred lines, for forks that no client in a package registry knows.
//!
//! It drives a real geth through the Engine API, one block a slot, and behaves as real ones do where
//! that matters for how a stack lives and dies:
//!
//! - `beacon` keeps its head on disk; if the execution client does not know that head, it builds
//!   nothing, for ever;
//! - `validator` keeps what it signed on disk, and signs nothing at or below that slot.
//!
//! ```text
//! consensus beacon    --runtime DIR --datadir DIR --engine HOST:PORT --port PORT
//! consensus validator --runtime DIR --datadir DIR --beacon HOST:PORT
//! consensus past      --runtime DIR --engine HOST:PORT --blocks N --call ADDRESS
//! ```
//!
//! `past` builds the first blocks of a chain that began long ago, one transaction in each.
//!
//! Under the name `lighthouse` it takes that program's command line.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::exit,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test's tool meets the world, and ends when that is not as it should be"
)]

mod beacon;
mod engine;
mod lighthouse;
mod past;
mod validator;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

fn main() {
    // The first process of a container ignores signals that it does not handle.
    ctrlc::set_handler(|| std::process::exit(0)).unwrap();
    let arguments: Vec<String> = std::env::args().collect();
    let (role, flags) = match Path::new(&arguments[0]).file_name() {
        Some(name) if name == "lighthouse" => lighthouse::translated(&arguments[1..]),
        _ => own(&arguments[1..]),
    };
    let genesis = Genesis::read(Path::new(&flags["runtime"]));
    let data = || PathBuf::from(&flags["datadir"]);
    match role.as_str() {
        "beacon" => beacon::run(&genesis, &data(), &flags["engine"], &flags["port"]),
        "validator" => {
            let signed =
                flags.get("signed").map_or_else(|| data().join("validator.db"), Into::into);
            validator::run(&genesis, &signed, &flags["beacon"]);
        }
        "past" => {
            past::run(&genesis, &flags["engine"], flags["blocks"].parse().unwrap(), &flags["call"]);
        }
        other => panic!("{other} is neither beacon, validator nor past"),
    }
}

/// The role, and `--flag value` pairs.
fn own(arguments: &[String]) -> (String, HashMap<&str, String>) {
    let (role, flags) = arguments.split_first().expect("beacon, validator or past");
    let flags = flags.chunks(2).map(|pair| (pair[0].trim_start_matches("--"), pair[1].clone()));
    (role.clone(), flags.collect())
}

/// What `regenesis init` wrote.
#[derive(Debug)]
struct Genesis {
    fork: String,
    time: u64,
    slot: u64,
    validators_root: String,
    block_root: String,
    chain_id: u64,
    /// Number of the block that the chain continues.
    number: u64,
    /// From the payload header in `genesis.ssz`.
    block_hash: String,
    jwt: Vec<u8>,
}

impl Genesis {
    fn read(runtime: &Path) -> Self {
        let text = |path: &str| std::fs::read_to_string(runtime.join(path)).unwrap();
        let summary: Value = serde_json::from_str(&text("regenesis.json")).unwrap();
        let config = text("metadata/config.yaml");
        let slot = config.lines().find_map(|line| line.strip_prefix("SECONDS_PER_SLOT: ")).unwrap();
        let cl = |key: &str| summary["cl"][key].as_str().unwrap().to_owned();
        let state = std::fs::read(runtime.join("metadata/genesis.ssz")).unwrap();
        let past = &summary["history"];
        let anchor = if past.is_null() { &summary["el"] } else { past };
        let state_root = anchor["state_root"].as_str().unwrap();
        Self {
            fork: cl("fork"),
            time: summary["cl"]["genesis_time"].as_u64().unwrap(),
            slot: slot.trim().parse().unwrap(),
            validators_root: cl("genesis_validators_root"),
            block_root: cl("block_root"),
            chain_id: summary["chain_id"].as_u64().unwrap(),
            number: past["blocks"].as_u64().unwrap_or(0),
            block_hash: payload_hash(&state, state_root),
            jwt: hex::decode(text("jwt/jwtsecret").trim().trim_start_matches("0x")).unwrap(),
        }
    }

    /// Time since genesis.
    fn age(&self) -> Option<Duration> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.checked_sub(Duration::from_secs(self.time))
    }

    /// Waits for the beginning of the next slot, and gives its number.
    fn next_slot(&self) -> u64 {
        let slot = Duration::from_secs(self.slot);
        let Some(age) = self.age() else {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            std::thread::sleep(Duration::from_secs(self.time).saturating_sub(now));
            return self.next_slot();
        };
        let next = u64::try_from(age.as_nanos() / slot.as_nanos()).unwrap() + 1;
        std::thread::sleep(Duration::from_secs(next * self.slot).saturating_sub(age));
        next
    }
}

/// `block_hash` of the `ExecutionPayloadHeader` in a `BeaconState`, found by the state root that
/// stands in it: parent hash (32 bytes), fee recipient (20), state root, receipts root (32), logs
/// bloom (256), prev randao (32), number, gas limit, gas used, timestamp (8 each), the offset of the
/// extra data (4), base fee (32), block hash.
fn payload_hash(state: &[u8], state_root: &str) -> String {
    let root = hex::decode(state_root.trim_start_matches("0x")).unwrap();
    let found: Vec<usize> =
        (0..state.len() - 32).filter(|&at| state[at..at + 32] == root).collect();
    assert_eq!(found.len(), 1, "the state root is once in genesis.ssz");
    let hash = found[0] + 32 + 32 + 256 + 32 + 4 * 8 + 4 + 32;
    format!("0x{}", hex::encode(&state[hash..hash + 32]))
}

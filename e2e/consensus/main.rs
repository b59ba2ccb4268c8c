//! A consensus client of a few hundred lines, for forks that no client in a package registry knows.
//!
//! It drives a real geth through the Engine API, one block a slot, and behaves as real ones do where
//! that matters for how a stack lives and dies:
//!
//! - `beacon` keeps its chain on disk, with the head that the real client would find there after
//!   `kill -9` ([`chain::Manner`]). Where the execution client does not know that head, or calls it valid
//!   without a payload id, it never builds a block again;
//! - `validator` keeps what it signed on disk. It proposes nothing at or below a signed slot, and casts no
//!   double or surround vote; its votes finalize the chain.
//!
//! ```text
//! consensus beacon    --runtime DIR --datadir DIR --engine HOST:PORT --port PORT
//!                     [--head exact|lagging|finalized] [--start-after SECONDS]
//! consensus validator --runtime DIR --datadir DIR --beacon HOST:PORT [--start-after SECONDS]
//! consensus past      --runtime DIR --engine HOST:PORT --blocks N --call ADDRESS
//! consensus sign      --runtime DIR --nonce N --call ADDRESS
//! ```
//!
//! `past` builds the first blocks of a chain that began long ago, one transaction in each; `sign` prints such
//! a transaction.
//!
//! Under the name `lighthouse` it accepts that program's command line; the options in brackets are then the
//! variables `CONSENSUS_HEAD` and `CONSENSUS_START_AFTER`.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::exit,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test's tool meets the world, and ends when that is not as it should be"
)]

mod beacon;
mod chain;
mod engine;
mod lighthouse;
mod log;
mod past;
mod payload;
mod validator;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chain::Manner;
use serde_json::Value;

fn main() {
    // The first process of a container ignores signals that it does not handle.
    ctrlc::set_handler(|| {
        let mut on_stop = ON_STOP.lock().unwrap_or_else(PoisonError::into_inner);
        on_stop.drain(..).for_each(|work| work());
        std::process::exit(0);
    })
    .unwrap();
    let arguments: Vec<String> = std::env::args().collect();
    let (role, flags) = match Path::new(&arguments[0]).file_name() {
        Some(name) if name == "lighthouse" => lighthouse::translated(&arguments[1..]),
        _ => own(&arguments[1..]),
    };
    let option = |name: &str| flags.get(name).map(String::as_str).unwrap_or_default();
    let start_after = match option("start-after") {
        "" => Duration::ZERO,
        seconds => Duration::from_secs_f64(seconds.parse().unwrap()),
    };
    let genesis = Genesis::read(Path::new(&flags["runtime"]));
    let data = || PathBuf::from(&flags["datadir"]);
    match role.as_str() {
        "beacon" => {
            let (engine, port) = (&flags["engine"], &flags["port"]);
            let manner = Manner::parse(option("head"));
            let data = &data();
            beacon::run(&genesis, &beacon::Settings { data, engine, port, manner, start_after });
        }
        "validator" => {
            let signed =
                flags.get("signed").map_or_else(|| data().join("validator.db"), Into::into);
            validator::run(&genesis, &signed, &flags["beacon"], start_after);
        }
        "past" => {
            past::run(&genesis, &flags["engine"], flags["blocks"].parse().unwrap(), &flags["call"]);
        }
        "sign" => past::sign(&genesis, flags["nonce"].parse().unwrap(), &flags["call"]),
        other => panic!("{other} is neither beacon, validator, past nor sign"),
    }
}

/// What a clean stop does.
static ON_STOP: Mutex<Vec<Box<dyn FnOnce() + Send>>> = Mutex::new(Vec::new());

fn on_stop(work: impl FnOnce() + Send + 'static) {
    ON_STOP.lock().unwrap().push(Box::new(work));
}

/// The role, and the flags: `--flag value` or `--flag=value`.
fn own(arguments: &[String]) -> (String, HashMap<&str, String>) {
    let (role, words) = arguments.split_first().expect("beacon, validator, past or sign");
    let mut words = words.iter();
    let mut flags = HashMap::new();
    while let Some(word) = words.next() {
        let flag = word.trim_start_matches("--");
        let (flag, value) = flag.split_once('=').unwrap_or_else(|| (flag, words.next().unwrap()));
        flags.insert(flag, value.to_owned());
    }
    (role.clone(), flags)
}

/// What `regenesis init` wrote.
#[derive(Debug)]
struct Genesis {
    fork: String,
    fork_version: String,
    time: u64,
    /// Seconds.
    slot: u64,
    slots_per_epoch: u64,
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
        let key = |key: &str| {
            let line = config.lines().find_map(|line| line.strip_prefix(key)).unwrap();
            line.trim().trim_matches(['"', '\'']).to_owned()
        };
        let cl = |key: &str| summary["cl"][key].as_str().unwrap().to_owned();
        let state = std::fs::read(runtime.join("metadata/genesis.ssz")).unwrap();
        let past = &summary["history"];
        let anchor = if past.is_null() { &summary["el"] } else { past };
        let state_root = anchor["state_root"].as_str().unwrap();
        Self {
            fork: cl("fork"),
            time: summary["cl"]["genesis_time"].as_u64().unwrap(),
            slot: key("SECONDS_PER_SLOT: ").parse().unwrap(),
            slots_per_epoch: if key("PRESET_BASE: ") == "minimal" { 8 } else { 32 },
            fork_version: key("GENESIS_FORK_VERSION: "),
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

    /// The slot of this moment; 0 before genesis.
    fn slot_now(&self) -> u64 {
        self.age().map_or(0, |age| age.as_secs() / self.slot)
    }

    /// Waits for the beginning of the next slot, and returns its number.
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

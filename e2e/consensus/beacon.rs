//! The beacon node: builds when its validator client asks, and answers what health checks ask.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::Genesis;
use crate::chain::{Chain, Manner, Vote};
use crate::engine::{Engine, Forkchoice, NO_PAYLOAD_ID};
use crate::log::{Level, log};
use crate::payload::{blobs, signed_block};

/// How long geth may fill a block with transactions.
const BUILDING: Duration = Duration::from_millis(250);
/// The limit for an answer of geth: a slow one is offline.
const ANSWER: Duration = Duration::from_secs(5);

pub struct Settings<'a> {
    pub data: &'a Path,
    pub engine: &'a str,
    pub port: &'a str,
    pub manner: Manner,
    pub start_after: Duration,
}

struct Node<'a> {
    genesis: &'a Genesis,
    engine: Engine<'a>,
    chain: Arc<Mutex<Chain>>,
    manner: Manner,
    /// Held while a block is built.
    building: Mutex<()>,
    /// Whether the execution client did not answer the last call.
    offline: Mutex<bool>,
}

pub fn run(genesis: &Genesis, settings: &Settings<'_>) {
    std::thread::sleep(settings.start_after);
    let Settings { data, engine, port, manner, .. } = *settings;
    let chain = Arc::new(Mutex::new(Chain::load(genesis, data, manner)));
    let on_stop = Arc::clone(&chain);
    crate::on_stop(move || on_stop.lock().unwrap_or_else(PoisonError::into_inner).close());
    let node = Node {
        genesis,
        engine: Engine::new(engine, genesis, ANSWER),
        chain,
        manner,
        building: Mutex::new(()),
        offline: Mutex::new(true),
    };
    node.announce();
    let listener = TcpListener::bind(format!("0.0.0.0:{port}")).unwrap();
    log(Level::Info, &format!("HTTP API started on port {port}"));
    std::thread::scope(|scope| {
        for stream in listener.incoming().flatten() {
            let node = &node;
            scope.spawn(move || node.serve(stream));
        }
    });
}

impl Node<'_> {
    /// What a beacon node sends at its start: its head, with attributes for the next slot.
    fn announce(&self) {
        let state = self.state(self.genesis.slot_now() + 1);
        let head = self.chain.lock().unwrap().head().clone();
        let text = format!("Head is slot {}, block {} {}", head.slot, head.number, head.hash);
        log(Level::Info, &text);
        match self.engine.prepare(&state, self.genesis.slot_now() + 1) {
            Ok(_) => *self.offline.lock().unwrap() = false,
            Err(error) if error == NO_PAYLOAD_ID => self.log_no_payload_id(&head.hash),
            Err(error) => log(Level::Warning, &format!("Error during forkchoice update: {error}")),
        }
    }

    /// What the Engine API is to build on in `slot`.
    fn state(&self, slot: u64) -> Forkchoice {
        let chain = self.chain.lock().unwrap();
        let vote = chain.vote(slot);
        // The zero hash, until there is finality.
        let hash = |epoch| match chain.checkpoint(epoch).slot {
            0 => format!("0x{}", "00".repeat(32)),
            _ => chain.checkpoint(epoch).hash.clone(),
        };
        let head = chain.head();
        Forkchoice {
            head: head.hash.clone(),
            root: head.root.clone(),
            safe: hash(vote.source.min(head.justified)),
            finalized: hash(head.finalized),
        }
    }

    fn log_no_payload_id(&self, hash: &str) {
        if self.manner == Manner::Finalized {
            let fields = format!("blockHash={hash} prefix=blockchain");
            log(
                Level::Error,
                &format!("Received nil payload ID on VALID engine response {fields}"),
            );
        } else {
            log(
                Level::Error,
                "Exec engine unable to produce payload msg: No payload ID, the engine is likely \
                 syncing. This has the potential to cause a missed block proposal., status: \
                 PayloadStatusV1 { status: Valid }",
            );
        }
    }

    fn propose(&self, slot: u64) -> Result<Value, String> {
        let _building = self.building.lock().unwrap();
        let head = self.chain.lock().unwrap().head().clone();
        if slot <= head.slot {
            return Err(format!("slot {slot} is not after the head, slot {}", head.slot));
        }
        let built = self.engine.build(&self.state(slot), slot, BUILDING);
        *self.offline.lock().unwrap() = built.as_ref().is_err_and(|error| error.contains("http"));
        let payload = built.inspect_err(|error| match error.as_str() {
            NO_PAYLOAD_ID => {
                self.log_no_payload_id(&head.hash);
                if self.manner == Manner::Finalized {
                    let text = "Could not get local payload: nil payload with block hash";
                    log(Level::Error, &format!("{text}: {}", head.hash));
                }
            }
            _ => log(Level::Error, &format!("Error whilst producing block slot: {slot}, {error}")),
        })?;
        let mut chain = self.chain.lock().unwrap();
        if let Err(error) = chain.push(slot, root(slot), payload) {
            log(Level::Critical, &format!("Database write failed! error: {error}"));
            return Err(error.to_string());
        }
        let new = chain.head();
        let (builds, root) = match self.manner {
            Manner::Finalized => ("Synced new block", &new.root),
            _ => ("Valid block from HTTP API", &new.root),
        };
        let block = format!("block {} {}", new.number, new.hash);
        log(Level::Info, &format!("{builds} slot: {slot}, root: {root}, {block}"));
        Ok(json!(new.hash))
    }

    fn serve(&self, mut stream: TcpStream) {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut request = [0; 4096];
        let Ok(length) = stream.read(&mut request) else { return };
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        let path = request.split_whitespace().nth(1).unwrap_or_default();
        let words: Vec<&str> = path.split('/').skip(1).collect();
        let answer = match words[..] {
            ["propose", slot] => {
                self.propose(slot.parse().unwrap()).map(|hash| json!({"data": hash}))
            }
            ["vote", slot] => {
                let Vote { source, target } =
                    self.chain.lock().unwrap().vote(slot.parse().unwrap());
                Ok(json!({"data": [source, target]}))
            }
            ["vote", source, target] => {
                let vote =
                    Vote { source: source.parse().unwrap(), target: target.parse().unwrap() };
                self.chain.lock().unwrap().add_vote(vote);
                Ok(json!({"data": null}))
            }
            _ => self.answer(path).ok_or_else(String::new),
        };
        let (status, body) = match answer {
            Ok(body) => ("200 OK", body.to_string()),
            Err(error) if error.is_empty() => ("404 Not Found", "{}".to_owned()),
            Err(error) => {
                let error = error.replace(NO_PAYLOAD_ID, "GetPayloadFailed(PayloadIdUnavailable)");
                let message = format!("BAD_REQUEST: failed to fetch a block: {error}");
                ("400 Bad Request", json!({"code": 400, "message": message}).to_string())
            }
        };
        let length = body.len();
        let _ = write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        );
    }

    fn answer(&self, path: &str) -> Option<Value> {
        let chain = self.chain.lock().unwrap();
        let (genesis, head) = (self.genesis, chain.head());
        if let Some(id) = path.strip_prefix("/eth/v2/beacon/blocks/") {
            let block = match id {
                "head" => Some(head),
                "genesis" => chain.at(0),
                "finalized" => Some(chain.checkpoint(head.finalized)),
                root if root.starts_with("0x") => chain.with_root(root),
                slot => chain.at(slot.parse().ok()?),
            }?;
            let finalized = block.slot <= chain.checkpoint(head.finalized).slot;
            return Some(json!({
                "version": genesis.fork, "execution_optimistic": false, "finalized": finalized,
                "data": signed_block(block),
            }));
        }
        if let Some(path) = path.strip_prefix("/eth/v1/beacon/blobs/") {
            let (slot, query) = path.split_once('?').unwrap_or((path, ""));
            let block = chain.at(slot.parse().ok()?)?;
            return Some(json!({
                "execution_optimistic": false, "finalized": false, "data": blobs(block, query),
            }));
        }
        let checkpoint = |epoch: u64| match epoch {
            0 => json!({"epoch": "0", "root": format!("0x{}", "00".repeat(32))}),
            _ => json!({"epoch": epoch.to_string(), "root": chain.checkpoint(epoch).root}),
        };
        let data = match path {
            "/eth/v1/beacon/genesis" => json!({
                "genesis_time": genesis.time.to_string(),
                "genesis_validators_root": genesis.validators_root,
                "genesis_fork_version": genesis.fork_version,
            }),
            "/eth/v1/node/version" => json!({"version": "regenesis-e2e/1"}),
            // All that op-node reads of it.
            "/eth/v1/config/spec" => json!({"SECONDS_PER_SLOT": genesis.slot.to_string()}),
            "/eth/v1/node/syncing" => json!({
                "head_slot": head.slot.to_string(),
                "sync_distance": genesis.slot_now().saturating_sub(head.slot).to_string(),
                // Older clients without peers report that they are syncing, forever.
                "is_syncing": self.manner == Manner::Exact,
                "is_optimistic": false,
                "el_offline": *self.offline.lock().unwrap(),
            }),
            "/eth/v1/beacon/headers/genesis" => json!({"root": genesis.block_root}),
            "/eth/v1/beacon/states/head/finality_checkpoints" => json!({
                "previous_justified": checkpoint(head.justified.saturating_sub(1).max(head.finalized)),
                "current_justified": checkpoint(head.justified),
                "finalized": checkpoint(head.finalized),
            }),
            _ => return None,
        };
        Some(json!({"data": data}))
    }
}

/// An invented root for the block of `slot`: no client checks it.
fn root(slot: u64) -> String {
    format!("0x{}", hex::encode(Sha256::digest(slot.to_le_bytes())))
}

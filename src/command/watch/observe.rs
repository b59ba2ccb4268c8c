//! Observes both clients.

use std::path::Path;

use serde_json::{Value, json};

use super::Nodes;
use crate::command::Failure;
use crate::exit;
use crate::heal::{self, Observation, Relation};
use crate::health::Expected;
use crate::io::fs;
use crate::rpc::{self, data, value};
use crate::runtime::claim;
use crate::summary::Finished;

/// Longest answer: a block of 60 million gas as JSON.
const LONGEST: u64 = 64 << 20;
/// Most blocks of the beacon node that are read to find one that the execution client has.
const MOST_MISSING: usize = 256;

/// The genesis that the clients must have.
pub(super) struct Ours {
    pub(super) run_id: String,
    /// The run that it replaced.
    pub(super) replaces: Option<String>,
    pub(super) marker: Vec<u8>,
    pub(super) expected: Expected,
    /// Hash of the execution block that the beacon chain continues.
    first_hash: String,
}

impl Ours {
    /// Reads the runtime directory; `None` without a finished genesis.
    pub(super) fn read(runtime: &Path) -> Result<Option<Self>, Failure> {
        let Some(marker) = claim::marker(runtime)? else { return Ok(None) };
        let config = fs::read_file(&runtime.join("metadata/config.yaml"))?;
        let damaged = |error: String| {
            let message = format!("{}: {error}", runtime.display());
            Failure::new(exit::INPUT, message, Some("run regenesis init again"))
        };
        let expected =
            Expected::parse(&marker, &config).map_err(|error| damaged(error.to_string()))?;
        let finished = Finished::parse(&marker)
            .map_err(|error| damaged(format!("regenesis.json: {error}")))?;
        let history = finished.history.map(|history| history.block_hash);
        let first_hash = history.unwrap_or_else(|| expected.block_hash.clone());
        let replaces = finished.replaces.and_then(|replaces| replaces.run_id);
        Ok(Some(Self { run_id: finished.run_id, replaces, marker, expected, first_hash }))
    }
}

/// A block of the beacon node.
pub(super) struct BeaconBlock {
    /// Such as `fulu`.
    pub(super) fork: String,
    /// `data.message`.
    pub(super) message: Value,
    slot: u64,
    /// Number and hash of its execution block.
    pub(super) number: u64,
    pub(super) hash: String,
}

impl BeaconBlock {
    fn get(node: &dyn rpc::Beacon, id: &str, ours: &Ours) -> Result<Self, rpc::Error> {
        let path = format!("/eth/v2/beacon/blocks/{id}");
        let raw = node.get(&path, LONGEST)?;
        let mut answer: Value = serde_json::from_slice(&raw).unwrap_or_default();
        let message = answer["data"]["message"].take();
        let payload = &message["body"]["execution_payload"];
        let parts = (decimal(&message["slot"]), decimal(&payload["block_number"]));
        let (Some(slot), Some(number)) = parts else {
            let what = format!("answers {path} with no block that has an execution payload");
            return Err(rpc::Error::Foreign { node: "the beacon node".to_owned(), what });
        };
        // The genesis block has an empty payload; the state has the hash of the real one.
        let (number, hash) = match slot {
            0 => (ours.expected.first, ours.first_hash.clone()),
            _ => (number, text(&payload["block_hash"])),
        };
        let fork = text(&answer["version"]);
        Ok(Self { fork, message, slot, number, hash })
    }
}

/// An observation of both clients.
pub(super) struct Seen {
    pub(super) observation: Observation,
    /// Hash of the execution client's head.
    pub(super) execution_hash: String,
    /// Blocks of the beacon node that the execution client lacks, or only its head; the oldest first.
    pub(super) blocks: Vec<BeaconBlock>,
}

impl Seen {
    /// Queries both clients. The error is the reason to leave the chain alone.
    pub(super) fn look(nodes: &Nodes<'_>, ours: &Ours, now: u64) -> Result<Self, String> {
        // The beacon node first: its head is never newer than the one that geth has a moment later.
        let beacon = beacon(nodes, ours)?;
        let execution = execution(nodes, ours)?;
        let execution_hash = execution.as_ref().map(|(_, hash)| hash.clone()).unwrap_or_default();
        let mut execution = execution.map(|(execution, _)| execution);
        let (beacon, mut blocks) = match beacon {
            Some((beacon, head)) => (Some(beacon), vec![head]),
            None => (None, Vec::new()),
        };
        let relation = match (&execution, blocks.last()) {
            (Some(_), Some(head)) if head.hash == execution_hash => Some(Relation::Head),
            (Some(_), Some(_)) => relation(nodes, ours, &mut blocks),
            _ => None,
        };
        // geth logs a warning for this call before the first checkpoint: only call it where it matters.
        if relation == Some(Relation::Ahead)
            && let Some(execution) = &mut execution
        {
            execution.finalized = finalized(nodes);
        }
        let clients = Vec::new();
        let observation = Observation { now, execution, beacon, relation, clients };
        Ok(Self { observation, execution_hash, blocks })
    }
}

impl Seen {
    /// Whether both clients answer, and whether both have a block of this chain.
    pub(super) fn start(&self, ours: &Ours) -> (bool, bool) {
        let Observation { execution, beacon, .. } = &self.observation;
        match (execution, beacon) {
            (Some(execution), Some(beacon)) => {
                (true, execution.number > ours.expected.first && beacon.slot > 0)
            }
            _ => (false, false),
        }
    }
}

/// The execution client's head and its hash; `None` if it does not answer.
fn execution(nodes: &Nodes<'_>, ours: &Ours) -> Result<Option<(heal::Execution, String)>, String> {
    let ask = |method: &str, params: Value| value(&nodes.execution, method, &params, LONGEST).ok();
    let block = |which: &str| ask("eth_getBlockByNumber", json!([which, false]));
    let (Some(version), Some(first), Some(head)) =
        (ask("web3_clientVersion", json!([])), block("0x0"), block("latest"))
    else {
        return Ok(None);
    };
    let genesis = text(&first["hash"]);
    if genesis != ours.expected.block_hash {
        return Err(format!(
            "the execution client runs genesis {genesis}, not {}: watch leaves this chain alone",
            ours.expected.block_hash
        ));
    }
    let (Some(number), Some(timestamp)) = (quantity(&head["number"]), quantity(&head["timestamp"]))
    else {
        return Ok(None);
    };
    let program = text(&version).split('/').next().unwrap_or_default().to_owned();
    let execution = heal::Execution { program, number, timestamp, finalized: 0 };
    Ok(Some((execution, text(&head["hash"]))))
}

/// Number of the finalized block; 0 before the first.
fn finalized(nodes: &Nodes<'_>) -> u64 {
    let params = json!(["finalized", false]);
    let block = value(&nodes.execution, "eth_getBlockByNumber", &params, LONGEST);
    block.ok().and_then(|block| quantity(&block["number"])).unwrap_or_default()
}

/// The beacon node's head; `None` if it does not answer.
fn beacon(nodes: &Nodes<'_>, ours: &Ours) -> Result<Option<(heal::Beacon, BeaconBlock)>, String> {
    let ask = |path| data(&nodes.beacon, path, LONGEST).ok();
    let Some(genesis) = ask("/eth/v1/beacon/genesis") else { return Ok(None) };
    let time = decimal(&genesis["genesis_time"]);
    let root = text(&genesis["genesis_validators_root"]);
    if time != Some(ours.expected.genesis_time) || root != ours.expected.genesis_validators_root {
        return Err(format!(
            "the beacon node's genesis time is {}, not {}: watch leaves this chain alone",
            time.unwrap_or_default(),
            ours.expected.genesis_time
        ));
    }
    let Ok(head) = BeaconBlock::get(&nodes.beacon, "head", ours) else { return Ok(None) };
    let Some(syncing) = ask("/eth/v1/node/syncing") else { return Ok(None) };
    let beacon = heal::Beacon {
        slot: head.slot,
        number: head.number,
        el_offline: syncing["el_offline"] == true,
    };
    Ok(Some((beacon, head)))
}

/// The position of the beacon node's head in the execution client's chain. `blocks` has the head, and
/// gains the blocks that the execution client lacks.
fn relation(nodes: &Nodes<'_>, ours: &Ours, blocks: &mut Vec<BeaconBlock>) -> Option<Relation> {
    let has = |number: u64, hash: &str| -> Option<bool> {
        let raw = rpc::Rpc::call(
            &nodes.execution,
            "eth_getBlockByNumber",
            &json!([format!("{number:#x}"), false]),
            LONGEST,
        );
        let block: Value = serde_json::from_slice(&raw.ok()?).ok()?;
        Some(block["hash"] == hash)
    };
    let head = blocks.last()?;
    let last = head.number;
    if has(last, &head.hash)? {
        return Some(Relation::Ahead);
    }
    // From the head to the first that the execution client has.
    while blocks.len() <= MOST_MISSING {
        let oldest = blocks.last()?;
        if oldest.slot == 0 {
            return Some(Relation::Unconnected);
        }
        let root = text(&oldest.message["parent_root"]);
        if root == ours.expected.block_root {
            let is_connected = has(ours.expected.first, &ours.first_hash)?;
            return Some(missing(blocks, last, is_connected));
        }
        let Ok(parent) = BeaconBlock::get(&nodes.beacon, &root, ours) else { break };
        if has(parent.number, &parent.hash)? {
            return Some(missing(blocks, last, true));
        }
        blocks.push(parent);
    }
    Some(Relation::Unconnected)
}

fn missing(blocks: &mut [BeaconBlock], last: u64, is_connected: bool) -> Relation {
    blocks.reverse();
    if is_connected { Relation::Missing(blocks[0].number..=last) } else { Relation::Unconnected }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn decimal(value: &Value) -> Option<u64> {
    value.as_str()?.parse().ok()
}

fn quantity(value: &Value) -> Option<u64> {
    u64::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok()
}

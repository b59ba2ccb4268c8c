//! What a stack does now: its genesis, its heads, its logs.

mod l2;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{Failure, connect, health as checks};
use super::blocks::runtime_file;
use crate::el::quantity;
use crate::health::{self, Expected, ExpectedL2, Finding};
use crate::io::clock::now;
use crate::io::console::Console;
use crate::io::docker;
use crate::io::http::RetryPolicy;
use crate::io::rpc_client::Client;
use crate::layout::MARKER;
use crate::operate::stacks::{Stack, State};
use crate::operate::status::{Beacon, Execution, FORMAT, Genesis, Head, Status, heals, services};
use crate::operate::{logs, port};
use crate::rpc::{data, value};

/// The limit of an answer, in bytes.
const LIMIT: u64 = 16 << 20;

/// The genesis of a stack.
#[derive(Debug)]
pub(super) struct Runtime {
    expected: Expected,
    l2s: Vec<ExpectedL2>,
    run_id: String,
    chain_id: u64,
}

#[derive(Deserialize)]
struct Marker {
    run_id: String,
    chain_id: u64,
}

impl Runtime {
    /// The chain id of the L2 with this name.
    pub(super) fn chain_id_of(&self, l2: &str) -> Option<u64> {
        self.l2s.iter().find(|chain| chain.name == l2).map(|chain| chain.chain_id)
    }

    /// For the report, at a time in Unix seconds.
    pub(super) fn genesis(&self, now: u64) -> Genesis {
        let time = self.expected.genesis_time;
        let (run_id, chain_id) = (self.run_id.clone(), self.chain_id);
        Genesis { run_id, chain_id, time, age: now.saturating_sub(time) }
    }
}

/// The genesis in the runtime volume; `None` before the first start.
pub(super) fn runtime(stack: &Stack) -> Result<Option<Runtime>, Failure> {
    let (Some(marker), Some(config)) =
        (runtime_file(stack, MARKER)?, runtime_file(stack, "metadata/config.yaml")?)
    else {
        return Ok(None);
    };
    let (Ok(expected), Ok(l2s), Ok(Marker { run_id, chain_id })) = (
        Expected::parse(&marker, &config),
        health::expected_l2s(&marker),
        serde_json::from_slice(&marker),
    ) else {
        return Ok(None);
    };
    Ok(Some(Runtime { expected, l2s, run_id, chain_id }))
}

/// The logs of all services, each line with the name of its service, as `docker compose logs` prints them.
pub(super) fn logs(stack: &Stack, options: &[&str]) -> Result<String, Failure> {
    Ok(logs::named(&lines(stack, &stack.services(), options)?))
}

/// The lines of these services by time.
pub(super) fn lines(
    stack: &Stack,
    services: &[&str],
    options: &[&str],
) -> Result<Vec<logs::Line>, Failure> {
    let mut all = Vec::new();
    for service in services {
        let Some(container) = stack.container(service) else { continue };
        let arguments = [&["logs", "--timestamps"], options, &[&container.id]].concat();
        let done = docker::tries(&arguments)?;
        all.push(logs::lines(service, &(done.stdout() + &done.stderr())));
    }
    Ok(logs::merge(all))
}

/// The report of a stack.
pub(super) fn status(stack: &Stack, console: &Console) -> Result<Status, Failure> {
    let (now, runtime) = (now(), runtime(stack)?);
    let mut status = Status {
        format: FORMAT,
        name: stack.name.clone(),
        alive: false,
        state: stack.state(),
        snapshot: stack.snapshot().map(str::to_owned),
        genesis: runtime.as_ref().map(|runtime| runtime.genesis(now)),
        execution: None,
        beacon: None,
        l2: Vec::new(),
        services: services(stack),
        disk: BTreeMap::new(),
        heals: Vec::new(),
        findings: Vec::new(),
    };
    status.heals = heals_of(stack)?;
    for name in stack.clients() {
        let state = stack.container(name).map_or("missing", |container| &container.state);
        if state != "running" {
            let cure = format!("regenesis up {0}; if it fails: regenesis logs {0}", stack.name);
            status.findings.push(Finding::new(format!("{name} does not run: {state}"), cure));
        }
    }
    let Some(runtime) = runtime.filter(|_| stack.state() != State::Removed) else {
        return Ok(status);
    };
    ask(stack, &runtime.expected, now, console, &mut status)?;
    l2::ask(stack, &runtime.l2s, now, console, &mut status)?;
    status.alive = status.findings.is_empty() && status.state == State::Running;
    Ok(status)
}

/// The URL of a port whose service runs.
fn url(stack: &Stack, port: &str) -> Option<String> {
    let port = port::named(port)?;
    stack.running(&port.service).and_then(|_| port.url(stack))
}

/// Asks both clients.
fn ask(
    stack: &Stack,
    expected: &Expected,
    now: u64,
    console: &Console,
    status: &mut Status,
) -> Result<(), Failure> {
    let url = |name| url(stack, name);
    let findings = &mut status.findings;
    let (mut el, mut cl) = (None, None);
    if let Some(url) = url("http") {
        let client = connect("the execution client", &url, RetryPolicy::ONCE, console)?;
        match checks::execution(&client) {
            Ok(answer) => {
                status.execution = Some(execution(&client, url, &answer, now));
                findings.extend(health::execution(expected, &answer, now).err());
                el = Some(answer);
            }
            Err(finding) => findings.push(finding),
        }
    }
    if let Some(url) = url("beacon") {
        let client = connect("the beacon node", &url, RetryPolicy::ONCE, console)?;
        match checks::beacon(&client, true) {
            Ok(answer) => {
                status.beacon = Some(beacon(&client, url, &answer, expected, now));
                findings.extend(health::beacon(expected, &answer, now).err());
                cl = Some(answer);
            }
            Err(finding) => findings.push(finding),
        }
    }
    if let (Some(el), Some(cl)) = (&el, &cl) {
        findings.extend(health::together(expected, el, cl, now).err());
    }
    Ok(())
}

fn execution(client: &Client<'_>, url: String, el: &health::Execution, now: u64) -> Execution {
    let block = |tag| {
        let block = value(client, "eth_getBlockByNumber", &json!([tag, false]), LIMIT).ok()?;
        let timestamp = quantity(&block["timestamp"])?;
        Some(Head { number: quantity(&block["number"])?, age: now.saturating_sub(timestamp) })
    };
    let peers = value(client, "net_peerCount", &json!([]), LIMIT).ok();
    Execution {
        url,
        latest: Head { number: el.number, age: now.saturating_sub(el.timestamp) },
        safe: block("safe"),
        finalized: block("finalized"),
        peers: peers.as_ref().and_then(quantity),
    }
}

fn beacon(
    client: &Client<'_>,
    url: String,
    cl: &health::Beacon,
    expected: &Expected,
    now: u64,
) -> Beacon {
    let decimal = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
    let answer = |path| data(client, path, LIMIT).unwrap_or(Value::Null);
    let epochs = answer("/eth/v1/beacon/states/head/finality_checkpoints");
    let slot = now.saturating_sub(expected.genesis_time) / expected.slot.max(1);
    Beacon {
        url,
        head_slot: cl.head_slot,
        slot,
        lag: slot.saturating_sub(cl.head_slot),
        finalized_epoch: decimal(&epochs["finalized"]["epoch"]),
        peers: decimal(&answer("/eth/v1/node/peer_count")["connected"]),
    }
}

/// What `watch` has done since its last start.
fn heals_of(stack: &Stack) -> Result<Vec<String>, Failure> {
    let Some(watch) = stack.container("watch") else { return Ok(Vec::new()) };
    let done = docker::tries(&["logs", "--since", &watch.started, &watch.id])?;
    Ok(heals(&done.stderr()))
}

//! The shipped stack in Docker, on the real init image and a real geth: whatever happens to it, it
//! makes blocks again.
//!
//! The consensus client is Lodestar where its fork allows it, and else the small one in
//! `e2e/consensus`: Lighthouse has no package outside of registries of images.

mod columns;
mod compose;
mod events;
mod history;
mod plan;
mod recipe;
mod rig;
mod sequences;
mod table;

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::nodes::setting::Setting;
use crate::nodes::{http, snapshot};
use compose::{FRESH, LIMIT, Stack, number};
use plan::{Clients, Plan, Version, root, sample, without_healing};
use serde_json::{Value, json};

/// Runs one test at a time: stacks starve each other on few cores. After a failed test, no other runs: the
/// rest would take a quarter of an hour.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().expect("a test before this one has failed: name this one to run it")
}

/// Like `up.sh`: if the clients start too late, a fresh chain replaces the first, once.
fn started(plan: Plan<'_>) -> Stack {
    let stack = Stack::new(plan);
    stack.compose(&["up", "-d"]);
    if stack.lives(FRESH).is_none() {
        // The data of an embedded geth is in its container, and of the first genesis.
        let is_embedded = plan.clients == Clients::Embedded;
        stack.compose(&[if is_embedded { "down" } else { "stop" }]);
        stack.compose(&["up", "-d"]);
        stack.must_live("up -d");
    }
    stack
}

/// The compose file is one that both programs take, Lighthouse's services with it.
#[test]
fn both_versions_of_compose_accept_the_file() {
    for version in [Version::V1, Version::V2] {
        let stack = Stack::new(Plan { clients: Clients::Shipped, ..sample(version) });
        let config = stack.compose(&["config"]);
        for part in ["service_completed_successfully", "lighthouse", "validator_client"] {
            assert!(config.contains(part), "{version:?}: no {part} in {config}");
        }
    }
}

/// One image has no default, because a stranger may have chosen it: Compose requires a value for it.
#[test]
fn both_versions_of_compose_accept_the_services_of_an_enclave() {
    for version in [Version::V1, Version::V2] {
        let config = |image: &str| {
            let mut command = version.command();
            command.args(["-f", "tests/it/enclave/stack.yml", "config"]).current_dir(root());
            command.env("AGGKIT_PROVER_IMAGE", image).output().unwrap()
        };
        let refused = config("");
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && said.contains("AGGKIT_PROVER_IMAGE"), "{said}");
        let accepted = config("x/aggkit-prover:1");
        assert!(accepted.status.success(), "{}", String::from_utf8_lossy(&accepted.stderr));
        let config = String::from_utf8_lossy(&accepted.stdout);
        for part in ["service_started", "aliases", "el-1-geth-lighthouse", "x/aggkit-prover:1"] {
            assert!(config.contains(part), "{version:?}: no {part} in {config}");
        }
    }
}

#[test]
fn lodestar_with_sixty_four_validators_and_two_second_slots() {
    lodestar(Version::V1, Setting { slot_seconds: 2, validators: 64 });
}

#[test]
fn lodestar_with_one_validator_and_one_second_slots() {
    lodestar(Version::V2, Setting { slot_seconds: 1, validators: 1 });
}

/// `up.sh`, blocks, finality, and our genesis in every client; then the same after `down`.
fn lodestar(version: Version, setting: Setting) {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let snapshot = setting.snapshot(directory.path());
    let clients = Clients::Lodestar;
    // It never proposes when it comes up an epoch after genesis: 8 s, with slots of one.
    let lead = if setting.slot_seconds == 1 { "45" } else { "auto" };
    let stack = Stack::new(Plan { clients, snapshot: Some(&snapshot), lead, ..sample(version) });
    let mut made: Vec<Value> = Vec::new();
    for round in 0..2 {
        let (up, said) = stack.up_sh();
        assert!(up, "{said}\n{}", stack.last_words());
        assert!(said.contains(&format!("http://127.0.0.1:{}", stack.execution)), "{said}");
        stack.must_live("up.sh");
        let summary = stack.genesis_is_ours();
        let state = http::get(stack.beacon, "/eth/v2/debug/beacon/states/genesis").unwrap();
        let header = &state["latest_execution_payload_header"];
        assert_eq!(header["block_hash"], summary["el"]["block_hash"]);
        if round == 0 {
            finalizes(&stack, setting);
            // An init that finds the genesis in use changes nothing.
            stack.compose(&["up", "-d"]);
            assert_eq!(stack.summary(), summary);
        }
        made.push(summary);
        stack.compose(&["down"]);
    }
    assert_ne!(made[0]["el"]["block_hash"], made[1]["el"]["block_hash"]);
    assert_ne!(made[0]["cl"]["genesis_time"], made[1]["cl"]["genesis_time"]);
    assert_eq!(made[0]["el"]["state_root"], made[1]["el"]["state_root"]);
    assert_eq!(made[0]["cl"]["genesis_validators_root"], made[1]["cl"]["genesis_validators_root"]);
}

fn finalizes(stack: &Stack, setting: Setting) {
    // Ten epochs of eight slots, and as long again on a busy machine.
    let end = Instant::now() + 2 * Duration::from_secs(setting.slot_seconds * 8 * 10);
    loop {
        let path = "/eth/v1/beacon/states/head/finality_checkpoints";
        let epoch = |checkpoints: &Value, which: &str| {
            checkpoints[which]["epoch"].as_str().and_then(|epoch| epoch.parse::<u64>().ok())
        };
        let checkpoints = http::get(stack.beacon, path).unwrap_or_default();
        if epoch(&checkpoints, "finalized").is_some_and(|epoch| epoch > 0) {
            assert!(epoch(&checkpoints, "current_justified") > Some(0));
            break;
        }
        assert!(Instant::now() < end, "nothing is final: {checkpoints}");
        std::thread::sleep(Duration::from_millis(500));
    }
    let block = stack.eth("eth_getBlockByNumber", json!(["finalized", false])).unwrap();
    println!("{setting:?}: final is block {}", number(&block["number"]));
}

/// What happens to the Docker daemon, and the option of `scripts/install_docker.sh`.
const DAEMON: [(&str, &str); 2] =
    [("the Docker daemon restarts", "--restart"), ("`kill -9` of the Docker daemon", "--kill")];

/// The columns and rows of docs/lifecycle.md.
fn write_table() {
    let lodestar = Plan { clients: Clients::Lodestar, ..sample(Version::V2) };
    let baked = Plan { is_baked: true, ..sample(Version::V2) };
    let columns: Vec<String> =
        columns::plans().iter().chain([&baked, &lodestar]).map(Plan::title).collect();
    let groups = events::groups();
    let events = groups.iter().flat_map(|group| &group.events).map(|event| event.name);
    let events: Vec<&str> = events.chain(DAEMON.map(|(event, _)| event)).collect();
    table::write(&columns, &events);
}

#[test]
fn blocks_resume_after_every_event() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let snapshot = Setting { slot_seconds: 2, validators: 1 }.snapshot(directory.path());
    let clients = Clients::Lodestar;
    let lodestar = Plan { clients, snapshot: Some(&snapshot), ..sample(Version::V2) };
    let of_baked = tempfile::tempdir().unwrap();
    let baked = columns::baked(of_baked.path());
    let baked = Plan { snapshot: Some(&baked), is_baked: true, ..sample(Version::V2) };
    table::clear();
    let mut errors = columns::run_all(&[columns::plans(), vec![baked]].concat());
    errors.extend(columns::run(&[lodestar], 1));
    write_table();
    // Without healing, errors are what the run looks for.
    assert!(errors.is_empty() || without_healing().is_some(), "{}", errors.join("\n"));
}

#[test]
fn the_docker_daemon_restarts() {
    let _alone = alone();
    let stacks: Vec<Stack> = std::thread::scope(|scope| {
        let starts = columns::plans().into_iter().map(|plan| scope.spawn(move || started(plan)));
        let starts: Vec<_> = starts.collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    let titles: Vec<String> = columns::plans().iter().map(Plan::title).collect();
    let mut errors = Vec::new();
    for (event, option) in DAEMON {
        let mut differ = restart_daemon(&stacks, &titles, event, option);
        // On a busy machine, `watch` takes a slow client for a dead one.
        if !differ.is_empty() {
            println!("{event}: once more, after:\n{}", differ.join("\n"));
            differ = restart_daemon(&stacks, &titles, event, option);
        }
        errors.extend(differ);
    }
    write_table();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

/// Restarts the daemon under these stacks; returns what differs from the promise: the same genesis.
fn restart_daemon(stacks: &[Stack], titles: &[String], event: &str, option: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let before: Vec<String> = stacks.iter().map(Stack::genesis).collect();
    let script = root().join("scripts/install_docker.sh");
    let restart = std::process::Command::new(&script).arg(option).status().unwrap();
    assert!(restart.success(), "Docker did not restart");
    let lived: Vec<_> = std::thread::scope(|scope| {
        let waits = stacks.iter().map(|stack| scope.spawn(|| stack.lives(LIMIT)));
        let waits: Vec<_> = waits.collect();
        waits.into_iter().map(|wait| wait.join().unwrap()).collect()
    });
    for (((stack, title), lived), before) in stacks.iter().zip(titles).zip(lived).zip(before) {
        let cell = match lived {
            None => "**dead**".to_owned(),
            Some(_) if stack.genesis() != before => "**new genesis**".to_owned(),
            Some(lived) => format!("same genesis, {} s", lived.as_secs() + 1),
        };
        println!("{title}: {event}: {cell}");
        if cell.starts_with("**") {
            errors.push(format!("{title}: {event}: {cell}\n{}", stack.last_words()));
        }
        table::record(title, event, &cell);
    }
    errors
}

#[test]
fn up_sh_names_the_error() {
    let directory = tempfile::tempdir().unwrap();
    let snapshot = directory.path().join("snapshot");
    snapshot::snapshot("fulu", &snapshot);
    let config = snapshot.join("cl/config.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    let broken = text.replace("SECONDS_PER_SLOT: 1", "SECONDS_PER_SLOT: soon");
    std::fs::write(&config, broken).unwrap();
    for version in [Version::V1, Version::V2] {
        let stack = Stack::new(Plan { snapshot: Some(&snapshot), ..sample(version) });
        let (up, said) = stack.up_sh();
        assert!(!up, "{said}");
        assert!(said.contains("cl/config.yaml line") && said.contains("\"soon\""), "{said}");
    }
}

/// Without `regenesis run`, old data of geth meet a new genesis at `start`.
#[test]
fn health_explains_geths_errors() {
    let _alone = alone();
    let stack = started(Plan { clients: Clients::Embedded, ..sample(Version::V2) });
    stack.compose(&["stop"]);
    stack.compose(&["start"]);
    let end = Instant::now() + LIMIT;
    let explained = loop {
        let explained = stack.explain();
        if !explained.is_empty() || Instant::now() > end {
            break explained;
        }
        std::thread::sleep(Duration::from_secs(1));
    };
    assert!(explained.contains("has data from another run"), "{explained}");
    assert!(
        explained.contains("hint: ") && explained.contains("down -v, then up -d"),
        "{explained}"
    );
}

/// Lighthouse itself: `E2E_IMAGES=pull scripts/e2e_stack.sh`.
#[test]
#[ignore = "its images come from a registry"]
fn lighthouse_runs_as_shipped() {
    let _alone = alone();
    let stack = Stack::new(Plan { clients: Clients::Shipped, ..sample(Version::V2) });
    let (up, said) = stack.up_sh();
    assert!(up, "{said}\n{}", stack.last_words());
    stack.must_live("up.sh");
    stack.genesis_is_ours();
}

//! The shipped stack in Docker, on the real init image and a real geth: whatever happens to it, it
//! makes blocks again.
//!
//! The consensus client is Lodestar where its fork allows it, and else the small one in
//! `e2e/consensus`: Lighthouse has no package outside of registries of images.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests meet the world"
)]

#[path = "stack/compose.rs"]
mod compose;
#[path = "stack/events.rs"]
mod events;
#[path = "stack/history.rs"]
mod history;
#[path = "lodestar/http.rs"]
mod http;
#[path = "engine/past.rs"]
mod past;
#[path = "lodestar/process.rs"]
mod process;
#[path = "engine/programs.rs"]
mod programs;
#[allow(dead_code, reason = "only an order is drawn here")]
#[path = "geth/rng.rs"]
mod rng;
#[allow(dead_code, reason = "init is the container's part")]
#[path = "lodestar/setting.rs"]
mod setting;
#[path = "engine/snapshot.rs"]
mod snapshot;
#[path = "stack/table.rs"]
mod table;

use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

use compose::{Clients, FRESH, Plan, SOON, Stack, Version, number};
use events::{Event, Promise, is_told};
use serde_json::{Value, json};
use setting::Setting;
use table::Column;

/// One test at a time: stacks starve each other where there are few cores. Behind one that failed there
/// is none: the others would take a quarter of an hour.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().expect("a test before this one has failed: name this one to run it")
}

/// The shipped settings, but for the client.
fn sample(version: Version) -> Plan<'static> {
    Plan { version, clients: Clients::Consensus, snapshot: None, lead: "auto" }
}

/// As `up.sh` does it: a chain whose clients came too late is made anew, once.
fn started(plan: Plan<'_>) -> Stack {
    let stack = Stack::new(plan);
    stack.compose(&["up", "-d"]);
    if stack.lives(FRESH).is_none() {
        stack.compose(&["stop"]);
        stack.compose(&["up", "-d"]);
        stack.must_live("up -d");
    }
    stack
}

/// The compose file is one that both programs take, Lighthouse's services with it.
#[test]
fn both_versions_take_the_file() {
    for version in [Version::V1, Version::V2] {
        let stack = Stack::new(Plan { clients: Clients::Shipped, ..sample(version) });
        let config = stack.compose(&["config"]);
        for part in ["service_completed_successfully", "lighthouse", "validator_client"] {
            assert!(config.contains(part), "{version:?}: no {part} in {config}");
        }
    }
}

#[test]
fn lodestar_with_sixty_four_validators_and_two_seconds() {
    lodestar(Version::V1, Setting { slot_seconds: 2, validators: 64 });
}

#[test]
fn lodestar_with_one_validator_and_one_second() {
    lodestar(Version::V2, Setting { slot_seconds: 1, validators: 1 });
}

/// The whole of it: `up.sh`, blocks, finality, our genesis in all places; and again after `down`.
fn lodestar(version: Version, setting: Setting) {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let snapshot = setting.snapshot(directory.path());
    let clients = Clients::Lodestar;
    // It never proposes when it comes up an epoch after genesis: 8 s, with slots of one.
    let lead = if setting.slot_seconds == 1 { "20" } else { "auto" };
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
    let end = Instant::now() + Duration::from_secs(setting.slot_seconds * 8 * 10);
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

#[test]
fn every_event() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let snapshot = Setting { slot_seconds: 2, validators: 1 }.snapshot(directory.path());
    let embedded = Plan { clients: Clients::Embedded, ..sample(Version::V2) };
    let lodestar = Plan { clients: Clients::Lodestar, snapshot: Some(&snapshot), ..embedded };
    let columns = std::thread::scope(|scope| {
        let [v1, v2, embedded] = [sample(Version::V1), sample(Version::V2), embedded]
            .map(|plan| scope.spawn(move || column(plan)));
        let (v1, v2) = (v1.join().unwrap(), v2.join().unwrap());
        [v1, v2, column(lodestar), embedded.join().unwrap()]
    });
    table::write(&columns);
    for column in columns {
        for (event, outcome) in column.cells {
            if let Some(Err(error)) = outcome {
                panic!("{}: {event}: {error}", column.title);
            }
        }
    }
}

/// Lets every event happen to one stack.
fn column(plan: Plan<'_>) -> Column {
    let (client, cure) = match plan.clients {
        Clients::Lodestar => (", Lodestar", "told; "),
        Clients::Embedded => (", init alone", "`down`, `up -d`; "),
        Clients::Consensus | Clients::Shipped => ("", "told; "),
    };
    let tool = if plan.version == Version::V1 { "docker-compose" } else { "Docker Compose" };
    let title = format!("{tool} {}{client}", plan.version.number());
    let mut stack = None;
    let mut cells = Vec::new();
    for event in events::all() {
        let outcome = (event.always || plan.clients == Clients::Consensus).then(|| {
            let stack = stack.get_or_insert_with(|| started(plan));
            // A command that fails is an outcome too: the table is of all events.
            let prove = std::panic::AssertUnwindSafe(|| event.prove(stack, plan.clients));
            std::panic::catch_unwind(prove).unwrap_or_else(|_| Err("a command failed".to_owned()))
        });
        println!("{title}: {}: {outcome:?}", event.name);
        // Where nothing holds the genesis, an event may be felt in the next one.
        if matches!(outcome, Some(Err(_))) || plan.clients == Clients::Embedded {
            stack = None;
        }
        cells.push((event.name, outcome));
    }
    Column { title, cure, cells }
}

#[test]
fn random_sequences() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let snapshot = directory.path().join("snapshot");
    snapshot::snapshot("fulu", &snapshot);
    let count = std::env::var("STACK_SEQUENCES").map_or(25, |count| count.parse().unwrap());
    std::thread::scope(|scope| {
        for (turn, version) in [Version::V1, Version::V2].into_iter().enumerate() {
            let plan = Plan { snapshot: Some(&snapshot), lead: "2", ..sample(version) };
            scope.spawn(move || sequences(plan, (turn..count).step_by(2)));
        }
    });
}

/// Two or three events, one soon after the other, and the chain lives again.
fn sequences(plan: Plan<'_>, numbers: impl Iterator<Item = usize>) {
    let stack = started(plan);
    let events = events::all();
    for sequence in numbers {
        let mut rng = rng::Rng::new(0x5eed + sequence as u64);
        let begin = SystemTime::now();
        let drawn: Vec<&Event> =
            (0..2 + rng.below(2)).map(|_| &events[rng.below(events.len())]).collect();
        for event in &drawn {
            std::thread::sleep(Duration::from_millis(rng.below(2000) as u64));
            (event.happens)(&stack);
        }
        let names: Vec<&str> = drawn.iter().map(|event| event.name).collect();
        let what = format!("{:?}, sequence {sequence}: {}", plan.version, names.join(", then "));
        let mut lives = stack.lives(SOON);
        let may_be_told = drawn.iter().any(|event| event.promise == Promise::Told);
        if lives.is_none() && may_be_told && is_told(&stack, begin) {
            stack.compose(&["stop"]);
            stack.compose(&["up", "-d"]);
            lives = stack.lives(SOON);
        }
        let Some(lives) = lives else { panic!("dead: {what}\n{}", stack.last_words()) };
        stack.genesis_is_ours();
        println!("{what}: lives after {:.0} s", lives.as_secs_f64());
    }
}

#[test]
fn the_docker_daemon_restarts() {
    let _alone = alone();
    let stacks = [Version::V1, Version::V2].map(|version| started(sample(version)));
    let before = stacks.each_ref().map(Stack::summary);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/install_docker.sh");
    let restart = std::process::Command::new(script).arg("--restart").status().unwrap();
    assert!(restart.success(), "Docker did not restart");
    for (stack, before) in stacks.iter().zip(before) {
        let lives = stack.lives(SOON);
        assert!(lives.is_some(), "{:?}: dead\n{}", stack.version, stack.last_words());
        assert_eq!(stack.genesis_is_ours(), before);
        println!("{:?}: lives after a restart of the daemon", stack.version);
    }
}

#[test]
fn up_sh_tells_what_is_wrong() {
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
fn health_explains_what_geth_says() {
    let _alone = alone();
    let stack = started(Plan { clients: Clients::Embedded, ..sample(Version::V2) });
    stack.compose(&["stop"]);
    stack.compose(&["start"]);
    let end = Instant::now() + SOON;
    let explained = loop {
        let explained = stack.explain();
        if !explained.is_empty() || Instant::now() > end {
            break explained;
        }
        std::thread::sleep(Duration::from_secs(1));
    };
    assert!(explained.contains("has data of another run"), "{explained}");
    assert!(
        explained.contains("hint: ") && explained.contains("down -v, then up -d"),
        "{explained}"
    );
}

/// Lighthouse itself: `E2E_IMAGES=pull scripts/e2e_stack.sh`.
#[test]
#[ignore = "its images come from a registry"]
fn lighthouse_as_shipped() {
    let _alone = alone();
    let stack = Stack::new(Plan { clients: Clients::Shipped, ..sample(Version::V2) });
    let (up, said) = stack.up_sh();
    assert!(up, "{said}\n{}", stack.last_words());
    stack.must_live("up.sh");
    stack.genesis_is_ours();
}

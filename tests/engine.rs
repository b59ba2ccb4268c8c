//! Forks that no consensus client in a package registry knows: geth builds blocks on our genesis
//! for a driver of the Engine API, which takes the first head from our `genesis.ssz`.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests meet the world"
)]

#[allow(dead_code, reason = "of the client's two interfaces only one is asked here")]
#[path = "lodestar/http.rs"]
mod http;
#[path = "lodestar/process.rs"]
mod process;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use process::{Process, assert_installed, free_ports};
use serde_json::{Value, json};

const BLOCKS: u64 = 32;
const FORKS: [(&str, &str); 4] =
    [("capella", ""), ("deneb", "cancunTime"), ("electra", "pragueTime"), ("fulu", "osakaTime")];

#[test]
fn capella() {
    builds("capella");
}

#[test]
fn deneb() {
    builds("deneb");
}

#[test]
fn electra() {
    builds("electra");
}

#[test]
fn fulu() {
    builds("fulu");
}

/// The sample, with the later forks taken out and slots of a second.
fn snapshot(fork: &str, directory: &Path) {
    let sample = |path: &str| {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("sample").join(path))
            .unwrap()
    };
    let mut genesis: Value = serde_json::from_str(&sample("el/genesis.template.json")).unwrap();
    let mut config = sample("cl/config.yaml");
    let at = FORKS.iter().position(|(name, _)| *name == fork).unwrap();
    for (later, key) in &FORKS[at + 1..] {
        genesis["config"].as_object_mut().unwrap().remove(*key).unwrap();
        let epoch = format!("{}_FORK_EPOCH: ", later.to_uppercase());
        assert!(config.contains(&format!("{epoch}0")));
        config = config.replace(&format!("{epoch}0"), &format!("{epoch}18446744073709551615"));
    }
    let config = config.replace("SECONDS_PER_SLOT: 2", "SECONDS_PER_SLOT: 1");
    let config = config.replace("SLOT_DURATION_MS: 2000", "SLOT_DURATION_MS: 1000");
    for (path, text) in [
        ("el/genesis.template.json", genesis.to_string()),
        ("cl/config.yaml", config),
        ("val/mnemonics.yaml", sample("val/mnemonics.yaml")),
        ("metadata.json", json!({"format": 1, "name": fork, "chain_id": 271_828}).to_string()),
    ] {
        std::fs::create_dir_all(directory.join(path).parent().unwrap()).unwrap();
        std::fs::write(directory.join(path), text).unwrap();
    }
}

/// A command of this repository, without any variable of ours.
fn regenesis() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regenesis"));
    for (key, _) in std::env::vars().filter(|(key, _)| key.starts_with("REGENESIS_")) {
        command.env_remove(key);
    }
    command
}

fn consensus() -> Command {
    let test = std::env::current_exe().unwrap();
    let program: PathBuf = test.parent().unwrap().with_file_name("examples").join("consensus");
    Command::new(program)
}

fn builds(fork: &str) {
    assert_installed("geth", "version", "scripts/install_geth.sh");
    let directory = tempfile::tempdir().unwrap();
    let at = |path: &str| directory.path().join(path);
    snapshot(fork, &at("snapshot"));
    let init = regenesis()
        .arg("init")
        .arg(at("snapshot"))
        .arg("--out")
        .arg(at("runtime"))
        .args(["--lead", "4"])
        .output()
        .unwrap();
    assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
    let summary: Value =
        serde_json::from_slice(&std::fs::read(at("runtime/regenesis.json")).unwrap()).unwrap();
    assert_eq!(summary["cl"]["fork"], fork);

    let [execution, engine, beacon] = free_ports();
    let storage = ["--db.engine=leveldb", "--state.scheme=hash", "--cache=64"];
    let mut command = regenesis();
    command.arg("run").arg("--runtime").arg(at("runtime")).arg("--datadir").arg(at("geth"));
    command.args(["--once", "geth", "--datadir"]).arg(at("geth")).args(storage);
    command.arg("init").arg(at("runtime/metadata/genesis.json")).arg(";");
    command.args(["--", "geth", "--datadir"]).arg(at("geth")).args(storage);
    command.args(["--gcmode=archive", "--syncmode=full", "--ipcdisable", "--nodiscover"]);
    command.args(["--maxpeers=0", "--port=0", "--http"]);
    command.arg(format!("--http.port={execution}")).arg(format!("--authrpc.port={engine}"));
    command.arg("--authrpc.jwtsecret").arg(at("runtime/jwt/jwtsecret"));
    let mut geth = Process::start("geth", &mut command, directory.path());

    let client = |role: &str, name, flags: &[&str]| {
        std::fs::create_dir(at(name)).unwrap();
        let mut command = consensus();
        command.arg(role).arg("--runtime").arg(at("runtime")).arg("--datadir").arg(at(name));
        Process::start(name, command.args(flags), directory.path())
    };
    let engine = format!("127.0.0.1:{engine}");
    let port = beacon.to_string();
    let mut node = client("beacon", "beacon", &["--engine", &engine, "--port", &port]);
    let address = format!("127.0.0.1:{beacon}");
    let mut validator = client("validator", "validator", &["--beacon", &address]);

    let end = Instant::now() + Duration::from_mins(2);
    let head = || http::call(execution, "eth_blockNumber", json!([]));
    while head().map_or(0, |head| number(&head)) < BLOCKS {
        assert!(Instant::now() < end, "no {BLOCKS} blocks in two minutes: {:?}", head());
        for process in [&mut geth, &mut node, &mut validator] {
            process.assert_alive();
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let block =
        |which: &str| http::call(execution, "eth_getBlockByNumber", json!([which, false])).unwrap();
    let (genesis, first) = (block("0x0"), block("0x1"));
    assert_eq!(genesis["hash"], summary["el"]["block_hash"]);
    // The driver knows the genesis block from genesis.ssz alone.
    assert_eq!(first["parentHash"], genesis["hash"]);
    let since = number(&first["timestamp"]) - summary["cl"]["genesis_time"].as_u64().unwrap();
    println!("{fork}: {BLOCKS} blocks, the first {since} s after genesis");

    let health = regenesis()
        .arg("health")
        .arg("--runtime")
        .arg(at("runtime"))
        .args(["--el", &format!("http://127.0.0.1:{execution}"), "--cl"])
        .arg(format!("http://127.0.0.1:{beacon}"))
        .output()
        .unwrap();
    assert!(health.status.success(), "{}", String::from_utf8_lossy(&health.stderr));
}

fn number(quantity: &Value) -> u64 {
    u64::from_str_radix(quantity.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

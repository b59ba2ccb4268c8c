//! Forks that no consensus client in a package registry knows: geth builds blocks on our genesis
//! for a driver of the Engine API, which takes the first head from our `genesis.ssz`. And what geth's
//! settings are chosen for: a chain that goes on after `kill -9`.
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
#[path = "engine/past.rs"]
mod past;
#[path = "lodestar/process.rs"]
mod process;
#[path = "engine/programs.rs"]
mod programs;
#[path = "engine/snapshot.rs"]
mod snapshot;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use past::{Source, record, run};
use process::{Process, assert_installed, free_ports};
use programs::{consensus, regenesis};
use serde_json::{Value, json};
use snapshot::snapshot;

const BLOCKS: u64 = 32;
/// Why these: docs/decisions/0009-geth-in-the-stack.md.
const STORAGE: [&str; 3] = ["--db.engine=leveldb", "--state.scheme=hash", "--cache=64"];

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

fn builds(fork: &str) {
    let mut net = Net::start(fork);
    assert_eq!(net.summary["cl"]["fork"], fork);
    net.reaches(BLOCKS);
    let (genesis, first) = (net.block("0x0"), net.block("0x1"));
    assert_eq!(genesis["hash"], net.summary["el"]["block_hash"]);
    // The driver knows the genesis block from genesis.ssz alone.
    assert_eq!(first["parentHash"], genesis["hash"]);
    let since = number(&first["timestamp"]) - net.summary["cl"]["genesis_time"].as_u64().unwrap();
    println!("{fork}: {BLOCKS} blocks, the first {since} s after genesis");

    let health = regenesis()
        .arg("health")
        .arg("--runtime")
        .arg(net.at("runtime"))
        .args(["--el", &format!("http://127.0.0.1:{}", net.execution), "--cl"])
        .arg(format!("http://127.0.0.1:{}", net.beacon))
        .output()
        .unwrap();
    assert!(health.status.success(), "{}", String::from_utf8_lossy(&health.stderr));
}

#[test]
fn deneb_goes_on_after_its_past() {
    goes_on("deneb", &[]);
}

#[test]
fn electra_goes_on_after_its_past() {
    goes_on("electra", &[]);
}

/// And what was captured is of a minute before the head.
#[test]
fn fulu_goes_on_after_its_past() {
    goes_on("fulu", &["--block", "100"]);
}

/// A chain of 160 blocks is captured, stopped, and born twice: it keeps what was captured, and
/// goes on from there.
fn goes_on(fork: &str, capture: &[&str]) {
    let source = tempfile::tempdir().unwrap();
    let chain = Source::start(fork, 160, source.path());
    let snapshot = chain.capture(capture);
    run(regenesis().arg("verify").arg(&snapshot));
    let last = if capture.is_empty() { 160 } else { 100 };
    let before = record(chain.execution, last);
    assert_eq!(before.1.as_array().unwrap().len() as u64, last);
    drop(chain);
    let mut births = Vec::new();
    for _ in 0..2 {
        let mut net = Net::of(&snapshot, tempfile::tempdir().unwrap());
        assert_eq!(net.summary["cl"]["fork"], fork);
        assert_eq!(net.summary["history"]["blocks"], last);
        net.reaches(last + 8);
        assert!(record(net.execution, last) == before, "{fork}: the past is another one");
        let first = net.block(&format!("{:#x}", last + 1));
        assert_eq!(first["parentHash"], before.0[usize::try_from(last).unwrap()]);
        let genesis_time = net.summary["cl"]["genesis_time"].as_u64().unwrap();
        let since = number(&first["timestamp"]) - genesis_time;
        let verify = ["verify", "--el-rpc", &format!("127.0.0.1:{}", net.execution)];
        let said = run(regenesis().args(verify).arg("--runtime").arg(net.at("runtime")));
        assert!(said.contains(&format!("{last} blocks, {last} receipts, {last} logs")), "{said}");
        println!("{fork}: block {} came {since} s after genesis; {last} as they were", last + 1);
        births.push((genesis_time, first["hash"].clone()));

        // Killed and started again, it has its past and goes on.
        drop(net.geth.take());
        net.geth = Some(net.start_geth());
        net.reaches(last + 12);
        let log = std::fs::read_to_string(net.at("geth.log")).unwrap();
        assert!(log.contains("goes on") && !log.contains("imported in"), "{log}");
    }
    assert!(births[0].0 < births[1].0 && births[0].1 != births[1].1, "{births:?}");
}

#[test]
fn geth_that_was_killed_has_all_its_blocks() {
    let mut net = Net::start("fulu");
    for kill in 1..=3 {
        net.reaches(6 * kill);
        let last = net.block("latest");
        // Dropping it is kill -9.
        drop(net.geth.take());
        net.geth = Some(net.start_geth());
        net.reaches(number(&last["number"]) + 3);
        assert_eq!(net.block(last["number"].as_str().unwrap())["hash"], last["hash"]);
    }
}

/// One node of geth and the driver. The fields end in this order.
struct Net {
    validator: Process,
    node: Process,
    geth: Option<Process>,
    execution: u16,
    engine: u16,
    beacon: u16,
    summary: Value,
    directory: tempfile::TempDir,
}

impl Net {
    fn start(fork: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let made = directory.path().join("snapshot");
        snapshot(fork, &made);
        Self::of(&made, directory)
    }

    /// Boots a snapshot in a directory.
    fn of(snapshot: &Path, directory: tempfile::TempDir) -> Self {
        assert_installed("geth", "version", "scripts/install_geth.sh");
        let at = |path: &str| directory.path().join(path);
        let mut init = regenesis();
        init.arg("init").arg(snapshot).arg("--out").arg(at("runtime"));
        let init = init.args(["--lead", "4"]).output().unwrap();
        assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        let summary = std::fs::read(at("runtime/regenesis.json")).unwrap();
        let summary = serde_json::from_slice(&summary).unwrap();

        let [execution, engine, beacon] = free_ports();
        let client = |role, flags: &[&str]| {
            std::fs::create_dir(at(role)).unwrap();
            let mut command = consensus();
            command.arg(role).arg("--runtime").arg(at("runtime")).arg("--datadir").arg(at(role));
            Process::start(role, command.args(flags), directory.path())
        };
        let address = format!("127.0.0.1:{engine}");
        let node = client("beacon", &["--engine", &address, "--port", &beacon.to_string()]);
        let validator = client("validator", &["--beacon", &format!("127.0.0.1:{beacon}")]);
        let mut net =
            Self { validator, node, geth: None, execution, engine, beacon, summary, directory };
        net.geth = Some(net.start_geth());
        net
    }

    fn at(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    /// As the stack starts it.
    fn start_geth(&self) -> Process {
        let (runtime, data) = (self.at("runtime"), self.at("geth"));
        let mut command = regenesis();
        command.arg("run").arg("--runtime").arg(&runtime).arg("--datadir").arg(&data);
        command.args(["--once", "geth", "--datadir"]).arg(&data).args(STORAGE);
        command.arg("init").arg(runtime.join("metadata/genesis.json")).arg(";");
        command.args(["--import", "geth", "--datadir"]).arg(&data).args(STORAGE);
        command.args(["--gcmode=archive", "import"]);
        command.arg(runtime.join("metadata/chain.rlp")).arg(";");
        command.args(["--", "geth", "--datadir"]).arg(&data).args(STORAGE);
        command.args(["--gcmode=archive", "--syncmode=full", "--ipcdisable", "--nodiscover"]);
        command.args(["--maxpeers=0", "--port=0", "--http"]);
        command.arg(format!("--http.port={}", self.execution));
        command.arg(format!("--authrpc.port={}", self.engine));
        command.arg("--authrpc.jwtsecret").arg(runtime.join("jwt/jwtsecret"));
        Process::start("geth", &mut command, self.directory.path())
    }

    /// Waits for so many blocks.
    fn reaches(&mut self, blocks: u64) {
        let end = Instant::now() + Duration::from_mins(2);
        let execution = self.execution;
        let head = || http::call(execution, "eth_blockNumber", json!([]));
        while head().map_or(0, |head| number(&head)) < blocks {
            assert!(Instant::now() < end, "no {blocks} blocks in two minutes: {:?}", head());
            for process in self.geth.iter_mut().chain([&mut self.node, &mut self.validator]) {
                process.assert_alive();
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn block(&self, which: &str) -> Value {
        http::call(self.execution, "eth_getBlockByNumber", json!([which, false])).unwrap()
    }
}

fn number(quantity: &Value) -> u64 {
    u64::from_str_radix(quantity.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

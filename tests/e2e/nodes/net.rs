//! geth and the driver of the Engine API on the files of one `init`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::http;
use super::process::{Process, free_ports};
use super::programs::consensus;
use super::snapshot::snapshot;
use super::tools::geth;
use crate::support::regenesis;

/// Why these: docs/decisions/0009-geth-in-the-stack.md.
const STORAGE: [&str; 3] = ["--db.engine=leveldb", "--state.scheme=hash", "--cache=64"];

/// One node of geth and the driver. The fields end in this order.
pub struct Net {
    validator: Process,
    node: Process,
    pub geth: Option<Process>,
    pub execution: u16,
    engine: u16,
    pub beacon: u16,
    pub summary: Value,
    directory: tempfile::TempDir,
}

impl Net {
    /// `kill -9` of geth, and its next start: three more blocks, and its last one is the same.
    pub fn keeps_its_blocks_over_a_kill(&mut self) {
        let last = self.block("latest");
        // Dropping it is kill -9.
        drop(self.geth.take());
        self.geth = Some(self.start_geth());
        self.reaches(number(&last["number"]) + 3);
        assert_eq!(self.block(last["number"].as_str().unwrap())["hash"], last["hash"]);
    }

    pub fn start(fork: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let made = directory.path().join("snapshot");
        snapshot(fork, &made);
        Self::of(&made, &geth(), directory)
    }

    /// Boots a snapshot with this geth in a directory.
    pub fn of(snapshot: &Path, program: &Path, directory: tempfile::TempDir) -> Self {
        let at = |path: &str| directory.path().join(path);
        let mut init = regenesis();
        init.arg("init").arg(snapshot).arg("--out").arg(at("runtime"));
        init.arg("--geth-datadir").arg(at("geth"));
        let init = init.args(["--lead", "4"]).output().unwrap();
        assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        let summary = std::fs::read(at("runtime/regenesis.json")).unwrap();
        let summary = serde_json::from_slice(&summary).unwrap();

        let [execution, engine, beacon] = free_ports();
        let client = |role, flags: &[&str]| {
            let _ = std::fs::remove_dir_all(at(role));
            std::fs::create_dir(at(role)).unwrap();
            let mut command = consensus();
            command.arg(role).arg("--runtime").arg(at("runtime")).arg("--datadir").arg(at(role));
            Process::start(role, command.args(flags), directory.path())
        };
        let address = format!("127.0.0.1:{engine}");
        let node = client("beacon", &["--engine", &address, "--port", &beacon.to_string()]);
        let validator = client("validator", &["--beacon", &format!("127.0.0.1:{beacon}")]);
        // `run` knows a client by its name.
        let programs = at("programs");
        std::fs::create_dir_all(&programs).unwrap();
        let link = programs.join("geth");
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(program, &link).unwrap();
        let mut net =
            Self { validator, node, geth: None, execution, engine, beacon, summary, directory };
        net.geth = Some(net.start_geth());
        net
    }

    /// Kills all programs.
    pub fn stop(self) -> tempfile::TempDir {
        self.directory
    }

    /// geth reports the balance, the code and the slots of every account in `genesis.json`.
    pub fn assert_alloc(&self) {
        let genesis = std::fs::read(self.at("runtime/metadata/genesis.json")).unwrap();
        let genesis: Value = serde_json::from_slice(&genesis).unwrap();
        let call = |method, params| http::call(self.execution, method, params).unwrap();
        for (address, account) in genesis["alloc"].as_object().unwrap() {
            let address = format!("0x{}", address.trim_start_matches("0x"));
            let balance = call("eth_getBalance", json!([address, "0x0"]));
            assert_eq!(quantity(&balance), quantity(&account["balance"]), "{address}");
            let code = account.get("code").map_or("0x", |code| code.as_str().unwrap());
            assert_eq!(call("eth_getCode", json!([address, "0x0"])), code, "{address}");
            for (slot, value) in account["storage"].as_object().into_iter().flatten() {
                let found = call("eth_getStorageAt", json!([address, slot, "0x0"]));
                assert_eq!(found, *value, "{address} {slot}");
            }
        }
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    /// With the flags of the stack.
    pub fn start_geth(&self) -> Process {
        let (runtime, data) = (self.at("runtime"), self.at("geth"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = [self.at("programs")].into_iter().chain(std::env::split_paths(&path));
        let mut command = regenesis();
        command.env("PATH", std::env::join_paths(path).unwrap());
        command.arg("run").arg("--runtime").arg(&runtime).arg("--datadir").arg(&data);
        command.args(["--once", "geth", "--datadir"]).arg(&data).args(STORAGE);
        command.arg("init").arg(runtime.join("metadata/genesis.json")).arg(";");
        command.args(["--import", "geth", "--datadir"]).arg(&data).args(STORAGE);
        command.args(["--gcmode=archive", "import"]);
        command.arg(runtime.join("metadata/chain.rlp")).arg(";");
        command.args(["--", "geth", "--datadir"]).arg(&data).args(STORAGE);
        command.args(["--gcmode=archive", "--syncmode=full", "--ipcdisable", "--nodiscover"]);
        command.args(["--maxpeers=0", "--port=0", "--http", "--http.api=eth,net,web3,debug"]);
        command.arg(format!("--http.port={}", self.execution));
        command.arg(format!("--authrpc.port={}", self.engine));
        command.arg("--authrpc.jwtsecret").arg(runtime.join("jwt/jwtsecret"));
        Process::start("geth", &mut command, self.directory.path())
    }

    /// Waits until the chain has this many blocks.
    pub fn reaches(&mut self, blocks: u64) {
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

    pub fn block(&self, which: &str) -> Value {
        http::call(self.execution, "eth_getBlockByNumber", json!([which, false])).unwrap()
    }
}

/// Hex or decimal.
fn quantity(value: &Value) -> u128 {
    let text = value.as_str().unwrap();
    match text.strip_prefix("0x") {
        Some(digits) => u128::from_str_radix(digits, 16).unwrap(),
        None => text.parse().unwrap(),
    }
}

/// A number of the JSON-RPC.
pub fn number(quantity: &Value) -> u64 {
    u64::from_str_radix(quantity.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

//! A chain with an old genesis: the Engine API drives geth at full speed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::http;
use super::process::{Process, assert_installed, free_ports};
use super::programs::consensus;
use super::snapshot::snapshot;
use crate::support::regenesis;

/// A contract that logs the first word of calldata.
pub const LOGGER: &str = "0x1010101010101010101010101010101010101010";
const CODE: &str = "0x600035602a60006000a2";
/// Thirty days.
const AGE: u64 = 30 * 24 * 60 * 60;

/// The node that a capture reads from. Dropping it stops the node.
pub struct Source {
    geth: Process,
    pub execution: u16,
    directory: PathBuf,
}

impl Source {
    /// Starts a chain at `fork` with `blocks` blocks. Each has a transaction that emits a log.
    pub fn start(fork: &str, blocks: u64, directory: &Path) -> Self {
        snapshot(fork, &directory.join("source/snapshot"));
        Self::of(blocks, directory)
    }

    /// Starts a chain from the snapshot in `directory/source/snapshot`, as [`Self::start`] does.
    pub fn of(blocks: u64, directory: &Path) -> Self {
        assert_installed("geth", "version", "scripts/install_geth.sh");
        let directory = directory.join("source");
        let (runtime, data) = (directory.join("runtime"), directory.join("geth"));
        let template = directory.join("snapshot/el/genesis.template.json");
        let mut genesis: Value =
            serde_json::from_slice(&std::fs::read(&template).unwrap()).unwrap();
        genesis["alloc"][LOGGER] = json!({"balance": "0", "code": CODE});
        std::fs::write(&template, genesis.to_string()).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        run(regenesis()
            .arg("init")
            .arg(directory.join("snapshot"))
            .arg("--out")
            .arg(&runtime)
            .args(["--timestamp", &(now - AGE).to_string()]));

        let [execution, engine] = free_ports();
        let geth = || {
            let mut command = Command::new("geth");
            command.arg("--datadir").arg(&data).args(["--cache=64", "--db.engine=leveldb"]);
            command.arg("--state.scheme=hash");
            command
        };
        run(geth().arg("init").arg(runtime.join("metadata/genesis.json")));
        let mut command = geth();
        command.args(["--gcmode=archive", "--syncmode=full", "--ipcdisable", "--nodiscover"]);
        command.args(["--maxpeers=0", "--port=0", "--http", "--http.api=eth,debug"]);
        command.arg(format!("--http.port={execution}"));
        command.arg(format!("--authrpc.port={engine}"));
        command.arg("--authrpc.jwtsecret").arg(runtime.join("jwt/jwtsecret"));
        let mut source =
            Self { geth: Process::start("source", &mut command, &directory), execution, directory };
        source.answers();
        let (engine, blocks) = (format!("127.0.0.1:{engine}"), blocks.to_string());
        run(consensus()
            .arg("past")
            .arg("--runtime")
            .arg(&runtime)
            .args(["--engine", &engine, "--blocks", &blocks, "--call", LOGGER]));
        source
    }

    fn answers(&mut self) {
        let end = Instant::now() + Duration::from_mins(2);
        while http::call(self.execution, "eth_blockNumber", json!([])).is_err() {
            assert!(Instant::now() < end, "geth does not answer");
            self.geth.assert_alive();
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Captures the running node; returns the snapshot.
    pub fn capture(&self, more: &[&str]) -> PathBuf {
        let out = self.directory.with_file_name("captured");
        let mnemonics = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample/val/mnemonics.yaml");
        let mut command = regenesis();
        command.args(["capture", "--mode", "history", "--el-rpc"]);
        command.arg(format!("127.0.0.1:{}", self.execution));
        command.arg("--genesis").arg(self.directory.join("runtime/metadata/genesis.json"));
        command.arg("--mnemonics").arg(mnemonics).arg("--out").arg(&out).args(more);
        run(&mut command);
        out
    }
}

/// The immutable part of a chain: the hashes of its blocks up to `last`, and their logs.
pub fn record(execution: u16, last: u64) -> (Vec<Value>, Value) {
    let call = |method: &str, parameters: Value| http::call(execution, method, parameters).unwrap();
    let block = |number: u64| {
        call("eth_getBlockByNumber", json!([format!("{number:#x}"), false]))["hash"].take()
    };
    let mut logs =
        call("eth_getLogs", json!([{"fromBlock": "0x0", "toBlock": format!("{last:#x}")}]));
    logs.as_array_mut().unwrap().iter_mut().for_each(|log| {
        log.as_object_mut().unwrap().remove("blockTimestamp");
    });
    ((0..=last).map(block).collect(), logs)
}

/// Runs a program that must succeed; returns stderr.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}\n{said}");
    said
}

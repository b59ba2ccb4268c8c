//! One node of geth and the suite's consensus client, which are killed and started again.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::nodes::http;
use crate::nodes::process::{Process, assert_installed, free_ports};
use crate::nodes::programs::consensus;
use crate::nodes::snapshot::snapshot;
use crate::support::regenesis;

/// The flags of the stack: docs/decisions/0009-geth-in-the-stack.md.
const STORAGE: [&str; 3] = ["--db.engine=leveldb", "--state.scheme=hash", "--cache=64"];

/// The fields end in this order.
pub struct Net {
    watch: Option<Process>,
    clients: Vec<Process>,
    /// How the beacon node finds its head, and after how many seconds it is up.
    manner: (&'static str, u64),
    /// Whether `regenesis run` supervises every client, as in the stack.
    supervised: bool,
    execution: u16,
    engine: u16,
    beacon: u16,
    directory: tempfile::TempDir,
}

impl Net {
    /// Begins a chain with slots of a second.
    pub fn start(head: &'static str, start_after: u64) -> Self {
        Self::start_with(head, start_after, false)
    }

    /// As [`Net::start`], with a supervisor over every client.
    pub fn start_supervised(head: &'static str, start_after: u64) -> Self {
        Self::start_with(head, start_after, true)
    }

    fn start_with(head: &'static str, start_after: u64, supervised: bool) -> Self {
        assert_installed("geth", "version", "scripts/install_geth.sh");
        let directory = tempfile::tempdir().unwrap();
        snapshot("fulu", &directory.path().join("snapshot"));
        let [execution, engine, beacon] = free_ports();
        let manner = (head, start_after);
        let (watch, clients) = (None, Vec::new());
        let mut net =
            Self { watch, clients, manner, supervised, execution, engine, beacon, directory };
        let mut init = regenesis();
        init.arg("init").arg(net.at("snapshot")).arg("--out").arg(net.at("runtime"));
        let init = init.args(["--lead", "4"]).output().unwrap();
        assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        for name in ["beacon", "validator"] {
            std::fs::create_dir(net.at(name)).unwrap();
        }
        net.start_clients();
        net
    }

    fn at(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    /// Starts the clients without `init`, like containers that restart.
    pub fn start_clients(&mut self) {
        let (runtime, logs) = (self.at("runtime"), self.directory.path());
        let mut geth = regenesis();
        geth.arg("run").arg("--runtime").arg(&runtime).arg("--datadir").arg(self.at("geth"));
        if self.supervised {
            geth.args(["--supervise", "el"]);
        }
        geth.args(["--once", "geth", "--datadir"]).arg(self.at("geth")).args(STORAGE);
        geth.arg("init").arg(runtime.join("metadata/genesis.json")).arg(";");
        geth.args(["--", "geth", "--datadir"]).arg(self.at("geth")).args(STORAGE);
        geth.args(["--gcmode=archive", "--syncmode=full", "--ipcdisable", "--nodiscover"]);
        geth.args(["--maxpeers=0", "--port=0", "--http", "--http.api=eth,net,web3,debug,txpool"]);
        geth.arg(format!("--http.port={}", self.execution));
        geth.arg(format!("--authrpc.port={}", self.engine));
        geth.arg("--miner.gasprice=1").arg("--rpc.allow-unprotected-txs");
        geth.arg("--authrpc.jwtsecret").arg(runtime.join("jwt/jwtsecret"));
        let role = |role: &str| {
            let mut command = if self.supervised {
                let mut run = regenesis();
                run.arg("run").arg("--runtime").arg(&runtime);
                run.arg("--datadir").arg(self.at(role));
                run.args(["--supervise", if role == "beacon" { "cl" } else { "vc" }]);
                run.arg("--").arg(consensus().get_program());
                run
            } else {
                consensus()
            };
            command.arg(role).arg("--runtime").arg(&runtime).arg("--datadir").arg(self.at(role));
            command
        };
        let mut beacon = role("beacon");
        beacon.args(["--engine", &format!("127.0.0.1:{}", self.engine)]);
        beacon.args(["--port", &self.beacon.to_string(), "--head", self.manner.0]);
        beacon.args(["--start-after", &self.manner.1.to_string()]);
        let mut validator = role("validator");
        validator.args(["--beacon", &format!("127.0.0.1:{}", self.beacon)]);
        let clients = [
            Process::start("validator", &mut validator, logs),
            Process::start("beacon", &mut beacon, logs),
            Process::start("geth", &mut geth, logs),
        ];
        self.clients = clients.into();
    }

    /// `kill -9`, which is what dropping a process does.
    pub fn kill_all(&mut self) {
        self.clients.clear();
    }

    /// Starts the clients without `init`; the number of the block that geth had.
    pub fn restart(&mut self) -> u64 {
        self.start_clients();
        self.waits_until("geth answers", |net| net.call("eth_blockNumber", json!([])).is_ok());
        self.head()
    }

    /// Stops the clients, runs `init` with `--lead auto`, and starts them with new data.
    pub fn start_again(&mut self) {
        self.kill_all();
        self.end_watch();
        let mut init = regenesis();
        init.arg("init").arg(self.at("snapshot")).arg("--out").arg(self.at("runtime"));
        let init = init.output().unwrap();
        assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        for name in ["beacon", "validator"] {
            std::fs::remove_dir_all(self.at(name)).unwrap();
            std::fs::create_dir(self.at(name)).unwrap();
        }
        self.start_clients();
        self.watch();
    }

    /// The starts that `watch` recorded, in seconds.
    pub fn start_times(&self) -> Vec<u64> {
        let file = std::fs::read(self.at("runtime/.regenesis/start-times.json"));
        let file: Value = serde_json::from_slice(&file.unwrap_or_default()).unwrap_or_default();
        let starts = file["starts"].as_array().into_iter().flatten();
        starts.filter_map(|start| start["seconds"].as_u64()).collect()
    }

    /// Waits for the first block, and returns whether `watch` has recorded this many starts soon after: it
    /// leaves out those of more than half a minute.
    pub fn records(&mut self, starts: usize) -> bool {
        self.waits_until("the first block", |net| {
            let block = net.call("eth_getBlockByNumber", json!(["0x1", false]));
            block.is_ok_and(|block| !block.is_null())
        });
        let end = Instant::now() + Duration::from_secs(15);
        while self.start_times().len() < starts {
            if Instant::now() > end {
                // It must not record this start later.
                self.end_watch();
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        self.start_times().len() == starts
    }

    /// Seconds from genesis to the first block.
    pub fn genesis_to_block(&self) -> u64 {
        let marker = std::fs::read(self.at("runtime/regenesis.json")).unwrap();
        let marker: Value = serde_json::from_slice(&marker).unwrap();
        number(&self.block("0x1")["timestamp"]) - marker["cl"]["genesis_time"].as_u64().unwrap()
    }

    pub fn watch(&mut self) {
        self.watch_with(&[]);
    }

    /// As in the stack: with the data of all clients, and the environment of `init`.
    pub fn watch_and_renew(&mut self) {
        let data = ["geth", "beacon", "validator"].map(|name| self.at(name).display().to_string());
        self.watch_with(&["--heal", "renew", "--client-data", &data.join(",")]);
    }

    /// SIGSTOP or SIGCONT for the validator client, without which there are no new blocks.
    pub fn signal_validator(&self, signal: &str) {
        let validator = self.clients[0].id().to_string();
        let mut kill = std::process::Command::new("kill");
        assert!(kill.args(["-s", signal, &validator]).status().unwrap().success());
    }

    /// SIGSTOP for the execution client, whose supervisor continues.
    pub fn freeze_geth(&self) {
        let supervisor = self.clients.last().unwrap().id().to_string();
        let mut children = std::process::Command::new("pgrep");
        let found = children.args(["-P", &supervisor]).output().unwrap();
        let geth = String::from_utf8(found.stdout).unwrap();
        let frozen = std::process::Command::new("kill").args(["-STOP", geth.trim()]).status();
        assert!(frozen.unwrap().success(), "{geth}");
    }

    /// Sets the times of all files in the data directories back, as if nothing had been written since.
    pub fn make_old(&self) {
        for name in ["geth", "beacon", "validator"] {
            let mut find = std::process::Command::new("find");
            find.arg(self.at(name)).args(["-exec", "touch", "-h", "-d", "2 hours ago", "{}", "+"]);
            assert!(find.status().unwrap().success());
        }
    }

    pub fn watch_with(&mut self, arguments: &[&str]) {
        let mut watch = regenesis();
        watch.arg("watch").arg("--runtime").arg(self.at("runtime"));
        watch.args(["--el", &format!("127.0.0.1:{}", self.execution)]);
        watch.args(["--cl", &format!("127.0.0.1:{}", self.beacon)]);
        watch.args(["--engine", &format!("127.0.0.1:{}", self.engine)]).args(arguments);
        watch.env("REGENESIS_SNAPSHOT", self.at("snapshot")).env("REGENESIS_LEAD", "4");
        self.watch = Some(Process::start("watch", &mut watch, self.directory.path()));
    }

    pub fn end_watch(&mut self) {
        self.watch = None;
    }

    /// The actions of `watch` since its start, by the first words of its lines.
    pub fn actions(&self) -> Vec<String> {
        let log = self.log("watch");
        let actions = ["confirm", "set head", "replay", "restart", "renew"];
        let line =
            |line: &str| actions.into_iter().find(|action| line.trim_start().starts_with(action));
        log.lines().filter_map(line).map(str::to_owned).collect()
    }

    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.at(&format!("{name}.log"))).unwrap()
    }

    pub fn call(&self, method: &str, parameters: Value) -> Result<Value, String> {
        http::call(self.execution, method, parameters)
    }

    pub fn block(&self, which: &str) -> Value {
        self.call("eth_getBlockByNumber", json!([which, false])).unwrap()
    }

    pub fn genesis(&self) -> Value {
        self.waits_until("geth answers", |net| net.call("eth_blockNumber", json!([])).is_ok());
        self.block("0x0")["hash"].take()
    }

    pub fn head(&self) -> u64 {
        number(&self.block("latest")["number"])
    }

    /// Sends a call of the first development account; its hash.
    pub fn transaction(&self, nonce: u64, to: &str) -> Value {
        let mut sign = consensus();
        sign.arg("sign").arg("--runtime").arg(self.at("runtime"));
        let signed = sign.args(["--nonce", &nonce.to_string(), "--call", to]).output().unwrap();
        let signed = String::from_utf8(signed.stdout).unwrap();
        self.call("eth_sendRawTransaction", json!([signed.trim()])).unwrap()
    }

    pub fn receipt(&self, hash: &Value) -> Result<Value, String> {
        self.call("eth_getTransactionReceipt", json!([hash]))
    }

    /// Waits until something is so.
    pub fn waits_until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + Duration::from_mins(2);
        while !is_so(self) {
            assert!(Instant::now() < end, "not in two minutes: {what}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits for a text in the log of a program.
    pub fn must_say(&self, program: &str, text: &str) {
        let what = format!("{program} says: {text}");
        self.waits_until(&what, |net| net.log(program).contains(text));
    }

    pub fn reaches(&self, blocks: u64) {
        let head = || self.call("eth_blockNumber", json!([])).map_or(0, |head| number(&head));
        self.waits_until(&format!("{blocks} blocks"), |_| head() >= blocks);
    }

    /// The slot of the beacon node's head.
    fn slot(&self) -> Option<u64> {
        let syncing = http::get(self.beacon, "/eth/v1/node/syncing").ok()?;
        syncing["head_slot"].as_str()?.parse().ok()
    }

    /// Whether a block of after now comes in this time.
    pub fn builds_within(&self, time: Duration) -> bool {
        self.first_block(time).is_some()
    }

    /// How long it takes to the next block, at most this time.
    pub fn must_build_within(&self, time: Duration) -> Duration {
        self.first_block(time).unwrap_or_else(|| panic!("dead\n{}", self.log("watch")))
    }

    /// Blocks have later timestamps than this moment, to the slot.
    fn first_block(&self, time: Duration) -> Option<Duration> {
        let start = Instant::now();
        let now = std::time::SystemTime::now();
        let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        while start.elapsed() < time {
            let head = self.call("eth_getBlockByNumber", json!(["latest", false]));
            let is_new = head.is_ok_and(|head| number(&head["timestamp"]) > now);
            if is_new && self.slot().is_some() {
                return Some(start.elapsed());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        None
    }
}

pub fn number(quantity: &Value) -> u64 {
    u64::from_str_radix(quantity.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

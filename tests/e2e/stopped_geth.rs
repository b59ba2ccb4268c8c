//! `capture --datadir` of directories that real geths wrote and left, in all storage engines, schemes and
//! garbage collections: geth on the new genesis gives the same proofs, codes and slots as before.

mod alloc;
mod forged;
mod frozen;
mod imported;
mod long;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::nodes::http;
use crate::nodes::process::{Process, free_ports};
use crate::nodes::programs::consensus;
use crate::nodes::tools::{geth, geth_1_16, scratch};
use crate::support::regenesis;

/// Rounds of transactions in each of the two sessions of a source: three blocks each.
const ROUNDS: u64 = 6;
/// Code for a creation: 32 times, it stores a slot by hash and sends 1 wei to a new address.
const CREATOR: &str = "0x60205b436000528060205260406000208181556000600060006000600185\
                       5af15050600190038060025760206000f3";
/// A contract that stores a word of its input at another: also 0, which removes the slot.
const STORE: &str = "0x6008600c60003960086000f36020356000355500";
/// A contract that destroys itself in its creation.
const DESTROYED: &str = "0x600160015533ff";

/// How a directory is written.
#[derive(Clone, Copy)]
struct Kind {
    program: fn() -> PathBuf,
    engine: &'static str,
    scheme: &'static str,
    collection: &'static str,
    /// Whether geth is killed at its end.
    killed: bool,
    /// Whether geth keeps addresses and slots.
    preimages: bool,
}

impl Kind {
    const fn of(engine: &'static str, scheme: &'static str, collection: &'static str) -> Self {
        Self { program: geth, engine, scheme, collection, killed: false, preimages: false }
    }

    fn geth(self, datadir: &Path) -> Command {
        let mut command = Command::new((self.program)());
        command.arg("--datadir").arg(datadir).arg(format!("--db.engine={}", self.engine));
        command.arg(format!("--state.scheme={}", self.scheme)).arg("--cache=64");
        command.arg(format!("--gcmode={}", self.collection));
        command.args([
            "--syncmode=full",
            "--ipcdisable",
            "--nodiscover",
            "--maxpeers=0",
            "--port=0",
            "--http",
        ]);
        if self.preimages {
            command.arg("--cache.preimages");
        }
        command
    }
}

/// A directory of geth, and what geth answered at its head.
struct Source {
    directory: tempfile::TempDir,
    kind: Kind,
    head: Value,
    /// Addresses, with proof and code.
    accounts: Vec<(String, Value, Value)>,
    /// The state root of each block.
    roots: Vec<String>,
}

impl Source {
    /// Two sessions of a geth that makes blocks: the second one finds tables on disk.
    fn new(kind: Kind) -> Self {
        Self::of_rounds(kind, ROUNDS)
    }

    fn of_rounds(kind: Kind, rounds: u64) -> Self {
        let directory = scratch();
        let mut source =
            Self { directory, kind, head: Value::Null, accounts: Vec::new(), roots: Vec::new() };
        source.session(rounds, false);
        source.session(rounds, kind.killed);
        source
    }

    fn datadir(&self) -> PathBuf {
        self.directory.path().join("source")
    }

    fn session(&mut self, rounds: u64, killed: bool) {
        let [port, engine] = free_ports();
        let mut command = self.kind.geth(&self.datadir());
        command.args(["--dev", "--http.api=eth"]).arg(format!("--http.port={port}"));
        command.arg(format!("--authrpc.port={engine}"));
        let process = Process::start("source", &mut command, self.directory.path());
        let node = Node { port };
        let from = node.eventually("eth_accounts", json!([]), |found| found[0].is_string());
        let from = from[0].as_str().unwrap().to_owned();
        let store = node.creates(&from, STORE);
        let mut addresses = vec![from.clone(), store.clone()];
        for round in 0..rounds {
            addresses.push(node.creates(&from, CREATOR));
            addresses.push(node.creates(&from, DESTROYED));
            let words = format!("0x{:064x}{:064x}", round % 4, round * round % 5);
            node.sends(&json!({"from": from, "to": store, "data": words, "gas": "0x4c4b40"}));
        }
        self.head = node.ask("eth_getBlockByNumber", json!(["latest", false]));
        let number = quantity(&self.head["number"]);
        let root = |number: u64| {
            let block = node.ask("eth_getBlockByNumber", json!([format!("{number:#x}"), false]));
            block["stateRoot"].as_str().unwrap().to_owned()
        };
        self.roots = (0..=number).map(root).collect();
        let known: Vec<_> = self.accounts.iter().map(|(address, ..)| address.clone()).collect();
        let all = known.into_iter().chain(addresses);
        self.accounts = all.map(|address| node.account(address)).collect();
        if killed {
            // Dropping it is kill -9.
            drop(process);
            return;
        }
        terminate(process);
    }

    fn capture(&self, out: &str, flags: &[&str]) -> Output {
        let mut capture = regenesis();
        capture.arg("capture").arg("--datadir").arg(self.datadir()).args(flags);
        capture.arg("--out").arg(self.directory.path().join(out)).output().unwrap()
    }

    /// Captures the directory, creates a genesis, and starts geth on it.
    fn starts_again(&self, flags: &[&str]) -> Started {
        let before = tree(&self.datadir());
        let output = self.capture("snapshot", flags);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{text}");
        assert_eq!(before, tree(&self.datadir()), "the source has changed");
        println!("{text}");
        let at = |name: &str| self.directory.path().join(name);
        let verified = regenesis().arg("verify").arg(at("snapshot")).output().unwrap();
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
        let mut init = regenesis();
        init.arg("init").arg(at("snapshot")).arg("--out").arg(at("runtime"));
        init.arg("--geth-datadir").arg(at("geth")).args(["--lead", "4", "--json"]);
        let init = init.output().unwrap();
        assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        let summary: Value = serde_json::from_slice(&init.stdout).unwrap();
        let [port, engine] = free_ports();
        let mut command = self.kind.geth(&at("geth"));
        command.arg(format!("--http.port={port}")).arg(format!("--authrpc.port={engine}"));
        command.arg("--authrpc.jwtsecret").arg(at("runtime/jwt/jwtsecret"));
        let process = Process::start("geth", &mut command, self.directory.path());
        let node = Node { port };
        node.eventually("eth_blockNumber", json!([]), |head| head == "0x0");
        let genesis = node.ask("eth_getBlockByNumber", json!(["0x0", false]));
        assert_eq!(genesis["hash"], summary["el"]["block_hash"]);
        assert_eq!(node.ask("eth_getBlockByNumber", json!(["0x1", false])), Value::Null);
        Started { node, genesis, engine, _process: process }
    }

    /// geth on the new genesis has the state of the head.
    fn has_head(&self, started: &Started) {
        assert_eq!(started.genesis["stateRoot"], self.head["stateRoot"]);
        for (address, proof, code) in &self.accounts {
            let (_, found_proof, found_code) = started.node.account(address.clone());
            assert_eq!((&found_proof, &found_code), (proof, code), "{address}");
        }
        let hash = &self.head["hash"];
        assert_eq!(started.node.ask("eth_getBlockByHash", json!([hash, false])), Value::Null);
    }

    /// A consensus client builds blocks on the new genesis.
    fn builds(&self, started: &Started) {
        let at = |name: &str| self.directory.path().join(name);
        let [beacon] = free_ports();
        let client = |role: &'static str, flags: &[&str]| {
            std::fs::create_dir(at(role)).unwrap();
            let mut command = consensus();
            command.arg(role).arg("--runtime").arg(at("runtime")).arg("--datadir").arg(at(role));
            Process::start(role, command.args(flags), self.directory.path())
        };
        let engine = format!("127.0.0.1:{}", started.engine);
        let _node = client("beacon", &["--engine", &engine, "--port", &beacon.to_string()]);
        let _validator = client("validator", &["--beacon", &format!("127.0.0.1:{beacon}")]);
        started.node.eventually("eth_blockNumber", json!([]), |head| quantity(head) >= 3);
    }
}

/// geth on a genesis with a captured state.
struct Started {
    node: Node,
    genesis: Value,
    engine: u16,
    _process: Process,
}

/// The JSON-RPC of a geth.
struct Node {
    port: u16,
}

impl Node {
    fn ask(&self, method: &str, params: Value) -> Value {
        http::call(self.port, method, params).unwrap()
    }

    /// The first answer that `is_right` accepts; until then, geth may be starting.
    fn eventually(&self, method: &str, params: Value, is_right: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        loop {
            let answer = http::call(self.port, method, params.clone());
            match answer {
                Ok(answer) if is_right(&answer) => return answer,
                answer => {
                    assert!(begin.elapsed() < Duration::from_mins(2), "{method}: {answer:?}");
                }
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a transaction, and returns its receipt.
    fn sends(&self, transaction: &Value) -> Value {
        let hash = self.ask("eth_sendTransaction", json!([transaction]));
        let (begin, mut last) = (Instant::now(), Instant::now());
        loop {
            let receipt = http::call(self.port, "eth_getTransactionReceipt", json!([hash]));
            if let Ok(receipt) = &receipt
                && receipt.is_object()
            {
                return receipt.clone();
            }
            assert!(begin.elapsed() < Duration::from_mins(4), "{hash} is not mined: {receipt:?}");
            // On a busy machine, geth --dev may leave a transaction in its pool until another one arrives.
            if last.elapsed() > Duration::from_secs(10) {
                let from = &transaction["from"];
                let another = json!([{"from": from, "to": from, "value": "0x1"}]);
                let _ = http::call(self.port, "eth_sendTransaction", another);
                last = Instant::now();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn creates(&self, from: &str, code: &str) -> String {
        let receipt =
            self.sends(&json!({"from": from, "data": code, "value": "0x64", "gas": "0x4c4b40"}));
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        receipt["contractAddress"].as_str().unwrap().to_owned()
    }

    /// Proof and code of an account at the head.
    fn account(&self, address: String) -> (String, Value, Value) {
        let slots = ["0x0", "0x1", "0x2", "0x3"];
        let proof = self.ask("eth_getProof", json!([address, slots, "latest"]));
        let code = self.ask("eth_getCode", json!([address, "latest"]));
        (address, proof, code)
    }
}

/// Stops geth with SIGTERM: it then writes the state of its head.
fn terminate(process: Process) {
    let id = i32::try_from(process.id()).unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), nix::sys::signal::SIGTERM).unwrap();
    process.ends();
}

fn quantity(value: &Value) -> u64 {
    let digits = value.as_str().unwrap_or_default().trim_start_matches("0x");
    u64::from_str_radix(digits, 16).unwrap_or_default()
}

/// The files of a directory, with sizes and times of change.
fn tree(directory: &Path) -> Vec<(PathBuf, u64, std::time::SystemTime)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let meta = path.symlink_metadata().unwrap();
        if meta.is_dir() {
            found.extend(tree(&path));
        } else {
            found.push((path, meta.len(), meta.modified().unwrap()));
        }
    }
    found.sort();
    found
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn every_scheme_of_leveldb_starts_again() {
    for (scheme, collection, builds) in
        [("hash", "archive", true), ("hash", "full", false), ("path", "archive", false)]
    {
        let source = Source::new(Kind::of("leveldb", scheme, collection));
        let started = source.starts_again(&["--prove"]);
        source.has_head(&started);
        if builds {
            source.builds(&started);
        }
    }
}

#[test]
fn every_scheme_of_pebble_starts_again() {
    for (scheme, collection, builds) in
        [("hash", "archive", false), ("hash", "full", false), ("path", "archive", false)]
    {
        let source = Source::new(Kind::of("pebble", scheme, collection));
        let started = source.starts_again(&["--prove"]);
        source.has_head(&started);
        if builds {
            source.builds(&started);
        }
    }
}

/// geth's defaults: the state of the head is in a journal.
#[test]
fn the_journal_of_the_path_scheme_is_applied() {
    for (engine, builds) in [("pebble", true), ("leveldb", false)] {
        let source = Source::new(Kind::of(engine, "path", "full"));
        let number = quantity(&source.head["number"]) - 3;
        let earlier = number.to_string();
        let output = source.capture("earlier", &["--block", &earlier, "--prove"]);
        assert!(output.status.success(), "{}", stderr(&output));
        let started = source.starts_again(&[]);
        source.has_head(&started);
        if builds {
            source.builds(&started);
        }
    }
}

/// 5,000 accounts and 400 blocks: a full node has dropped states, and the journal has 128 of them.
#[test]
fn old_states_of_a_long_chain_are_captured_and_dropped_ones_refused() {
    for (engine, scheme, kept, dropped) in
        [("leveldb", "hash", 127, 60), ("pebble", "path", 120, 300)]
    {
        let source = Source::of_rounds(Kind::of(engine, scheme, "full"), 80);
        let head = quantity(&source.head["number"]);
        assert!(head > 400, "{head} blocks");
        let of_block = |name: &str, number: u64| {
            source.capture(name, &["--block", &number.to_string(), "--prove"])
        };
        let refused = of_block("dropped", head - dropped);
        assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
        assert!(stderr(&refused).contains("it has those of: "), "{}", stderr(&refused));
        let old = of_block("old", head - kept);
        assert!(old.status.success(), "{}", stderr(&old));
        let metadata = std::fs::read(source.directory.path().join("old/metadata.json")).unwrap();
        let metadata: Value = serde_json::from_slice(&metadata).unwrap();
        let root = &source.roots[usize::try_from(head - kept).unwrap()];
        assert_eq!(metadata["state_root"], root.as_str());
        let started = source.starts_again(&["--prove"]);
        source.has_head(&started);
        let metadata =
            std::fs::read(source.directory.path().join("snapshot/metadata.json")).unwrap();
        let metadata: Value = serde_json::from_slice(&metadata).unwrap();
        assert!(metadata["counts"]["accounts"].as_u64() > Some(5_000), "{metadata}");
    }
}

#[test]
fn an_older_geth_starts_again() {
    for (engine, scheme) in [("leveldb", "hash"), ("pebble", "path")] {
        let kind = Kind { program: geth_1_16, ..Kind::of(engine, scheme, "full") };
        let source = Source::new(kind);
        let started = source.starts_again(&["--prove"]);
        source.has_head(&started);
    }
}

/// After `kill -9`, an archive has the state of its head; in the other schemes geth has not written it.
#[test]
fn a_killed_geth_starts_again_from_the_last_state_on_disk() {
    for (engine, scheme, collection) in [("leveldb", "hash", "archive"), ("pebble", "path", "full")]
    {
        let kind = Kind { killed: true, ..Kind::of(engine, scheme, collection) };
        let source = Source::new(kind);
        let head = quantity(&source.head["number"]);
        let is_archive = collection == "archive";
        if !is_archive {
            let output = source.capture("head", &["--block", &head.to_string()]);
            assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
            // pebble writes its log late: the last blocks may be gone, too.
            let found = stderr(&output);
            let is_named =
                ["it has those of: ", "the last block is "].map(|text| found.contains(text));
            assert!(is_named.contains(&true), "{found}");
        }
        let started = source.starts_again(&["--prove"]);
        if is_archive {
            source.has_head(&started);
        }
        let root = started.genesis["stateRoot"].as_str().unwrap().to_owned();
        assert!(source.roots.contains(&root), "{root}");
    }
}

#[test]
fn a_running_geth_is_refused_by_its_lock() {
    let source = Source::new(Kind::of("leveldb", "hash", "archive"));
    let [port, engine] = free_ports();
    let mut command = source.kind.geth(&source.datadir());
    command.arg("--dev").arg(format!("--http.port={port}"));
    command.arg(format!("--authrpc.port={engine}"));
    let process = Process::start("running", &mut command, source.directory.path());
    Node { port }.eventually("eth_blockNumber", json!([]), Value::is_string);
    let output = source.capture("snapshot", &[]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("is in use: process"), "{}", stderr(&output));
    assert!(!source.directory.path().join("snapshot").exists());
    drop(process);
}

#[test]
fn what_needs_accounts_says_that_there_are_none() {
    let source = Source::new(Kind::of("leveldb", "hash", "full"));
    let output = source.capture("snapshot", &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let at = |name: &str| source.directory.path().join(name);
    let init = |flags: &[&str]| {
        let mut init = regenesis();
        init.arg("init").arg(at("snapshot")).arg("--out").arg(at("runtime")).args(flags);
        let output = init.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(!at("runtime").exists());
        stderr(&output)
    };
    let none = "the snapshot has geth's database and no accounts";
    assert!(init(&[]).contains(&format!("{none}: --geth-datadir is missing")));
    let datadir = at("geth").display().to_string();
    let besu = init(&["--geth-datadir", &datadir, "--el-format", "besu"]);
    assert!(besu.contains(&format!("{none}: besu cannot start from it")), "{besu}");
    let contracts = init(&["--geth-datadir", &datadir, "--add-system-contracts"]);
    assert!(contracts.contains(none), "{contracts}");
    let inspected = regenesis().arg("inspect").arg(at("snapshot")).output().unwrap();
    let text = String::from_utf8_lossy(&inspected.stdout).into_owned();
    assert!(inspected.status.success() && text.contains("in geth's database alone"), "{text}");
    let again = source.capture("snapshot", &[]);
    assert_eq!(again.status.code(), Some(7), "{}", stderr(&again));
    let kept = "has geth's database, which a capture does not replace";
    assert!(stderr(&again).contains(kept), "{}", stderr(&again));
    let funded = source.capture("other", &["--fund", "0x01=1"]);
    assert!(
        stderr(&funded).contains("--fund cannot be used with --datadir"),
        "{}",
        stderr(&funded)
    );
}

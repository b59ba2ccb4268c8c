//! geth's database in a bake, beside the one that geth creates from the same genesis: keys and values,
//! the flat snapshot, and the answers of geth on both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use regenesis::el::genesis;
use regenesis::el::header::make_genesis_header;
use regenesis::geth_database::{Engine, Stamp, log_name, stamp};
use regenesis::snapshot::bake::{GETH, RECORD, Record};
use regenesis::snapshot::{CONFIG, GENESIS, METADATA, MNEMONICS};
use serde_json::{Value, json};

use crate::nodes::history::run;
use crate::nodes::http;
use crate::nodes::process::{Process, free_ports};
use crate::nodes::tools::{geth, geth_1_16, leveldb_dump};
use crate::support::{regenesis, repository, vectors};

#[path = "../../benches/snapshot/mod.rs"]
mod generated;

const STORAGE: [&str; 3] = ["--db.engine=leveldb", "--state.scheme=hash", "--cache=64"];
/// Accounts whose proofs are compared.
const PROOFS: usize = 40;

/// Keys and values of a database in hex.
type Pairs = BTreeMap<String, String>;

/// A snapshot, its genesis, and room for data directories.
struct Place {
    directory: tempfile::TempDir,
    summary: Value,
}

impl Place {
    /// Bakes the snapshot that `write` writes, and creates a genesis from it.
    fn new(write: impl FnOnce(&Path)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let snapshot = directory.path().join("snapshot");
        write(&snapshot);
        let bake = ["bake", "--keystores=none", "--geth-datadir=yes"];
        run(regenesis().args(bake).arg(&snapshot));
        let mut init = regenesis();
        init.arg("init").arg(&snapshot).arg("--out").arg(directory.path().join("runtime"));
        let output = init.arg("--json").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let summary = serde_json::from_slice(&output.stdout).unwrap();
        Self { directory, summary }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    /// Puts the baked database into the data directory `name`, and adds the genesis block.
    fn stamp(&self, name: &str) {
        let chaindata = self.at(name).join("geth/chaindata");
        std::fs::create_dir_all(&chaindata).unwrap();
        let record = std::fs::read(self.at("snapshot").join(RECORD)).unwrap();
        let database = Record::parse(&record).unwrap().geth.unwrap();
        for file in &database.files {
            let from = self.at("snapshot").join(GETH).join(&file.path);
            std::fs::copy(from, chaindata.join(&file.path)).unwrap();
        }
        let text = std::fs::read(self.at("runtime/metadata/genesis.json")).unwrap();
        let (document, state) = genesis::read(&text[..], &|_| ()).unwrap();
        let genesis = document.genesis().unwrap();
        assert_eq!(state.root(), database.state_root);
        let time = genesis.timestamp.unwrap();
        let header = make_genesis_header(&genesis, database.state_root, time);
        assert_eq!(header.hash().to_string(), self.summary["el"]["block_hash"]);
        let config = document.head.iter().rfind(|member| member.key == b"config").unwrap();
        let sequence = database.sequence + 1;
        let (engine, log) = (Engine::LevelDb, database.log);
        let log = stamp(&Stamp { header: &header, config: &config.value, sequence, engine, log });
        std::fs::write(chaindata.join(log_name(database.log)), log).unwrap();
    }

    fn geth(&self, program: &Path, name: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("--datadir").arg(self.at(name)).args(STORAGE);
        command
    }

    fn init(&self, program: &Path, name: &str) {
        let genesis = self.at("runtime/metadata/genesis.json");
        run(self.geth(program, name).args(["--cache.preimages", "init"]).arg(genesis));
    }

    fn pairs(&self, name: &str) -> Pairs {
        let mut dump = Command::new(leveldb_dump());
        let output = dump.arg(self.at(name).join("geth/chaindata")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let pairs = text.lines().map(|line| line.split_once(' ').unwrap());
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    /// Compares the database that was stamped as `ours` with the one that geth created as `theirs`.
    fn compare(&self, ours: &str, theirs: &str) {
        let (mut ours, mut theirs) = (self.pairs(ours), self.pairs(theirs));
        let hash = self.summary["el"]["block_hash"].as_str().unwrap();
        let of_genesis = |prefix: &str| hex::encode(prefix) + &hash[2..];
        // The alloc as JSON: geth reads it to rebuild a state that it lacks.
        assert!(theirs.remove(&of_genesis("ethereum-genesis-")).is_some());
        // geth formats the same values in another way.
        let config = of_genesis("ethereum-config-");
        let configs = [ours.remove(&config).unwrap(), theirs.remove(&config).unwrap()];
        let configs = configs.map(|text| serde_json::from_slice(&hex::decode(text).unwrap()));
        let [ours_config, theirs_config]: [Value; 2] = configs.map(Result::unwrap);
        assert_eq!(ours_config["chainId"], theirs_config["chainId"]);
        // geth writes the version and the flat snapshot when it starts.
        let version = ours.remove(&hex::encode("DatabaseVersion"));
        assert_eq!(version.as_deref(), Some("09"));
        assert!(!take_snapshot(&mut ours).is_empty());
        assert_eq!(take_snapshot(&mut theirs), Pairs::new());
        let missing: Vec<_> = theirs.keys().filter(|key| !ours.contains_key(*key)).collect();
        let extra: Vec<_> = ours.keys().filter(|key| !theirs.contains_key(*key)).collect();
        assert!(missing.is_empty() && extra.is_empty(), "missing {missing:?}, extra {extra:?}");
        assert!(ours == theirs, "a value differs");
    }

    /// Starts geth in the data directory `name`, and waits until it answers.
    fn start(&self, program: &Path, name: &'static str) -> Node {
        let [port, engine] = free_ports();
        let mut command = self.geth(program, name);
        command.args(["--gcmode=archive", "--ipcdisable", "--nodiscover", "--maxpeers=0"]);
        command.args(["--port=0", "--http", "--http.api=eth"]);
        command.arg(format!("--http.port={port}")).arg(format!("--authrpc.port={engine}"));
        let begin = Instant::now();
        let mut process = Process::start(name, &mut command, self.directory.path());
        let log = self.at(&format!("{name}.log"));
        while http::call(port, "eth_blockNumber", json!([])).is_err() {
            assert!(begin.elapsed() < Duration::from_mins(2), "{name} does not answer");
            process.assert_alive();
            std::thread::sleep(Duration::from_millis(20));
        }
        println!("{name}: geth answers after {:.2} s", begin.elapsed().as_secs_f64());
        Node { port, log, _process: process }
    }
}

/// A running geth.
struct Node {
    port: u16,
    log: PathBuf,
    _process: Process,
}

impl Node {
    fn ask(&self, method: &str, params: Value) -> Value {
        http::call(self.port, method, params).unwrap()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until geth has generated the flat snapshot.
    fn has_snapshot(&self) {
        let begin = Instant::now();
        while !self.log().contains("Generated state snapshot") {
            assert!(begin.elapsed() < Duration::from_mins(6), "no snapshot: {}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Removes the flat snapshot from `pairs`, and returns it.
fn take_snapshot(pairs: &mut Pairs) -> Pairs {
    let is_snapshot = |key: &str| match key.len() / 2 {
        33 => key.starts_with(&hex::encode("a")),
        65 => key.starts_with(&hex::encode("o")),
        _ => key.starts_with(&hex::encode("Snapshot")),
    };
    let keys: Vec<_> = pairs.keys().filter(|key| is_snapshot(key)).cloned().collect();
    keys.into_iter().map(|key| (key.clone(), pairs.remove(&key).unwrap())).collect()
}

#[test]
fn the_keys_of_the_sample_and_of_every_vector_equal_those_of_geth_init() {
    let sample = std::iter::once(repository().join("sample"));
    for source in sample.chain(vectors()) {
        let place = Place::new(|snapshot| copy(&source, snapshot));
        place.stamp("ours");
        place.init(&geth(), "theirs");
        place.compare("ours", "theirs");
    }
}

/// Copies the inputs of a snapshot, or of a vector.
fn copy(source: &Path, snapshot: &Path) {
    let is_vector = source.join("genesis.json").exists();
    let files: &[(&str, &str)] = if is_vector {
        &[("genesis.json", GENESIS), ("config.yaml", CONFIG), ("mnemonics.yaml", MNEMONICS)]
    } else {
        &[(GENESIS, GENESIS), (CONFIG, CONFIG), (MNEMONICS, MNEMONICS), (METADATA, METADATA)]
    };
    for (from, to) in files {
        let to = snapshot.join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(source.join(from), to).unwrap();
    }
    if is_vector {
        let genesis: Value =
            serde_json::from_slice(&std::fs::read(snapshot.join(GENESIS)).unwrap()).unwrap();
        let chain_id = &genesis["config"]["chainId"];
        let metadata = json!({"format": 1, "name": "vector", "chain_id": chain_id});
        std::fs::write(snapshot.join(METADATA), metadata.to_string()).unwrap();
    }
}

#[test]
fn ten_thousand_accounts_are_those_of_geth() {
    of_geth(&geth(), 10_000);
}

#[test]
fn an_older_geth_opens_the_same_database() {
    of_geth(&geth_1_16(), 1000);
}

/// Compares a generated state of this many accounts with what `program` creates from its genesis.
fn of_geth(program: &Path, accounts: u64) {
    let size = generated::Size { accounts, validators: 1, accounts_per_contract: generated::FULL };
    let place = Place::new(|snapshot| generated::write_snapshot(snapshot, size).unwrap());
    place.stamp("ours");
    place.init(program, "theirs");
    place.compare("ours", "theirs");

    let (ours, theirs) = (place.start(program, "ours"), place.start(program, "theirs"));
    let genesis = ours.ask("eth_getBlockByNumber", json!(["latest", false]));
    assert_eq!(genesis["hash"], place.summary["el"]["block_hash"]);
    assert_eq!(genesis, theirs.ask("eth_getBlockByNumber", json!(["latest", false])));
    let text = std::fs::read(place.at("runtime/metadata/genesis.json")).unwrap();
    let text: Value = serde_json::from_slice(&text).unwrap();
    let alloc = text["alloc"].as_object().unwrap();
    let stride = alloc.len() / PROOFS;
    for (address, account) in alloc.iter().step_by(stride) {
        let slots = account["storage"].as_object().into_iter().flatten();
        let slots: Vec<_> = slots.take(3).map(|(slot, _)| slot).collect();
        let proof = json!([address, slots, "latest"]);
        assert_eq!(ours.ask("eth_getProof", proof.clone()), theirs.ask("eth_getProof", proof));
        let code = json!([address, "latest"]);
        assert_eq!(ours.ask("eth_getCode", code.clone()), theirs.ask("eth_getCode", code));
    }
    theirs.has_snapshot();
    let log = ours.log();
    for work in ["state snapshot", "Rebuilding", "Failed to load snapshot", "Writing default"] {
        assert!(!log.contains(work), "geth computes after its start: {work}\n{log}");
    }
    drop((ours, theirs));

    let (mut ours, mut theirs) = (place.pairs("ours"), place.pairs("theirs"));
    assert!(take_snapshot(&mut ours) == take_snapshot(&mut theirs), "the flat snapshot differs");
    run(place.geth(program, "ours").args(["snapshot", "verify-state"]));
    // geth 1.17.4 cannot inspect its own databases either: "unknown tail group".
    if *program == geth_1_16() {
        run(place.geth(program, "ours").args(["db", "inspect"]));
    }
}

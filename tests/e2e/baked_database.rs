//! geth continues a chain on a database that `bake` has written: of a state, natively; of a history, by the
//! import of a geth.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use alloy_primitives::{hex, keccak256};
use serde_json::{Value, json};

use crate::nodes::history::{LOGGER, Source, record, run};
use crate::nodes::http;
use crate::nodes::net::{Net, number};
use crate::nodes::process::Process;
use crate::nodes::snapshot::snapshot;
use crate::nodes::tools::{geth, geth_1_16};
use crate::support::regenesis;

#[test]
fn geth_builds_on_a_baked_state() {
    builds(&geth());
}

#[test]
fn an_older_geth_builds_on_a_baked_state() {
    builds(&geth_1_16());
}

/// geth neither imports the genesis nor computes a state. 100 blocks with three kills, and the same again on
/// the next genesis.
fn builds(program: &Path) {
    let directory = tempfile::tempdir().unwrap();
    let made = directory.path().join("snapshot");
    snapshot("fulu", &made);
    run(regenesis().arg("bake").arg(&made).args(["--geth-datadir", "yes"]));
    let mut net = Net::of(&made, program, directory);
    let mut hashes = Vec::new();
    for boot in 0..2 {
        if boot > 0 {
            net = Net::of(&made, program, net.stop());
        }
        net.reaches(1);
        let log = log_of(&net);
        assert!(log.contains("skipped geth init"), "{log}");
        assert!(
            !log.contains("Generated state snapshot") && !log.contains("Failed to load"),
            "{log}"
        );
        assert_eq!(log.contains("wiped the data of another run"), boot > 0, "{log}");
        net.assert_alloc();
        for kill in 1..=3 {
            net.reaches(25 * kill);
            net.keeps_its_blocks_over_a_kill();
        }
        net.reaches(100);
        let hash = net.block("0x0")["hash"].clone();
        assert_eq!(hash, net.summary["el"]["block_hash"]);
        hashes.push(hash);
    }
    assert_ne!(hashes[0], hashes[1]);
}

fn log_of(net: &Net) -> String {
    std::fs::read_to_string(net.at("geth.log")).unwrap()
}

/// The last block of the history.
const LAST: u64 = 160;

#[test]
fn geth_continues_a_baked_history() {
    let history = History::new();
    history.bake(&geth());
    history.boots(&geth(), true);
}

/// A directory of geth 1.17 on 1.16, and the other way round.
#[test]
fn another_geth_continues_a_baked_history() {
    let history = History::new();
    history.bake(&geth_1_16());
    history.boots(&geth(), true);
    history.bake(&geth());
    history.boots(&geth_1_16(), true);
}

/// geth ends with the bake, and the earlier bake stays; the next one starts again.
#[test]
fn a_bake_killed_while_geth_imports_is_repeated() {
    let history = History::new();
    history.bake(&geth());
    let at = |path: &str| history.snapshot.join("baked").join(path);
    let record = std::fs::read(at("bake.json")).unwrap();
    let mut bake = regenesis();
    bake.arg("bake").arg(&history.snapshot).arg("--geth").arg(geth());
    let logs = tempfile::tempdir().unwrap();
    let running = Process::start("bake", &mut bake, logs.path());
    let import = at("geth-import");
    let end = Instant::now() + Duration::from_mins(2);
    while !import.join("data/geth/chaindata/CURRENT").exists() {
        assert!(Instant::now() < end, "geth has not started");
        std::thread::sleep(Duration::from_millis(5));
    }
    // Dropping it is kill -9.
    drop(running);
    assert_eq!(std::fs::read(at("bake.json")).unwrap(), record);
    run(regenesis().arg("verify").arg(&history.snapshot));
    history.bake(&geth());
    assert!(!import.exists());
}

/// geth keeps the alloc as JSON. Without it, the database has the codes as bytes, and not as hex digits.
#[test]
fn the_alloc_of_a_baked_history_is_left_out() {
    const CONTRACTS: u64 = 60;
    let code = |number: u64| {
        let part = |part: u64| hex::encode(keccak256((number << 32 | part).to_be_bytes()));
        (0..750).map(part).collect::<String>()
    };
    let history = History::of(&|genesis| {
        for number in 0..CONTRACTS {
            let address = hex::encode_prefixed(&keccak256(number.to_be_bytes())[..20]);
            genesis["alloc"][address] =
                json!({"balance": "0x1", "code": format!("0x{}", code(number))});
        }
    });
    history.bake(&geth());
    let place = history.snapshot.join("baked/geth");
    let files = std::fs::read_dir(place).unwrap();
    let size = files.map(|entry| entry.unwrap().metadata().unwrap().len()).sum::<u64>();
    let (codes, texts) = (CONTRACTS * 24_000, CONTRACTS * 48_000);
    assert!((codes..codes + texts).contains(&size), "{size} bytes, {codes} of codes");
    history.boots(&geth(), true);
}

#[test]
fn geth_imports_a_history_whose_database_it_cannot_read() {
    let history = History::new();
    history.bake(&geth());
    let path = history.snapshot.join("baked/bake.json");
    let mut record =
        regenesis::snapshot::bake::Record::parse(&std::fs::read(&path).unwrap()).unwrap();
    record.geth.as_mut().unwrap().version += 1;
    std::fs::write(&path, record.to_bytes()).unwrap();
    history.boots(&geth(), false);
}

/// A captured history, and what its chain answered.
struct History {
    snapshot: PathBuf,
    before: (Vec<Value>, Value),
    /// A slot and a transaction count at an old block.
    archive: Value,
    _directory: tempfile::TempDir,
}

impl History {
    /// Electra, and osaka nine days after block 0: the history has not reached it, so that its time moves
    /// with every boot.
    fn new() -> Self {
        Self::of(&|_| ())
    }

    /// The same with a genesis that `edit` has changed.
    fn of(edit: &dyn Fn(&mut Value)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let made = directory.path().join("source/snapshot");
        snapshot("fulu", &made);
        for (path, now, later) in [
            ("cl/config.yaml", "FULU_FORK_EPOCH: 0", "FULU_FORK_EPOCH: 100000"),
            ("el/genesis.template.json", "\"osakaTime\":0", "\"osakaTime\":1"),
        ] {
            let text = std::fs::read_to_string(made.join(path)).unwrap();
            assert!(text.contains(now), "{text}");
            std::fs::write(made.join(path), text.replace(now, later)).unwrap();
        }
        let path = made.join("el/genesis.template.json");
        let mut genesis = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        edit(&mut genesis);
        std::fs::write(&path, genesis.to_string()).unwrap();
        let source = Source::of(LAST, directory.path());
        let snapshot = source.capture(&[]);
        let before = record(source.execution, LAST);
        assert_eq!(before.1.as_array().unwrap().len() as u64, LAST);
        let archive = archive(source.execution);
        Self { snapshot, before, archive, _directory: directory }
    }

    fn bake(&self, program: &Path) {
        let said = run(regenesis().arg("bake").arg(&self.snapshot).arg("--geth").arg(program));
        assert!(said.contains("blocks, by geth"), "{said}");
        let said = run(regenesis().arg("verify").arg(&self.snapshot));
        assert!(said.contains("imported it"), "{said}");
    }

    /// Two boots: each has the old blocks, and continues after them.
    fn boots(&self, program: &Path, is_baked: bool) {
        let mut first = Value::Null;
        for boot in 0..2 {
            let mut net = Net::of(&self.snapshot, program, tempfile::tempdir().unwrap());
            assert_eq!(net.summary["history"]["blocks"], LAST);
            net.reaches(LAST + 8);
            let log = log_of(&net);
            assert_eq!(log.contains("skipped geth init"), is_baked, "{log}");
            assert_eq!(log.contains("skipped geth import"), is_baked, "{log}");
            assert_eq!(log.contains("blocks, ") && log.contains("imported in"), !is_baked, "{log}");
            assert!(record(net.execution, LAST) == self.before, "the history differs");
            // The chain config in the database is that of this boot.
            let genesis = std::fs::read(net.at("runtime/metadata/genesis.json")).unwrap();
            let genesis: Value = serde_json::from_slice(&genesis).unwrap();
            let osaka = &genesis["config"]["osakaTime"];
            assert!(osaka.as_u64().unwrap() > net.summary["cl"]["genesis_time"].as_u64().unwrap());
            let config = http::call(net.execution, "eth_config", json!([])).unwrap();
            assert_eq!(config["next"]["activationTime"], *osaka);
            assert_eq!(archive(net.execution), self.archive);
            if is_baked {
                let block = self.before.0[0].as_str().unwrap().trim_start_matches("0x");
                let key = format!("0x{}{block}", hex::encode("ethereum-genesis-"));
                let alloc = http::call(net.execution, "debug_dbGet", json!([key]));
                assert!(alloc.unwrap_err().contains("not found"));
            }
            let next = net.block(&format!("{:#x}", LAST + 1));
            assert_eq!(next["parentHash"], self.before.0[usize::try_from(LAST).unwrap()]);
            let genesis_time = net.summary["cl"]["genesis_time"].as_u64().unwrap();
            assert!(number(&next["timestamp"]) >= genesis_time);
            assert_ne!(next["hash"], first, "boot {boot}");
            first = next["hash"].clone();
            net.keeps_its_blocks_over_a_kill();
        }
    }
}

/// Answers that need the states of old blocks: the transactions that each sender had sent by then, and the
/// balance of the logger.
fn archive(execution: u16) -> Value {
    let call = |method: &str, params: Value| http::call(execution, method, params).unwrap();
    let answers = [1, LAST / 2, LAST].map(|number| {
        let at = format!("{number:#x}");
        let block = call("eth_getBlockByNumber", json!([at, true]));
        let sender = &block["transactions"][0]["from"];
        json!([
            block["stateRoot"],
            call("eth_getTransactionCount", json!([sender, at])),
            call("eth_getProof", json!([sender, [], at])),
            call("eth_getProof", json!([LOGGER, ["0x0"], at])),
        ])
    });
    json!(answers)
}

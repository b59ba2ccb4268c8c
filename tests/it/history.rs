//! A history snapshot: block 0 stays, and a new beacon chain continues after the last block.
//!
//! `tests/vectors/anchored`: blocks that geth built, and the output of eth-beacon-genesis for them.

use std::path::PathBuf;

use crate::support::{Done, Run, regenesis, repository, sha256};
use alloy_rlp::Decodable;
use regenesis::capture::receipts;
use regenesis::el::block::Block;
use serde_json::{Value, json};

const FORKS: [&str; 4] = ["capella", "deneb", "electra", "fulu"];
const NEVER: &str = "18446744073709551615";

fn vector(fork: &str) -> PathBuf {
    repository().join("tests/vectors/anchored").join(fork)
}

fn expected(fork: &str) -> Value {
    serde_json::from_slice(&std::fs::read(vector(fork).join("expected.json")).unwrap()).unwrap()
}

fn timestamp(fork: &str) -> u64 {
    let text = expected(fork)["timestamp"].as_str().unwrap().to_owned();
    u64::from_str_radix(&text[2..], 16).unwrap()
}

/// The files of a snapshot of one block, which a test may change before they are written.
pub struct Snapshot {
    genesis: Vec<u8>,
    head: Vec<u8>,
    config: String,
    metadata: Value,
}

impl Snapshot {
    pub fn of(fork: &str) -> Self {
        let read = |name: &str| std::fs::read(vector(fork).join(name)).unwrap();
        let expected = expected(fork);
        let block = json!({
            "number": 1, "hash": expected["hash"], "state_root": expected["stateRoot"],
            "timestamp": timestamp(fork),
        });
        let source =
            json!({"kind": "test", "genesis_hash": expected["genesis_hash"], "block": block});
        let mode = "history";
        let metadata = json!({
            "format": 1, "name": fork, "chain_id": 271_828, "mode": mode, "source": source, "files": {},
        });
        let config = String::from_utf8(read("config.yaml")).unwrap();
        Self { genesis: read("genesis.json"), head: read("head.rlp"), config, metadata }
    }

    /// Changes the execution config.
    fn genesis(mut self, change: impl FnOnce(&mut Value)) -> Self {
        let mut genesis: Value = serde_json::from_slice(&self.genesis).unwrap();
        change(&mut genesis["config"]);
        self.genesis = genesis.to_string().into_bytes();
        self
    }

    fn config(mut self, from: &str, to: &str) -> Self {
        assert!(self.config.contains(from), "{from}");
        self.config = self.config.replace(from, to);
        self
    }

    /// Its files by path.
    pub fn files(self) -> Vec<(&'static str, Vec<u8>)> {
        let mut metadata = self.metadata;
        let mnemonics = std::fs::read(repository().join("sample/val/mnemonics.yaml")).unwrap();
        let mut files = vec![
            ("el/genesis.json", self.genesis),
            ("el/chain.rlp", self.head.clone()),
            ("el/head.rlp", self.head),
            ("cl/config.yaml", self.config.into_bytes()),
            ("val/mnemonics.yaml", mnemonics),
        ];
        for (path, content) in &files {
            metadata["files"][path] = json!({"size": content.len(), "sha256": sha256(content)});
        }
        files.push(("metadata.json", metadata.to_string().into_bytes()));
        files
    }

    /// Writes the snapshot beside the output of a run, and passes it to the run.
    fn given_to(self, run: Run) -> Run {
        let files = self.files().into_iter();
        files.fold(run.arg("snapshot"), |run, (path, content)| {
            run.file(&format!("snapshot/{path}"), content)
        })
    }

    fn boots_at(self, time: &str) -> Done {
        self.given_to(Run::new()).args(["--timestamp", time]).succeeds()
    }
}

#[test]
fn states_equal_the_reference() {
    for fork in FORKS {
        for preset in ["minimal", "mainnet"] {
            let base = format!("PRESET_BASE: '{preset}'");
            let done = Snapshot::of(fork).config("PRESET_BASE: 'minimal'", &base).boots_at("keep");
            let digest = &expected(fork)["genesis_ssz_sha256"][preset];
            assert_eq!(sha256(&done.read("metadata/genesis.ssz")), *digest, "{fork} {preset}");
            let summary = done.json("regenesis.json");
            assert_eq!(summary["cl"]["fork"], fork);
            assert_eq!(summary["cl"]["genesis_time"], 1_800_000_007);
            assert_eq!(summary["el"]["block_hash"], expected(fork)["genesis_hash"]);
            assert_eq!(summary["history"]["block_hash"], expected(fork)["hash"]);
        }
    }
}

#[test]
fn block_0_and_the_history_are_copied_byte_for_byte() {
    for fork in FORKS {
        let done = Snapshot::of(fork).boots_at("now");
        let Snapshot { genesis, head, .. } = Snapshot::of(fork);
        assert!(done.read("metadata/genesis.json") == genesis, "{fork}");
        assert!(done.read("metadata/chain.rlp") == head, "{fork}");
        let hash = expected(fork)["hash"].as_str().unwrap().to_owned();
        assert_eq!(done.text("metadata/deposit_contract_block_hash.txt"), hash);
        let summary = done.json("regenesis.json");
        assert_eq!(summary["notes"], json!([]), "{fork}");
        for file in summary["files"].as_array().unwrap() {
            let path = file["path"].as_str().unwrap();
            assert_eq!(file["sha256"], sha256(&done.read(path)), "{path}");
        }
    }
}

/// The execution genesis stays. If the run id stayed too, clients would continue the beacon chain of another
/// time.
#[test]
fn the_same_seed_at_another_time_is_another_run() {
    let seed = "5e".repeat(32);
    let id = |time: u64| {
        let run = Snapshot::of("fulu").given_to(Run::new());
        let time = time.to_string();
        let done = run.args(["--seed", &seed, "--timestamp", &time]).succeeds();
        done.json("regenesis.json")["run_id"].clone()
    };
    let time = 1_900_000_000;
    assert_eq!(id(time), id(time));
    let ids: std::collections::HashSet<_> = (time..time + 7).map(|t| id(t).to_string()).collect();
    assert_eq!(ids.len(), 7);
}

/// The length stays, and nothing but the digest checks the blocks before the client imports them.
#[test]
fn a_history_that_differs_from_its_digest_is_refused() {
    for baked in [false, true] {
        for file in ["el/chain.rlp", "el/genesis.json"] {
            let run = Snapshot::of("fulu").given_to(Run::new());
            let path = run.directory().join("snapshot").join(file);
            if baked {
                let mut bake = regenesis();
                let bake = bake.arg("bake").arg("snapshot").current_dir(run.directory());
                assert!(bake.output().unwrap().status.success());
            }
            let mut bytes = std::fs::read(&path).unwrap();
            if file == "el/chain.rlp" {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            } else {
                // A blank elsewhere: the same state and hash, but other bytes.
                let text = String::from_utf8(bytes).unwrap();
                bytes = text.replacen(": ", " :", 1).into_bytes();
            }
            std::fs::write(&path, bytes).unwrap();
            let done = run.fails(3);
            let expected = format!("{file}: differs from its digest in the metadata");
            assert!(done.stderr.contains(&expected), "{}", done.stderr);
            done.wrote_nothing();
        }
    }
}

#[test]
fn init_reports_which_blocks_a_new_genesis_loses() {
    let run = Snapshot::of("fulu").given_to(Run::new());
    let directory = run.directory().to_owned();
    let done = run.succeeds();
    let mut again = regenesis();
    let again = again.args(["init", "snapshot", "--out", "out"]).current_dir(&directory).output();
    let said = String::from_utf8(again.unwrap().stderr).unwrap();
    assert!(!done.json("regenesis.json")["replaces"]["run_id"].is_null(), "{said}");
    assert!(
        said.contains("\nnew genesis: replaces run ")
            && said.contains("after block 1 are gone, those in the snapshot remain"),
        "{said}"
    );
}

#[test]
fn receipts_have_the_root_in_their_block() {
    for fork in FORKS {
        let json = std::fs::read(vector(fork).join("receipts.json")).unwrap();
        let receipts = receipts::parse(&json).unwrap();
        assert!(receipts.len() > 2 && receipts.iter().any(|receipt| !receipt.logs.is_empty()));
        let head = Block::decode(&mut &Snapshot::of(fork).head[..]).unwrap();
        assert_eq!(receipts::root(&receipts), head.header.receipts_root, "{fork}");
        assert_ne!(receipts::root(&receipts[1..]), head.header.receipts_root, "{fork}");
    }
}

/// The times in the written `genesis.json`, and the notes.
fn times(done: &Done) -> (Value, String) {
    let genesis = done.json("metadata/genesis.json");
    (genesis["config"].clone(), done.json("regenesis.json")["notes"].to_string())
}

#[test]
fn past_forks_stay_and_future_forks_move() {
    // Reached by the last block's second, though not by block 0: its time stays.
    let reached = timestamp("electra");
    let snapshot = Snapshot::of("electra");
    let done =
        snapshot.genesis(|config| config["pragueTime"] = json!(reached)).given_to(Run::new());
    let failed = done.args(["--timestamp", "1800000000"]).fails(3);
    // Without the requests hash, block 0 differs from the one in the history.
    assert!(failed.stderr.contains("but the history starts from"), "{}", failed.stderr);

    // Osaka comes in epoch 4 of the beacon chain; minimal epochs have 8 slots of 2 s.
    let ahead = |osaka: u64| {
        Snapshot::of("electra")
            .genesis(|config| config["osakaTime"] = json!(osaka))
            .config(&format!("FULU_FORK_EPOCH: {NEVER}"), "FULU_FORK_EPOCH: 4")
    };
    // Already reached when the new chain starts: it would activate in the first block.
    let done = ahead(reached + 60).boots_at("1800000000");
    let (config, notes) = times(&done);
    assert_eq!(config["osakaTime"], 1_800_000_000 + 4 * 8 * 2);
    assert_eq!(config["pragueTime"], 0);
    assert!(notes.contains("osakaTime 1800000064 (was"), "{notes}");
    assert_eq!(
        done.json("regenesis.json")["el"]["block_hash"],
        expected("electra")["genesis_hash"]
    );
    let done = ahead(1_900_000_000).boots_at("1800000000");
    assert_eq!(times(&done).0["osakaTime"], 1_800_000_064);
}

#[test]
fn contradictions_are_reported() {
    // The chain has deneb's blocks, the beacon chain would begin before it.
    let failed = Snapshot::of("deneb")
        .config("DENEB_FORK_EPOCH: 0", "DENEB_FORK_EPOCH: 3")
        .given_to(Run::new())
        .fails(3);
    assert!(failed.stderr.contains("DENEB_FORK_EPOCH is 3"), "{}", failed.stderr);
    // The beacon chain would begin with a fork that the chain has not reached.
    let later = timestamp("capella") + 1;
    let failed = Snapshot::of("capella")
        .genesis(|config| config["cancunTime"] = json!(later))
        .config(&format!("DENEB_FORK_EPOCH: {NEVER}"), "DENEB_FORK_EPOCH: 0")
        .given_to(Run::new())
        .fails(3);
    assert!(failed.stderr.contains("cancunTime is"), "{}", failed.stderr);
    assert!(failed.stderr.contains("hint: the history ends before it"), "{}", failed.stderr);

    let before = (timestamp("fulu") - 1).to_string();
    let run = Snapshot::of("fulu").given_to(Run::new()).args(["--timestamp", &before]);
    let failed = run.fails(2);
    assert!(failed.stderr.contains("before the last block of the history"), "{}", failed.stderr);
    let run = Snapshot::of("fulu").given_to(Run::new()).arg("--add-system-contracts");
    let failed = run.fails(2);
    assert!(failed.stderr.contains("would change block 0"), "{}", failed.stderr);
    let run = Snapshot::of("fulu").given_to(Run::new()).args(["--shadow-fork-block", "b.json"]);
    let failed = run.fails(2);
    assert!(failed.stderr.contains("has its own history"), "{}", failed.stderr);
}

#[test]
fn parts_of_different_chains_are_refused() {
    let refused = |snapshot: Snapshot, error: &str| {
        let failed = snapshot.given_to(Run::new()).fails(3);
        assert!(failed.stderr.contains(error), "{error}: {}", failed.stderr);
        failed.wrote_nothing();
    };
    let fulu = || Snapshot::of("fulu");
    // Another head than the metadata name, a body that is not its header's, none at all.
    refused(Snapshot { head: Snapshot::of("deneb").head, ..fulu() }, "but the metadata has");
    let mut head = fulu().head;
    *head.last_mut().unwrap() ^= 2;
    refused(Snapshot { head, ..fulu() }, "has withdrawals with the root");
    refused(Snapshot { head: fulu().head[1..].to_vec(), ..fulu() }, "is not the RLP of a block");
    refused(Snapshot { head: Vec::new(), ..fulu() }, "is not the RLP of a block");
    let mut other = fulu();
    other.metadata["source"]["genesis_hash"] = expected("deneb")["genesis_hash"].clone();
    refused(other, "but the history starts from");
    let mut other = fulu();
    other.metadata["source"]["block"] = Value::Null;
    refused(other, "does not describe its history");
    let mut other = fulu();
    other.metadata["mode"] = json!("state");
    refused(other, "the files of the other mode");
}

#[test]
fn a_bake_produces_the_same_bytes() {
    let baked = Snapshot::of("deneb").given_to(Run::new());
    let bake = regenesis().arg("bake").arg(baked.directory().join("snapshot")).output().unwrap();
    assert!(bake.status.success(), "{}", String::from_utf8_lossy(&bake.stderr));
    let baked = baked.args(["--timestamp", "1900000000"]).succeeds();
    assert!(baked.stderr.contains("baked"), "{}", baked.stderr);
    let computed = Snapshot::of("deneb").boots_at("1900000000");
    let network = |done: &Done| {
        let mut files = done.files();
        files.retain(|path, _| path.starts_with("metadata/"));
        files
    };
    assert!(network(&baked) == network(&computed));
}

/// The steps that `regenesis run` runs on new data: `--once`, then `--import`, then the client.
fn steps(done: &Done) -> String {
    let at = |name: &str| done.out().with_file_name(name);
    let log = at("log");
    let say =
        |what: &str| ["sh", "-c", &format!("echo {what} >>{}", log.display())].map(String::from);
    let output = regenesis()
        .arg("run")
        .arg("--runtime")
        .arg(done.out())
        .arg("--datadir")
        .arg(at("data"))
        .arg("--once")
        .args(say("once"))
        .args([";", "--import"])
        .args(say("import"))
        .args([";", "--"])
        .args(say("client"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.contains("1 blocks, "), said.contains("imported in"), "{said}");
    std::fs::read_to_string(log).unwrap()
}

#[test]
fn a_client_imports_the_history_once() {
    let done = Snapshot::of("fulu").boots_at("now");
    assert_eq!(steps(&done), "once\nimport\nclient\n");
    // A restart continues with the imported data.
    assert_eq!(steps(&done), "once\nimport\nclient\nclient\n");
    // A state snapshot has no history to import. In a shadow fork, the client already has it.
    assert_eq!(steps(&Run::new().succeeds()), "once\nclient\n");
    let block = vector("fulu").join("block.json");
    let shadow = Run::new()
        .file("genesis.json", Snapshot::of("fulu").genesis)
        .args(["--genesis", "genesis.json"])
        .snapshot()
        .arg("snapshot")
        .arg("--shadow-fork-block")
        .arg(block)
        .succeeds();
    assert_eq!(steps(&shadow), "once\nclient\n");
}

//! Shadow forks: the beacon chain continues a block that the execution clients have already.
//!
//! `tests/vectors/anchored`: blocks that geth built, and what eth-beacon-genesis makes of them with
//! `--shadow-fork-block`.

use crate::support::{Done, Run, repository, sha256};
use regenesis::capture::history::rpc_block;
use serde_json::{Value, json};

const FORKS: [&str; 4] = ["capella", "deneb", "electra", "fulu"];

fn vector(fork: &str, name: &str) -> Vec<u8> {
    std::fs::read(repository().join("tests/vectors/anchored").join(fork).join(name)).unwrap()
}

fn json_of(fork: &str, name: &str) -> Value {
    serde_json::from_slice(&vector(fork, name)).unwrap()
}

/// Loose files of the chain whose block is continued, and `block` beside them.
fn run(fork: &str, preset: &str, block: impl AsRef<[u8]>) -> Run {
    let config = String::from_utf8(vector(fork, "config.yaml")).unwrap();
    let config = config.replace("PRESET_BASE: 'minimal'", &format!("PRESET_BASE: '{preset}'"));
    let mnemonics = std::fs::read(repository().join("sample/val/mnemonics.yaml")).unwrap();
    Run::new()
        .file("genesis.json", vector(fork, "genesis.json"))
        .file("config.yaml", config)
        .file("mnemonics.yaml", mnemonics)
        .file("block.json", block)
        .args(["--genesis", "genesis.json", "--config", "config.yaml"])
        .args(["--mnemonics", "mnemonics.yaml"])
}

fn shadow_fork(fork: &str, preset: &str, block: impl AsRef<[u8]>) -> Run {
    run(fork, preset, block).args(["--shadow-fork-block", "block.json"])
}

#[test]
fn states_equal_the_reference() {
    for fork in FORKS {
        let answer = vector(fork, "block.json");
        let bare = json_of(fork, "block.json")["result"].to_string().into_bytes();
        for (preset, block) in [("minimal", answer), ("mainnet", bare)] {
            let done = shadow_fork(fork, preset, block).args(["--timestamp", "keep"]).succeeds();
            let expected = json_of(fork, "expected.json");
            let digest = &expected["genesis_ssz_sha256"][preset];
            assert_eq!(sha256(&done.read("metadata/genesis.ssz")), *digest, "{fork} {preset}");
            let summary = done.json("regenesis.json");
            assert_eq!(summary["cl"]["genesis_time"], 1_800_000_007);
            assert_eq!(summary["el"]["block_hash"], expected["genesis_hash"]);
            let history = &summary["history"];
            assert_eq!(history["block_hash"], expected["hash"]);
            assert_eq!(history["state_root"], expected["stateRoot"]);
            assert_eq!((&history["blocks"], history.get("bytes")), (&json!(1), None));
        }
    }
}

/// The parts of block 0 that execution clients compare with their own chain.
fn block_0(done: &Done) -> (Value, Value, Value) {
    let genesis = done.json("metadata/genesis.json");
    (genesis["timestamp"].clone(), genesis["alloc"].clone(), genesis["gasLimit"].clone())
}

#[test]
fn block_0_is_that_of_the_chain_and_nothing_is_imported() {
    let done = shadow_fork("fulu", "minimal", vector("fulu", "block.json")).succeeds();
    let genesis = json_of("fulu", "genesis.json");
    let kept =
        (genesis["timestamp"].clone(), genesis["alloc"].clone(), genesis["gasLimit"].clone());
    assert_eq!(block_0(&done), kept);
    assert!(!done.out().join("metadata/chain.rlp").exists());
    let expected = json_of("fulu", "expected.json");
    assert_eq!(done.json("regenesis.json")["el"]["block_hash"], expected["genesis_hash"]);
    assert_eq!(done.text("metadata/deposit_contract_block_hash.txt"), expected["hash"]);
    assert!(done.stderr.contains("a shadow fork of block 1 0x"), "{}", done.stderr);
}

#[test]
fn a_snapshot_continues_the_genesis_of_its_chain() {
    let run = |run: Run| {
        run.snapshot()
            .arg("snapshot")
            .file("block.json", vector("fulu", "block.json"))
            .file("genesis.json", vector("fulu", "genesis.json"))
    };
    let done = run(Run::new())
        .args(["--genesis", "genesis.json"])
        .env("REGENESIS_SHADOW_FORK_BLOCK", "block.json")
        .succeeds();
    let hash = &json_of("fulu", "expected.json")["hash"];
    assert_eq!(done.json("regenesis.json")["history"]["block_hash"], *hash);
    // Its own has no time, and so is of no chain that there is.
    let failed = run(Run::new()).args(["--shadow-fork-block", "block.json"]).fails(3);
    assert!(failed.stderr.contains("has a placeholder for its time"), "{}", failed.stderr);
    assert!(failed.stderr.contains("hint: pass the chain's own genesis.json"), "{}", failed.stderr);
    failed.wrote_nothing();
}

#[test]
fn wrong_blocks_are_refused() {
    let refused = |block: String, error: &str, hint: &str| {
        let failed = shadow_fork("fulu", "minimal", block).fails(3);
        assert!(
            failed.stderr.contains(&format!("block.json: {error}")),
            "{error}: {}",
            failed.stderr
        );
        assert!(failed.stderr.contains(&format!("hint: {hint}")), "{hint}: {}", failed.stderr);
        failed.wrote_nothing();
    };
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut answer = json_of("fulu", "block.json");
        change(&mut answer["result"]);
        answer.to_string()
    };
    let (edited, ask) = ("the block was edited", "request the block from a node");
    refused(changed(&|block| block["gasUsed"] = json!("0x1")), "block 1 has the hash 0x", edited);
    refused(
        changed(&|block| drop(block["transactions"].as_array_mut().unwrap().pop())),
        "the block has transactions with the root",
        edited,
    );
    refused(
        changed(&|block| block["transactions"][0]["nonce"] = json!("0x77")),
        "the block has transactions with the root",
        edited,
    );
    refused(
        changed(&|block| block["withdrawals"] = json!([])),
        "the block has withdrawals with the root",
        edited,
    );
    refused(
        changed(&|block| block["transactions"][1]["type"] = json!("0x7e")),
        "transaction 1 has the unknown type 0x7e",
        "the transaction was edited",
    );
    let nonce = |value: Value| changed(&|block| block["transactions"][0]["nonce"] = value.clone());
    refused(nonce(Value::Null), "transaction 0 has no nonce", "the transaction was edited");
    refused(nonce(json!(7)), "transaction 0 has nonce 7", "the transaction was edited");
    refused(changed(&|block| block["stateRoot"] = json!("0x12")), "a block has stateRoot", ask);
    let hashes = |block: &mut Value| {
        for transaction in block["transactions"].as_array_mut().unwrap() {
            *transaction = transaction["hash"].clone();
        }
    };
    refused(changed(&hashes), "lists its transactions by hash only", ask);
    refused(json!({"result": null}).to_string(), "has no block, but {\"result\":null}", ask);
    refused(json!({"error": {"code": 1}}).to_string(), "has no block, but {\"error\"", ask);
    refused("null".to_owned(), "has no block, but null", ask);
    refused("[]".to_owned(), "has no block, but []", ask);
    refused("0xf902".to_owned(), "is not JSON", ask);
}

#[test]
fn contradicting_flags_are_refused() {
    let block = || vector("fulu", "block.json");
    let rpc = ["--shadow-fork-rpc", "http://127.0.0.1:1"];
    let failed = shadow_fork("fulu", "minimal", block()).args(rpc).fails(2);
    assert!(failed.stderr.contains("exclude each other"), "{}", failed.stderr);
    let failed = shadow_fork("fulu", "minimal", block()).arg("--add-system-contracts").fails(2);
    assert!(failed.stderr.contains("would change block 0"), "{}", failed.stderr);
    let failed = run("fulu", "minimal", block()).args(["--shadow-fork-rpc", "nowhere"]).fails(4);
    assert!(failed.stderr.contains("nowhere"), "{}", failed.stderr);
    // A fork that the block has not reached cannot be the one to begin with.
    let mut genesis = json_of("deneb", "genesis.json");
    genesis["config"].as_object_mut().unwrap().remove("cancunTime").unwrap();
    let without = shadow_fork("deneb", "minimal", vector("deneb", "block.json"))
        .file("genesis.json", genesis.to_string());
    let failed = without.fails(3);
    assert!(failed.stderr.contains("hint: the history ends before it"), "{}", failed.stderr);
}

#[test]
fn a_chain_with_a_late_merge_continues() {
    let mut genesis = json_of("fulu", "genesis.json");
    genesis["config"]["terminalTotalDifficulty"] = json!(17_000_000_000_000_000_u64);
    genesis["config"]["mergeNetsplitBlock"] = json!(1);
    let done = shadow_fork("fulu", "minimal", vector("fulu", "block.json"))
        .file("genesis.json", genesis.to_string())
        .succeeds();
    let config = done.text("metadata/config.yaml");
    assert!(config.contains("TERMINAL_TOTAL_DIFFICULTY: 17000000000000000"), "{config}");
}

#[test]
fn transactions_of_every_type_are_re_encoded() {
    let directory = repository().join("tests/vectors/transactions");
    let answer = std::fs::read(directory.join("block.json")).unwrap();
    let block = rpc_block::parse(&answer).unwrap();
    assert_eq!(alloy_rlp::encode(&block), std::fs::read(directory.join("head.rlp")).unwrap());
    let mut types: Vec<u8> = block.transactions.iter().map(|bytes| bytes[0].min(5)).collect();
    types.sort_unstable();
    types.dedup();
    // A legacy one begins with its list.
    assert_eq!(types, [1, 2, 3, 4, 5]);
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let all = answer["result"]["transactions"].as_array().unwrap();
    assert!(all.iter().any(|transaction| transaction["to"].is_null()), "no contract is created");
    assert_eq!(all.iter().filter(|t| t["authorizationList"].is_array()).count(), 1);
}

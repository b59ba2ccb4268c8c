//! anvil, by RPC and by its file.

use std::io::BufRead;

use serde_json::{Value, json};

use super::node::{FUNDED, Node, capture, run_in};
use crate::nodes::tools;
use crate::support::regenesis;

/// Its code answers with slot 0, which is 42: `SLOAD(0)`, `MSTORE(0)`, `RETURN(0, 32)`.
const ANSWER: &str = "0x602a6000556a60005460005260206000f3600052600b6015f3";

fn deploy(node: &Node) -> String {
    let hash = node.call("eth_sendTransaction", json!([{"from": FUNDED, "data": ANSWER}]));
    let receipt = node.receipt(&hash);
    assert_eq!(receipt["status"], "0x1");
    receipt["contractAddress"].as_str().unwrap().to_owned()
}

fn answers(node: &Node, contract: &str) {
    let answer = node.call("eth_call", json!([{"to": contract}, "latest"]));
    assert_eq!(answer, Value::from(format!("0x{:064x}", 42)));
}

#[test]
fn anvil_by_rpc() {
    let node = Node::anvil(&[]);
    let contract = deploy(&node);
    answers(&node, &contract);
    let run = capture(&["--el-rpc", &node.url]);
    let metadata = run.metadata();
    assert_eq!(metadata["proven"], true);
    assert_eq!(metadata["source"]["kind"], "anvil_dumpState");
    assert_eq!(metadata["state_root"], node.block("latest")["stateRoot"]);
    let (_run, geth) = run.boot();
    answers(&geth, &contract);
    let refused = capture(&["--el-rpc", &node.url, "--block", "0"]);
    refused.fails(2, "anvil_dumpState returns the state of the head, 1, not of block 0");
}

#[test]
fn anvil_by_file() {
    let node = Node::anvil(&["--dump-state", "state.json"]);
    let contract = deploy(&node);
    let data = node.stop();
    let file = data.join("state.json");
    let file = file.to_str().unwrap();
    capture(&["--state", file]).fails(2, "the chain id is unknown");
    let run = capture(&["--state", file, "--chain-id", "31337"]);
    assert_eq!(run.metadata()["proven"], true);
    let (_run, geth) = run.boot();
    answers(&geth, &contract);
    // A state that is not that of its last block.
    let text = std::fs::read_to_string(file).unwrap();
    let broken = data.join("broken.json");
    std::fs::write(
        &broken,
        text.replacen("\"nonce\": 0", "\"nonce\": 5", 1).replacen("\"nonce\":0", "\"nonce\":5", 1),
    )
    .unwrap();
    let broken = capture(&["--state", broken.to_str().unwrap(), "--chain-id", "31337"]);
    broken.fails(5, "the capture is incomplete");
    let cut = data.join("cut.json");
    std::fs::write(&cut, &text[..text.len() * 2 / 3]).unwrap();
    capture(&["--state", cut.to_str().unwrap(), "--chain-id", "31337"])
        .fails(3, "the end of the file");
    std::fs::remove_dir_all(data).unwrap();
}

#[test]
fn state_outside_of_blocks_is_refused_and_block_0_is_not_proven() {
    let node = Node::anvil(&[]);
    let run = capture(&["--el-rpc", &node.url]);
    assert_eq!(run.metadata()["proven"], false);
    assert!(run.stderr.contains("is not proven"), "{}", run.stderr);
    for command in [["init", "out"], ["bake", "out"], ["verify", "out"], ["init", "out"]] {
        let run = run_in(copy(&run.path("out")), &command);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(run.stderr.contains("is not proven"), "{command:?}: {}", run.stderr);
    }
    deploy(&node);
    node.call("anvil_setBalance", json!([format!("0x{}", "ab".repeat(20)), "0x1"]));
    let refused = capture(&["--el-rpc", &node.url]);
    refused.fails(5, "the capture is incomplete");
    assert!(refused.stderr.contains("evm_mine"), "{}", refused.stderr);
    node.call("evm_mine", json!([]));
    assert_eq!(capture(&["--el-rpc", &node.url]).metadata()["proven"], true);
}

#[test]
fn a_capture_waits_for_blocks_and_finality() {
    // A block every second, and final two blocks later.
    let node = Node::anvil(&["--block-time", "1", "--slots-in-an-epoch", "1"]);
    let run = capture(&["--el-rpc", &node.url, "--min-blocks", "4"]);
    assert!(run.stderr.contains("block 4 is there"), "{}", run.stderr);
    let number = |run: &super::node::Run| run.metadata()["source"]["block"]["number"].as_u64();
    assert!(number(&run) >= Some(4), "{}", run.stderr);
    // anvil returns only the state of its head, so this captures the blocks up to the finalized one.
    let waits = ["--wait-finalized", "--block", "5", "--min-blocks", "9"];
    capture(&[&["--el-rpc", &node.url][..], &waits].concat())
        .fails(2, "--block is block 5, before --min-blocks 9");
    let waits = ["--el-rpc", &node.url, "--wait-finalized", "--block", "7"];
    let refused = capture(&waits);
    assert!(refused.stderr.contains("block 7 is final"), "{}", refused.stderr);
    refused.fails(2, "anvil_dumpState returns the state of the head");
    let file = capture(&["--state", "dump.json", "--min-blocks", "1"]);
    file.fails(2, "--min-blocks requires a node");
}

#[test]
fn a_signal_ends_the_wait_and_nothing_is_written() {
    // Without transactions, this anvil builds no block.
    let node = Node::anvil(&[]);
    let directory = tempfile::tempdir().unwrap();
    let mut waits = regenesis()
        .args(["capture", "--el-rpc", &node.url, "--min-blocks", "1000", "--out", "out"])
        .current_dir(directory.path())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufReader::new(waits.stderr.take().unwrap()).lines();
    // It waits once it knows the node.
    let known = lines.map(Result::unwrap).find(|line| line.contains("chain 31337"));
    assert!(known.is_some());
    let status =
        std::process::Command::new("kill").args(["-INT", &waits.id().to_string()]).status();
    assert!(status.unwrap().success());
    assert_eq!(waits.wait().unwrap().code(), Some(130));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

/// Returns 42.
const FORTY_TWO: &str = "0x602a60005260206000f3";

#[test]
fn intended_changes_boot_and_are_verified() {
    let node = Node::anvil(&[]);
    let contract = deploy(&node);
    let (rich, other) = (format!("0x{}", "a1".repeat(20)), format!("0x{}", "b2".repeat(20)));
    let (fund, code) = (format!("{rich}=1.5"), format!("{other}={FORTY_TWO}"));
    let changes = ["--fund", &fund, "--set-code", &code, "--slot-time", "1"];
    let run = capture(&[&["--el-rpc", &node.url][..], &changes].concat());
    let metadata = run.metadata();
    assert_eq!(metadata["proven"], true);
    assert_eq!(metadata["derived"].as_array().unwrap().len(), 2);
    assert_ne!(metadata["state_root"], node.block("latest")["stateRoot"]);
    let (run, geth) = run.boot();
    answers(&geth, &contract);
    answers(&geth, &other);
    assert_eq!(geth.call("eth_getBalance", json!([rich, "0x0"])), "0x14d1120d7b160000");
    // No client builds blocks here.
    let verify = ["verify", "out", "--el-rpc", &geth.url];
    let stderr = run_in(copy(&run.path("out")), &verify).expect(5);
    assert!(stderr.contains(" codes and "), "{stderr}");
    assert!(stderr.contains("the head of the execution node stays at 0"), "{stderr}");
    let plain = capture(&["--el-rpc", &node.url]);
    let stderr = run_in(copy(&plain.path("out")), &verify).expect(5);
    assert!(stderr.contains("the chain started from another snapshot"), "{stderr}");
}

fn copy(snapshot: &std::path::Path) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let status = std::process::Command::new("cp")
        .args(["-r", snapshot.to_str().unwrap(), directory.path().join("out").to_str().unwrap()])
        .status();
    assert!(status.unwrap().success());
    directory
}

/// Its code stores calldata's second word at its first.
const STORE: &str = "0x6007600c60003960076000f36020356000355500";

/// Sends a transaction, and waits until it is in a block.
fn send(node: &Node, transaction: Value) -> Value {
    let hash = node.call("eth_sendTransaction", json!([transaction]));
    let receipt = node.receipt(&hash);
    assert_eq!(receipt["status"], "0x1");
    receipt
}

fn store(node: &Node, contract: &Value, slot: u64, value: u64) {
    let data = format!("0x{slot:064x}{value:064x}");
    send(node, json!({"from": FUNDED, "to": contract, "data": data}));
}

/// anvil keeps slots that were cleared in its storage tries, and so in its state roots.
#[test]
fn cleared_slots_count_for_the_proof_and_are_left_out() {
    for program in [tools::foundry("anvil"), tools::anvil_1_4()] {
        let name = program.display();
        let arguments = ["--accounts", "1200", "--dump-state", "state.json"];
        let node = Node::anvil_as(&program, &arguments);
        let contract =
            send(&node, json!({"from": FUNDED, "data": STORE}))["contractAddress"].clone();
        for (slot, value) in [(1, 5), (2, 7), (1, 0), (3, 0)] {
            store(&node, &contract, slot, value);
        }
        let by_rpc = capture(&["--el-rpc", &node.url]);
        let of_anvil = node.block("latest")["stateRoot"].clone();
        let file = node.stop().join("state.json");
        let by_file = capture(&["--state", file.to_str().unwrap(), "--chain-id", "31337"]);
        for run in [&by_rpc, &by_file] {
            let metadata = run.metadata();
            assert_eq!(metadata["proven"], true, "{name}");
            assert!(metadata["counts"]["accounts"].as_u64().unwrap() > 1200, "{name}");
            assert_eq!(metadata["counts"]["zero_slots_left_out"], 2, "{name}");
            assert_eq!(metadata["source"]["block"]["state_root"], of_anvil, "{name}");
            assert_ne!(metadata["state_root"], of_anvil, "{name}");
            let said = metadata["source"]["description"].as_str().unwrap();
            assert!(said.contains("2 slots of value 0") && run.stderr.contains(said), "{name}");
        }
        // geth has no such slots: its block 0 must have the other root.
        let (run, geth) = by_rpc.boot();
        assert_eq!(by_file.metadata()["state_root"], geth.block("0x0")["stateRoot"]);
        for (slot, value) in [("0x1", 0), ("0x2", 7), ("0x3", 0)] {
            let found = geth.call("eth_getStorageAt", json!([contract, slot, "0x0"]));
            assert_eq!(found, Value::from(format!("0x{value:064x}")), "{name}");
        }
        let verified = run_in(copy(&run.path("out")), &["verify", "out"]);
        assert_eq!(verified.code, Some(0), "{}", verified.stderr);
        std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
    }
}

/// Its system contracts have slots of value 0 after any transaction.
#[test]
fn an_op_stack_anvil_is_proven() {
    let node = Node::anvil(&["--optimism"]);
    send(&node, json!({"from": FUNDED, "to": format!("0x{}", "ab".repeat(20)), "value": "0x1"}));
    assert_eq!(capture(&["--el-rpc", &node.url]).metadata()["proven"], true);
}

#[test]
fn an_anvil_fork_of_another_chain_is_refused() {
    let origin = Node::anvil(&[]);
    let contract = deploy(&origin);
    let url = format!("http://{}", origin.url);
    for program in [tools::foundry("anvil"), tools::anvil_1_4()] {
        let arguments = ["--fork-url", &url, "--dump-state", "state.json"];
        let fork = Node::anvil_as(&program, &arguments);
        // Also before it has a block of its own, when its head is one that has a state root.
        capture(&["--el-rpc", &fork.url]).fails(4, "that of a fork");
        send(&fork, json!({"from": FUNDED, "to": contract, "value": "0x0"}));
        let refused = capture(&["--el-rpc", &fork.url]);
        refused.fails(4, "that of a fork");
        assert!(!refused.stderr.contains("evm_mine"), "{}", refused.stderr);
        let data = fork.stop();
        let state = data.join("state.json");
        let refused = capture(&["--state", state.to_str().unwrap(), "--chain-id", "31337"]);
        refused.fails(3, "that of a fork");
        // The hint asks for this.
        let state: Value = serde_json::from_slice(&std::fs::read(state).unwrap()).unwrap();
        let alloc = data.join("alloc.json");
        std::fs::write(&alloc, state["accounts"].to_string()).unwrap();
        let run = capture(&["--state", alloc.to_str().unwrap(), "--chain-id", "31337"]);
        assert_eq!(run.metadata()["proven"], false);
        std::fs::remove_dir_all(data).unwrap();
    }
}

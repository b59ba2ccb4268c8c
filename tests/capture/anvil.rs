//! anvil, by RPC and by its file.

use serde_json::{Value, json};

use super::node::{FUNDED, Node, capture, run_in};

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
fn by_rpc() {
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
    refused.fails(2, "anvil_dumpState gives the state of the head, 1, not of block 0");
}

#[test]
fn by_file() {
    let node = Node::anvil(&["--dump-state", "state.json"]);
    let contract = deploy(&node);
    let data = node.stop();
    let file = data.join("state.json");
    let file = file.to_str().unwrap();
    capture(&["--state", file]).fails(2, "the chain id is not known");
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
    broken.fails(5, "the capture is not whole");
    let cut = data.join("cut.json");
    std::fs::write(&cut, &text[..text.len() * 2 / 3]).unwrap();
    capture(&["--state", cut.to_str().unwrap(), "--chain-id", "31337"])
        .fails(3, "the end of the file");
    std::fs::remove_dir_all(data).unwrap();
}

#[test]
fn what_no_block_has_is_refused_and_block_0_is_not_proven() {
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
    refused.fails(5, "the capture is not whole");
    assert!(refused.stderr.contains("evm_mine"), "{}", refused.stderr);
    node.call("evm_mine", json!([]));
    assert_eq!(capture(&["--el-rpc", &node.url]).metadata()["proven"], true);
}

/// Returns 42.
const FORTY_TWO: &str = "0x602a60005260206000f3";

#[test]
fn what_was_changed_on_purpose_boots_and_is_verified() {
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
    // Nobody makes blocks here.
    let verify = ["verify", "out", "--el-rpc", &geth.url];
    let stderr = run_in(copy(&run.path("out")), &verify).expect(5);
    assert!(stderr.contains(" codes, "), "{stderr}");
    assert!(stderr.contains("the head of the execution node stays at 0"), "{stderr}");
    let plain = capture(&["--el-rpc", &node.url]);
    let stderr = run_in(copy(&plain.path("out")), &verify).expect(5);
    assert!(stderr.contains("the chain was made of another snapshot"), "{stderr}");
}

fn copy(snapshot: &std::path::Path) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let status = std::process::Command::new("cp")
        .args(["-r", snapshot.to_str().unwrap(), directory.path().join("out").to_str().unwrap()])
        .status();
    assert!(status.unwrap().success());
    directory
}

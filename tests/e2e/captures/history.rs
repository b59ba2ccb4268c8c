//! History: every block equals the output of `geth export` byte for byte, and another geth imports it.

use std::path::{Path, PathBuf};
use std::process::Command;

use alloy_primitives::B256;
use serde_json::{Value, json};

use super::node::{FUNDED, Geth, Node, Run, capture};
use super::replay::{DELEGATING, DELEGATING_KEY, cast};
use crate::nodes::tools;
use crate::support::{regenesis, repository};

/// Blocks with one transaction each, and all blocks.
const BLOCKS: usize = 300;

/// The sample's genesis with a timestamp.
fn genesis(directory: &Path) -> PathBuf {
    let sample = repository().join("sample/el/genesis.template.json");
    let text = std::fs::read_to_string(sample).unwrap();
    let path = directory.join("genesis.json");
    std::fs::write(&path, text.replace("\"TIMESTAMP_PLACEHOLDER\"", "\"1700000000\"")).unwrap();
    path
}

/// Transactions of all types, contracts that log, withdrawals.
fn live(node: &Node) {
    // The code logs the first word of calldata, as data and topic.
    let logging =
        json!({"data": "0x6c6000358060005260206000a100600052600d6013f3", "gas": "0x186a0"});
    let contract = node.send(&[logging])[0]["contractAddress"].clone();
    for number in 0..BLOCKS {
        let mut call = json!({"to": contract, "data": format!("{number:#066x}"), "gas": "0x186a0"});
        if number % 2 == 0 {
            call["gasPrice"] = "0x77359400".into();
        }
        if number % 50 == 0 {
            let withdrawal = json!({"index": format!("{:#x}", number / 50), "validatorIndex": "0x5",
                "address": DELEGATING, "amount": "0x77359400"});
            node.call("dev_addWithdrawal", json!([withdrawal]));
        }
        let receipt = node.send(&[call]).remove(0);
        assert_eq!(
            (&receipt["status"], receipt["logs"].as_array().unwrap().len()),
            (&json!("0x1"), 1)
        );
    }
    let list = json!([{"address": FUNDED, "storageKeys": [B256::ZERO]}]).to_string();
    cast(node, DELEGATING_KEY, &["--legacy", "--access-list", &list, FUNDED]);
    cast(node, DELEGATING_KEY, &["--auth", FUNDED, DELEGATING]);
    let blob = node.data.path().join("blob");
    std::fs::write(&blob, "blob").unwrap();
    cast(node, DELEGATING_KEY, &["--blob", "--path", blob.to_str().unwrap(), FUNDED]);
}

fn blocks(node: &Node, last: u64) -> Vec<Value> {
    let block = |number| node.call("eth_getBlockByNumber", json!([format!("{number:#x}"), true]));
    (0..=last).map(block).collect()
}

fn receipts(node: &Node, last: u64) -> Vec<Value> {
    let receipts = |number| node.call("eth_getBlockReceipts", json!([format!("{number:#x}")]));
    (0..=last).map(receipts).collect()
}

fn captured(node: &Node, genesis: &Path) -> Run {
    let genesis = genesis.to_str().unwrap();
    capture(&["--mode", "history", "--el-rpc", &node.url, "--genesis", genesis])
}

fn chain(run: &Run) -> Vec<u8> {
    std::fs::read(run.path("out/el/chain.rlp")).unwrap()
}

#[test]
fn every_block_is_captured_byte_for_byte() {
    let directory = tempfile::tempdir().unwrap();
    let genesis = genesis(directory.path());
    let source =
        Geth { init: Some(&[]), run: &["--gcmode", "archive"], dev: true, api: "eth,debug,dev" }
            .start(&genesis);
    live(&source);
    let raw = captured(&source, &genesis);
    let metadata = raw.metadata();
    let head = &metadata["source"]["block"];
    let last = head["number"].as_u64().unwrap();
    assert!(last >= BLOCKS as u64);
    assert_eq!(metadata["source"]["kind"], "debug_getRawBlock");
    assert_eq!(head["hash"], source.block("latest")["hash"]);
    assert_eq!(metadata["state_root"], source.block("latest")["stateRoot"]);
    assert_eq!(metadata["counts"]["transactions"], BLOCKS + 4);
    assert_eq!(
        std::fs::read(raw.path("out/el/genesis.json")).unwrap(),
        std::fs::read(&genesis).unwrap()
    );
    let (old_blocks, old_receipts) = (blocks(&source, last), receipts(&source, last));
    let transactions = || old_blocks.iter().flat_map(|b| b["transactions"].as_array().unwrap());
    for kind in 0..=4 {
        assert!(transactions().any(|t| t["type"] == format!("{kind:#x}")), "no type {kind}");
    }
    let withdrawn = old_blocks.iter().flat_map(|b| b["withdrawals"].as_array().unwrap());
    assert_eq!(withdrawn.count(), BLOCKS / 50);

    // The output of geth itself.
    let data = source.stop();
    let export = directory.path().join("export.rlp");
    let output = Command::new(tools::geth())
        .arg("--datadir")
        .arg(data.join("data"))
        .arg("export")
        .arg(&export)
        .args(["1", &last.to_string()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::remove_dir_all(data).unwrap();
    assert_eq!(chain(&raw), std::fs::read(&export).unwrap());

    // geth imports the blocks. A node without the debug namespace yields the same capture.
    let chain_rlp = raw.path("out/el/chain.rlp");
    let copy = Geth { init: Some(&[]), run: &[], dev: false, api: "eth" }
        .start_after(&genesis, &["import", chain_rlp.to_str().unwrap()]);
    assert_eq!(copy.block("latest")["hash"], head["hash"]);
    assert_eq!(blocks(&copy, last), old_blocks);
    assert_eq!(receipts(&copy, last), old_receipts);
    let reencoded = captured(&copy, &genesis);
    assert_eq!(reencoded.metadata()["source"]["kind"], "eth_getBlockByNumber");
    assert_eq!(chain(&reencoded), chain(&raw));
}

#[test]
fn a_shadow_fork_continues_the_head_of_a_node() {
    let directory = tempfile::tempdir().unwrap();
    let genesis = genesis(directory.path());
    let sample = repository().join("sample").display().to_string();
    for api in ["eth,debug", "eth"] {
        let source = Geth { init: Some(&[]), run: &[], dev: true, api }.start(&genesis);
        source.send(&[json!({"to": FUNDED, "value": "0x1", "gas": "0x5208"})]);
        let output = regenesis()
            .args(["init", "--json", "--shadow-fork-rpc", &source.url, "--genesis"])
            .arg(&genesis)
            .args(["--config", &format!("{sample}/cl/config.yaml")])
            .args(["--mnemonics", &format!("{sample}/val/mnemonics.yaml"), "--out"])
            .arg(directory.path().join(api))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(summary["el"]["block_hash"], source.block("0x0")["hash"]);
        assert_eq!(summary["history"]["block_hash"], source.block("latest")["hash"]);
    }
}

//! The state of a chain with transactions: contracts that create others, self-destruct or delegate, blobs,
//! created and deleted accounts.

use std::process::Command;

use serde_json::{Value, json};

use super::genesis::{self, DESTRUCTIBLE, EMPTY, LARGE, SLOTS, STORAGE, STORE, many, slot};
use super::node::{ALL, FUNDED, Geth, Node, Run, capture};
use crate::nodes::tools;
use alloy_primitives::{Address, B256, U256, keccak256};

/// Accounts that do nothing, where they matter, and where others do.
const MANY: u64 = 5200;
const SOME: u64 = 500;
/// The second of anvil's accounts, which delegates.
pub const DELEGATING: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
pub const DELEGATING_KEY: &str = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

pub fn cast(node: &Node, key: &str, arguments: &[&str]) {
    let output = Command::new(tools::foundry("cast"))
        .args(["send", "--rpc-url", &format!("http://{}", node.url), "--private-key", key])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn create(code: &str) -> Value {
    json!({"data": code, "gas": "0x7a120"})
}

fn store(slot: u64, value: u64) -> Value {
    let slot = keccak256(slot.to_be_bytes());
    json!({"to": STORE, "data": format!("{slot}{value:064x}"), "gas": "0x186a0"})
}

/// Lets a chain live; returns the addresses whose accounts were touched.
fn live(node: &Node) -> Vec<String> {
    let mut transactions = Vec::new();
    transactions.extend((0..150).map(|slot| store(slot, slot + 1)));
    // Some of them back to zero, which deletes them.
    transactions.extend((0..20).map(|slot| store(slot, 0)));
    // New accounts.
    let fresh: Vec<_> = (0..60).map(|i| many(1_000_000 + i).to_string()).collect();
    transactions.extend(fresh.iter().map(|to| json!({"to": to, "value": "0x1", "gas": "0x5208"})));
    transactions.push(json!({"to": DESTRUCTIBLE, "gas": "0x186a0"}));
    transactions.extend(
        [
            // Slots 0 and 0xaa set while it is created; its code is 0x00.
            "0x600160005560ff60aa55600060005360016000f3",
            // Creates a child that sets its slot 0; both have no code.
            "0x656001600055006000526006601a6000f05000",
            // Is gone before its transaction ends.
            "0x33ff",
        ]
        .map(create),
    );
    let receipts = node.send(&transactions);
    for receipt in &receipts {
        assert_eq!(receipt["status"], "0x1", "{receipt}");
    }
    cast(node, DELEGATING_KEY, &["--auth", STORE, DELEGATING]);
    let blob = node.data.path().join("blob");
    std::fs::write(&blob, "blob").unwrap();
    cast(node, DELEGATING_KEY, &["--blob", "--path", blob.to_str().unwrap(), FUNDED]);
    let created = receipts.iter().filter_map(|receipt| receipt["contractAddress"].as_str());
    let mut touched: Vec<_> = created.map(str::to_owned).collect();
    let factory: Address = touched[1].parse().unwrap();
    touched.push(factory.create(1).to_string());
    touched.extend(fresh);
    touched.extend([STORE, DESTRUCTIBLE, FUNDED, DELEGATING].map(str::to_owned));
    touched
}

fn same_accounts(source: &Node, block: &str, captured: Run, touched: &[String]) {
    let (_run, node) = captured.boot();
    let untouched = (0..50).map(|i| many(i * 7).to_string());
    let special = [EMPTY, STORAGE, LARGE, "0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02"];
    for address in touched.iter().cloned().chain(untouched).chain(special.map(str::to_owned)) {
        // State variables, those that transactions have set, and those of genesis.
        let first = (0..4).map(|slot| B256::from(U256::from(slot)));
        let set = (0..150).step_by(9).map(|slot: u64| keccak256(slot.to_be_bytes()));
        let slots: Vec<_> = first.chain(set).chain((0..SLOTS).step_by(997).map(slot)).collect();
        let of_source = source.account(&address, &slots, block);
        assert_eq!(node.account(&address, &slots, "0x0"), of_source, "{address}");
    }
    let delegation = node.call("eth_getCode", json!([DELEGATING, "0x0"]));
    assert!(delegation.as_str().unwrap().starts_with("0xef0100"), "{delegation}");
}

#[test]
fn a_state_is_replayed_from_an_archive_with_traces() {
    let (_directory, genesis) = genesis::write(MANY);
    let run = &["--gcmode", "archive"];
    let source = Geth { init: Some(&[]), run, dev: true, api: ALL }.start(&genesis);
    let touched = live(&source);
    let head = source.block("latest")["number"].as_str().unwrap().to_owned();
    let captured = capture(&["--el-rpc", &source.url]);
    let metadata = captured.metadata();
    assert_eq!(metadata["proven"], true);
    assert_eq!(metadata["state_root"], source.block(&head)["stateRoot"]);
    same_accounts(&source, &head, captured, &touched);

    // With a block after it, a state too big for one answer arrives in parts.
    source.send(&[json!({"to": FUNDED, "gas": "0x5208"})]);
    let captured = capture(&["--el-rpc", &source.url, "--block", &head]);
    assert_eq!(captured.metadata()["state_root"], source.block(&head)["stateRoot"]);
    let wrong = capture(&["--el-rpc", &source.url, "--block", "100000"]);
    wrong.fails(4, "the node has no block number(100000)");
}

#[test]
fn large_accounts_are_captured_in_parts() {
    let (_directory, genesis) = genesis::write(SOME);
    let preimages = &["--cache.preimages"];
    let source =
        Geth { init: Some(preimages), run: preimages, dev: true, api: ALL }.start(&genesis);
    source.send(&[store(1, 1), store(2, 2)]);
    let captured = capture(&["--el-rpc", &source.url, "--block", "0"]);
    let metadata = captured.metadata();
    assert_eq!(metadata["proven"], true);
    assert_eq!(metadata["obtained"]["debug_storageRangeAt"], 1, "{}", captured.stderr);
}

#[test]
fn a_node_without_preimages_and_old_states_is_captured() {
    let (_directory, genesis) = genesis::write(SOME);
    let source = Geth { init: Some(&[]), run: &[], dev: true, api: ALL }.start(&genesis);
    let touched = live(&source);
    let head = source.block("latest")["number"].as_str().unwrap().to_owned();
    let captured = capture(&["--el-rpc", &source.url]);
    let metadata = captured.metadata();
    assert_eq!(metadata["proven"], true);
    assert!(metadata["obtained"]["address from blocks"].as_u64().unwrap() > 50);
    same_accounts(&source, &head, captured, &touched);
}

#[test]
fn a_node_without_the_debug_namespace_needs_the_genesis() {
    let (_directory, genesis) = genesis::write(SOME);
    let run = &["--gcmode", "archive"];
    let source = Geth { init: Some(&[]), run, dev: true, api: "eth,net,web3" }.start(&genesis);
    let touched = live(&source);
    let head = source.block("latest")["number"].as_str().unwrap().to_owned();
    let refused = capture(&["--el-rpc", &source.url]);
    refused.fails(5, "eth_getProof returned");
    assert!(refused.stderr.contains("--genesis FILE, or open the debug namespace"));
    let captured = capture(&["--el-rpc", &source.url, "--genesis", genesis.to_str().unwrap()]);
    let metadata = captured.metadata();
    assert_eq!(metadata["proven"], true);
    assert_eq!(metadata["source"]["kind"], "eth_getProof");
    same_accounts(&source, &head, captured, &touched);
}

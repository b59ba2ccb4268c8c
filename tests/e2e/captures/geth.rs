//! Six configurations of geth; four of them dump nothing, or only 256 accounts.

use std::path::Path;

use serde_json::{Value, json};

use super::genesis::{self, LARGE, LARGE_SLOTS, SLOTS, STORAGE, STORE};
use super::node::{ALL, Geth, Run, capture};
use crate::nodes::tools;

const ACCOUNTS: u64 = 5200;

fn captured(name: &str, geth: &Geth) -> Run {
    captured_from(name, &tools::geth(), geth)
}

fn captured_from(name: &str, program: &Path, geth: &Geth) -> Run {
    let (_directory, genesis) = genesis::write(ACCOUNTS);
    let node = geth.start_as(program, &genesis, &[]);
    let run = capture(&["--el-rpc", &node.url]);
    let metadata = run.metadata();
    assert_eq!(metadata["proven"], true, "{name}");
    assert_eq!(metadata["state_root"], node.block("0x0")["stateRoot"], "{name}");
    assert!(metadata["counts"]["accounts"].as_u64().unwrap() > ACCOUNTS, "{name}");
    // Plus the slots of the sample's system contracts.
    let slots = metadata["counts"]["storage_slots"].as_u64().unwrap();
    let expected = SLOTS + LARGE_SLOTS;
    assert!((expected..expected + 100).contains(&slots), "{name}: {slots}");
    run
}

const ARCHIVE: &[&str] = &["--gcmode", "archive"];
const PREIMAGES: &[&str] = &["--cache.preimages"];

#[test]
fn geth_with_default_flags() {
    for init in [&["--state.scheme", "path"][..], &["--state.scheme", "hash"]] {
        let geth = Geth { init: Some(init), run: &[], dev: false, api: ALL };
        let metadata = captured("plain", &geth).metadata();
        assert!(metadata["obtained"]["address from genesis"].as_u64().unwrap() > ACCOUNTS);
        assert!(metadata["obtained"]["debug_accountRange"].is_null());
    }
}

#[test]
fn geth_as_archive() {
    captured("archive", &Geth { init: Some(&[]), run: ARCHIVE, dev: false, api: ALL });
}

#[test]
fn geth_with_preimages() {
    captured("not at run time", &Geth { init: Some(PREIMAGES), run: &[], dev: false, api: ALL });
    let geth = Geth { init: Some(PREIMAGES), run: PREIMAGES, dev: false, api: ALL };
    let metadata = captured("both", &geth).metadata();
    assert_eq!(metadata["obtained"].as_object().unwrap().len(), 1, "nothing was to be recovered");
}

#[test]
fn geth_with_an_overridden_genesis() {
    captured("plain", &Geth { init: None, run: &[], dev: false, api: ALL });
    let run = captured("archive", &Geth { init: None, run: ARCHIVE, dev: false, api: ALL });
    let (_run, node) = run.boot();
    let large = node.call("eth_getProof", json!([LARGE, [], "0x0"]));
    let storage = node.call("eth_getProof", json!([STORAGE, [], "0x0"]));
    assert_ne!(large["storageHash"], storage["storageHash"]);
    assert_eq!(node.call("eth_getCode", json!([STORE, "0x0"])), "0x6020356000355500");
}

/// geth before 1.17.3 and op-geth return the start of the next page in base64, but only accept hex.
fn pages_of(name: &str, program: &Path) {
    let geth = Geth { init: Some(PREIMAGES), run: PREIMAGES, dev: false, api: ALL };
    let (_directory, genesis) = genesis::write(300);
    let node = geth.start_as(program, &genesis, &[]);
    let page = node.call("debug_accountRange", json!(["0x0", "0x", 256, true, true, true]));
    let next = page["next"].as_str().unwrap();
    assert!(!next.starts_with("0x"), "{name} writes {next}: this test proves nothing");
    assert_eq!(capture(&["--el-rpc", &node.url]).metadata()["proven"], true);
    let metadata = captured_from(name, program, &geth).metadata();
    assert_eq!(metadata["obtained"].as_object().unwrap().len(), 1, "nothing was to be recovered");
    // Without preimages, every page needs completion.
    let plain = Geth { init: Some(&[]), run: &[], dev: false, api: ALL };
    let metadata = captured_from(name, program, &plain).metadata();
    assert_eq!(metadata["obtained"]["debug_accountRange"], Value::Null);
    assert!(metadata["obtained"]["address from genesis"].as_u64().unwrap() > ACCOUNTS);
}

#[test]
fn geth_1_16_whose_cursors_are_base64() {
    pages_of("geth 1.16", &tools::geth_1_16());
}

#[test]
fn op_geth_whose_cursors_are_base64() {
    pages_of("op-geth", &tools::op_geth());
}

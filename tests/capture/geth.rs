//! Six ways of running geth, of which four dump nothing, or 256 accounts.

use serde_json::json;

use super::genesis::{self, LARGE, LARGE_SLOTS, SLOTS, STORAGE, STORE};
use super::node::{ALL, Geth, Run, capture};

const ACCOUNTS: u64 = 5200;

fn captured(name: &str, geth: &Geth) -> Run {
    let (_directory, genesis) = genesis::write(ACCOUNTS);
    let node = geth.start(&genesis);
    let run = capture(&["--el-rpc", &node.url]);
    let metadata = run.metadata();
    assert_eq!(metadata["proven"], true, "{name}");
    assert_eq!(metadata["state_root"], node.block("0x0")["stateRoot"], "{name}");
    assert!(metadata["counts"]["accounts"].as_u64().unwrap() > ACCOUNTS, "{name}");
    // And the slots of the sample's system contracts.
    let slots = metadata["counts"]["storage_slots"].as_u64().unwrap();
    let expected = SLOTS + LARGE_SLOTS;
    assert!((expected..expected + 100).contains(&slots), "{name}: {slots}");
    run
}

const ARCHIVE: &[&str] = &["--gcmode", "archive"];
const PREIMAGES: &[&str] = &["--cache.preimages"];

#[test]
fn initialised_and_run_plainly() {
    for init in [&["--state.scheme", "path"][..], &["--state.scheme", "hash"]] {
        let geth = Geth { init: Some(init), run: &[], dev: false, api: ALL };
        let metadata = captured("plain", &geth).metadata();
        assert!(metadata["obtained"]["address from genesis"].as_u64().unwrap() > ACCOUNTS);
        assert!(metadata["obtained"]["debug_accountRange"].is_null());
    }
}

#[test]
fn initialised_and_run_as_archive() {
    captured("archive", &Geth { init: Some(&[]), run: ARCHIVE, dev: false, api: ALL });
}

#[test]
fn initialised_with_preimages() {
    captured("not at run time", &Geth { init: Some(PREIMAGES), run: &[], dev: false, api: ALL });
    let geth = Geth { init: Some(PREIMAGES), run: PREIMAGES, dev: false, api: ALL };
    let metadata = captured("both", &geth).metadata();
    assert_eq!(metadata["obtained"].as_object().unwrap().len(), 1, "nothing was to be recovered");
}

#[test]
fn overridden() {
    captured("plain", &Geth { init: None, run: &[], dev: false, api: ALL });
    let run = captured("archive", &Geth { init: None, run: ARCHIVE, dev: false, api: ALL });
    let (_run, node) = run.boot();
    let large = node.call("eth_getProof", json!([LARGE, [], "0x0"]));
    let storage = node.call("eth_getProof", json!([STORAGE, [], "0x0"]));
    assert_ne!(large["storageHash"], storage["storageHash"]);
    assert_eq!(node.call("eth_getCode", json!([STORE, "0x0"])), "0x6020356000355500");
}

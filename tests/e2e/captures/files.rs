//! geth's own dumps of a database, and one page of it that looks like one.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::genesis;
use super::node::{ALL, Geth, capture};
use crate::nodes::tools;

fn dump(data: &Path, arguments: &[&str]) -> String {
    let output = Command::new(tools::geth())
        .env_remove("GETH_DATADIR")
        .arg("--datadir")
        .arg(data.join("data"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let path = data.join("dump.json");
    std::fs::write(&path, output.stdout).unwrap();
    path.to_str().unwrap().to_owned()
}

const PREIMAGES: Geth =
    Geth { init: Some(&["--cache.preimages"]), run: &["--cache.preimages"], dev: false, api: ALL };

/// The answer of `debug_dumpBlock` has no error, and looks like a complete state.
#[test]
fn a_dump_file_cut_at_256_accounts_is_refused() {
    let (_directory, genesis) = genesis::write(700);
    let node = PREIMAGES.start(&genesis);
    let genesis = genesis.to_str().unwrap();
    let mut page = node.call("debug_dumpBlock", json!(["0x0"]));
    assert_eq!(page["accounts"].as_object().unwrap().len(), 256);
    let path = node.data.path().join("page.json");
    let file = path.to_str().unwrap();
    std::fs::write(&path, page.to_string()).unwrap();
    let of_a_page = capture(&["--state", file, "--genesis", genesis]);
    of_a_page.fails(3, "its 256 accounts are one page of a longer dump");
    // Tools pass a page on without the cursor.
    page.as_object_mut().unwrap().remove("next");
    std::fs::write(&path, page.to_string()).unwrap();
    let of_accounts = capture(&["--state", file, "--genesis", genesis]);
    of_accounts.fails(5, "returned 256 accounts with the state root");
    assert!(of_accounts.stderr.contains("are one page of a dump"), "{}", of_accounts.stderr);
    let whole = capture(&["--el-rpc", &node.url]);
    assert!(whole.metadata()["counts"]["accounts"].as_u64().unwrap() > 700);
}

#[test]
fn dumps_of_a_database() {
    let (_directory, genesis) = genesis::write(700);
    let genesis = genesis.to_str().unwrap();
    let node = PREIMAGES.start(Path::new(genesis));
    let root = node.block("0x0")["stateRoot"].clone();
    let data = node.stop();
    for arguments in [&["dump", "0"][..], &["dump", "--iterative", "0"]] {
        let file = dump(&data, arguments);
        let run = capture(&["--state", &file, "--genesis", genesis]);
        let metadata = run.metadata();
        assert_eq!(metadata["proven"], true, "{arguments:?}");
        assert_eq!(metadata["state_root"], root);
        assert!(metadata["counts"]["accounts"].as_u64().unwrap() > 700);
    }
    std::fs::remove_dir_all(data).unwrap();
}

#[test]
fn dumps_without_preimages_need_a_node_or_are_refused() {
    let (_directory, genesis) = genesis::write(300);
    let geth = Geth { init: Some(&[]), run: &[], dev: false, api: ALL };
    let node = geth.start(&genesis);
    let root = node.block("0x0")["stateRoot"].clone();
    let data = node.stop();
    let genesis = genesis.to_str().unwrap();
    let file = dump(&data, &["dump", "--iterative", "--incompletes", "0"]);
    let refused = capture(&["--state", &file, "--genesis", genesis]);
    refused.fails(5, "without address (first pre(0x");
    let node = geth.start(Path::new(genesis));
    let run = capture(&["--state", &file, "--el-rpc", &node.url]);
    assert_eq!(run.metadata()["state_root"], root);
    std::fs::remove_dir_all(data).unwrap();
}

#[test]
fn a_genesis_file_is_proven_only_by_a_node() {
    let (_directory, genesis) = genesis::write(300);
    let path = genesis.to_str().unwrap();
    let run = capture(&["--state", path]);
    assert_eq!(run.metadata()["proven"], false);
    let geth = Geth { init: Some(&[]), run: &[], dev: false, api: ALL };
    let node = geth.start(&genesis);
    let run = capture(&["--state", path, "--el-rpc", &node.url]);
    assert_eq!(run.metadata()["proven"], true);
    let (_directory, other) = genesis::write(299);
    let refused = capture(&["--state", other.to_str().unwrap(), "--el-rpc", &node.url]);
    refused.fails(5, "the capture is incomplete");
}

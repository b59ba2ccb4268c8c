//! A chain that geth and Lodestar build is captured while it runs, and what was captured lives.

use crate::support::regenesis;
use std::path::Path;

use crate::nodes::devnet::Devnet;
use crate::nodes::setting::{self, Setting};
use serde_json::{Value, json};

// The same lead as in `lodestar.rs`.
const LEAD: u64 = 60;

fn run_in(directory: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = regenesis().args(arguments).current_dir(directory).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn blocks(net: &mut Devnet, count: u64) {
    net.eventually("blocks", LEAD + 60 + 2 * count, |net| {
        let head = net.eth("eth_blockNumber", json!([]))?;
        let head = u64::from_str_radix(&head.as_str().unwrap()[2..], 16).unwrap();
        if head < count { Err(format!("head is {head}")) } else { Ok(()) }
    });
}

#[test]
fn a_running_chain_is_captured_and_continues() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let snapshot = Setting { slot_seconds: 2, validators: 64 }.snapshot(here);
    let runtime = here.join("runtime");
    let summary = setting::init(&snapshot, &runtime, LEAD);
    let mut net = Devnet::start(&runtime, &summary, &here.join("first"));
    // Withdrawals begin, and the fee recipient's account with them.
    blocks(&mut net, 12);

    let el = format!("127.0.0.1:{}", net.execution);
    let cl = format!("127.0.0.1:{}", net.consensus);
    let nodes = ["capture", "--el-rpc", &el, "--cl-rpc", &cl, "--genesis"];
    let nodes = [&nodes[..], &["runtime/metadata/genesis.json"]].concat();
    let capture = |more: &[&str]| run_in(here, &[&nodes[..], more].concat());

    // A mnemonic that is not the chain's, and one that has not all of its validators.
    let other =
        "- mnemonic: test test test test test test test test test test test junk\n  count: 1\n";
    std::fs::write(here.join("other.yaml"), other).unwrap();
    let (code, stderr) = capture(&["--mnemonics", "other.yaml", "--out", "refused"]);
    assert_eq!(code, Some(5), "{stderr}");
    assert!(stderr.contains("is not a validator of the chain"), "{stderr}");
    assert!(!here.join("refused").exists());
    let few = std::fs::read_to_string(snapshot.join("val/mnemonics.yaml")).unwrap();
    std::fs::write(here.join("few.yaml"), few.replace("count: 64", "count: 60")).unwrap();
    let (code, stderr) = capture(&["--mnemonics", "few.yaml", "--out", "few"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("4 of the chain's 64 validators are not in few.yaml"), "{stderr}");

    let (code, stderr) = capture(&["--out", "captured"]);
    assert_eq!(code, Some(0), "{stderr}");
    // The history of the same chain has the same config.
    let (code, stderr) = capture(&["--mode", "history", "--out", "history"]);
    assert_eq!(code, Some(0), "{stderr}");
    net.say("captured");
    drop(net);
    let read = |path: &str| std::fs::read(here.join(path)).unwrap();
    assert_eq!(read("history/cl/config.yaml"), read("captured/cl/config.yaml"));
    assert_eq!(read("history/el/genesis.json"), read("runtime/metadata/genesis.json"));
    let history: Value = serde_json::from_slice(&read("history/metadata.json")).unwrap();
    assert_eq!(history["counts"]["blocks"], history["source"]["block"]["number"]);
    assert_eq!(history["counts"]["validators"], 64);
    let metadata: Value = serde_json::from_slice(&read("captured/metadata.json")).unwrap();
    assert_eq!(metadata["proven"], true);
    assert_eq!(metadata["counts"]["validators"], 64);
    assert!(metadata["source"]["block"]["number"].as_u64().unwrap() >= 12);
    let config = std::fs::read_to_string(here.join("captured/cl/config.yaml")).unwrap();
    for line in ["CAPELLA_FORK_EPOCH: 0", "SECONDS_PER_SLOT: 2", "DEPOSIT_CHAIN_ID: 271828"] {
        assert!(config.lines().any(|known| known == line), "{line} is not in:\n{config}");
    }

    let summary = setting::init(&here.join("captured"), &runtime, LEAD);
    assert_eq!(summary["cl"]["fork"], "capella");
    assert_eq!(summary["el"]["state_root"], metadata["state_root"]);
    let mut net = Devnet::start(&runtime, &summary, &here.join("second"));
    blocks(&mut net, 3);
    net.say("the captured chain builds blocks");

    // The running chain matches the runtime directory and the captured snapshot, not the earlier ones.
    let el = format!("127.0.0.1:{}", net.execution);
    let cl = format!("127.0.0.1:{}", net.consensus);
    let chain = ["verify", "--el-rpc", &el, "--cl-rpc", &cl];
    for source in ["--runtime=runtime", "captured"] {
        let (code, stderr) = run_in(here, &[&chain[..], &[source]].concat());
        assert_eq!(code, Some(0), "{source}: {stderr}");
        for what in ["as in the genesis", "execution node: ", "beacon node: "] {
            assert!(stderr.contains(what), "{source}: {stderr}");
        }
    }
    let (code, stderr) = run_in(here, &[&chain[..], &[snapshot.to_str().unwrap()]].concat());
    assert_eq!(code, Some(5), "{stderr}");
    assert!(stderr.contains("the chain started from another snapshot"), "{stderr}");
    net.say("verified");
}

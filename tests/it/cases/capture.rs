//! State files of real users, and the outcome of capturing them.

use std::io::Read;

use serde_json::{Value, json};

use super::run;
use crate::support::repository;
use crate::support::run::Run;

/// anvil keeps cleared slots in its storage tries, and thus in its state roots.
#[test]
fn a_cleared_slot_of_anvil_counts_for_the_proof() {
    let case = run("anvil-zero-slot").succeeds();
    let metadata = case.json("snapshot/metadata.json");
    assert_eq!(metadata["proven"], true);
    assert_eq!(metadata["counts"]["zero_slots_left_out"], 1);
    assert_eq!(metadata["counts"]["storage_slots"], 1);
    let of_anvil = "0x94a8152e85e180799674b713e21f0aea529c9f2208068589e37de7d90b8ad249";
    assert_eq!(metadata["source"]["block"]["state_root"], of_anvil);
    let root = metadata["state_root"].as_str().unwrap();
    assert!(root.starts_with("0x0af23e86"), "{root}");
    assert!(case.stderr.contains("counts 1 slot of value 0"), "{}", case.stderr);
    let genesis = case.json("snapshot/el/genesis.template.json");
    let storage = &genesis["alloc"]["0x00000000000000000000000000000000000000aa"]["storage"];
    assert_eq!(storage.as_object().unwrap().len(), 1);
}

#[test]
fn a_state_of_an_anvil_fork_is_refused() {
    let named = ["state.json", "of a fork", "were touched", "jq .accounts", "--chain-id"];
    let case = run("anvil-fork-state").fails(3, &named);
    assert!(!case.stderr.contains("evm_mine") && !case.path("snapshot").exists());
}

#[test]
fn the_l1_state_of_op_deployer_is_captured() {
    let case = run("op-deployer-state").succeeds();
    let metadata = case.json("snapshot/metadata.json");
    assert_eq!(metadata["source"]["kind"], "op-deployer state, l1StateDump");
    assert_eq!((&metadata["proven"], &metadata["counts"]["accounts"]), (&false.into(), &1.into()));
}

/// The files of a Kurtosis container's /network-configs, copied unchanged.
#[test]
fn a_directory_of_kurtosis_is_refused_with_the_flags_for_its_files() {
    let flags = "--genesis network-configs/genesis.json --config network-configs/config.yaml \
                 --mnemonics network-configs/mnemonics.yaml";
    let case = run("kurtosis-dir-as-snapshot").fails(3, &["loose files", flags]);
    assert!(!case.path("runtime").exists());
}

/// The page of a real enclave's L1, in each form in which a user may have it.
#[test]
fn a_page_of_a_dump_is_refused_as_incomplete() {
    let path = "tests/fixtures/kurtosis-cdk-state-2026-02-09/state_dump.json.gz";
    let gzip = std::fs::read(repository().join(path)).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(&gzip[..]).read_to_string(&mut text).unwrap();
    let page: Value = serde_json::from_str(&text).unwrap();
    let base64 = "vd7GUWUuCqF+BW3heQVUrspfokjOzEEx0YnazSbEylU=";
    let hex = "0xbddec651652e0aa17e056de1790554aeca5fa248cecc4131d189dacd26c4ca55";
    assert_eq!(page["next"], base64);
    let answer = json!({"jsonrpc": "2.0", "id": 1, "result": page}).to_string();
    let head = format!("{{\"root\": {}, \"next\": \"{hex}\"}}\n", page["root"]);
    let accounts = page["accounts"].as_object().unwrap().values();
    let lines: Vec<_> = [head].into_iter().chain(accounts.map(|one| format!("{one}\n"))).collect();
    let lines = lines.concat();
    let capture = |file: &[u8]| {
        let arguments = ["--state", "dump.json", "--chain-id", "271828"];
        let capture = Run::of("capture").file("dump.json", file);
        capture.args(arguments)
    };
    for (file, cursor) in [
        (&gzip[..], base64),
        (text.as_bytes(), base64),
        (text.replace(base64, hex).as_bytes(), hex),
        (answer.as_bytes(), base64),
        (lines.as_bytes(), hex),
    ] {
        let done = capture(file).fails(3);
        let error = format!("dump.json: is incomplete: next is {cursor}, expected null");
        for part in [&*error, "256 accounts", "--el-rpc URL", "geth dump"] {
            assert!(done.stderr.contains(part), "no {part:?} in: {}", done.stderr);
        }
        assert!(!done.out().exists());
    }
    // Without the cursor, the state root shows that the dump is incomplete.
    for end in ["null", "\"\""] {
        let cut = text.replace(&format!("\"{base64}\""), end);
        let done = capture(cut.as_bytes()).fails(5);
        assert!(done.stderr.contains("exactly 256 accounts are one page"), "{}", done.stderr);
    }
}

//! Sources of captures that real users had, and what must come of them.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests meet the world")]

mod cases;

/// anvil keeps slots that were cleared in its storage tries, and so in its state roots.
#[test]
fn anvil_zero_slot() {
    let case = cases::run("anvil-zero-slot").succeeds();
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
fn anvil_fork_state() {
    let named = ["state.json", "of a fork", "were touched", "jq .accounts", "--chain-id"];
    let case = cases::run("anvil-fork-state").fails(3, &named);
    assert!(!case.stderr.contains("evm_mine") && !case.path("snapshot").exists());
}

#[test]
fn op_deployer_state() {
    let case = cases::run("op-deployer-state").succeeds();
    let metadata = case.json("snapshot/metadata.json");
    assert_eq!(metadata["source"]["kind"], "op-deployer state, l1StateDump");
    assert_eq!((&metadata["proven"], &metadata["counts"]["accounts"]), (&false.into(), &1.into()));
}

/// The files of a Kurtosis container's /network-configs, copied out as they are.
#[test]
fn kurtosis_dir_as_snapshot() {
    let flags = "--genesis network-configs/genesis.json --config network-configs/config.yaml \
                 --mnemonics network-configs/mnemonics.yaml";
    let case = cases::run("kurtosis-dir-as-snapshot").fails(3, &["loose files", flags]);
    assert!(!case.path("runtime").exists());
}

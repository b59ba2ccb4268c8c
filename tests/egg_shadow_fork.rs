//! ethereum-genesis-generator's shadow forks: the genesis of a public network, and a block of it.
//!
//! The block is one that geth built for `tests/vectors/anchored`; the network is hoodi.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests meet the world")]

mod support;

use std::io::Read;

use serde_json::{Value, json};
use support::{Done, Run, repository};

/// Of hoodi's block 0.
const HOODI: &str = "0xbbe312868b376a3001692a646dd2d7d1e4406380dfd86b98aa8a34d1557c971b";
const HOODI_PRAGUE: u64 = 1_742_999_832;
const SMALL: &str = "PRESET_BASE=minimal\nNUMBER_OF_VALIDATORS=4\n";
const FORK: &str = "CHAIN_ID=560048\nSHADOW_FORK_FILE=/config/block.json\n";
/// The blocks' second is 1750000002, after prague and before osaka.
const TIMED: &str = "GENESIS_TIMESTAMP=1750001000\nGENESIS_DELAY=60\n";

fn public(name: &str) -> Vec<u8> {
    let path = repository().join(format!("tests/fixtures/public/{name}.json.gz"));
    let mut text = Vec::new();
    let file = std::fs::File::open(path).unwrap();
    flate2::read::GzDecoder::new(file).read_to_end(&mut text).unwrap();
    text
}

fn hoodi() -> Value {
    serde_json::from_slice(&public("hoodi")).unwrap()
}

fn vector(fork: &str, name: &str) -> Vec<u8> {
    std::fs::read(repository().join("tests/vectors/anchored").join(fork).join(name)).unwrap()
}

/// A run with these values, the block of `fork`, and files that may be given as `--genesis`.
fn run(fork: &str, values: &str) -> Run {
    let run = Run::new();
    let config = run.directory().join("config");
    let values = format!("{SMALL}{values}").replace("/config/", &format!("{}/", config.display()));
    run.file("config/values.env", values)
        .file("config/block.json", vector(fork, "block.json"))
        .file("hoodi.json", hoodi().to_string())
        .args(["--egg-values", "config/values.env"])
}

fn of_hoodi(fork: &str, values: &str) -> Run {
    run(fork, &format!("{FORK}{values}")).args(["--genesis", "hoodi.json"])
}

/// What every shadow fork of hoodi has.
fn checked(done: &Done, fork: &str) -> Value {
    let expected: Value = serde_json::from_slice(&vector(fork, "expected.json")).unwrap();
    let summary = done.json("regenesis.json");
    assert_eq!(summary["el"]["block_hash"], HOODI);
    assert_eq!(summary["history"]["block_hash"], expected["hash"]);
    assert_eq!(done.text("metadata/deposit_contract_block_hash.txt"), expected["hash"]);
    assert!(!done.out().join("metadata/chain.rlp").exists());
    let genesis = done.json("metadata/genesis.json");
    assert_eq!(genesis["alloc"], hoodi()["alloc"]);
    assert_eq!(genesis["config"]["pragueTime"], HOODI_PRAGUE);
    genesis["config"].clone()
}

#[test]
fn forks_ahead_are_scheduled_by_the_epochs_and_those_before_stay() {
    let forks = "FULU_FORK_EPOCH=2\nBPO_1_EPOCH=3\nBPO_1_MAX_BLOBS=12\nBPO_1_TARGET_BLOBS=7\n";
    for (time, values) in [(Some(1_750_001_060), TIMED), (None, "GENESIS_DELAY=500\n")] {
        let done = of_hoodi("electra", &format!("{values}{forks}")).succeeds();
        let config = checked(&done, "electra");
        let genesis_time = done.json("regenesis.json")["cl"]["genesis_time"].as_u64().unwrap();
        assert_eq!(time.unwrap_or(genesis_time), genesis_time);
        // Epochs have 8 slots of 6 s.
        assert_eq!(config["osakaTime"], genesis_time + 2 * 8 * 6);
        assert_eq!(config["bpo1Time"], genesis_time + 3 * 8 * 6);
        assert_eq!(config["blobSchedule"]["bpo1"]["target"], 7);
        assert_eq!((config.get("bpo2Time"), config["blobSchedule"].get("bpo2")), (None, None));
        assert_eq!(config["blobSchedule"]["prague"], hoodi()["config"]["blobSchedule"]["prague"]);
        let yaml = done.text("metadata/config.yaml");
        assert!(yaml.contains("MAX_BLOBS_PER_BLOCK: 12"), "{yaml}");
        assert!(yaml.contains("ELECTRA_FORK_EPOCH: 0"), "{yaml}");
    }
}

/// Mainnet and sepolia were merged later than at block 0.
#[test]
fn every_public_network_keeps_its_block_0() {
    for (name, id, hash, deposits, difficulty) in [
        (
            "mainnet",
            1,
            "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3",
            "0x00000000219ab540356cBB839Cbe05303d7705Fa",
            "58750000000000000000000",
        ),
        (
            "sepolia",
            11_155_111,
            "0x25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9",
            "0x7f02C3E3c98b133055B8B348B2Ac625669Ed295D",
            "17000000000000000",
        ),
        (
            "holesky",
            17_000,
            "0xb5f7f912443c940f21fd611f12828d75b534364ed9e95ca4e307729a4661bde4",
            "0x4242424242424242424242424242424242424242",
            "0",
        ),
    ] {
        let values = format!(
            "SHADOW_FORK_FILE=/config/block.json\n{TIMED}CHAIN_ID={id}\nFULU_FORK_EPOCH=2\n\
             DEPOSIT_CONTRACT_ADDRESS={deposits}\n"
        );
        let run = run("electra", &values).file("public.json", public(name));
        let done = run.args(["--genesis", "public.json"]).succeeds();
        assert_eq!(done.json("regenesis.json")["el"]["block_hash"], hash, "{name}");
        let yaml = done.text("metadata/config.yaml");
        assert!(yaml.contains(&format!("TERMINAL_TOTAL_DIFFICULTY: {difficulty}\n")), "{yaml}");
        let text = done.text("metadata/genesis.json").replace(' ', "");
        assert!(text.contains(&format!("\"terminalTotalDifficulty\":{difficulty},")), "{name}");
        let config = &done.json("metadata/genesis.json")["config"];
        assert_eq!(config["osakaTime"], 1_750_001_060 + 2 * 8 * 6);
        assert_eq!(config.get("bpo1Time"), None, "{name}");
    }
}

#[test]
fn a_fork_that_never_comes_goes_with_its_blob_forks() {
    let never = "FULU_FORK_EPOCH=18446744073709551615\n";
    let config = checked(&of_hoodi("electra", never).succeeds(), "electra");
    for key in ["osakaTime", "bpo1Time", "bpo2Time"] {
        assert_eq!(config.get(key), None, "{key}");
    }
}

/// As if the network had had its blob forks before the block.
fn long_reached() -> Value {
    let mut genesis = hoodi();
    for (key, time) in [("osakaTime", 0), ("bpo1Time", 1), ("bpo2Time", 2)] {
        genesis["config"][key] = json!(1_749_000_000 + time);
    }
    genesis
}

#[test]
fn blob_forks_that_the_block_has_reached_are_the_networks() {
    let run =
        |values: &str| of_hoodi("fulu", values).file("hoodi.json", long_reached().to_string());
    let done = run(TIMED).succeeds();
    let config = checked(&done, "fulu");
    let ours = long_reached();
    for key in ["osakaTime", "bpo1Time", "bpo2Time"] {
        assert_eq!(config[key], ours["config"][key], "{key}");
    }
    assert_eq!(config["blobSchedule"]["bpo2"], ours["config"]["blobSchedule"]["bpo2"]);
    let yaml = done.text("metadata/config.yaml");
    assert!(yaml.contains("  - EPOCH: 0\n    MAX_BLOBS_PER_BLOCK: 21"), "{yaml}");
    for (values, told) in [
        ("BPO_1_EPOCH=4", "BPO_1_EPOCH is 4, but the block has reached it"),
        ("BPO_2_MAX_BLOBS=20", "the block has reached this fork: it has 21"),
        ("FULU_FORK_EPOCH=4", "FULU_FORK_EPOCH is 4, but the block has reached osakaTime"),
    ] {
        let failed = run(&format!("{values}\n")).fails(3);
        assert!(failed.stderr.contains(told), "{values}: {}", failed.stderr);
    }
}

#[test]
fn what_does_not_fit_the_block_or_the_network_is_refused() {
    let fulu = "FULU_FORK_EPOCH=2\n";
    for (values, told) in [
        ("BPO_1_EPOCH=3", "FULU_FORK_EPOCH is 0, but the block has not reached osakaTime"),
        ("FULU_FORK_EPOCH=2\nBPO_1_EPOCH=1", "BPO_1_EPOCH is 1, which is before FULU_FORK_EPOCH"),
        ("FULU_FORK_EPOCH=2\nELECTRA_FORK_EPOCH=1", "but the block has reached pragueTime"),
        (
            "FULU_FORK_EPOCH=2\nDEPOSIT_CONTRACT_ADDRESS=0x4242424242424242424242424242424242424242",
            "which is not that of hoodi",
        ),
        ("FULU_FORK_EPOCH=2\nCHAIN_ID=1", "CHAIN_ID is 1, but --genesis is of chain 560048"),
        (
            "FULU_FORK_EPOCH=2\nGENESIS_TIMESTAMP=1750000001\nGENESIS_DELAY=1",
            "would begin before the block, of 1750000002",
        ),
    ] {
        let failed = of_hoodi("electra", values).fails(3);
        assert!(failed.stderr.contains(told), "{values}: {}", failed.stderr);
        failed.wrote_nothing();
    }
    let failed = run("electra", &format!("{FORK}{fulu}")).fails(2);
    assert!(failed.stderr.contains("needs that network's genesis"), "{}", failed.stderr);
    assert!(failed.stderr.contains("github.com/eth-clients/hoodi"), "{}", failed.stderr);
    let failed = run("electra", "CHAIN_ID=560048\n").fails(3);
    assert!(failed.stderr.contains("hint: for a shadow fork of it set"), "{}", failed.stderr);
    let done = of_hoodi("electra", &format!("{fulu}EL_PREMINE_COUNT=3\n")).succeeds();
    assert!(done.stderr.contains("EL_PREMINE_COUNT has no effect"), "{}", done.stderr);
}

#[test]
fn a_network_of_the_variables_goes_on_with_its_time() {
    let values = "SHADOW_FORK_FILE=/config/block.json\n";
    let failed = run("fulu", values).fails(3);
    assert!(failed.stderr.contains("GENESIS_TIMESTAMP is 0"), "{}", failed.stderr);
    let values = format!("{values}GENESIS_TIMESTAMP=1749999000\nGENESIS_DELAY=2000\n");
    let done = run("fulu", &values).succeeds();
    let summary = done.json("regenesis.json");
    assert_eq!(summary["chain_id"], 1337);
    assert_eq!(summary["el"]["timestamp"], 1_749_999_000);
    assert_eq!(summary["cl"]["genesis_time"], 1_750_001_000);
    let expected: Value = serde_json::from_slice(&vector("fulu", "expected.json")).unwrap();
    assert_eq!(summary["history"]["block_hash"], expected["hash"]);
    let failed = run("fulu", &values).args(["--genesis", "hoodi.json"]).fails(2);
    assert!(failed.stderr.contains("make a whole network"), "{}", failed.stderr);
}

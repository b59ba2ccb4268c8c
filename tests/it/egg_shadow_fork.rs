//! ethereum-genesis-generator's shadow forks: the genesis of a public network, and a block of it.
//!
//! The block is one that geth built for `tests/vectors/anchored`; the network is hoodi.

use std::io::{Read, Write as _};

use crate::support::{Done, Run, repository};
use serde_json::{Value, json};

/// The hash of hoodi's block 0.
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

/// Checks the properties that all shadow forks of hoodi share.
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
fn future_forks_follow_the_epochs_and_past_forks_stay() {
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
fn an_unscheduled_fork_has_no_blob_forks() {
    let never = "FULU_FORK_EPOCH=18446744073709551615\n";
    let config = checked(&of_hoodi("electra", never).succeeds(), "electra");
    for key in ["osakaTime", "bpo1Time", "bpo2Time"] {
        assert_eq!(config.get(key), None, "{key}");
    }
}

/// hoodi with blob forks that activate before the block.
fn long_reached() -> Value {
    let mut genesis = hoodi();
    for (key, time) in [("osakaTime", 0), ("bpo1Time", 1), ("bpo2Time", 2)] {
        genesis["config"][key] = json!(1_749_000_000 + time);
    }
    genesis
}

#[test]
fn blob_forks_before_the_block_stay_those_of_the_network() {
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
    for (values, error) in [
        ("BPO_1_EPOCH=4", "BPO_1_EPOCH is 4, but the block has reached it"),
        ("BPO_2_MAX_BLOBS=20", "set it to 21: the block has reached this fork"),
        ("FULU_FORK_EPOCH=4", "FULU_FORK_EPOCH is 4, but the block is after osakaTime"),
    ] {
        let failed = run(&format!("{values}\n")).fails(3);
        assert!(failed.stderr.contains(error), "{values}: {}", failed.stderr);
    }
}

#[test]
fn values_that_contradict_block_or_network_are_refused() {
    let fulu = "FULU_FORK_EPOCH=2\n";
    for (values, error) in [
        ("BPO_1_EPOCH=3", "FULU_FORK_EPOCH is 0, but the block has not reached osakaTime"),
        ("FULU_FORK_EPOCH=2\nBPO_1_EPOCH=1", "BPO_1_EPOCH is 1, which is before FULU_FORK_EPOCH"),
        ("FULU_FORK_EPOCH=2\nELECTRA_FORK_EPOCH=1", "but the block is after pragueTime"),
        (
            "FULU_FORK_EPOCH=2\nDEPOSIT_CONTRACT_ADDRESS=0x4242424242424242424242424242424242424242",
            "which differs from that of hoodi",
        ),
        ("FULU_FORK_EPOCH=2\nCHAIN_ID=1", "CHAIN_ID is 1, but --genesis is that of chain 560048"),
        (
            "FULU_FORK_EPOCH=2\nGENESIS_TIMESTAMP=1750000001\nGENESIS_DELAY=1",
            "would start before the block, which is of 1750000002",
        ),
    ] {
        let failed = of_hoodi("electra", values).fails(3);
        assert!(failed.stderr.contains(error), "{values}: {}", failed.stderr);
        failed.wrote_nothing();
    }
    let failed = run("electra", &format!("{FORK}{fulu}")).fails(2);
    assert!(failed.stderr.contains("needs that network's genesis"), "{}", failed.stderr);
    assert!(failed.stderr.contains("github.com/eth-clients/hoodi"), "{}", failed.stderr);
    let failed = run("electra", "CHAIN_ID=560048\n").fails(3);
    assert!(
        failed.stderr.contains("hint: set SHADOW_FORK_FILE or SHADOW_FORK_RPC"),
        "{}",
        failed.stderr
    );
    let done = of_hoodi("electra", &format!("{fulu}EL_PREMINE_COUNT=3\n")).succeeds();
    assert!(done.stderr.contains("EL_PREMINE_COUNT has no effect"), "{}", done.stderr);
}

#[test]
fn a_network_of_the_variables_continues_with_its_time() {
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
    assert!(failed.stderr.contains("describe a complete network"), "{}", failed.stderr);
}

/// A server that answers each request with `body`.
fn server(body: Vec<u8>) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/snapshot/block.json", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = [0; 4096];
            let length = stream.read(&mut head).unwrap();
            let found = head[..length].starts_with(b"GET /snapshot/block.json HTTP/1.1\r\n");
            let status = if found { "200 OK" } else { "404 Not Found" };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
            );
            let _ = stream.write_all(&[head.as_bytes(), &body].concat());
        }
    });
    url
}

#[test]
fn the_block_may_be_at_a_url() {
    let values =
        |url: &str| format!("CHAIN_ID=560048\nSHADOW_FORK_FILE={url}\n{TIMED}FULU_FORK_EPOCH=2\n");
    let hoodi = |url: &str| run("electra", &values(url)).args(["--genesis", "hoodi.json"]);
    checked(&hoodi(&server(vector("electra", "block.json"))).succeeds(), "electra");
    let done = hoodi(&server(b"{}".to_vec())).fails(3);
    done.wrote_nothing();
    assert!(done.stderr.contains("SHADOW_FORK_FILE: "), "{}", done.stderr);
    // The default build has no TLS.
    if !cfg!(feature = "tls") {
        let done = hoodi("https://127.0.0.1/block.json").fails(2);
        assert!(done.stderr.contains("SHADOW_FORK_FILE is https"), "{}", done.stderr);
    }
}

//! `besu.json` and `chainspec.json`: read as their clients read them, they give the block of
//! `genesis.json`.

use crate::support::{Done, Run, repository, vectors};
use alloy_primitives::{B256, U256};
use regenesis::el::genesis;
use regenesis::el::header::{EMPTY_LIST_HASH, EMPTY_REQUESTS_HASH, Header, make_genesis_header};
use regenesis::el::trie::EMPTY_ROOT_HASH;
use serde_json::{Map, Value, json};

fn number(value: &Value) -> U256 {
    let text = value.as_str().unwrap();
    U256::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap()
}

/// Root of accounts that are spelled as every client reads them: hex with 0x, no address twice.
fn state_root(accounts: &Map<String, Value>) -> B256 {
    let mut alloc = Map::new();
    for (address, account) in accounts {
        assert!(address.len() == 42 && address.starts_with("0x"), "{address}");
        for (key, value) in account.as_object().unwrap() {
            match key.as_str() {
                "balance" | "nonce" => drop(number(value)),
                "code" => assert!(value.as_str().unwrap().starts_with("0x")),
                "storage" => {
                    for (slot, value) in value.as_object().unwrap() {
                        assert!(slot.len() == 66 && !number(value).is_zero(), "{slot}");
                    }
                }
                other => panic!("{address} has {other}"),
            }
        }
        assert!(alloc.insert(address.clone(), account.clone()).is_none());
    }
    let text = json!({"alloc": alloc, "config": {}, "gasLimit": 1, "difficulty": 0}).to_string();
    genesis::read(text.as_bytes(), &|_| ()).unwrap().1.root()
}

/// Follows Besu's `GenesisState`, which follows geth.
fn besu_block(text: &str) -> B256 {
    let json: Value = serde_json::from_str(text).unwrap();
    let config = json["config"].as_object().unwrap();
    assert!(config.contains_key("ethash"), "without an engine Besu does not start");
    assert!(config["terminalTotalDifficulty"].is_number());
    let (document, state) = genesis::read(text.as_bytes(), &|_| ()).unwrap();
    assert_eq!(state.root(), state_root(json["alloc"].as_object().unwrap()));
    let genesis = document.checked_genesis().unwrap();
    make_genesis_header(&genesis, state.root(), genesis.timestamp.unwrap()).hash()
}

/// Follows Nethermind's `ChainSpecLoader.LoadGenesis`.
fn nethermind_block(text: &str) -> B256 {
    let spec: Value = serde_json::from_str(text).unwrap();
    let keys: Vec<&String> = spec.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["accounts", "engine", "genesis", "name", "nodes", "params"]);
    let (genesis, params) = (&spec["genesis"], &spec["params"]);
    let time = number(&genesis["timestamp"]);
    let on = |eip: u16| {
        let at = &params[format!("eip{eip}TransitionTimestamp")];
        !at.is_null() && number(at) <= time
    };
    let small = |value: &Value| u64::try_from(number(value)).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let london = params.get("eip1559Transition").is_some_and(|block| number(block).is_zero());
    let seal = &genesis["seal"]["ethereum"];
    Header {
        parent_hash: text(&genesis["parentHash"]).parse().unwrap(),
        coinbase: text(&genesis["author"]).parse().unwrap(),
        state_root: state_root(spec["accounts"].as_object().unwrap()),
        difficulty: number(&genesis["difficulty"]),
        gas_limit: small(&genesis["gasLimit"]),
        timestamp: small(&genesis["timestamp"]),
        extra_data: text(&genesis["extraData"]).parse().unwrap(),
        mix_hash: text(&seal["mixHash"]).parse().unwrap(),
        nonce: text(&seal["nonce"]).parse().unwrap(),
        base_fee_per_gas: london.then(|| number(&genesis["baseFeePerGas"])),
        withdrawals_root: on(4895).then_some(EMPTY_ROOT_HASH),
        blob_gas_used: on(4844).then(|| small(&genesis["blobGasUsed"])),
        excess_blob_gas: on(4844).then(|| small(&genesis["excessBlobGas"])),
        parent_beacon_block_root: on(4788).then_some(B256::ZERO),
        requests_hash: (on(6110) || on(7002) || on(7251)).then_some(EMPTY_REQUESTS_HASH),
        block_access_list_hash: on(7928).then_some(EMPTY_LIST_HASH),
        slot_number: on(7843).then_some(0),
        ..Header::of_empty_body()
    }
    .hash()
}

fn block_hash(done: &Done) -> B256 {
    done.json("regenesis.json")["el"]["block_hash"].as_str().unwrap().parse().unwrap()
}

#[test]
fn every_vector_has_the_same_block_in_every_format() {
    for case in vectors() {
        let done = Run::new()
            .arg("--genesis")
            .arg(case.join("genesis.json"))
            .arg("--config")
            .arg(case.join("config.yaml"))
            .arg("--mnemonics")
            .arg(case.join("mnemonics.yaml"))
            .args(["--timestamp", "keep", "--layout", "lighthouse"])
            .args(["--el-format", "besu,nethermind"])
            .succeeds();
        let hash = block_hash(&done);
        assert_eq!(besu_block(&done.text("metadata/besu.json")), hash, "{}", case.display());
        let chainspec = done.text("metadata/chainspec.json");
        assert_eq!(nethermind_block(&chainspec), hash, "{}", case.display());
    }
}

/// The sample's genesis, edited.
fn sample(edit: impl Fn(&mut Value)) -> Run {
    let template = repository().join("sample/el/genesis.template.json");
    let mut genesis: Value = serde_json::from_slice(&std::fs::read(template).unwrap()).unwrap();
    edit(&mut genesis);
    Run::new().snapshot().file("snapshot/el/genesis.template.json", genesis.to_string()).args([
        "snapshot",
        "--timestamp",
        "1700000000",
        "--el-format",
        "geth",
        "--el-format",
        "nethermind,besu",
    ])
}

/// A captured account has sent eighteen transactions: Besu would read its nonce as 0x18.
#[test]
fn all_formats_have_the_same_nonces() {
    let address = "0x8943545177806ed17b9f23f0a21ee5948ecaa776";
    let done = sample(|genesis| {
        genesis["alloc"][address.to_uppercase().replace("0X", "")] =
            json!({"balance": "18", "nonce": 18, "root": "0x", "storage": {"0x01": "0x12"}});
    })
    .succeeds();
    for (file, accounts) in [("besu", "alloc"), ("chainspec", "accounts")] {
        let json = done.json(&format!("metadata/{file}.json"));
        let account = &json[accounts][address];
        assert_eq!((&account["nonce"], &account["balance"]), (&json!("0x12"), &json!("0x12")));
    }
    let hash = block_hash(&done);
    assert_eq!(besu_block(&done.text("metadata/besu.json")), hash);
    assert_eq!(nethermind_block(&done.text("metadata/chainspec.json")), hash);
}

#[test]
fn scheduled_forks_and_blobs_have_their_times() {
    let done = sample(|genesis| {
        genesis["config"]["bpo1Time"] = json!(1_700_000_160);
        genesis["config"]["blobSchedule"]["bpo1"] =
            json!({"target": 10, "max": 15, "baseFeeUpdateFraction": 8_346_193});
        genesis["timestamp"] = json!("1700000000");
    })
    .file(
        "snapshot/cl/config.yaml",
        std::fs::read_to_string(repository().join("sample/cl/config.yaml"))
            .unwrap()
            .replace("BLOB_SCHEDULE: []\n", "")
            + "BLOB_SCHEDULE:\n  - EPOCH: 10\n    MAX_BLOBS_PER_BLOCK: 15\n",
    )
    .succeeds();
    let genesis = done.json("metadata/genesis.json");
    let spec = done.json("metadata/chainspec.json");
    let params = &spec["params"];
    assert_eq!(genesis["config"]["bpo1Time"], 1_700_000_160);
    assert_eq!(done.json("metadata/besu.json")["config"]["bpo1Time"], 1_700_000_160);
    let blobs = |time: &str, target: u64, max: u64, fraction: &str| json!({"timestamp": time, "target": target, "max": max, "baseFeeUpdateFraction": fraction});
    let expected = [blobs("0x0", 6, 9, "0x4c6964"), blobs("0x6553f1a0", 10, 15, "0x7f5a51")];
    assert_eq!(params["blobSchedule"], json!(expected));
    assert_eq!(params["chainID"], params["networkID"]);
    assert_eq!(params["eip7594TransitionTimestamp"], "0x0");
    assert_eq!(params.get("eip7928TransitionTimestamp"), None);
}

#[test]
fn a_genesis_that_a_format_cannot_express_is_refused() {
    let failed = sample(|genesis| genesis["gasUsed"] = json!("0x5208")).fails(3);
    assert!(failed.stderr.contains("chainspec.json would produce block 0x"), "{}", failed.stderr);
    failed.wrote_nothing();
    sample(|_| ()).args(["--el-format", "parity"]).fails(2).wrote_nothing();
}

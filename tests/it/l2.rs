//! A snapshot with an OP-stack L2: `init` anchors it on the new L1.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::place::Ended;
use crate::support::{Place, repository};

pub const SEED: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const CHAIN: &str = "kurtosis-cdk-jovian-20201";

pub fn fixture(path: &str) -> PathBuf {
    repository().join("tests/fixtures/op-genesis").join(CHAIN).join(path)
}

pub fn unpacked(path: &Path) -> Vec<u8> {
    let (mut text, packed) = (Vec::new(), std::fs::read(path).unwrap());
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut text).unwrap();
    text
}

/// The sample with the L2 of kurtosis-cdk, whose L1 has the same chain id.
pub fn place(names: &[&str]) -> Place {
    let place = Place::new();
    place.add_sample("snapshot");
    let genesis = unpacked(&fixture("genesis.json.gz"));
    for name in names {
        place.write(format!("snapshot/l2/{name}/genesis.json"), &genesis);
        let rollup = std::fs::read(fixture("rollup.json")).unwrap();
        place.write(format!("snapshot/l2/{name}/rollup.json"), rollup);
    }
    let mut metadata = place.json("snapshot/metadata.json");
    metadata["l2"] = json!(names);
    place.write("snapshot/metadata.json", metadata.to_string());
    place
}

fn init(place: &Place) -> Ended {
    let time = ["--timestamp", "1800000000"];
    place.run(&[&["init", "snapshot", "--seed", SEED, "--out", "runtime"][..], &time].concat())
}

#[test]
fn an_l2_starts_from_block_0_of_the_new_l1() {
    let place = place(&["op"]);
    init(&place).succeeds();
    let expected: Value =
        serde_json::from_slice(&std::fs::read(fixture("expected.json")).unwrap()).unwrap();
    let summary = place.json("runtime/regenesis.json");
    let (l1, l2) = (&summary["el"], &summary["l2"][0]);
    assert_eq!(l2["name"], "op");
    assert_eq!(l2["l1_block"], 0);
    assert_eq!(l2["timestamp"], l1["timestamp"]);
    assert_eq!(l2["state_root"], expected["captured"]["state_root"]);
    let rollup = place.json("runtime/l2/op/rollup.json");
    assert_eq!(rollup["genesis"]["l1"], json!({"hash": l1["block_hash"], "number": 0}));
    assert_eq!(rollup["genesis"]["l2"]["hash"], l2["block_hash"]);
    assert_eq!(rollup["genesis"]["l2_time"], l1["timestamp"]);
    let genesis = place.json("runtime/l2/op/genesis.json");
    let time = l1["timestamp"].as_u64().unwrap();
    assert_eq!(genesis["timestamp"], format!("{time:#x}"));
    let config = place.json("runtime/l2/op/l1-chain-config.json");
    let l1_genesis = place.json("runtime/metadata/genesis.json");
    assert_eq!(config["blobSchedule"], l1_genesis["config"]["blobSchedule"]);
    assert_eq!(place.read("runtime/l2/op/jwtsecret"), place.read("runtime/jwt/jwtsecret"));
}

#[test]
fn a_bake_covers_the_l2() {
    let place = place(&["op"]);
    let fund = json!({"0x0b68058E5b2592b1f472AdFe106305295A332A7C": "100000000000000000000"});
    place.write("snapshot/l2/op/fund.json", fund.to_string());
    init(&place).succeeds();
    let files = ["genesis.json", "rollup.json", "l1-chain-config.json", "jwtsecret"];
    let written = |place: &Place| files.map(|file| place.read(format!("runtime/l2/op/{file}")));
    let computed = written(&place);
    place.run(&["bake", "snapshot", "--seed", SEED]).succeeds();
    let steps = init(&place).succeeds();
    assert!(steps.stderr.contains("baked"), "{}", steps.stderr);
    assert!(written(&place) == computed);
    place.run(&["verify", "snapshot"]).succeeds();
    // A changed file of the L2 makes the bake stale.
    place.write("snapshot/l2/op/fund.json", "{}");
    let stale = init(&place).succeeds();
    assert!(stale.stderr.contains("belongs to a different"), "{}", stale.stderr);
    assert!(written(&place) != computed);
}

#[test]
fn files_of_another_chain_are_refused() {
    let refused = |change: fn(&Place), words: &str| {
        let place = place(&["op"]);
        change(&place);
        init(&place).fails(3, words);
        assert!(!place.has("runtime"));
    };
    refused(
        |place| place.edit("snapshot/l2/op/rollup.json", "271828", "1"),
        "rollup.json: l1_chain_id is 1, but config.chainId of snapshot/el/genesis.template.json is 271828",
    );
    refused(
        |place| {
            place.edit(
                "snapshot/l2/op/rollup.json",
                "\"max_sequencer_drift\": 600",
                "\"max_sequencer_drift\": 0",
            );
        },
        "max_sequencer_drift is 0, expected a number from 1",
    );
    refused(
        |place| place.edit("snapshot/metadata.json", "\"l2\":[\"op\"]", "\"l2\":[]"),
        "l2 names [], but the directory l2 has [op]",
    );
    let twins = self::place(&["one", "two"]);
    init(&twins)
        .fails(3, "l2_chain_id is 20201, but l2_chain_id of snapshot/l2/one/rollup.json is 20201");
}

#[test]
fn the_sample_has_an_l2_with_its_batcher() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    place.run(&["init", "--sample", "op", "--out", "runtime"]).succeeds();
    let summary = place.json("runtime/regenesis.json");
    assert_eq!(summary["l2"][0]["chain_id"], 13);
    let key = place.at("runtime/l2/op/batcher.key");
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // The accounts of the L1 sample, and those of the contracts.
    let alloc = &place.json("runtime/metadata/genesis.json")["alloc"];
    let sample = std::fs::read(repository().join("sample/el/genesis.template.json")).unwrap();
    let sample: Value = serde_json::from_slice(&sample).unwrap();
    for (address, account) in sample["alloc"].as_object().unwrap() {
        assert_eq!(alloc[address], *account, "{address}");
    }
    assert_eq!(alloc.as_object().unwrap().len(), 92);
    place.add_sample("snapshot");
    place.run(&["init", "snapshot", "--sample", "op"]).fails(2, "--sample cannot be combined");
}

#[test]
fn the_key_of_another_account_is_refused_and_never_quoted() {
    let key = "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6";
    for (text, words) in [
        (key, "batcher.key: is the key of 0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"),
        (&key[1..], "batcher.key: is not a private key: expected 64 hex digits"),
    ] {
        let place = place(&["op"]);
        place.write("snapshot/l2/op/batcher.key", text);
        let ended = init(&place);
        ended.fails(3, words);
        assert!(!ended.stderr.contains(text), "{}", ended.stderr);
        assert!(!place.has("runtime"));
    }
}

#[test]
fn a_proposer_has_a_key_and_a_factory() {
    let place = place(&["op"]);
    let key = "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356";
    place.write("snapshot/l2/op/proposer.key", key);
    let compose = ["compose", "snapshot"];
    place.run(&compose).fails(3, "proposer.key: needs the address of the DisputeGameFactory");
    place.write("snapshot/l2/op/game-factory", "0x12");
    place.run(&compose).fails(3, "game-factory: is 0x12, expected an address");
    let factory = "0xE9C32b947969Cb6F0369dF7DC284d7da34Df9909";
    place.write("snapshot/l2/op/game-factory", factory);
    place.run(&compose).succeeds();
    let stack = place.read("snapshot/docker-compose.yml");
    assert!(stack.contains(&format!("--game-factory-address={factory}")), "{stack}");
    assert!(!stack.contains(key));
    init(&place).succeeds();
    assert_eq!(place.read("runtime/l2/op/proposer.key").trim(), format!("0x{key}"));
    place.write("snapshot/l2/op/proposer.key", &key[1..]);
    let ended = init(&place);
    assert!(!ended.stderr.contains(&key[1..]), "{}", ended.stderr);
    ended.fails(3, "proposer.key: is not a private key");
}

#[test]
fn a_client_gets_a_secret_from_its_file() {
    let place = Place::new();
    place.run(&["init", "--out", "runtime"]).succeeds();
    place.write("key", "0xsecret\n");
    let run = |secret: &str, supervise: &str| {
        let client = ["sh", "-c", "test \"$KEY\" = 0xsecret"];
        let run =
            ["run", "--runtime", "runtime", "--supervise", supervise, "--secret", secret, "--"];
        place.run(&[&run[..], &client].concat())
    };
    for supervise in ["no", "l2"] {
        run("KEY=key", supervise).succeeds();
    }
    place.write("empty", "");
    run("KEY=empty", "l2").fails(3, "--secret empty: the file is not one line of text");
    run("0xsecret", "l2").fails(2, "--secret is not NAME=FILE");
}

#[test]
fn the_state_of_op_deployer_stands_for_the_genesis() {
    let of_genesis = place(&["op"]);
    init(&of_genesis).succeeds();
    let place = place(&["op"]);
    std::fs::remove_file(place.at("snapshot/l2/op/genesis.json")).unwrap();
    let state = unpacked(&fixture("state.json.gz"));
    place.write("snapshot/l2/op/state.json", &state);
    init(&place).succeeds();
    let hash = |place: &Place| place.json("runtime/regenesis.json")["l2"][0]["block_hash"].clone();
    assert_eq!(hash(&place), hash(&of_genesis));
    let computed = place.read("runtime/l2/op/genesis.json");
    place.run(&["bake", "snapshot", "--seed", SEED]).succeeds();
    assert!(init(&place).succeeds().stderr.contains("baked"));
    assert!(place.read("runtime/l2/op/genesis.json") == computed);
    // The hash in rollup.json proves the genesis.
    let changed = String::from_utf8(state).unwrap();
    let changed = changed.replace("\"gasLimit\": 60000000", "\"gasLimit\": 60000001");
    place.write("snapshot/l2/op/state.json", changed);
    init(&place).fails(3, "rollup.json: genesis.l2.hash is 0x32eb2fdb");
    place.write("snapshot/l2/op/state.json", "{\"opChainDeployments\": [");
    init(&place).fails(3, "state.json: is not a JSON object");
}

#[test]
fn the_system_config_is_that_of_the_l1() {
    let place = place(&["op"]);
    let contract = place.json("snapshot/l2/op/rollup.json")["l1_system_config_address"].clone();
    let word = |hex: &str| format!("0x{hex:0>64}");
    let account = json!({"balance": "0", "nonce": "1", "code": "0x00", "storage": {
        word("66"): word("1"), word("67"): word(&"ab".repeat(20)), word("68"): word("1c9c380"),
    }});
    let entry = format!("\"alloc\": {{{contract}: {account},");
    place.edit("snapshot/el/genesis.template.json", "\"alloc\": {", &entry);
    let steps = init(&place).succeeds();
    assert!(steps.stderr.contains("gasLimit 60000000 to 30000000"), "{}", steps.stderr);
    let config = || place.json("runtime/l2/op/rollup.json")["genesis"]["system_config"].clone();
    assert_eq!(config()["gasLimit"], 30_000_000);
    assert_eq!(config()["batcherAddr"], format!("0x{}", "ab".repeat(20)));
    place.run(&["bake", "snapshot", "--seed", SEED]).succeeds();
    let computed = config();
    assert!(init(&place).succeeds().stderr.contains("baked"));
    assert_eq!(config(), computed);
}

#[test]
fn inspect_shows_the_l2s() {
    let place = place(&["op"]);
    let fund = json!({format!("0x{}", "99".repeat(20)): "5"});
    place.write("snapshot/l2/op/fund.json", fund.to_string());
    let table = place.run(&["inspect", "snapshot"]).succeeds().stdout;
    for line in [
        "L2          op, chain 20201, deployed on block 121 of the L1",
        "2381 accounts, of them",
        "with code, 1 funded",
        "jovian at block 0\n",
    ] {
        assert!(table.contains(line), "{line}: {table}");
    }
    let json = place.run(&["inspect", "snapshot", "--json"]).succeeds().stdout;
    let l2 = &serde_json::from_str::<Value>(&json).unwrap()["l2"][0];
    assert_eq!(l2["time"], 1_770_029_797);
    assert_eq!(l2["forks"].as_array().unwrap().len(), 9);
    // A fork a day after block 0.
    let day = 1_770_029_797 + 86_400;
    place.edit(
        "snapshot/l2/op/rollup.json",
        "\"jovian_time\": 0",
        &format!("\"jovian_time\": {day}"),
    );
    let table = place.run(&["inspect", "snapshot"]).succeeds().stdout;
    assert!(table.contains("isthmus at block 0, jovian 86400 s later"), "{table}");
}

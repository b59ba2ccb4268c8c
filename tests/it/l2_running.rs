//! `verify` of a running L2, and `capture` beside it, against stand-ins of op-geth and op-node.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::hostile::served_history::History;
use crate::hostile::server::{Answer, HASH, Reply, serve};
use crate::l2;
use crate::support::Place;

const TIME: &str = "1700000000";

fn runtime() -> Place {
    let place = l2::place(&["op"]);
    let flags = ["--seed", l2::SEED, "--timestamp", TIME, "--out", "runtime"];
    place.run(&[&["init", "snapshot"][..], &flags].concat()).succeeds();
    place
}

/// An op-geth whose heads advance with every request, and an op-node, both with this `rollup.json`.
fn stand_in(rollup: Value, spoil: fn(&str, &Value) -> Option<Reply>) -> String {
    let rollup = Arc::new(rollup);
    let calls = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let honest = move |method: &str, params: &Value| -> Answer {
        let call = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let block = |number: u64, hash: &Value| {
            json!({"number": format!("{number:#x}"), "hash": hash, "stateRoot": HASH,
                "timestamp": format!("{now:#x}"), "gasLimit": "0x1c9c380"})
        };
        Ok(match (method, params[0].as_str()) {
            ("eth_chainId", _) => json!(format!("{:#x}", rollup["l2_chain_id"].as_u64().unwrap())),
            ("web3_clientVersion", _) => json!("Geth/stand-in"),
            ("eth_getBlockByNumber", Some("0x0")) => block(0, &rollup["genesis"]["l2"]["hash"]),
            ("eth_getBlockByNumber", _) => block(call, &json!(HASH)),
            ("optimism_rollupConfig", _) => (*rollup).clone(),
            _ => return Err((-32601, "the method does not exist/is not available")),
        })
    };
    serve(honest, move |call| spoil(call.method, call.params).unwrap_or(Reply::Honest))
}

fn honest(_: &str, _: &Value) -> Option<Reply> {
    None
}

fn verify(place: &Place, url: &str) -> crate::support::place::Ended {
    let (rpc, node) = (format!("op={url}"), format!("op={url}"));
    place.run(&["verify", "--l2-rpc", &rpc, "--l2-node", &node, "--json"])
}

#[test]
fn a_running_l2_is_verified() {
    let place = runtime();
    let rollup = place.json("runtime/l2/op/rollup.json");
    let ended = verify(&place, &stand_in(rollup.clone(), honest)).succeeds();
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    let l2 = &found["l2"][0];
    assert_eq!(l2["name"], "op");
    assert_eq!(l2["genesis_hash"], rollup["genesis"]["l2"]["hash"]);
    assert!(l2["config_fields"].as_u64().unwrap() > 20, "{l2}");
    for head in ["unsafe", "safe", "finalized"] {
        assert!(l2[head].as_u64().unwrap() > 0, "{head}");
    }
    place.run(&["verify", "--l2-node", "op=127.0.0.1:1"]).fails(2, "nothing to verify");
    let crossed = ["verify", "--l2-rpc", "op=127.0.0.1:1", "--l2-node", "op2=127.0.0.1:1"];
    place.run(&crossed).fails(2, "--l2-node names op2, and --l2-rpc does not");
    place.run(&["verify", "--l2-rpc", "other=127.0.0.1:1"]).fails(3, "l2/other/rollup.json");
}

#[test]
fn another_genesis_or_config_is_named() {
    let place = runtime();
    let ours = place.json("runtime/l2/op/rollup.json");
    let other = |change: fn(&mut Value)| {
        let mut rollup = ours.clone();
        change(&mut rollup);
        verify(&place, &stand_in(rollup, honest))
    };
    other(|rollup| rollup["l2_chain_id"] = json!(7)).fails(5, "op: the chain id of http://127");
    let genesis = other(|rollup| rollup["genesis"]["l2"]["hash"] = json!(HASH));
    genesis.fails(5, "is 0x00000000000000000000000000000000000000000000000000000000000000aa, but");
    let config = other(|rollup| rollup["block_time"] = json!(3));
    assert!(config.stderr.contains("hint: restart op-node with this file"), "{}", config.stderr);
    config.fails(5, "op: block_time of http://127");
    let forks = other(|rollup| {
        rollup["jovian_time"] = Value::Null;
        rollup["seq_window_size"] = json!(2);
    });
    forks.fails(5, "and 1 other fields differ");
}

#[test]
fn a_bad_answer_of_an_op_node_is_an_error_of_the_node() {
    let place = runtime();
    let rollup = place.json("runtime/l2/op/rollup.json");
    let spoilt = |spoil| verify(&place, &stand_in(rollup.clone(), spoil));
    let refused = |method: &str, _: &Value| {
        (method == "optimism_rollupConfig").then_some(Reply::Refused(-32601, "no such method"))
    };
    spoilt(refused).fails(4, "optimism_rollupConfig");
    let list = |method: &str, _: &Value| {
        (method == "optimism_rollupConfig").then(|| Reply::Result(json!([1])))
    };
    spoilt(list).fails(4, "is not a JSON object");
    let block = |method: &str, params: &Value| {
        let latest = method == "eth_getBlockByNumber" && params[0] == "latest";
        latest.then(|| Reply::Result(json!({"number": "seven"})))
    };
    spoilt(block).fails(4, "a block has");
}

#[test]
fn a_head_that_stays_is_named_with_its_cause() {
    let place = runtime();
    let stays = |method: &str, params: &Value| {
        let latest = method == "eth_getBlockByNumber" && params[0] == "latest";
        latest.then(|| {
            Reply::Result(json!({"number": "0x5", "hash": HASH, "stateRoot": HASH,
                "timestamp": "0x5", "gasLimit": "0x5"}))
        })
    };
    let rollup = place.json("runtime/l2/op/rollup.json");
    let ended = verify(&place, &stand_in(rollup, stays));
    assert!(ended.stderr.contains("--sequencer.enabled"), "{}", ended.stderr);
    ended.fails(5, "op: the unsafe head stays at 5 for 30 s");
}

/// `capture` of the sample's genesis with these flags.
fn capture(place: &Place, flags: &[&str]) -> crate::support::place::Ended {
    let state = ["capture", "--state", "snapshot/el/genesis.template.json", "--out", "out"];
    place.run(&[&state[..], flags].concat())
}

const ROLLUP: [&str; 2] = ["--l2-rollup", "op=snapshot/l2/op/rollup.json"];
const GENESIS: [&str; 2] = ["--l2-genesis", "op=snapshot/l2/op/genesis.json"];

#[test]
fn an_l2_as_deployed_is_captured_with_its_l1() {
    let place = l2::place(&["op"]);
    let flags = [ROLLUP, GENESIS].concat();
    capture(&place, &flags).succeeds();
    assert_eq!(place.json("out/metadata.json")["l2"], json!(["op"]));
    for file in ["rollup.json", "genesis.json"] {
        let path = format!("l2/op/{file}");
        assert!(place.read(format!("out/{path}")) == place.read(format!("snapshot/{path}")));
        assert!(place.json("out/metadata.json")["files"][&path]["sha256"].is_string());
    }
    place.run(&["verify", "out"]).succeeds();
    let ended = place.run(&["init", "out", "--out", "runtime"]).succeeds();
    assert!(ended.stderr.contains("baked"), "{}", ended.stderr);
    assert!(place.has("runtime/l2/op/rollup.json"));
    // The next capture replaces its own files, and no others.
    capture(&place, &flags).succeeds();
    place.write("out/l2/op/fund.json", "{}");
    capture(&place, &flags).succeeds();
    assert!(place.has("out/l2/op/fund.json"));
    place.edit("out/l2/op/rollup.json", "600", "601");
    capture(&place, &flags).fails(7, "out/l2/op/rollup.json");
    place.edit("out/l2/op/rollup.json", "601", "600");
    let left = capture(&place, &[]);
    assert!(!left.stderr.contains("state   "), "before any work: {}", left.stderr);
    left.fails(7, "out/l2/op/fund.json");
    std::fs::remove_file(place.at("out/l2/op/fund.json")).unwrap();
    capture(&place, &[]).succeeds();
    assert!(!place.has("out/l2/op"));
    place.run(&["init", "out", "--out", "runtime"]).succeeds();
}

#[test]
fn the_state_of_op_deployer_is_captured_as_a_genesis() {
    let place = l2::place(&["op"]);
    let state = l2::fixture("state.json.gz");
    place.write("state.json", l2::unpacked(&state));
    let captured = |path: String| {
        let flag = format!("op={path}");
        capture(&place, &[&ROLLUP[..], &["--l2-genesis", &flag]].concat())
    };
    let packed = l2::fixture("genesis.json.gz").display().to_string();
    let mut found = Vec::new();
    for path in ["state.json".to_owned(), state.display().to_string(), packed] {
        captured(path).succeeds();
        assert!(!place.has("out/l2/op/state.json"));
        place.run(&["init", "out", "--out", "runtime", "--timestamp", TIME]).succeeds();
        found.push(place.json("runtime/l2/op/rollup.json"));
    }
    assert!(found[0] == found[1] && found[1] == found[2]);
    place.write("state.json", "{\"opChainDeployments\": []}");
    captured("state.json".to_owned()).fails(3, "but state.json has no chain with allocs");
    place.write("state.json", "{\"accounts\": {}}");
    captured("state.json".to_owned()).fails(3, "state.json: alloc is missing");
}

#[test]
fn an_l2_that_is_not_of_this_l1_is_not_captured() {
    let place = l2::place(&["op"]);
    let refused = |flags: &[&str], code, words: &str| {
        capture(&place, flags).fails(code, words);
        assert!(!place.has("out"), "{words}");
    };
    refused(&ROLLUP, 2, "the L2 op has no --l2-genesis");
    refused(&GENESIS, 2, "the L2 op has no --l2-rollup");
    refused(&["--l2-rpc", "127.0.0.1:9545"], 2, "--l2-rpc is not NAME=VALUE");
    refused(&["--l2-rpc", "Op=127.0.0.1:9545"], 2, "names the L2 \"Op\"");
    let twice = [&ROLLUP[..], &ROLLUP, &GENESIS].concat();
    refused(&twice, 2, "--l2-rollup is given twice for op");
    let both = [&ROLLUP[..], &GENESIS, &["--l2-node", "op=127.0.0.1:1"]].concat();
    refused(&both, 2, "--l2-rollup and --l2-node are both given for op");

    let rollup = place.json("snapshot/l2/op/rollup.json");
    let other = stand_in(rollup.clone(), |method, _| {
        (method == "eth_chainId").then(|| Reply::Result(json!("0x7")))
    });
    let rpc = format!("op={other}");
    let flags = [&ROLLUP[..], &GENESIS, &["--l2-rpc", &rpc]].concat();
    refused(
        &flags,
        5,
        "--l2-rpc op: chain id of the node is 7, but snapshot/l2/op/rollup.json has 20201",
    );
    let node = |rollup: Value| format!("op={}", stand_in(rollup, honest));
    let mut of_another = rollup.clone();
    of_another["l1_chain_id"] = json!(5);
    let url = node(of_another);
    let flags = [&GENESIS[..], &["--l2-node", &url, "--chain-id", "271828"]].concat();
    refused(&flags, 3, "l1_chain_id is 5, but the chain id of the captured L1 is 271828");
    let url = node(rollup);
    capture(&place, &[&GENESIS[..], &["--l2-node", &url]].concat()).succeeds();
    place.run(&["init", "out", "--out", "runtime"]).succeeds();
}

#[test]
fn a_history_has_the_system_config_of_its_last_block() {
    let place = l2::place(&["op"]);
    place.edit("snapshot/l2/op/rollup.json", "\"l1_chain_id\": 271828", "\"l1_chain_id\": 1337");
    let contract = place.json("snapshot/l2/op/rollup.json")["l1_system_config_address"].clone();
    let history = History::plain();
    let head = history.blocks.last().unwrap().header.hash();
    place.write("genesis.json", &history.genesis);
    let capture = |has_contract: bool| {
        let (history, contract) = (History::plain(), contract.clone());
        let url = serve(
            move |method, params| history.honest(method, params),
            move |call| {
                if call.method != "eth_getStorageAt" {
                    return Reply::Honest;
                }
                assert_eq!(call.params[0], contract);
                assert_eq!(call.params[2]["blockHash"], json!(head));
                let slot = call.params[1].as_str().unwrap();
                let slot = slot.trim_start_matches("0x").trim_start_matches('0');
                let value = match slot {
                    _ if !has_contract => String::new(),
                    "66" => "0b".to_owned(),
                    "67" => "ab".repeat(20),
                    "68" => "1c9c380".to_owned(),
                    "6a" => "04000000fa".to_owned(),
                    _ => String::new(),
                };
                Reply::Result(json!(format!("0x{value:0>64}")))
            },
        );
        let l1 = ["capture", "--mode", "history", "--el-rpc", &url, "--genesis", "genesis.json"];
        let out = ["--out", "out"];
        place.run(&[&l1[..], &out, &ROLLUP, &GENESIS].concat()).succeeds()
    };
    capture(true);
    let genesis = &place.json("out/l2/op/rollup.json")["genesis"];
    assert_eq!(genesis["l1"], json!({"hash": head, "number": 600}));
    let config = &genesis["system_config"];
    assert_eq!(config["batcherAddr"], format!("0x{}", "ab".repeat(20)));
    assert_eq!(config["gasLimit"], 30_000_000);
    assert_eq!(config["eip1559Params"], "0x000000fa00000004");
    assert_eq!(config["minBaseFee"], 0);
    assert_eq!(genesis["l2"], place.json("snapshot/l2/op/rollup.json")["genesis"]["l2"]);
    let without = capture(false);
    let warning = "no SystemConfig at l1_system_config_address at block 600 of the L1";
    assert!(without.stderr.contains(warning), "{}", without.stderr);
    assert_eq!(
        place.json("out/l2/op/rollup.json")["genesis"]["system_config"],
        place.json("snapshot/l2/op/rollup.json")["genesis"]["system_config"]
    );
}

//! A Kurtosis enclave of 2 February 2026: 1,080 L1 blocks, 152 of their transactions with blobs. Its L1
//! continues after a gap of months, and its L2 starts from the last of its blocks.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::{FINALITY, HEADS, Net, SOON};
use crate::nodes::history::run;
use crate::nodes::process::{Process, free_ports};
use crate::nodes::{http, tools};
use crate::support::{eventually, regenesis, repository};

/// The first funded account of ethereum-package.
const ACCOUNT: &str = "0x8943545177806ED17B9F23F0a21ee5948eCaa776";
const KEY: &str = "0xbcdf20249abf0ed6d944c0288fad489e33f66b3960d9e6229c1cd214ed3bbe31";
/// Of the enclave's own batcher.
const BATCHER_KEY: &str = "0xa51bc3351fffe667d7f2fd30dc040687e2d65e2f941837bad219bb1f0466dfaa";
const PORTAL: &str = "0x1684d31b9a7f3081b43d0006cf2eb5fbb12d8a26";

#[test]
fn an_enclave_of_february_continues_with_its_l2() {
    let directory = tempfile::tempdir().unwrap();
    let snapshot = enclave(directory.path());
    let mut net = Net { key: KEY, ..Net::of(&snapshot, &["op"]) };
    let summary = net.boot(&snapshot);
    assert_eq!(summary["l2"][0]["l1_block"], 1080);
    net.reaches("op", HEADS, 0, FINALITY + SOON);
    has_its_history(net.host.port("el", 8545));
    net.deposits("op", PORTAL);
    net.transfers("op");
    net.is_healthy("op");
}

pub fn fixture(path: &str) -> PathBuf {
    repository().join("tests/fixtures").join(path)
}

pub fn unpacked(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let packed = std::fs::read(path).unwrap();
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
    bytes
}

fn expected() -> Value {
    let text = std::fs::read(fixture("kurtosis-cdk-op-20201/expected.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// The snapshot: captured from a geth that has imported the blocks, and the L2 beside it.
fn enclave(directory: &Path) -> PathBuf {
    let at = |path: &str| directory.join(path);
    std::fs::write(at("genesis.json"), unpacked(&fixture("kurtosis-cdk-op-20201/genesis.json.gz")))
        .unwrap();
    std::fs::write(at("chain.rlp"), unpacked(&fixture("kurtosis-cdk-op-20201/chain.rlp.gz")))
        .unwrap();
    let geth = || {
        let mut geth = Command::new(tools::geth());
        geth.arg("--datadir").arg(at("geth")).args(["--db.engine=leveldb", "--state.scheme=hash"]);
        geth.args(["--cache=64", "--gcmode=archive"]);
        geth
    };
    run(geth().arg("init").arg(at("genesis.json")));
    run(geth().arg("import").arg(at("chain.rlp")));
    let [port, engine] = free_ports();
    let mut command = geth();
    command.args(["--syncmode=full", "--ipcdisable", "--nodiscover", "--maxpeers=0", "--port=0"]);
    command.args(["--http", "--http.api=eth,web3,debug", &format!("--http.port={port}")]);
    command.arg(format!("--authrpc.port={engine}"));
    let source = Process::start("source", &mut command, directory);
    eventually("geth answers", || http::call(port, "eth_chainId", json!([])).is_ok());
    let snapshot = at("snapshot");
    let mut capture = regenesis();
    capture.args(["capture", "--mode", "history", "--el-rpc", &format!("127.0.0.1:{port}")]);
    capture.arg("--genesis").arg(at("genesis.json")).arg("--out").arg(&snapshot);
    run(capture.arg("--mnemonics").arg(fixture("kurtosis-cdk-op-20201/mnemonics.yaml")));
    drop(source);

    std::fs::create_dir_all(snapshot.join("l2/op")).unwrap();
    let put = |path: &str, bytes: &[u8]| std::fs::write(snapshot.join(path), bytes).unwrap();
    let l2 = "op-genesis/kurtosis-cdk-jovian-20201";
    put("l2/op/genesis.json", &unpacked(&fixture(&format!("{l2}/genesis.json.gz"))));
    let rollup = std::fs::read(fixture(&format!("{l2}/rollup.json"))).unwrap();
    let mut rollup: Value = serde_json::from_slice(&rollup).unwrap();
    // The system config has not changed between the two blocks: see expected.json.
    rollup["genesis"]["l1"]["number"] = json!(1080);
    put("l2/op/rollup.json", rollup.to_string().as_bytes());
    let fund = json!({ACCOUNT: "1000000000000000000000"});
    put("l2/op/fund.json", fund.to_string().as_bytes());
    put("l2/op/batcher.key", BATCHER_KEY.as_bytes());
    let metadata = std::fs::read(snapshot.join("metadata.json")).unwrap();
    let mut metadata: Value = serde_json::from_slice(&metadata).unwrap();
    metadata["l2"] = json!(["op"]);
    put("metadata.json", metadata.to_string().as_bytes());
    snapshot
}

/// Old hashes, logs and archive reads, which bridges and indexers need.
fn has_its_history(execution: u16) {
    let expected = expected();
    let call = |method, params| http::call(execution, method, params).unwrap();
    let block = |number: u64| call("eth_getBlockByNumber", json!([format!("{number:#x}"), false]));
    assert_eq!(block(1080)["hash"], expected["head"]["hash"]);
    assert_eq!(block(121)["hash"], expected["rollup_genesis_l1"]["hash"]);
    let logs =
        |filter: Value| call("eth_getLogs", json!([filter])).as_array().unwrap().len() as u64;
    assert_eq!(logs(json!({"fromBlock": "0x0", "toBlock": "0x438"})), expected["logs"]);
    // `InitL1InfoRootMap`, from which agglayer starts.
    let root = &expected["global_exit_root"]["address"];
    assert!(logs(json!({"address": root, "fromBlock": "0x22", "toBlock": "0x22"})) > 0);
    let system_config = &expected["system_config"]["address"];
    let reads = expected["archive_reads"]["gasLimit() of system_config"].as_object().unwrap();
    for (number, value) in reads {
        let at = format!("{:#x}", number.parse::<u64>().unwrap());
        let read = json!([{"to": system_config, "data": "0xf68016b7"}, at]);
        let found = call("eth_call", read);
        let digits = |text: &Value| {
            text.as_str().unwrap().trim_start_matches("0x").trim_start_matches('0').to_owned()
        };
        assert_eq!(digits(&found), digits(value), "gasLimit() at {number}");
    }
}

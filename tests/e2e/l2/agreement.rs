//! op-deployer and op-geth compute the files and the blocks 0 that we do.

use std::path::Path;
use std::process::Command;

use regenesis::file::FilePart;
use regenesis::l2::{Anchor, Fund, Rollup, read};
use serde_json::{Value, json};

use super::enclave::{fixture, unpacked};
use crate::nodes::tools;
use crate::support::Place;

fn parsed(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap()
}

const CHAIN_ID: &str = "20201";
const DEPLOYED: &str = "kurtosis-cdk-op-20201/state.json.gz";

/// `op-deployer inspect`, of the state in `directory`.
fn inspected(what: &str, directory: &Path) -> Vec<u8> {
    let mut command = Command::new(tools::op_deployer());
    let output = command.args(["inspect", what, "--workdir"]).arg(directory).arg(CHAIN_ID).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn op_deployer_prints_the_pair_that_we_read_from_its_state() {
    let state = unpacked(&fixture(DEPLOYED));
    let place = Place::new();
    place.write("deployer/state.json", &state);
    let rollup = inspected("rollup", &place.at("deployer"));
    let genesis = inspected("genesis", &place.at("deployer"));
    let boot = |snapshot: &str, file: &str, text: &[u8]| -> [Value; 2] {
        place.add_sample(snapshot);
        place.write(format!("{snapshot}/l2/op/rollup.json"), &rollup);
        place.write(format!("{snapshot}/l2/op/{file}"), text);
        let mut metadata = place.json(format!("{snapshot}/metadata.json"));
        metadata["l2"] = json!(["op"]);
        place.write(format!("{snapshot}/metadata.json"), metadata.to_string());
        let out = format!("{snapshot}-runtime");
        place.run(&["init", snapshot, "--out", &out, "--timestamp", "1800000000"]).succeeds();
        ["genesis.json", "rollup.json"].map(|file| place.json(format!("{out}/l2/op/{file}")))
    };
    let [mut theirs, their_rollup] = boot("theirs", "genesis.json", &genesis);
    let [mut ours, our_rollup] = boot("ours", "state.json", &state);
    // It has the hash of block 0, which has the root of the alloc.
    assert_eq!(their_rollup, our_rollup);
    for genesis in [&mut theirs, &mut ours] {
        let accounts = genesis["alloc"].take();
        assert_eq!(accounts.as_object().unwrap().len(), 2381);
    }
    // Fields that the geth in op-deployer writes without a value.
    let unset = theirs["config"].as_object_mut().unwrap().remove("depositContractAddress");
    assert_eq!(unset, Some(json!("0x0000000000000000000000000000000000000000")));
    assert_eq!(theirs.as_object_mut().unwrap().remove("slotNumber"), Some(Value::Null));
    assert_eq!(theirs, ours);
}

/// The hash of block 0 that op-geth computes from a genesis (`core.Genesis.ToBlock`), or its error.
fn block_0(genesis: &[u8]) -> Result<String, String> {
    let directory = tools::scratch();
    let file = directory.path().join("genesis.json");
    std::fs::write(&file, genesis).unwrap();
    let mut geth = Command::new(tools::op_geth());
    geth.args(["--log.format=json", "init", "--state.scheme=hash", "--datadir"]);
    let output = geth.arg(directory.path().join("data")).arg(&file).output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut hashes = lines.filter_map(|line| Some(line["hash"].as_str()?.to_owned()));
    hashes.next().ok_or(log)
}

#[test]
fn op_geth_computes_the_same_block_0() {
    let rules = parsed(&std::fs::read(fixture("op-genesis/header-rules.json")).unwrap());
    for case in rules["cases"].as_array().unwrap() {
        match block_0(case["genesis"].to_string().as_bytes()) {
            Ok(hash) => assert_eq!(hash, case["hash"], "{}", case["name"]),
            Err(log) => assert!(log.contains("PragueTime (0) must equal IsthmusTime"), "{log}"),
        }
    }
    let mut chains = 0;
    for entry in std::fs::read_dir(fixture("op-genesis")).unwrap() {
        let chain = entry.unwrap().path();
        if !chain.is_dir() {
            continue;
        }
        chains += 1;
        let file = |name: &str| std::fs::read(chain.join(name)).unwrap();
        let genesis = unpacked(&chain.join("genesis.json.gz"));
        let rollup = Rollup::parse(&file("rollup.json")).unwrap();
        let length = genesis.len() as u64;
        let read = read(rollup, &genesis[..], length, &Fund::new(), &|_| ()).unwrap();
        let l1 = parsed(&file("l1.json"));
        let l1_time = l1["timestamp"].as_u64().unwrap();
        let anchor = Anchor {
            l1_number: l1["number"].as_u64().unwrap(),
            l1_hash: l1["hash"].as_str().unwrap().parse().unwrap(),
            l1_time,
            l2_time: l1_time,
        };
        let l1_config = br#"{"chainId": 1, "cancunTime": 0, "blobSchedule": {"cancun":
            {"target": 3, "max": 6, "baseFeeUpdateFraction": 3338477}}}"#;
        let anchored = read.anchored(&anchor, l1_config).unwrap();
        let text = anchored.genesis.iter().flat_map(|part| match part {
            FilePart::Text(text) => text.clone(),
            FilePart::Source(range) => {
                let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).unwrap());
                genesis[start..end].to_vec()
            }
            FilePart::Encoded(_) => panic!("the genesis is edited in place"),
        });
        let hash = block_0(&text.collect::<Vec<u8>>()).unwrap();
        assert_eq!(hash, anchored.header.hash().to_string(), "{}", chain.display());
    }
    assert_eq!(chains, 8);
}

//! A genesis that geth has imported: geth keeps its alloc in one entry, and the copy leaves it out.

use alloy_primitives::{hex, keccak256};

use super::*;
use crate::nodes::history::run;

/// Contracts of 24,000 bytes.
const CONTRACTS: u64 = 60;
/// Bytes of their code in the alloc, in hex.
const TEXT: u64 = CONTRACTS * 48_000;

#[test]
fn the_alloc_of_an_imported_genesis_is_left_out() {
    for (engine, scheme) in [("leveldb", "hash"), ("pebble", "path")] {
        let kind = Kind::of(engine, scheme, "archive");
        let (directory, roots) = (scratch(), Vec::new());
        let mut source = Source { directory, kind, head: Value::Null, accounts: Vec::new(), roots };
        let at = |name: &str| source.directory.path().join(name);
        run(regenesis().arg("init").arg("--out").arg(at("first")));
        let path = at("first/metadata/genesis.json");
        let mut genesis: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        // An hour earlier: with the time of the next genesis, both would be the same block.
        let time = quantity(&genesis["timestamp"]) - 3_600;
        genesis["timestamp"] = json!(format!("{time:#x}"));
        let address = |number: u64| hex::encode_prefixed(&keccak256(number.to_be_bytes())[..20]);
        for number in 0..CONTRACTS {
            let part = |part: u64| hex::encode(keccak256((number << 32 | part).to_be_bytes()));
            let code = (0..750).map(part).collect::<String>();
            genesis["alloc"][address(number)] =
                json!({"balance": "0x1", "code": format!("0x{code}")});
        }
        std::fs::write(&path, genesis.to_string()).unwrap();
        run(kind.geth(&source.datadir()).arg("init").arg(&path));
        // The first start moves the entries of the log to tables.
        let [port, authrpc] = free_ports();
        let mut command = kind.geth(&source.datadir());
        command.arg(format!("--http.port={port}")).arg(format!("--authrpc.port={authrpc}"));
        let process = Process::start("imported", &mut command, source.directory.path());
        let node = Node { port };
        node.eventually("eth_blockNumber", json!([]), |head| head == "0x0");
        let head = node.ask("eth_getBlockByNumber", json!(["latest", false]));
        let accounts = (0..CONTRACTS).map(|number| node.account(address(number))).collect();
        terminate(process);
        (source.head, source.accounts) = (head, accounts);
        let started = source.starts_again(&["--prove"]);
        source.has_head(&started);
        let size = |name: &str| {
            let files = tree(&source.directory.path().join(name));
            files.iter().map(|(_, size, _)| size).sum::<u64>()
        };
        let (original, copy) = (size("source/geth/chaindata"), size("snapshot/el/geth"));
        assert!(copy + TEXT / 2 < original, "{engine}: {copy} bytes of {original}");
    }
}

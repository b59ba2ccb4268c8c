//! A directory whose flat snapshot was changed: geth reads it before the state trie.

use alloy_primitives::{hex, keccak256};

use super::*;

/// An account of the state, with 1 wei, and one that it does not have.
const KNOWN: &str = "0x0000000000000000000000000000000000000005";
const UNKNOWN: &str = "0x000000000000000000000000000000000000f00d";

/// The flat snapshot has 42 wei for both; the trie stays as it was.
fn forge(source: &Source) {
    for address in [KNOWN, UNKNOWN] {
        let hash = keccak256(hex::decode(address).unwrap());
        let key = format!("0x61{}", hex::encode(hash));
        let mut command = Command::new((source.kind.program)());
        command.args(["db", "put", "--datadir"]).arg(source.datadir());
        command.arg(format!("--db.engine={}", source.kind.engine));
        command.arg(format!("--state.scheme={}", source.kind.scheme));
        let output = command.args([&key, "0xc4802a8080"]).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }
}

fn balances(node: &Node) -> [Value; 2] {
    [KNOWN, UNKNOWN].map(|address| node.ask("eth_getBalance", json!([address, "latest"])))
}

#[test]
fn a_forged_flat_snapshot_is_left_out_and_geth_generates_it() {
    for (engine, scheme) in [("leveldb", "hash"), ("pebble", "path")] {
        let source = Source::new(Kind::of(engine, scheme, "full"));
        forge(&source);
        let output = source.capture("proven", &["--prove"]);
        let text = stderr(&output);
        assert!(output.status.success(), "{text}");
        let expected = "the flat snapshot, which geth reads first, differs from the state: account";
        assert!(text.contains(expected), "{text}");
        let started = source.starts_again(&["--prove"]);
        source.has_head(&started);
        assert_eq!(balances(&started.node), ["0x1", "0x0"], "{scheme}");
        // Before the end, geth reads the trie.
        let log = source.directory.path().join("geth.log");
        let begin = Instant::now();
        while !std::fs::read_to_string(&log).unwrap().contains("Generated") {
            assert!(begin.elapsed() < Duration::from_mins(2), "geth generates no flat snapshot");
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(balances(&started.node), ["0x1", "0x0"], "{scheme}");
    }
}

/// Without a proof, the database stays as geth stored it.
#[test]
fn a_flat_snapshot_that_is_right_is_kept() {
    for (engine, scheme) in [("leveldb", "hash"), ("pebble", "path")] {
        let source = Source::new(Kind::of(engine, scheme, "full"));
        let started = source.starts_again(&["--prove"]);
        let log = std::fs::read_to_string(source.directory.path().join("geth.log")).unwrap();
        assert!(!log.contains("Generated"), "{log}");
        source.has_head(&started);
    }
}

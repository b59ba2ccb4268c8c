//! The accounts of a stopped geth as an alloc.

use super::*;
use crate::nodes::history::run;

#[test]
fn accounts_are_read_where_geth_kept_their_addresses() {
    for (engine, scheme) in [("leveldb", "hash"), ("pebble", "path")] {
        let mut kind = Kind::of(engine, scheme, "archive");
        // geth keeps them in archives with the hash scheme alone.
        kind.preimages = true;
        let source = Source::new(kind);
        let funded = format!("{UNUSED}=1");
        let output = source.capture("alloc", &["--alloc", "--fund", &funded]);
        assert!(output.status.success(), "{engine} {scheme}: {}", stderr(&output));
        let output = source.capture("snapshot", &["--alloc"]);
        assert!(output.status.success(), "{}", stderr(&output));
        let text = stderr(&output);
        assert!(text.contains(", proven"), "{text}");
        let at = |name: &str| source.directory.path().join(name);
        run(regenesis().arg("verify").arg(at("snapshot")));
        for (snapshot, has_funds) in [("snapshot", false), ("alloc", true)] {
            let path = at(snapshot).join("el/genesis.template.json");
            let genesis: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            let alloc = genesis["alloc"].as_object().unwrap();
            let has = |address: &str| {
                alloc.keys().any(|key| key.trim_start_matches("0x") == &address.to_lowercase()[2..])
            };
            for (address, proof, _) in &source.accounts {
                let is_empty = proof["balance"] == "0x0" && proof["nonce"] == "0x0";
                assert!(is_empty || has(address), "{address}");
            }
            assert_eq!(has(UNUSED), has_funds);
        }
        // Every client starts from it; the root is that of the last block.
        let inspected = regenesis().arg("inspect").arg(at("snapshot")).output().unwrap();
        let text = String::from_utf8_lossy(&inspected.stdout).into_owned();
        assert!(text.contains(source.head["stateRoot"].as_str().unwrap()), "{text}");
        run(regenesis()
            .arg("init")
            .arg(at("snapshot"))
            .arg("--out")
            .arg(at("reth"))
            .args(["--el-format", "besu"]));
    }
}

/// An address that no transaction names.
const UNUSED: &str = "0x00000000000000000000000000000000abcdef12";

#[test]
fn an_account_without_an_address_is_an_error() {
    let source = Source::new(Kind::of("pebble", "path", "full"));
    let output = source.capture("snapshot", &["--alloc"]);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    let text = stderr(&output);
    assert!(text.contains("without address (first pre(0x"), "{text}");
    assert!(text.contains("--cache.preimages"), "{text}");
    assert!(!source.directory.path().join("snapshot").exists());
}

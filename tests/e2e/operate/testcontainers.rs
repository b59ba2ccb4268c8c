//! Devnets that a test of another Rust project starts, also from a registry.

use std::ffi::OsString;
use std::process::Command;

use regenesis_testcontainers::{Builder, Devnet};
use serde_json::json;

use super::machine::{Machine, Version, docker};
use crate::nodes::{http, snapshot};
use crate::support::PROGRAM;

const DIGEST: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

#[test]
fn devnets_of_a_test_run_side_by_side_and_end_with_it() {
    let machine = Machine::new(Version::V2);
    let cache = machine.place().join("cache");
    let of_suite = |builder: Builder| {
        let builder = builder.program(PROGRAM).setting("XDG_CACHE_HOME", &cache);
        let set =
            |builder: Builder, (name, value): (OsString, OsString)| builder.setting(name, value);
        machine.environment().into_iter().fold(builder, set)
    };
    // A snapshot that was pulled: the registry is not asked again. Only its owner can read it.
    let pulled = cache.join("regenesis/snapshots").join(format!("sha256-{DIGEST}"));
    std::fs::create_dir_all(pulled.parent().unwrap()).unwrap();
    snapshot::snapshot("fulu", &pulled);
    std::fs::write(pulled.join(".regenesis-restored.json"), "{}").unwrap();
    let closed = Command::new("chmod").args(["-R", "go-rwx"]).arg(&pulled).status();
    assert!(closed.unwrap().success());
    let reference = format!("oci://127.0.0.1:1/team/chain:v1@sha256:{DIGEST}");

    let both = std::thread::scope(|scope| {
        [Devnet::sample(), Devnet::reference(reference)]
            .map(|builder| scope.spawn(|| of_suite(builder).start().unwrap()))
            .map(|started| started.join().unwrap())
    });
    for devnet in &both {
        let port = devnet.eth_rpc_url().rsplit_once(':').unwrap().1.parse().unwrap();
        let block = http::call(port, "eth_blockNumber", json!([])).unwrap();
        assert_ne!(block, "0x0", "{devnet:?}");
        let chain_id = http::call(port, "eth_chainId", json!([])).unwrap();
        assert_eq!(chain_id, format!("{:#x}", devnet.chain_id()));
    }
    let [sample, other] = &both;
    assert_ne!(sample.run_id(), other.run_id());
    assert!(sample.private_key().is_some() && other.private_key().is_none(), "{both:?}");
    let own = format!("regenesis-test-{}-", std::process::id());
    assert!(both.iter().all(|devnet| devnet.name().starts_with(&own)), "{both:?}");
    drop(both);
    assert!(pulled.join("metadata.json").exists(), "the snapshot stays");

    let snapshot = Devnet::snapshot(machine.snapshot());
    let error = of_suite(snapshot).setting("GETH_IMAGE", "localhost:1/none:1").start().unwrap_err();
    let error = error.to_string();
    assert!(error.contains("localhost:1/none:1") && error.contains("hint: "), "{error}");
    for list in [["ps", "-a"].as_slice(), &["volume", "ls"], &["network", "ls"]] {
        let left = docker(list);
        assert!(!left.contains(&own), "{left}");
    }
}

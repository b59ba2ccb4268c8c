//! A stack with an OP-stack L2: real op-geth, op-node and op-batcher.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::machine::{self, Machine, Version};

/// Two L1 blocks for a batch, and some more for the L2 to derive it; the machine may be loaded.
const LIMIT: Duration = Duration::from_mins(3);

/// The status, as soon as it is so.
fn eventually(machine: &Machine, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + LIMIT;
    loop {
        let asked = machine.with(&["status", &machine.name, "--json"], &[]);
        let status: Value = serde_json::from_str(&asked.stdout).unwrap_or_default();
        if is_so(&status) {
            return status;
        }
        assert!(Instant::now() < end, "not within {LIMIT:?}: {what}: {asked:?}");
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Of plain Compose, and taken over. Nothing changes the files of the snapshot.
#[test]
fn a_rollup_lives_through_every_verb() {
    let machine = Machine::new(Version::V2);
    let name = machine.name.as_str();
    let snapshot = machine.place().join(name);
    let path = snapshot.to_str().unwrap();
    machine.succeeds(&["compose", path, "--sample", "op"]);
    let files = machine::files(&snapshot);
    machine.shell(&[Version::V2.words(), &["up", "-d"]].concat(), &snapshot);
    let genesis = machine.genesis();
    let up = machine.without_ports(&["up", path, "--output", "json"]);
    assert_eq!(machine.genesis(), genesis, "{up:?}");
    let summary: Value = serde_json::from_str(&up.stdout).unwrap();
    assert_eq!(summary["stack"], name);
    is_of_op(&machine, &summary);
    let run_id = summary["run_id"].clone();
    let op_node = machine.succeeds(&["port", name, "op-node"]).stdout;
    assert_eq!(op_node.trim(), machine.url("op-node"));
    assert_eq!(machine.fails(&["port", name, "two-http"]).code, 2);

    let status = eventually(&machine, "it lives, and a batch makes blocks safe", |status| {
        let l2 = &status["l2"][0];
        let is_safe = l2["safe"]["number"].as_u64().is_some_and(|number| number > 0);
        status["alive"] == true && is_safe && l2["last_batch"]["number"].is_u64()
    });
    let latest = status["l2"][0]["latest"]["number"].as_u64().unwrap();
    assert!(latest >= status["l2"][0]["safe"]["number"].as_u64().unwrap(), "{status}");

    let logs = machine.succeeds(&["logs", name, "--network", "op"]).stdout;
    assert!(logs.lines().count() > 0, "{logs}");
    assert!(logs.lines().all(|line| line.starts_with("op-") || line.contains(" ^ ")), "{logs}");
    let unknown = machine.fails(&["logs", name, "--network", "two"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("one of: l1, op"), "{unknown:?}");

    machine::docker(&["stop", &machine.container("op-node")]);
    let partly = machine.fails(&["status", name]);
    assert_eq!(partly.code, 11, "{partly:?}");
    assert!(partly.stderr.contains("op-node does not run"), "{partly:?}");
    let again = machine.without_ports(&["up", name, "--output", "env"]);
    assert!(again.stderr.contains("op-node start"), "{again:?}");
    assert!(again.stdout.contains(&format!("RUN_ID={}\n", run_id.as_str().unwrap())));
    let url = format!("L2_OP_ETH_RPC_URL={}\n", machine.url("op-geth"));
    assert!(again.stdout.contains(&url), "{again:?}");
    machine.succeeds(&["restart", name]);
    let status = eventually(&machine, "it lives", |status| status["alive"] == true);
    assert_eq!(status["genesis"]["run_id"], run_id);

    machine.succeeds(&["down", name]);
    assert_eq!(machine.running(), BTreeSet::new());
    assert_eq!(machine.fails(&["status", name]).code, 11);
    let purged = machine.succeeds(&["purge", name, "--yes"]);
    assert!(purged.stdout.contains(&format!("volume {name}_rollups\n")), "{purged:?}");
    assert_eq!(machine.everything(), BTreeSet::new());
    assert_eq!(machine::files(&snapshot), files);
}

#[test]
fn up_starts_the_sample_with_an_l2() {
    let machine = Machine::new(Version::V1);
    let name = machine.name.as_str();
    let dry = machine.succeeds(&["up", "op", "--name", name, "--dry-run"]);
    assert!(dry.stdout.contains("OP_NODE_IMAGE=regenesis-e2e/op-stack:1 (shell)"), "{dry:?}");
    assert!(!machine.state().exists(), "a dry run wrote files");

    let up = machine.succeeds(&["up", "op", "--name", name, "--output", "json"]);
    let summary: Value = serde_json::from_str(&up.stdout).unwrap();
    is_of_op(&machine, &summary);
    assert!(summary["private_key"].is_string(), "the accounts of the sample: {up:?}");
    machine.succeeds(&["purge", name, "--yes"]);
    assert_eq!(machine.everything(), BTreeSet::new());
    assert!(!machine.state().join(name).exists(), "the sample's files stay");
}

/// Asserts that the summary of `up` describes the L2 of the sample.
fn is_of_op(machine: &Machine, summary: &Value) {
    let l2 = &summary["l2"][0];
    assert_eq!((&l2["name"], &l2["chain_id"]), (&"op".into(), &13.into()), "{summary}");
    assert_eq!(l2["eth_rpc_url"], machine.url("op-geth"));
    assert_eq!(l2["node_url"], machine.url("op-node"));
}

//! Forks that no consensus client in a package registry supports: geth builds blocks on our genesis
//! for a driver of the Engine API, which reads the first head from our `genesis.ssz`. geth's settings let a
//! chain continue after `kill -9`.

use crate::nodes::history::{Source, record, run};
use crate::nodes::net::{Net, number};
use crate::nodes::tools::geth;
use crate::support::regenesis;

const BLOCKS: u64 = 32;

#[test]
fn geth_builds_on_capella() {
    builds("capella");
}

#[test]
fn geth_builds_on_deneb() {
    builds("deneb");
}

#[test]
fn geth_builds_on_electra() {
    builds("electra");
}

#[test]
fn geth_builds_on_fulu() {
    builds("fulu");
}

fn builds(fork: &str) {
    let mut net = Net::start(fork);
    assert_eq!(net.summary["cl"]["fork"], fork);
    net.reaches(BLOCKS);
    let (genesis, first) = (net.block("0x0"), net.block("0x1"));
    assert_eq!(genesis["hash"], net.summary["el"]["block_hash"]);
    // The driver knows the genesis block from genesis.ssz alone.
    assert_eq!(first["parentHash"], genesis["hash"]);
    let since = number(&first["timestamp"]) - net.summary["cl"]["genesis_time"].as_u64().unwrap();
    println!("{fork}: {BLOCKS} blocks, the first {since} s after genesis");

    let health = regenesis()
        .arg("health")
        .arg("--runtime")
        .arg(net.at("runtime"))
        .args(["--el", &format!("http://127.0.0.1:{}", net.execution), "--cl"])
        .arg(format!("http://127.0.0.1:{}", net.beacon))
        .output()
        .unwrap();
    assert!(health.status.success(), "{}", String::from_utf8_lossy(&health.stderr));
}

#[test]
fn deneb_continues_after_its_history() {
    continues("deneb", &[]);
}

#[test]
fn electra_continues_after_its_history() {
    continues("electra", &[]);
}

/// The capture ends a minute before the head.
#[test]
fn fulu_continues_after_its_history() {
    continues("fulu", &["--block", "100"]);
}

/// A chain of 160 blocks is captured and stopped. Two boots from the snapshot keep the captured blocks and
/// continue after them.
fn continues(fork: &str, capture: &[&str]) {
    let source = tempfile::tempdir().unwrap();
    let chain = Source::start(fork, 160, source.path());
    let snapshot = chain.capture(capture);
    run(regenesis().arg("verify").arg(&snapshot));
    let last = if capture.is_empty() { 160 } else { 100 };
    let before = record(chain.execution, last);
    assert_eq!(before.1.as_array().unwrap().len() as u64, last);
    drop(chain);
    let mut boots = Vec::new();
    for _ in 0..2 {
        let mut net = Net::of(&snapshot, &geth(), tempfile::tempdir().unwrap());
        assert_eq!(net.summary["cl"]["fork"], fork);
        assert_eq!(net.summary["history"]["blocks"], last);
        net.reaches(last + 8);
        assert!(record(net.execution, last) == before, "{fork}: the history differs");
        let first = net.block(&format!("{:#x}", last + 1));
        assert_eq!(first["parentHash"], before.0[usize::try_from(last).unwrap()]);
        let genesis_time = net.summary["cl"]["genesis_time"].as_u64().unwrap();
        let since = number(&first["timestamp"]) - genesis_time;
        let verify = ["verify", "--el-rpc", &format!("127.0.0.1:{}", net.execution)];
        let said = run(regenesis().args(verify).arg("--runtime").arg(net.at("runtime")));
        assert!(
            said.contains(&format!("{last} blocks, {last} receipts and {last} logs")),
            "{said}"
        );
        println!("{fork}: block {} came {since} s after genesis; {last} as they were", last + 1);
        boots.push((genesis_time, first["hash"].clone()));

        // After `kill -9` and a restart, geth has its history and continues.
        drop(net.geth.take());
        net.geth = Some(net.start_geth());
        net.reaches(last + 12);
        let log = std::fs::read_to_string(net.at("geth.log")).unwrap();
        assert!(log.contains("resumes") && !log.contains("imported in"), "{log}");
    }
    assert!(boots[0].0 < boots[1].0 && boots[0].1 != boots[1].1, "{boots:?}");
}

#[test]
fn a_killed_geth_has_all_its_blocks() {
    let mut net = Net::start("fulu");
    for kill in 1..=3 {
        net.reaches(6 * kill);
        net.keeps_its_blocks_over_a_kill();
    }
}

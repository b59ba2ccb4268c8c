//! A chain with history, in the shipped stack.

use std::path::Path;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::plan::{Plan, Version, sample};
use super::{alone, started};
use crate::nodes::history::{Source, record};

const BLOCKS: u64 = 200;

/// Every start continues after the history, and a restart does not import it again.
#[test]
fn history_survives_every_event() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let source = Source::start("fulu", BLOCKS, directory.path());
    let snapshot = source.capture(&[]);
    let before = record(source.execution, BLOCKS);
    drop(source);
    std::thread::scope(|scope| {
        for version in [Version::V1, Version::V2] {
            let (snapshot, before) = (&snapshot, &before);
            scope.spawn(move || keeps(version, snapshot, before));
        }
    });
}

fn keeps(version: Version, snapshot: &Path, before: &(Vec<Value>, Value)) {
    let stack = started(Plan { snapshot: Some(snapshot), ..sample(version) });
    let is_there = |what: &str| {
        let lives = stack.must_live(what);
        assert!(record(stack.execution, BLOCKS) == *before, "{what}: the history differs");
        println!("{version:?}, {what}: lives after {:.0} s, with its history", lives.as_secs_f64());
        stack.genesis_is_ours()
    };
    let mut summary = is_there("up -d");
    assert_eq!(summary["history"]["blocks"], BLOCKS);
    let imported = format!("{BLOCKS} blocks, {} bytes imported in", summary["history"]["bytes"]);
    assert!(stack.said("el", SystemTime::UNIX_EPOCH).contains(&imported));

    let begin = SystemTime::now();
    stack.kill(&["el"]);
    stack.compose(&["up", "-d"]);
    assert_eq!(is_there("kill -9 of geth, up -d"), summary);
    assert!(!stack.said("el", begin).contains(&imported));
    for again in [&["stop"][..], &["down"], &["down", "-v"]] {
        stack.compose(again);
        stack.compose(&["up", "-d"]);
        let made = is_there(&format!("{}, up -d", again.join(" ")));
        assert_ne!(made["cl"]["genesis_time"], summary["cl"]["genesis_time"]);
        assert_eq!(made["history"], summary["history"]);
        let first = stack.eth("eth_getBlockByNumber", json!([format!("{:#x}", BLOCKS + 1), false]));
        assert_eq!(first.unwrap()["parentHash"], summary["history"]["block_hash"]);
        summary = made;
    }
}

//! A chain that keeps its past, in the shipped stack.

use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::compose::{SOON, Version};
use crate::past::{Source, record};
use crate::{alone, sample, started};

const BLOCKS: u64 = 200;

/// Every start begins behind the past, and a restart does not import it again.
#[test]
fn a_past_is_there_whatever_happens() {
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
    let stack = started(crate::Plan { snapshot: Some(snapshot), ..sample(version) });
    let is_there = |what: &str, lives: Option<Duration>| {
        let Some(lives) = lives else { panic!("dead: {what}\n{}", stack.last_words()) };
        assert!(record(stack.execution, BLOCKS) == *before, "{what}: the past is another one");
        println!("{version:?}, {what}: lives after {:.0} s, its past with it", lives.as_secs_f64());
        stack.genesis_is_ours()
    };
    let mut summary = is_there("up -d", stack.lives(SOON));
    assert_eq!(summary["history"]["blocks"], BLOCKS);
    let imported = format!("{BLOCKS} blocks, {} bytes imported in", summary["history"]["bytes"]);
    assert!(stack.said("el", SystemTime::UNIX_EPOCH).contains(&imported));

    let begin = SystemTime::now();
    stack.kill(&["el"]);
    stack.compose(&["up", "-d"]);
    assert_eq!(is_there("kill -9 of geth, up -d", stack.lives(SOON)), summary);
    assert!(!stack.said("el", begin).contains(&imported));
    for again in [&["stop"][..], &["down"], &["down", "-v"]] {
        stack.compose(again);
        stack.compose(&["up", "-d"]);
        let made = is_there(&format!("{}, up -d", again.join(" ")), stack.lives(SOON));
        assert_ne!(made["cl"]["genesis_time"], summary["cl"]["genesis_time"]);
        assert_eq!(made["history"], summary["history"]);
        let first = stack.eth("eth_getBlockByNumber", json!([format!("{:#x}", BLOCKS + 1), false]));
        assert_eq!(first.unwrap()["parentHash"], summary["history"]["block_hash"]);
        summary = made;
    }
}

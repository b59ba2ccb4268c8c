//! A capture of a past that is interrupted, and a chain that changes meanwhile.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Capture;
use super::past::{BLOCKS, FLAGS, Past, RAW, UNKNOWN, asked, capture, capture_into, kept, refuse};
use super::server::{self, Call, Reply};

/// How many blocks are asked for in one go.
const SHARE: u64 = 256;

/// A node that is gone after the first share of blocks.
fn interrupted() -> Capture {
    let gone = |call: &Call<'_>| {
        if call.method == RAW && asked(call) > SHARE { Reply::Gone } else { Reply::Honest }
    };
    let captured = capture(Past::plain(), gone);
    captured.fails(4, "is not reached");
    assert!(captured.stderr.contains("the same command goes on from there"), "{}", captured.stderr);
    captured
}

/// Asserts that the blocks that are there are not asked for again.
fn goes_on(directory: tempfile::TempDir, from: u64) {
    let captured = capture_into(directory, Past::plain(), move |call| {
        // Block 1 alone tells which way the node has.
        let again = call.method == RAW && (2..=from).contains(&asked(call));
        if again { refuse(UNKNOWN) } else { Reply::Honest }
    });
    assert!(captured.stderr.contains(&format!("resume  at block {from}")), "{}", captured.stderr);
    assert_eq!(captured.metadata()["counts"]["transactions"], BLOCKS / 3 * 5);
    assert_eq!(kept(&captured), Past::plain().rlp());
    assert!(!captured.directory.path().join("out.capture").exists());
}

#[test]
fn a_past_goes_on_where_it_was_interrupted() {
    goes_on(interrupted().directory, SHARE);
    // What was torn or damaged meanwhile is cut off.
    let captured = interrupted();
    let path = captured.directory.path().join("out.capture/chain.rlp");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    goes_on(captured.directory, SHARE - 1);
    let captured = interrupted();
    let path = captured.directory.path().join("out.capture/chain.rlp");
    std::fs::write(&path, [&bytes[..], b"torn"].concat()).unwrap();
    goes_on(captured.directory, SHARE);
}

#[test]
fn a_signal_leaves_what_is_there() {
    let past = Past::plain();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("genesis.json"), &past.genesis).unwrap();
    let slow = |call: &Call<'_>| {
        if call.method == RAW && asked(call) > SHARE { Reply::Drip } else { Reply::Honest }
    };
    let url = server::serve(move |method, params| past.honest(method, params), slow);
    let mut child = Command::new(env!("CARGO_BIN_EXE_regenesis"))
        .args(["capture", "--el-rpc", &url, "--out", "out", "--rpc-timeout", "600"])
        .args(FLAGS.split(' '))
        .current_dir(directory.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !directory.path().join("out.capture/checkpoint.json").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it has ended");
        std::thread::sleep(Duration::from_millis(20));
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("out.capture is kept"), "{stderr}");
    assert!(!directory.path().join("out").exists());
    goes_on(directory, SHARE);
}

#[test]
fn a_past_that_was_reorganised_since_begins_anew() {
    let other = Past::new(100, 1);
    let rlp = other.rlp();
    let captured = capture_into(interrupted().directory, other, |_| Reply::Honest);
    assert_eq!(captured.metadata()["counts"]["blocks"], BLOCKS);
    assert!(captured.stderr.contains("block 256 was reorganised since"), "{}", captured.stderr);
    assert_eq!(kept(&captured), rlp);
}

#[test]
fn a_reorganisation_meanwhile_is_told() {
    // In the middle of the blocks, and behind the last of them.
    for at in [300, BLOCKS] {
        let (before, after) = (Past::plain(), Past::new(200, 1));
        let over = Arc::new(AtomicBool::new(false));
        let script = move |call: &Call<'_>| {
            let is_now = over.load(Ordering::SeqCst);
            if call.method == RAW && asked(call) == at {
                over.store(true, Ordering::SeqCst);
            }
            if !is_now {
                return Reply::Honest;
            }
            after.honest(call.method, call.params).map_or_else(refuse, Reply::Result)
        };
        let captured = capture(before, script);
        captured.fails(4, "is not on the node's chain: it was reorganised");
        let again = capture_into(captured.directory, Past::new(200, 1), |_| Reply::Honest);
        again.metadata();
        assert_eq!(kept(&again), Past::new(200, 1).rlp(), "{}", again.stderr);
    }
}

//! A history capture that is interrupted, and a chain that is reorganised during a capture.

use crate::support::regenesis;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Capture;
use super::served_history::{
    BLOCKS, FLAGS, History, RAW, UNKNOWN, capture, capture_into, kept, refuse, requested,
};
use super::server::{self, Call, Reply};

/// Blocks that a capture requests in one batch.
const BATCH: u64 = 256;

/// A capture of a node that disconnects after the first batch of blocks.
fn interrupted() -> Capture {
    let gone = |call: &Call<'_>| {
        if call.method == RAW && requested(call) > BATCH { Reply::Gone } else { Reply::Honest }
    };
    let captured = capture(History::plain(), gone);
    captured.fails(4, "cannot be reached");
    assert!(
        captured.stderr.contains("run the same command again to resume"),
        "{}",
        captured.stderr
    );
    captured
}

/// Asserts that a capture resumes without requesting the kept blocks again.
fn resumes(directory: tempfile::TempDir, from: u64) {
    let captured = capture_into(directory, History::plain(), move |call| {
        // Only block 1 is requested again, to detect which method the node supports.
        let again = call.method == RAW && (2..=from).contains(&requested(call));
        if again { refuse(UNKNOWN) } else { Reply::Honest }
    });
    assert!(captured.stderr.contains(&format!("resume  at block {from}")), "{}", captured.stderr);
    assert_eq!(captured.metadata()["counts"]["transactions"], BLOCKS / 3 * 5);
    assert_eq!(kept(&captured), History::plain().rlp());
    assert!(!captured.directory.path().join("out.capture").exists());
}

#[test]
fn a_history_resumes_where_it_was_interrupted() {
    resumes(interrupted().directory, BATCH);
    // A torn or damaged end is cut off.
    let captured = interrupted();
    let path = captured.directory.path().join("out.capture/chain.rlp");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    resumes(captured.directory, BATCH - 1);
    let captured = interrupted();
    let path = captured.directory.path().join("out.capture/chain.rlp");
    std::fs::write(&path, [&bytes[..], b"torn"].concat()).unwrap();
    resumes(captured.directory, BATCH);
}

#[test]
fn a_signal_keeps_the_progress() {
    let history = History::plain();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("genesis.json"), &history.genesis).unwrap();
    let slow = |call: &Call<'_>| {
        if call.method == RAW && requested(call) > BATCH { Reply::Drip } else { Reply::Honest }
    };
    let url = server::serve(move |method, params| history.honest(method, params), slow);
    let mut child = regenesis()
        .args(["capture", "--el-rpc", &url, "--out", "out", "--rpc-timeout", "600"])
        .args(FLAGS.split(' '))
        .current_dir(directory.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !directory.path().join("out.capture/checkpoint.json").exists() {
        assert!(child.try_wait().unwrap().is_none(), "the capture has ended");
        std::thread::sleep(Duration::from_millis(20));
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("out.capture is kept"), "{stderr}");
    assert!(!directory.path().join("out").exists());
    resumes(directory, BATCH);
}

#[test]
fn a_reorganised_history_starts_again() {
    let other = History::new(100, 1);
    let rlp = other.rlp();
    let captured = capture_into(interrupted().directory, other, |_| Reply::Honest);
    assert_eq!(captured.metadata()["counts"]["blocks"], BLOCKS);
    assert!(captured.stderr.contains("block 256 was reorganised"), "{}", captured.stderr);
    assert_eq!(kept(&captured), rlp);
}

#[test]
fn a_reorganisation_during_a_capture_is_reported() {
    // In the middle of the blocks, and after the last one.
    for at in [300, BLOCKS] {
        let (before, after) = (History::plain(), History::new(200, 1));
        let over = Arc::new(AtomicBool::new(false));
        let script = move |call: &Call<'_>| {
            let is_now = over.load(Ordering::SeqCst);
            if call.method == RAW && requested(call) == at {
                over.store(true, Ordering::SeqCst);
            }
            if !is_now {
                return Reply::Honest;
            }
            after.honest(call.method, call.params).map_or_else(refuse, Reply::Result)
        };
        let captured = capture(before, script);
        captured.fails(4, "is not on the node's chain: it was reorganised");
        let again = capture_into(captured.directory, History::new(200, 1), |_| Reply::Honest);
        again.metadata();
        assert_eq!(kept(&again), History::new(200, 1).rlp(), "{}", again.stderr);
    }
}

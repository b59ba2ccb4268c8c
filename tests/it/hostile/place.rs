//! Changes to the output directory while a capture reads from a node.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::served_history::{FLAGS, History, capture_into};
use super::server::{Reply, Server};
use super::{ACCOUNTS, Capture, PAGE};

const MINE: &str = "{\"name\": \"my NFT\"}";

/// A node that calls `happens` once, while it serves the second page.
fn meanwhile(happens: impl Fn() + Send + Sync + 'static) -> Server {
    let over = AtomicBool::new(false);
    Server::start(ACCOUNTS, move |call| {
        if call.method == PAGE && call.before == 1 && !over.swap(true, Ordering::SeqCst) {
            happens();
        }
        Reply::Honest
    })
}

/// A snapshot, and the path of its `out`.
fn captured() -> (tempfile::TempDir, PathBuf) {
    let capture = Capture::of(&Server::start(ACCOUNTS, |_| Reply::Honest));
    capture.metadata();
    let out = capture.out();
    (capture.directory, out)
}

#[test]
fn a_file_edited_during_a_capture_is_not_replaced() {
    for path in ["metadata.json", "cl/config.yaml", "el/chain.rlp", "val/validators.txt"] {
        let (directory, out) = captured();
        let place = out.join(path);
        let before = std::fs::read(&place).ok();
        let changed = place.clone();
        let server = meanwhile(move || std::fs::write(&changed, MINE).unwrap());
        let capture = Capture::into(directory, &server);
        assert_eq!(capture.code, Some(7), "{path}: {}", capture.stderr);
        assert_eq!(std::fs::read_to_string(&place).unwrap(), MINE, "{path}");
        // Once restored, the same command resumes.
        match before {
            Some(before) => std::fs::write(&place, before).unwrap(),
            None => std::fs::remove_file(&place).unwrap(),
        }
        let capture = Capture::into(capture.directory, &server);
        capture.metadata();
        assert!(capture.stderr.contains("resume  at 600 accounts"), "{}", capture.stderr);
        assert!(!out.join(".regenesis-capture").exists());
    }
}

#[test]
fn an_output_that_appears_during_a_capture_is_left() {
    let take: [fn(&Path); 4] = [
        |out| std::fs::create_dir(out).unwrap(),
        |out| {
            std::fs::create_dir(out).unwrap();
            std::fs::write(out.join("metadata.json"), MINE).unwrap();
        },
        |out| std::fs::write(out, MINE).unwrap(),
        |out| std::os::unix::fs::symlink("nowhere", out).unwrap(),
    ];
    for take in take {
        let directory = tempfile::tempdir().unwrap();
        let out = directory.path().join("out");
        let taken = out.clone();
        let capture = Capture::into(directory, &meanwhile(move || take(&taken)));
        assert_eq!(capture.code, Some(7), "{}", capture.stderr);
        let said = "appeared during the capture; the finished snapshot stays in out.capture/new";
        assert!(capture.stderr.contains(said), "{}", capture.stderr);
        let kind = out.symlink_metadata().unwrap().file_type();
        let mine = out.join("metadata.json");
        assert!(!mine.exists() || std::fs::read_to_string(&mine).unwrap() == MINE);
        assert!(!out.join("el").exists() && (kind.is_dir() || !out.is_dir()));
        let staged = capture.directory.path().join("out.capture/new/metadata.json");
        assert!(staged.exists());
    }
}

#[test]
fn a_state_capture_replaces_a_history_capture() {
    let directory = tempfile::tempdir().unwrap();
    let history = capture_into(directory, History::plain(), |_| Reply::Honest);
    history.metadata();
    let out = history.out();
    std::fs::write(out.join("el/notes"), MINE).unwrap();
    assert!(FLAGS.contains("history") && out.join("el/chain.rlp").exists());
    let node = Server::start(ACCOUNTS, |_| Reply::Honest);
    let state = Capture::into(history.directory, &node);
    assert_eq!(state.metadata()["counts"]["accounts"], ACCOUNTS);
    let names = |directory: &Path| {
        let mut names: Vec<_> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&out.join("el")), ["genesis.template.json", "notes"]);
    // Back to a history. An edited file is reported before any request to the node.
    let again = capture_into(state.directory, History::plain(), |_| Reply::Honest);
    assert_eq!(again.metadata()["mode"], "history");
    assert_eq!(names(&out.join("el")), ["chain.rlp", "genesis.json", "head.rlp", "notes"]);
    std::fs::write(out.join("el/head.rlp"), MINE).unwrap();
    let asked = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&asked);
    let node = Server::start(ACCOUNTS, move |_| {
        seen.store(true, Ordering::SeqCst);
        Reply::Honest
    });
    let refused = Capture::into(again.directory, &node);
    assert_eq!(refused.code, Some(7), "{}", refused.stderr);
    assert!(refused.stderr.contains("out/el/head.rlp: was edited"), "{}", refused.stderr);
    assert!(!asked.load(Ordering::SeqCst), "the node was asked");
}

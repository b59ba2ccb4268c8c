//! A restore continues after a kill, a cut connection, a changed archive.

use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::Ordering;

use super::server::{Fault, Server};
use super::{files, names};
use crate::support::place::Ended;
use crate::support::rng::Rng;
use crate::support::{Place, eventually, sha256};

/// Bytes of an entry; nothing compresses it.
const ENTRY: usize = 1_200_000;
const ENTRIES: usize = 8;
/// Bytes that a killed restore may have read ahead.
const BUFFER: u64 = 1 << 18;

/// A snapshot of random files beside the sample's.
fn place() -> (Place, Vec<u8>) {
    let place = Place::with_sample();
    let mut rng = Rng::new(7);
    for number in 0..ENTRIES {
        let bytes: Vec<u8> = (0..ENTRY / 8).flat_map(|_| rng.next().to_le_bytes()).collect();
        place.write(format!("snapshot/data/{number}"), bytes);
    }
    place.run(&["pack", "snapshot", "a.tar.zst"]).succeeds();
    let archive = std::fs::read(place.at("a.tar.zst")).unwrap();
    (place, archive)
}

fn start(place: &Place, url: &str, directory: &str) -> Child {
    let mut command = place.command(&["restore", url, directory]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Bytes of the archive that the next run need not read again.
fn saved(place: &Place, staging: &str) -> u64 {
    let json = std::fs::read(place.at(staging).join("checkpoint.json")).unwrap_or_default();
    let checkpoint: serde_json::Value = serde_json::from_slice(&json).unwrap_or_default();
    checkpoint["compressed"].as_u64().unwrap_or_default()
}

fn is_same(place: &Place, directory: impl AsRef<Path>) {
    assert!(files(&place.at(directory)) == files(&place.at("snapshot")));
}

#[test]
fn a_killed_restore_resumes_after_the_last_complete_entry() {
    let (place, archive) = place();
    let size = archive.len() as u64;
    let server = Server::new(archive.clone());
    server.publish_digest(&sha256(&archive));
    let mut rng = Rng::new(11);
    // A killed run may lose one entry and one buffer.
    let most = ENTRY as u64 + 4096 + BUFFER;
    for (directory, staging, is_there) in
        [("new", "new.restore", false), ("mounted", "mounted/.regenesis-restore", true)]
    {
        if is_there {
            place.shell("mkdir mounted");
        }
        let mut points: Vec<u64> = (0..10).map(|_| rng.next() % size).collect();
        points.sort_unstable();
        let mut before = 0;
        for point in &points {
            server.fail(&[Fault::Stall(*point)]);
            let mut child = start(&place, &server.url, directory);
            eventually("the server has stalled", || server.is_stalled());
            // What has arrived is extracted meanwhile.
            eventually("it is extracted", || saved(&place, staging) + most >= *point);
            child.kill().unwrap();
            child.wait().unwrap();
            let ranges = server.ranges();
            let range = ranges.last().unwrap().trim_start_matches("bytes=").trim_end_matches('-');
            let from: u64 = range.parse().unwrap_or(0);
            assert!(before.min(*point) <= from + most, "killed at {before}, resumed at {from}");
            assert!(is_there || !place.has(directory));
            before = *point;
        }
        server.fail(&[]);
        let done = place.run(&["restore", &server.url, directory]).succeeds();
        assert!(done.stderr.contains("resuming at"), "{}", done.stderr);
        is_same(&place, directory);
        assert!(!place.has("new.restore") && !place.has("mounted/.regenesis-restore"));
        // Each of the ten killed runs lost no more.
        let sent = server.sent.swap(0, Ordering::SeqCst);
        let most = size + 10 * most;
        assert!(sent <= most, "{sent} of {most}");
    }
}

#[test]
fn a_cut_connection_is_continued_where_it_broke() {
    let (place, archive) = place();
    let size = archive.len() as u64;
    let server = Server::new(archive);
    let mut rng = Rng::new(5);
    let mut points: Vec<u64> = (0..6).map(|_| rng.next() % size).collect();
    points.sort_unstable();
    let mut faults: Vec<Fault> = points.into_iter().map(Fault::Cut).collect();
    faults.insert(3, Fault::Status("503 Service Unavailable"));
    server.fail(&faults);
    let done = place.run(&["restore", &server.url, "copy"]).succeeds();
    assert!(done.stderr.contains("answers 503"), "{}", done.stderr);
    is_same(&place, "copy");
    // Not a byte was read twice.
    assert_eq!(server.sent.load(Ordering::SeqCst), size);
}

#[test]
fn a_server_without_ranges_is_read_again_from_the_start() {
    let (place, archive) = place();
    let size = archive.len() as u64;
    let digest = sha256(&archive);
    let server = Server::new(archive);
    server.fail(&[Fault::Stall(size / 2)]);
    let mut child = start(&place, &server.url, "copy");
    eventually("the server has stalled", || server.is_stalled());
    child.kill().unwrap();
    child.wait().unwrap();
    server.fail(&[Fault::Plain]);
    // The version of the first run is unknown now.
    place.run(&["restore", &server.url, "copy", "--sha256", &digest]).succeeds();
    is_same(&place, "copy");
}

#[test]
fn an_archive_that_has_changed_is_read_from_the_start() {
    let (place, archive) = place();
    let size = archive.len() as u64;
    let server = Server::new(archive);
    server.fail(&[Fault::Stall(size / 2)]);
    let mut child = start(&place, &server.url, "copy");
    eventually("a checkpoint", || place.has("copy.restore/checkpoint.json"));
    child.kill().unwrap();
    child.wait().unwrap();
    place.shell("rm -r snapshot/data/0 a.tar.zst*");
    place.run(&["pack", "snapshot", "a.tar.zst"]).succeeds();
    server.replace(std::fs::read(place.at("a.tar.zst")).unwrap());
    server.fail(&[]);
    let done = place.run(&["restore", &server.url, "copy"]).succeeds();
    assert!(done.stderr.contains("has changed: starting again"), "{}", done.stderr);
    is_same(&place, "copy");
}

/// Kills a restore into `directory` halfway.
fn kill_halfway(place: &Place, server: &Server, size: u64, directory: &str) {
    server.fail(&[Fault::Stall(size / 2)]);
    let mut child = start(place, &server.url, directory);
    eventually("the server has stalled", || server.is_stalled());
    child.kill().unwrap();
    child.wait().unwrap();
    server.fail(&[]);
}

#[test]
fn a_kill_between_two_moves_loses_nothing() {
    let (place, archive) = place();
    let size = archive.len() as u64;
    let server = Server::new(archive);
    place.run(&["restore", "a.tar.zst", "all"]).succeeds();
    place.shell("mkdir mounted");
    // Everything is in the staging directory, which has the valid mark of a killed run.
    for (directory, staging) in [("new", "new.restore"), ("mounted", "mounted/.regenesis-restore")]
    {
        kill_halfway(&place, &server, size, directory);
        place.shell(&format!(
            "rm -r {staging}/new; cp -r all {staging}/new; cp all/.regenesis-restored.json {staging}/marker.json"
        ));
    }
    // Half of it was moved to the mount point.
    place.shell("rm mounted/.regenesis-restore/new/.regenesis-restored.json");
    place.shell("mv mounted/.regenesis-restore/new/data mounted/.regenesis-restore/new/el mounted");
    let requests = server.ranges().len();
    for directory in ["new", "mounted"] {
        let done = place.run(&["restore", "a.tar.zst", directory]).succeeds();
        assert!(done.stderr.contains("interrupted before their move"), "{}", done.stderr);
        is_same(&place, directory);
    }
    assert_eq!(server.ranges().len(), requests);
    assert!(!place.has("new.restore") && !place.has("mounted/.regenesis-restore"));
    // Everything was moved, and the staging directory is left.
    kill_halfway(&place, &server, size, "last");
    place.shell("cp all/.regenesis-restored.json last.restore/marker.json; cp -r all last");
    place.run(&["restore", "a.tar.zst", "last"]).succeeds();
    assert!(!place.has("last.restore"));
    // The user now wants another archive. Where half of the first was moved, only that one can follow.
    place.shell("mkdir half; echo >> snapshot/data/0");
    for (directory, staging) in [("other", "other.restore"), ("half", "half/.regenesis-restore")] {
        kill_halfway(&place, &server, size, directory);
        place.shell(&format!(
            "rm -r {staging}/new; cp -r all {staging}/new; cp all/.regenesis-restored.json {staging}/marker.json"
        ));
    }
    place.shell("rm half/.regenesis-restore/new/.regenesis-restored.json");
    place.shell("mv half/.regenesis-restore/new/el half");
    place.run(&["pack", "snapshot", "b.tar.zst"]).succeeds();
    let done = place.run(&["restore", "b.tar.zst", "other"]).succeeds();
    assert!(done.stderr.contains("with another archive: starting again"), "{}", done.stderr);
    is_same(&place, "other");
    place.run(&["restore", "b.tar.zst", "half"]).fails(7, "half: was restored from the archive");
    assert!(files(&place.at("half")) == files(&place.at("all")));
}

#[test]
fn a_resumed_restore_still_needs_its_base() {
    let (place, _) = place();
    place.add_sample("old");
    place.run(&["pack", "snapshot", "b.tar.zst", "--incremental-from", "old"]).succeeds();
    let archive = std::fs::read(place.at("b.tar.zst")).unwrap();
    let server = Server::new(archive.clone());
    server.fail(&[Fault::Stall(archive.len() as u64 / 2)]);
    let right = ["restore", &server.url, "copy", "--base", "old"];
    let mut child = place.command(&right).stdin(Stdio::null()).spawn().unwrap();
    let is_saved = || place.has("copy.restore/checkpoint.json");
    eventually("a checkpoint", is_saved);
    child.kill().unwrap();
    child.wait().unwrap();
    server.fail(&[]);
    place.run(&right[..3]).fails(2, "is incremental, and leaves out");
    let other = ["restore", &server.url, "copy", "--base", "nothere"];
    place.run(&other).fails(5, "is not the file that the archive was packed with");
    // The list of files of an earlier run was lost.
    place.shell("cp copy.restore/manifest.json kept; echo > copy.restore/manifest.json");
    place.run(&right).fails(7, "copy.restore/manifest.json");
    place.shell("cp kept copy.restore/manifest.json");
    assert!(is_saved() && !place.has("copy"));
    let done = place.run(&right).succeeds();
    assert!(done.stderr.contains("resuming at"), "{}", done.stderr);
    is_same(&place, "copy");
}

#[test]
fn a_link_in_the_place_of_our_list_is_refused() {
    let (place, archive) = place();
    let server = Server::new(archive.clone());
    kill_halfway(&place, &server, archive.len() as u64, "copy");
    place.write("mine", "mine");
    place.shell("rm -f copy.restore/entries; ln -s ../mine copy.restore/entries");
    place.run(&["restore", &server.url, "copy"]).fails(7, "copy.restore/entries");
    assert_eq!(place.read("mine"), "mine");
}

#[test]
fn a_signed_request_follows_no_redirect() {
    let place = Place::new();
    let (server, other) = (Server::new(b"x".to_vec()), Server::new(b"x".to_vec()));
    let status = format!("307 Temporary Redirect\r\nLocation: {}", other.url);
    server.fail(&[Fault::Status(status.leak())]);
    let endpoint = server.url.trim_end_matches("/a.tar.zst");
    let mut command = place.command(&["restore", "s3://bucket/a.tar.zst", "copy"]);
    let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
    command.envs(names.map(|name| (name, "0123456789"))).env("AWS_ENDPOINT_URL_S3", endpoint);
    Ended::of(&mut command).fails(4, "answers 307");
    assert_eq!(other.ranges(), [""; 0]);
}

#[test]
fn corrupt_bytes_leave_nothing() {
    let (place, archive) = place();
    let size = archive.len() as u64;
    let server = Server::new(archive.clone());
    server.publish_digest(&sha256(&archive));
    for at in [0, 5, size / 3, size / 2, size - 3] {
        server.fail(&[Fault::Flip(at)]);
        let failed = place.run(&["restore", &server.url, "copy"]);
        assert!(matches!(failed.code, Some(3 | 5)), "{}", failed.stderr);
        assert!(!place.has("copy") && !place.has("copy.restore"), "{at}");
    }
}

#[test]
fn two_restores_of_one_directory_exclude_each_other() {
    let (place, archive) = place();
    let size = archive.len() as u64;
    let server = Server::new(archive);
    server.fail(&[Fault::Stall(size / 2)]);
    let child = start(&place, &server.url, "copy");
    eventually("the server has stalled", || server.is_stalled());
    let arguments = ["restore", &server.url, "copy"];
    place.run(&arguments).fails(7, "copy: another restore is running here");
    // A signal keeps what is there, and says so.
    place.shell(&format!("kill -TERM {}", child.id()));
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("copy.restore is kept"), "{stderr}");
    server.fail(&[]);
    place.run(&arguments).succeeds();
    is_same(&place, "copy");
}

#[test]
fn what_a_server_refuses_is_named() {
    let place = Place::new();
    let server = Server::new(b"x".to_vec());
    let run = || place.run(&["restore", &server.url, "copy"]);
    server.fail(&[Fault::Status("404 Not Found")]);
    run().fails(12, "/a.tar.zst: does not exist");
    server.fail(&[Fault::Status("403 Forbidden")]);
    run().fails(4, "answers 403 Forbidden: \"no\"");
    server.fail(&[Fault::Status("418 I'm a teapot")]);
    run().fails(4, "answers 418");
    assert_eq!(names(place.path()), [""; 0]);
    // No server: not tried again, because its name is probably wrong.
    let url = "http://user:hunter2@127.0.0.1:1/a.tar.zst?key=0123456789";
    let failed = place.run(&["restore", url, "copy"]);
    assert!(!failed.stderr.contains("hunter2") && !failed.stderr.contains("0123456789"));
    failed.fails(4, "http://127.0.0.1:1/a.tar.zst: refuses the connection");
    place.run(&["restore", "nothere.tar", "copy"]).fails(12, "nothere.tar: does not exist");
    place.run(&["restore", "ftp://host/a.tar", "copy"]).fails(2, "the URL has the scheme ftp");
}

//! One process per data directory, and locks that another program holds.

use std::fs::File;
use std::process::Stdio;

use super::place::{Host, Running, is_alive};
use crate::support::eventually;

/// A client that writes its process id to `ID` and keeps running.
fn stays(place: &Host, runtime: &str, id: &str) -> Running {
    let script = format!("echo $$ >data/chain; echo $$ >{id}; exec sleep 1000");
    let arguments = ["--runtime", runtime, "--datadir", "data", "--", "sh", "-c", &script];
    let running = place.start(id, &arguments);
    eventually("the client starts", || place.has(id) && !place.read(id).is_empty());
    running
}

#[test]
fn two_runtimes_do_not_share_a_data_directory() {
    let place = Host::new();
    place.init_to("other");
    let first = stays(&place, "runtime", "first");
    let chain = place.read("data/chain");
    let arguments = ["--runtime", "other", "--datadir", "data", "--", "true"];
    let mut second = place.start("second", &arguments);
    let holder = format!("waiting for process {} (", first.0.id());
    eventually("the second waits", || place.read("second.log").contains(&holder));
    assert_eq!(place.read("data/chain"), chain);
    // While it waits it does not lock the genesis, so that init may replace it.
    let genesis = File::open(place.at("other/.regenesis/lock")).unwrap();
    eventually("the genesis is not locked", || genesis.try_lock().is_ok());
    drop(genesis);
    drop(first);
    assert_eq!(second.0.wait().unwrap().code(), Some(0), "{}", place.read("second.log"));
    assert_eq!(place.set_aside(), ["chain"]);
}

#[test]
fn a_data_directory_that_stays_in_use_is_refused() {
    let place = Host::new();
    std::os::unix::fs::symlink("data", place.at("link")).unwrap();
    let _first = stays(&place, "runtime", "first");
    let said = place.refused(7, "data", &["--datadir", "link", "--", "true"]);
    assert!(said.contains("has held the lock for more than"), "{said}");
}

#[test]
fn incomplete_data_is_not_wiped_while_a_step_creates_it() {
    let place = Host::new();
    let once = "echo >data/half; echo >half; while ! test -e allowed; do sleep 0.05; done; \
                test -e data/half";
    let arguments = ["--datadir", "data", "--once", "sh", "-c", once, ";", "--", "true"];
    let mut first = place.start("first", &arguments);
    eventually("the step starts", || place.has("half"));
    let mut second = place.start("second", &["--datadir", "data", "--", "true"]);
    eventually("the second waits", || place.read("second.log").contains("waiting for process"));
    place.write("allowed", "");
    assert_eq!(first.0.wait().unwrap().code(), Some(0), "{}", place.read("first.log"));
    assert_eq!(second.0.wait().unwrap().code(), Some(0), "{}", place.read("second.log"));
    assert!(place.has("data/half") && place.read("second.log").contains("resumes"));
}

#[test]
fn a_foreign_holder_of_the_lock_of_init_is_named() {
    let place = Host::new();
    let other = File::open(place.at("runtime/.regenesis/init")).unwrap();
    other.lock().unwrap();
    let log = File::create(place.at("init.log")).unwrap();
    let mut command = place.command(&["init"]);
    let mut init = Running(command.stderr(log).stdin(Stdio::null()).spawn().unwrap());
    let holder = format!("waiting for process {} (", std::process::id());
    eventually("init names the holder", || {
        let said = place.read("init.log");
        said.contains(&holder) && said.contains(".regenesis/init")
    });
    drop(other);
    assert_eq!(init.0.wait().unwrap().code(), Some(0));
}

#[test]
fn a_foreign_holder_of_the_lock_of_the_genesis_is_named() {
    let place = Host::new();
    let other = File::open(place.at("runtime/.regenesis/lock")).unwrap();
    other.lock().unwrap();
    let mut client = place.start("client", &["--", "true"]);
    let holder = format!("waiting for process {} (", std::process::id());
    eventually("the client names the holder", || {
        let said = place.read("client.log");
        said.contains(&holder) && said.contains(".regenesis/lock")
    });
    drop(other);
    assert_eq!(client.0.wait().unwrap().code(), Some(0));
}

#[test]
fn a_fifo_in_the_place_of_a_lock_or_marker_blocks_no_process() {
    for name in [".regenesis/lock", ".regenesis/init", "regenesis.json"] {
        let place = Host::new();
        let path = place.at(format!("runtime/{name}"));
        std::fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        if name != ".regenesis/init" {
            let mut run = place.command(&["run", "--", "true"]);
            let output = run.stdin(Stdio::null()).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(7), "{name}: {said}");
            assert!(said.contains("is not a regular file") && said.contains("hint: "), "{said}");
        }
        // init creates all three again, and sets the pipe aside.
        let output = place.command(&["init"]).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{name}: {said}");
        assert!(place.at(format!("runtime/{name}.set-aside-1")).exists(), "{name}: {said}");
    }
}

#[test]
fn locks_in_a_linked_directory_are_not_ours() {
    let place = Host::new();
    place.write("mine/init", "");
    place.write("mine/lock", "");
    place.write("mine/old/x", "mine");
    std::fs::create_dir(place.at("out")).unwrap();
    std::os::unix::fs::symlink("../mine", place.at("out/.regenesis")).unwrap();
    let output = place.command(&["init", "--out", "out"]).output().unwrap();
    assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(place.read("mine/old/x"), "mine");
}

#[test]
fn a_client_holds_the_lock_until_it_ends() {
    let place = Host::new();
    let first = stays(&place, "runtime", "first");
    let id = place.read("first");
    assert_eq!(id.trim(), first.0.id().to_string());
    let data = File::open(place.at("data")).unwrap();
    assert!(data.try_lock().is_err());
    drop(first);
    assert!(!is_alive(&id));
    data.try_lock().unwrap();
}

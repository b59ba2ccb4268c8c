//! The last resort: a new genesis for clients with supervisors.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::{Clients, Watch, runtime};
use crate::support::{eventually, regenesis};

/// A client of the stack, whose chain is the made-up one.
fn supervised(directory: &Path) -> Watch {
    let mut run = regenesis();
    run.args(["run", "--supervise", "el", "--datadir", "data", "--", "sh", "-c"]);
    run.arg("echo >>starts; echo >data/chain; exec sleep 1000");
    let run = Watch::of(run.current_dir(directory));
    eventually("the client starts", || starts(directory) == 1);
    run
}

fn starts(directory: &Path) -> usize {
    std::fs::read_to_string(directory.join("starts")).unwrap_or_default().lines().count()
}

fn run_id(directory: &Path) -> Option<String> {
    let summary = std::fs::read(directory.join("runtime/regenesis.json")).ok()?;
    let summary: Value = serde_json::from_slice(&summary).ok()?;
    Some(summary["run_id"].as_str()?.to_owned())
}

const RENEW: [&str; 4] = ["--heal", "renew", "--client-data", "data"];

/// The made-up blocks are from 1970.
#[test]
fn a_chain_that_is_too_old_gets_a_new_genesis_and_nothing_before() {
    let (directory, genesis) = runtime();
    let path = directory.path();
    let _run = supervised(path);
    let before = run_id(path);
    let clients = Clients::start(genesis);
    let watch = Watch::start(path, clients.port, &RENEW);
    eventually("the client starts on another genesis", || starts(path) == 2);
    assert_ne!(run_id(path), before);
    eventually("watch follows it", || watch.said().matches("watching run ").count() == 2);
    std::thread::sleep(Duration::from_secs(3));
    let text = watch.end();
    assert_eq!(clients.methods(), Vec::<String>::new(), "no useless stage: {text}");
    assert_eq!(text.matches("   renew  ").count(), 1, "{text}");
    assert!(text.contains(", because watch renews it; "), "{text}");
    assert!(text.contains("a new genesis, run "), "{text}");
    assert_eq!(text.matches("watching run ").count(), 2, "{text}");
    assert_eq!(starts(path), 2);
}

#[test]
fn a_failed_init_leaves_the_genesis_and_the_clients_start_again() {
    let (directory, genesis) = runtime();
    let path = directory.path();
    let _run = supervised(path);
    let before = std::fs::read(path.join("runtime/regenesis.json")).unwrap();
    let clients = Clients::start(genesis);
    let mut watch = regenesis();
    let url = format!("127.0.0.1:{}", clients.port);
    watch.args(["watch", "--el", &url, "--cl", &url, "--engine", &url]).args(RENEW);
    // As in a stack whose snapshot is gone.
    watch.env("REGENESIS_SNAPSHOT", "/no/such/snapshot");
    let watch = Watch::of(watch.current_dir(path));
    eventually("the client starts again", || starts(path) == 2);
    eventually("watch reports it", || watch.said().contains("warning: renew: "));
    std::thread::sleep(Duration::from_secs(15));
    let text = watch.end();
    assert_eq!(std::fs::read(path.join("runtime/regenesis.json")).unwrap(), before);
    assert_eq!(text.matches("error: /no/such/snapshot").count(), 1, "once: {text}");
    assert!(text.contains("warning: renew: "), "{text}");
    assert!(text.contains("failed with exit code 3"), "{text}");
    assert_eq!(starts(path), 2);
}

#[test]
fn a_renewal_that_was_interrupted_is_completed() {
    let (directory, genesis) = runtime();
    let path = directory.path();
    let before = run_id(path).unwrap();
    let request = format!(r#"{{"id":"0f","run_id":"{before}","action":"renew"}}"#);
    std::fs::write(path.join("runtime/.regenesis/request.json"), request).unwrap();
    let clients = Clients::start(genesis);
    let watch = Watch::start(path, clients.port, &RENEW);
    eventually("there is another genesis", || run_id(path).is_some_and(|now| now != before));
    drop(watch);
    // Killed while init had no complete genesis.
    std::fs::remove_file(path.join("runtime/regenesis.json")).unwrap();
    let watch = Watch::start(path, clients.port, &RENEW);
    eventually("there is another genesis", || run_id(path).is_some());
    drop(watch);
    // It may not be completed: it is withdrawn, so that the clients start again.
    let now = run_id(path).unwrap();
    let request = format!(r#"{{"id":"1f","run_id":"{now}","action":"renew"}}"#);
    let place = path.join("runtime/.regenesis/request.json");
    std::fs::write(&place, request).unwrap();
    let _watch = Watch::start(path, clients.port, &[]);
    eventually("it is withdrawn", || {
        std::fs::read_to_string(&place).is_ok_and(|request| request.contains("withdrawn"))
    });
    assert_eq!(run_id(path), Some(now));
}

#[test]
fn a_client_that_the_user_stopped_keeps_its_chain() {
    let (directory, genesis) = runtime();
    let path = directory.path();
    std::fs::create_dir(path.join("data")).unwrap();
    let before = run_id(path);
    let clients = Clients::start(genesis);
    let watch = Watch::start(path, clients.port, &RENEW);
    let cure = "the client of data does not run: docker compose up -d";
    eventually("watch names the client", || watch.said().contains(cure));
    let text = watch.end();
    assert_eq!(run_id(path), before);
    assert!(!path.join("runtime/.regenesis/request.json").exists(), "{text}");
}

#[test]
fn a_new_genesis_needs_the_data_directories() {
    let (directory, _) = runtime();
    let mut watch = regenesis();
    watch.args(["watch", "--heal", "renew"]).current_dir(directory.path());
    let output = watch.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("--heal renew needs --client-data") && text.contains("hint: "), "{text}");
}

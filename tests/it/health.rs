//! `regenesis health --explain`: logs, compared with the heads of made-up clients.

use std::net::TcpListener;
use std::time::Duration;

use crate::lead::{Clients, init, now};
use crate::support::Place;
use crate::support::place::Ended;

/// The beacon node logs errors only: no line shows that it has recovered.
const DEAD: &str = "cl-1  | Nov 28 16:00:00.000 ERROR Exec engine unable to produce payload  msg: No \
                    payload ID, the engine is likely syncing.\n";
const OVER: &str = "over, because both clients have new blocks: the beacon node was killed";

#[test]
fn a_failure_in_a_log_is_over_when_both_clients_have_new_blocks() {
    let place = Place::new();
    let started = now() - 100;
    let genesis = init(&place, &["--timestamp", &started.to_string()]);
    // The last block is in the slot of this many seconds ago.
    let explain = |log: &str, seconds: u64, more: &[&str]| -> Ended {
        place.write("log", log);
        let slot = (now() - started - seconds) / 2;
        let clients = Clients::start(genesis.clone(), Duration::ZERO, slot);
        let url = format!("127.0.0.1:{}", clients.port);
        let health = ["health", "--explain", "--log", "log", "--runtime", "out", "--el", &url];
        place.run(&[&health[..], &["--cl", url.as_str()], more].concat())
    };
    let dead = DEAD.repeat(3);
    let mut done = explain(&dead, 0, &["--json"]);
    // On a busy machine, the head may be old by the time that it is judged.
    for _ in 1..20 {
        if done.stderr.contains(OVER) {
            break;
        }
        done = explain(&dead, 0, &["--json"]);
    }
    let done = done.succeeds();
    assert!(done.stderr.contains(OVER), "{}", done.stderr);
    let report: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&report["healthy"], &report["findings"]), (&true.into(), &serde_json::json!([])));
    assert!(report["over"][0]["cause"].as_str().unwrap().contains("older head"), "{report}");
    // Healthy, but without a new block; and stalled.
    for seconds in [16, 60] {
        let done = explain(&dead, seconds, &[]);
        done.fails(5, "restarted with an older head");
        assert!(!done.stderr.contains(OVER), "{}", done.stderr);
    }
    // No block ends this failure.
    explain("Fatal: no space left on device\n", 0, &[]).fails(5, "the disk is full");
    explain("", 0, &[]).succeeds();
}

#[test]
fn a_log_alone_may_lack_the_line_that_ends_a_failure() {
    let place = Place::new();
    let note = "with --runtime, --el and --cl, health also compares the heads";
    let explain = || place.run(&["health", "--explain", "--log", "log"]);
    place.write("log", DEAD.repeat(3));
    explain().fails(5, note);
    place.write("log", "Fatal: no space left on device\n");
    let done = explain();
    done.fails(5, "the disk is full");
    assert!(!done.stderr.contains(note), "{}", done.stderr);
}

#[test]
fn a_service_is_healthy_while_it_listens_on_one_of_its_ports() {
    let place = Place::new();
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port().to_string();
    let [open, closed] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let (opened, shut) = (port(&open), port(&closed));
    drop(closed);
    let both = format!("{shut},{opened}");
    // A Kubernetes service called `regenesis` sets this variable.
    let health = |arguments: &[&str]| {
        let mut command = place.command(&[&["health", "port"], arguments].concat());
        Ended::of(command.env("REGENESIS_PORT", "tcp://10.0.0.1:80"))
    };
    health(&["--port", &both]).succeeds();
    health(&["--port", &shut]).fails(5, &format!("nothing listens on port {shut}"));
    drop(open);
    let started = std::time::Instant::now();
    health(&["--port", &both, "--wait", "2"]).fails(5, &format!("on port {shut} or {opened}"));
    assert!(started.elapsed() >= Duration::from_secs(1));
    health(&[]).fails(2, "--port");
    place.run(&["health", "el", "--port", "1"]).fails(2, "--port requires `health port`");
}

//! `run --supervise`: the parent of a client passes on signals and exit codes, ends with the client, and
//! obeys the requests of `watch`.

use std::fs::File;
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::place::{Host, Running, is_alive};
use crate::support::eventually;

/// Its process id, and one more line of `starts` for each start.
const STAYS: &str = "echo $$ >id; echo >>starts; exec sleep 1000";

/// A shell under supervision. It inherits signals that are ignored, as SIGINT is in a background job, and
/// cannot trap them: `env` restores them.
fn supervise(script: &str) -> [&str; 10] {
    let env = ["env", "--default-signal"];
    ["--supervise", "el", "--datadir", "data", "--", env[0], env[1], "sh", "-c", script]
}

fn starts(place: &Host) -> usize {
    std::fs::read_to_string(place.at("starts")).unwrap_or_default().lines().count()
}

fn started(place: &Host, name: &str, script: &str) -> Running {
    let run = place.start(name, &supervise(script));
    eventually("the client starts", || place.has("id") && place.read("id").ends_with('\n'));
    run
}

fn run_id(place: &Host) -> String {
    place.json("runtime/regenesis.json")["run_id"].as_str().unwrap().to_owned()
}

fn request(place: &Host, id: &str, run_id: &str, action: &Value) {
    let json = json!({"id": id, "run_id": run_id, "action": action});
    place.write("runtime/.regenesis/request.new", json.to_string());
    let there = |name| place.at(format!("runtime/.regenesis/{name}"));
    std::fs::rename(there("request.new"), there("request.json")).unwrap();
}

fn notice(place: &Host) -> Option<Value> {
    let json = std::fs::read(place.at("data/.regenesis-client")).ok()?;
    Some(serde_json::from_slice(&json).unwrap())
}

#[test]
fn a_signal_reaches_the_client_and_its_exit_code_is_kept() {
    for (signal, name) in [
        (Signal::TERM, "TERM"),
        (Signal::INT, "INT"),
        (Signal::HUP, "HUP"),
        (Signal::QUIT, "QUIT"),
        (Signal::USR1, "USR1"),
        (Signal::USR2, "USR2"),
    ] {
        let place = Host::new();
        let script = format!(
            "trap 'echo {name} >>received; exit 42' {name}; echo $$ >id; while :; do sleep 0.05; done"
        );
        let mut run = started(&place, "run", &script);
        let id = place.read("id");
        assert_ne!(id.trim(), run.0.id().to_string());
        kill_process(Pid::from_child(&run.0), signal).unwrap();
        assert_eq!(run.0.wait().unwrap().code(), Some(42), "{name}: {}", place.read("run.log"));
        assert_eq!(place.read("received").trim(), name, "once");
        assert!(!is_alive(&id));
    }
}

#[test]
fn an_untrapped_signal_ends_both() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let place = Host::new();
        let mut run = started(&place, "run", STAYS);
        kill_process(Pid::from_child(&run.0), signal).unwrap();
        let code = 128 + signal.as_raw();
        assert_eq!(run.0.wait().unwrap().code(), Some(code), "{}", place.read("run.log"));
        assert_eq!(notice(&place), None, "it was stopped, and did not fail");
    }
}

#[test]
fn the_exit_code_of_the_client_is_kept() {
    let place = Host::new();
    for (script, code) in [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill -11 $$", 139)]
    {
        let ended = place.run(&supervise(script));
        assert_eq!(ended.code, Some(code), "{script}: {}", ended.stderr);
    }
    // Four starts that no signal ended.
    assert_eq!(notice(&place).unwrap()["starts"], 4);
    let ended = place.run(&["--supervise", "vc", "--", "no-such-client"]);
    assert_eq!(ended.code, Some(6), "{}", ended.stderr);
    assert!(ended.stderr.contains("error: no-such-client: No such file"), "{}", ended.stderr);
    let ended = place.run(&["--supervise", "", "--", "true"]);
    assert_eq!(ended.code, Some(0), "an empty variable: {}", ended.stderr);
}

#[test]
fn a_signal_while_a_step_runs_ends_the_step_and_the_run() {
    let place = Host::new();
    let step = "echo $$ >step; while :; do sleep 0.05; done";
    let arguments =
        ["--supervise", "el", "--datadir", "data", "--once", "sh", "-c", step, ";", "--", "true"];
    let mut run = place.start("run", &arguments);
    eventually("the step starts", || place.has("step") && place.read("step").ends_with('\n'));
    kill_process(Pid::from_child(&run.0), Signal::TERM).unwrap();
    assert_eq!(run.0.wait().unwrap().code(), Some(130), "{}", place.read("run.log"));
    assert!(!is_alive(&place.read("step")));
}

#[test]
fn the_client_is_killed_with_its_supervisor_and_the_locks_are_free() {
    let place = Host::new();
    let mut run = started(&place, "run", STAYS);
    let data = File::open(place.at("data")).unwrap();
    assert!(data.try_lock().is_err());
    let before = run_id(&place);
    assert_eq!(place.init(), before, "the genesis is in use");
    run.0.kill().unwrap();
    run.0.wait().unwrap();
    eventually("the client is killed", || !is_alive(&place.read("id")));
    data.try_lock().unwrap();
    assert_ne!(place.init(), before);
}

#[test]
fn orphans_are_reaped() {
    let place = Host::new();
    let script = "sh -c 'sleep 1000 & echo $! >orphan'; echo $$ >id; exec sleep 1000";
    let run = started(&place, "run", script);
    let orphan = place.read("orphan");
    let parent = std::fs::read_to_string(format!("/proc/{}/stat", orphan.trim())).unwrap();
    let parent = parent.rsplit(')').next().unwrap().split_whitespace().nth(1).unwrap().to_owned();
    let id = Pid::from_raw(orphan.trim().parse().unwrap()).unwrap();
    kill_process(id, Signal::KILL).unwrap();
    assert_eq!(parent, run.0.id().to_string(), "the supervisor adopted it");
    let process = format!("/proc/{}", orphan.trim());
    // A zombie still has its directory.
    eventually("the orphan is reaped", || !std::path::Path::new(&process).exists());
    assert!(is_alive(&place.read("id")));
}

#[test]
fn a_restart_is_for_one_client_of_the_current_run_and_once() {
    let place = Host::new();
    request(&place, "0", &run_id(&place), &json!({"restart": "el"}));
    let run = started(&place, "run", STAYS);
    let first = place.read("id");
    let waits = || std::thread::sleep(Duration::from_secs(1));
    waits();
    request(&place, "1", &run_id(&place), &json!({"restart": "cl"}));
    waits();
    request(&place, "2", "0000000000000000", &json!({"restart": "el"}));
    waits();
    place.write("runtime/.regenesis/request.json", "{\"id\": \"3\", \"command\": [\"sh\"]}");
    waits();
    assert_eq!((starts(&place), place.read("id")), (1, first.clone()));

    request(&place, "4", &run_id(&place), &json!({"restart": "el"}));
    eventually("the client starts again", || starts(&place) == 2);
    waits();
    assert!(!is_alive(&first) && starts(&place) == 2, "{}", place.read("run.log"));
    assert_eq!(notice(&place).unwrap()["starts"], 1, "a requested restart is no failure");
    assert!(place.read("run.log").contains("restarting the execution client: watch requested it"));
    drop(run);
}

#[test]
fn a_client_that_ignores_sigterm_is_killed_with_its_children() {
    let place = Host::new();
    let script = "trap '' TERM; sleep 100 & echo $! >child; echo $$ >id; echo >>starts; wait";
    let _run = started(&place, "run", script);
    let (id, child) = (place.read("id"), place.read("child"));
    request(&place, "1", &run_id(&place), &json!({"restart": "el"}));
    eventually("the client starts again", || starts(&place) == 2);
    assert!(!is_alive(&id) && !is_alive(&child));
}

#[test]
fn a_renewal_stops_the_client_until_another_run_is_there() {
    let place = Host::new();
    let script = "echo >data/chain; echo $$ >id; echo >>starts; exec sleep 1000";
    let mut run = started(&place, "run", script);
    let (id, before) = (place.read("id"), run_id(&place));
    request(&place, "1", &before, &json!("renew"));
    eventually("the client stops", || !is_alive(&id));
    eventually("it waits", || place.read("run.log").contains("watch is replacing run"));
    // One that starts now waits, too, and does not lock the genesis.
    let mut other = place.start("other", &["--supervise", "vc", "--", "true"]);
    eventually("it waits", || place.read("other.log").contains("watch is replacing run"));
    let after = place.init();
    assert_ne!(after, before);
    eventually("the client starts on the new genesis", || starts(&place) == 2);
    assert_eq!(other.0.wait().unwrap().code(), Some(0), "{}", place.read("other.log"));
    let wiped = format!("run {after}: wiped the data of another run");
    assert!(place.read("run.log").contains(&wiped) || place.set_aside() == ["chain"]);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(starts(&place), 2, "the old request is not obeyed again");
    kill_process(Pid::from_child(&run.0), Signal::TERM).unwrap();
    assert_eq!(run.0.wait().unwrap().code(), Some(143));
}

#[test]
fn a_withdrawn_renewal_starts_the_clients_on_the_genesis_that_is_there() {
    let place = Host::new();
    let _run = started(&place, "run", STAYS);
    let id = run_id(&place);
    request(&place, "1", &id, &json!("renew"));
    eventually("it waits", || place.read("run.log").contains("watch is replacing run"));
    request(&place, "2", &id, &json!("withdrawn"));
    eventually("the client starts again", || starts(&place) == 2);
    assert!(place.read("run.log").contains("resumes with the data"));
}

#[test]
fn a_signal_ends_a_run_that_waits_for_a_renewal() {
    let place = Host::new();
    let mut run = started(&place, "run", STAYS);
    request(&place, "1", &run_id(&place), &json!("renew"));
    eventually("it waits", || place.read("run.log").contains("watch is replacing run"));
    kill_process(Pid::from_child(&run.0), Signal::TERM).unwrap();
    assert_eq!(run.0.wait().unwrap().code(), Some(130), "{}", place.read("run.log"));
}

#[test]
fn a_client_whose_data_is_too_old_reports_that_it_waits() {
    let place = Host::new();
    place.runs(&supervise("echo >data/chain"));
    let hour_ago = SystemTime::now() - Duration::from_hours(1);
    let chain = File::options().write(true).open(place.at("data/chain")).unwrap();
    chain.set_modified(hour_ago).unwrap();
    let _run = place.start("run", &supervise(STAYS));
    eventually("it waits", || notice(&place).is_some_and(|notice| notice["waits"] == true));
    assert_eq!(notice(&place).unwrap()["client"], "el");
    // It reports that it waits before it lets go of the genesis, which init then keeps.
    let old = place.init();
    eventually("init makes a new genesis", || place.init() != old || starts(&place) == 1);
    eventually("the client starts", || starts(&place) == 1);
    eventually("it reports it", || notice(&place).is_some_and(|notice| notice["waits"] == false));
}

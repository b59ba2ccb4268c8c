//! Steps end with the run that started them, and the data is complete only after the last step.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::place::{Host, is_alive};
use crate::support::eventually;

fn step(script: &str) -> [&str; 8] {
    ["--datadir", "data", "--once", "sh", "-c", script, ";", "--"]
}

#[test]
fn a_step_is_killed_with_its_run() {
    let place = Host::new();
    let script = "echo $$ >step; while :; do echo >>data/chain; sleep 0.05; done";
    let mut run = place.start("run", &[&step(script)[..], &["true"]].concat());
    eventually("the step writes", || place.has("data/chain"));
    let id = place.read("step");
    // SIGKILL: the program cannot react.
    run.0.kill().unwrap();
    run.0.wait().unwrap();
    eventually("the step is killed", || !is_alive(&id));
    assert!(!place.has("data/.regenesis-run"));
    let said = place.runs(&["--datadir", "data", "--", "true"]);
    assert!(said.contains("set aside \"chain\""), "{said}");
}

#[test]
fn a_signal_ends_the_step_before_the_run() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let place = Host::new();
        let script = "trap 'sleep 0.3; echo >ended; exit 0' TERM; echo $$ >step; \
                      while :; do sleep 0.05; done";
        let mut run = place.start("run", &[&step(script)[..], &["true"]].concat());
        eventually("the step starts", || place.has("step") && !place.read("step").is_empty());
        kill_process(Pid::from_child(&run.0), signal).unwrap();
        assert_eq!(run.0.wait().unwrap().code(), Some(130), "{}", place.read("run.log"));
        // The step ended with success, and still its data is incomplete.
        assert!(place.has("ended"));
        assert!(!is_alive(&place.read("step")));
        assert!(!place.has("data/.regenesis-run"));
    }
}

#[test]
fn a_step_that_ignores_signals_writes_nothing_after_the_run() {
    let place = Host::new();
    // Its child ignores signals, too.
    let script = "trap '' TERM; (while :; do echo >>data/child; sleep 0.05; done) & \
                  echo $$ >step; echo $! >child; while :; do echo >>data/chain; sleep 0.05; done";
    let mut run = place.start("run", &[&step(script)[..], &["true"]].concat());
    eventually("the step writes", || place.has("data/chain") && place.has("data/child"));
    kill_process(Pid::from_child(&run.0), Signal::TERM).unwrap();
    assert_eq!(run.0.wait().unwrap().code(), Some(130), "{}", place.read("run.log"));
    eventually("both processes end", || {
        !is_alive(&place.read("step")) && !is_alive(&place.read("child"))
    });
    assert!(!place.has("data/.regenesis-run"));
}

#[test]
fn a_failed_step_ends_together_with_its_children() {
    let place = Host::new();
    let script = "(while :; do sleep 0.05; done) & echo $! >child; exit 3";
    let ended = place.run(&[&step(script)[..], &["true"]].concat());
    assert_eq!(ended.code, Some(6), "{}", ended.stderr);
    assert!(ended.stderr.contains("sh failed with exit code 3"), "{}", ended.stderr);
    eventually("the child is killed", || !is_alive(&place.read("child")));
    assert!(!place.has("data/.regenesis-run"));
}

#[test]
fn a_missing_step_is_named() {
    let place = Host::new();
    let arguments = ["--datadir", "data", "--once", "no-such-step", "x", ";", "--", "true"];
    let ended = place.run(&arguments);
    assert_eq!(ended.code, Some(6), "{}", ended.stderr);
    assert!(ended.stderr.contains("error: no-such-step: No such file"), "{}", ended.stderr);
}

/// A step is the program itself, with its arguments, its environment and its exit code.
#[test]
fn a_step_receives_arguments_and_environment_unchanged() {
    let place = Host::new();
    let script = "printf '%s|' \"$@\" \"$REGENESIS_MAX_IDLE\" >said";
    let arguments =
        ["--datadir", "data", "--once", "sh", "-c", script, "--help", "-x", "--", "", ";"];
    let mut command = place.command(&["run"]);
    command.args(arguments).args(["--", "true"]).env("REGENESIS_MAX_IDLE", "77");
    assert!(command.output().unwrap().status.success());
    assert_eq!(place.read("said"), "-x|--||77|");
}

/// The next run starts as soon as the step of the killed run ends, before the time limit of 30 s.
#[test]
fn a_restart_does_not_wait_for_a_killed_step() {
    let place = Host::new();
    let mut run =
        place.start("run", &[&step("echo >step; exec sleep 1000")[..], &["true"]].concat());
    eventually("the step starts", || place.has("step"));
    run.0.kill().unwrap();
    run.0.wait().unwrap();
    let started = std::time::Instant::now();
    place.client("true");
    assert!(started.elapsed() < Duration::from_secs(28));
}

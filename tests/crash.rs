//! A run that is ended in the middle leaves a complete genesis or none, and the next one repairs.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests meet the world")]

#[cfg(feature = "e2e")]
#[path = "crash/faults.rs"]
mod faults;
#[cfg(feature = "e2e")]
#[path = "crash/publish.rs"]
mod publish;
mod support;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use support::place::{FIRST, Place, SECOND, text};

const KEYS: [(&str, usize); 2] = [(FIRST, 30), (SECOND, 40)];
const MOMENTS: u32 = 40;
/// How many lines a run says before it publishes.
const LINES: u32 = 9;

/// How long a run takes here, from a genesis of other keys.
fn duration(place: &Place) -> Duration {
    for (phrase, count) in KEYS {
        place.succeeds(phrase, count);
    }
    let started = Instant::now();
    place.succeeds(KEYS[0].0, KEYS[0].1);
    started.elapsed()
}

fn start(place: &Place, number: u32) -> Child {
    let (phrase, count) = KEYS[number as usize % 2];
    let mut command = place.init(phrase, count);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn send(child: &Child, signal: Signal) {
    // It may have ended.
    let _ = kill_process(Pid::from_child(child), signal);
}

/// What is there is whole; what is not, has no marker; the next run makes it whole.
fn assert_repairable(place: &Place, number: u32) {
    let found = place.complete();
    assert!([None, Some(30), Some(40)].contains(&found), "{found:?}");
    let (phrase, count) = KEYS[(number as usize + 1) % 2];
    place.succeeds(phrase, count);
    assert!(!place.out().join(".regenesis/new").exists());
    assert!(!place.out().join(".regenesis/old").exists());
}

#[test]
fn a_run_that_is_killed_leaves_a_complete_genesis_or_none() {
    let place = Place::new();
    let whole = duration(&place);
    let mut killed = 0;
    for number in 0..MOMENTS {
        let mut child = start(&place, number);
        std::thread::sleep(whole * number / MOMENTS);
        send(&child, Signal::KILL);
        killed += u32::from(child.wait().unwrap().code().is_none());
        assert_repairable(&place, number);
    }
    assert!(killed > 0, "none of {MOMENTS} was killed before its end");
}

#[test]
fn a_first_run_that_is_killed_leaves_none() {
    let whole = duration(&Place::new());
    for number in 0..MOMENTS / 2 {
        let place = Place::new();
        let mut child = start(&place, number);
        std::thread::sleep(whole * number * 2 / MOMENTS);
        send(&child, Signal::KILL);
        child.wait().unwrap();
        assert_repairable(&place, number);
    }
}

/// Sends a signal when a run has said as many lines, and somewhat later; returns what it said.
fn end_behind_line(mut child: Child, signal: Signal, lines: u32, later: Duration) -> Output {
    let mut reader = BufReader::new(child.stderr.take().unwrap());
    let mut stderr = Vec::new();
    for _ in 0..lines {
        reader.read_until(b'\n', &mut stderr).unwrap();
    }
    std::thread::sleep(later);
    send(&child, signal);
    reader.read_to_end(&mut stderr).unwrap();
    let status = child.wait().unwrap();
    Output { status, stdout: Vec::new(), stderr }
}

/// Whether a run ended by a signal as it should: with 130, quietly, and nothing half-written.
fn ended_by(place: &Place, signal: Signal, output: &Output) -> bool {
    use std::os::unix::process::ExitStatusExt;
    let stderr = text(output);
    assert!(!stderr.contains("error: ") && !stderr.contains("panicked"), "{stderr}");
    assert!(!place.out().join(".regenesis/new").exists(), "{signal:?}: {stderr}");
    match output.status.code() {
        Some(130) => true,
        Some(0) => false,
        // Before the program had begun.
        None => {
            assert_eq!(output.status.signal(), Some(signal.as_raw()));
            assert_eq!(stderr, "");
            false
        }
        Some(code) => panic!("{signal:?}: exit code {code}: {stderr}"),
    }
}

#[test]
fn a_run_that_is_asked_to_end_cleans_up() {
    let place = Place::new();
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut ended = 0;
        for number in 0..MOMENTS {
            let child = start(&place, number);
            let later = Duration::from_micros(u64::from(number / LINES) * 500);
            let output = end_behind_line(child, signal, number % LINES, later);
            ended += u32::from(ended_by(&place, signal, &output));
            assert_repairable(&place, number);
        }
        assert!(ended > MOMENTS / 8, "{ended} of {MOMENTS} were ended by {signal:?}");
    }
}

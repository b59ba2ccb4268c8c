//! An interrupted run leaves a complete genesis or none, and the next run repairs the directory.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::runtime::{FIRST, Runtime, SECOND};
use crate::support::text;
use rustix::process::{Pid, Signal, kill_process};

const KEYS: [(&str, usize); 2] = [(FIRST, 30), (SECOND, 40)];
const MOMENTS: u32 = 40;
/// Lines that a run prints before it publishes.
const LINES: u32 = 9;

/// The duration of a run on this machine that replaces a genesis with other keys.
fn duration(place: &Runtime) -> Duration {
    for (phrase, count) in KEYS {
        place.succeeds(phrase, count);
    }
    let started = Instant::now();
    place.succeeds(KEYS[0].0, KEYS[0].1);
    started.elapsed()
}

fn start(place: &Runtime, number: u32) -> Child {
    let (phrase, count) = KEYS[number as usize % 2];
    let mut command = place.init(phrase, count);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn send(child: &Child, signal: Signal) {
    // The child may have ended.
    let _ = kill_process(Pid::from_child(child), signal);
}

/// The directory has a complete genesis, or no marker; the next run completes it.
fn assert_repairable(place: &Runtime, number: u32) {
    let found = place.complete();
    assert!([None, Some(30), Some(40)].contains(&found), "{found:?}");
    let (phrase, count) = KEYS[(number as usize + 1) % 2];
    place.succeeds(phrase, count);
    assert!(!place.out().join(".regenesis/new").exists());
    assert!(!place.out().join(".regenesis/old").exists());
}

#[test]
fn a_killed_run_leaves_a_complete_genesis_or_none() {
    let place = Runtime::new();
    let whole = duration(&place);
    let mut killed = 0;
    for number in 0..MOMENTS {
        let mut child = start(&place, number);
        std::thread::sleep(whole * number / MOMENTS);
        send(&child, Signal::KILL);
        killed += u32::from(child.wait().unwrap().code().is_none());
        assert_repairable(&place, number);
    }
    assert!(killed > 0, "all {MOMENTS} runs ended before the signal");
}

#[test]
fn a_killed_first_run_is_repaired() {
    let whole = duration(&Runtime::new());
    let mut killed = 0;
    for number in 0..MOMENTS / 2 {
        let place = Runtime::new();
        let mut child = start(&place, number);
        std::thread::sleep(whole * number * 2 / MOMENTS);
        send(&child, Signal::KILL);
        killed += u32::from(child.wait().unwrap().code().is_none());
        assert_repairable(&place, number);
    }
    assert!(killed > 0, "all {} runs ended before the signal", MOMENTS / 2);
}

/// Sends a signal after a number of lines and a delay; returns the output.
fn end_after_line(mut child: Child, signal: Signal, lines: u32, later: Duration) -> Output {
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

/// Whether the signal ended the run with exit code 130. Asserts that no error and no partial file is left.
fn ended_by(place: &Runtime, signal: Signal, output: &Output) -> bool {
    use std::os::unix::process::ExitStatusExt;
    let stderr = text(output);
    assert!(!stderr.contains("error: ") && !stderr.contains("panicked"), "{stderr}");
    assert!(!place.out().join(".regenesis/new").exists(), "{signal:?}: {stderr}");
    match output.status.code() {
        Some(130) => true,
        Some(0) => false,
        // The signal came before the program had its handler.
        None => {
            assert_eq!(output.status.signal(), Some(signal.as_raw()));
            assert_eq!(stderr, "");
            false
        }
        Some(code) => panic!("{signal:?}: exit code {code}: {stderr}"),
    }
}

#[test]
fn a_signalled_run_cleans_up() {
    let place = Runtime::new();
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut ended = 0;
        for number in 0..MOMENTS {
            let child = start(&place, number);
            let later = Duration::from_micros(u64::from(number / LINES) * 500);
            let output = end_after_line(child, signal, number % LINES, later);
            ended += u32::from(ended_by(&place, signal, &output));
            assert_repairable(&place, number);
        }
        assert!(ended > MOMENTS / 8, "{ended} of {MOMENTS} were ended by {signal:?}");
    }
}

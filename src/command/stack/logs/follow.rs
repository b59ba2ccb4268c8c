//! `regenesis logs --follow`.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::super::super::{Failure, print};
use crate::io::clock::{Stopwatch, pause};
use crate::io::docker;
use crate::operate::logs::{Follower, Level, Line, lines};

/// How long lines are collected before they are printed by time: the logs of several services arrive in any
/// order.
const BATCH: Duration = Duration::from_millis(300);
/// How often a container is looked for that is stopped or was replaced.
const RETRY: Duration = Duration::from_secs(2);

/// Prints new lines until Ctrl-C, or until the stack has no container of these services.
pub(super) fn run(
    stack: &str,
    services: &[&str],
    since: Option<&str>,
    least: Level,
) -> Result<(), Failure> {
    let (sender, receiver) = channel();
    for service in services {
        let (stack, service) = (stack.to_owned(), (*service).to_owned());
        let (since, sender) = (since.map(str::to_owned), sender.clone());
        // Nothing waits for them: they end with the program, also when stdout is closed.
        std::thread::spawn(move || {
            if let Err(failure) = of_service(&stack, &service, since, &sender) {
                let _ = sender.send(Err(failure));
            }
        });
    }
    drop(sender);
    print_all(&receiver, Follower::new(services, least))
}

/// Follows the containers of a service, one after the other: a new one replaces it when a setting changes.
fn of_service(
    stack: &str,
    service: &str,
    since: Option<String>,
    sender: &Sender<Result<Line, Failure>>,
) -> Result<(), Failure> {
    let last: Mutex<Option<String>> = Mutex::new(None);
    loop {
        let Some(container) = docker::of_service(stack, service)?.into_iter().next() else {
            return Ok(());
        };
        let before = last.lock().map(|last| last.clone()).unwrap_or_default();
        let from = before.clone().or_else(|| since.clone());
        let see = |text: &str| {
            for line in lines(service, text) {
                // Docker repeats the line of the time that it starts from.
                if before.as_ref().is_some_and(|before| line.time <= *before) {
                    continue;
                }
                if let Ok(mut last) = last.lock() {
                    *last = Some(line.time.clone());
                }
                // Nothing is read after the receiver has ended.
                let _ = sender.send(Ok(line));
            }
        };
        docker::follow(&container, from.as_deref(), &see)?;
        pause(RETRY);
    }
}

fn print_all(
    receiver: &Receiver<Result<Line, Failure>>,
    mut follower: Follower,
) -> Result<(), Failure> {
    while let Ok(first) = receiver.recv() {
        let (mut batch, watch) = (vec![first?], Stopwatch::start());
        while let Ok(line) = receiver.recv_timeout(BATCH.saturating_sub(watch.elapsed())) {
            batch.push(line?);
        }
        let shown = follower.shown(batch);
        let text: String = shown.iter().flat_map(|line| [line, "\n"]).collect();
        if !text.is_empty() {
            print(text.as_bytes())?;
        }
    }
    Ok(())
}

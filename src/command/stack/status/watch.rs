//! `regenesis status --watch`.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::super::super::{Failure, print};
use super::picture::picture;
use super::{Args, report};
use crate::exit;
use crate::io::clock::{Stopwatch, pause};
use crate::io::console::Console;
use crate::io::screen::Screen;
use crate::operate::status::Status;

/// How often the stack is asked.
const INTERVAL: Duration = Duration::from_secs(2);
/// How often the screen is drawn and keys are read.
const REDRAW: Duration = Duration::from_millis(200);

/// Shows reports: on a terminal on one screen, elsewhere below each other until a signal. Returns the last.
pub(super) fn watch(args: &Args, console: &Console) -> Result<Status, Failure> {
    let first = report(args.stack.as_deref(), args.disk, console)?;
    match Screen::open().map_err(terminal)? {
        Some(screen) => {
            // Later, another stack may start: the name is the one of the first report.
            let reports = reports(first.name.clone(), args.disk);
            on(screen, first, &reports)
        }
        None => lines(&first, args, console),
    }
}

/// Reports from a thread of their own, so that keys are read while Docker answers. Nothing waits for it: it
/// ends with the program.
fn reports(name: String, disk: bool) -> Receiver<Result<Status, Failure>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let console = Console::new();
        loop {
            pause(INTERVAL);
            if sender.send(report(Some(&name), disk, &console)).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Draws the newest report until a key ends it. A failure is shown, too: Docker may come back.
fn on(
    mut screen: Screen,
    first: Status,
    reports: &Receiver<Result<Status, Failure>>,
) -> Result<Status, Failure> {
    let (mut status, mut failure, mut watch) = (first, None, Stopwatch::start());
    loop {
        for report in reports.try_iter() {
            match report {
                Ok(newer) => (status, failure, watch) = (newer, None, Stopwatch::start()),
                Err(error) => failure = Some(error.message),
            }
        }
        let age = watch.elapsed().as_secs();
        let draw = screen.draw(|frame| picture(frame, &status, failure.as_deref(), age));
        draw.map_err(terminal)?;
        if screen.is_left(REDRAW).map_err(terminal)? {
            return Ok(status);
        }
    }
}

fn lines(first: &Status, args: &Args, console: &Console) -> Result<Status, Failure> {
    let show = |status: &Status| {
        print(status.text().as_bytes())?;
        let findings = status.findings.iter();
        findings.for_each(|finding| console.error(&finding.cause, Some(&finding.cure)));
        Ok::<(), Failure>(())
    };
    show(first)?;
    loop {
        pause(INTERVAL);
        show(&report(Some(&first.name), args.disk, console)?)?;
    }
}

fn terminal(error: std::io::Error) -> Failure {
    Failure::new(exit::OUTPUT, format!("the terminal: {error}"), None)
}

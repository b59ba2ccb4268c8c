//! `up --json`: a line of JSON for each step, and one for the end.

use serde::Serialize;

use super::super::{Failure, print};
use super::summary::Summary;

/// The version of the lines: a field or an event may be added, and none is removed or changes its meaning.
const FORMAT: u8 = 1;

/// What happened.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event<'a> {
    /// A step has ended.
    Step {
        /// Its name.
        step: &'static str,
        /// Its result.
        text: &'a str,
        /// How long it took.
        milliseconds: f64,
    },
    /// The chain builds blocks.
    Ready(&'a Summary),
    /// It does not.
    Failed {
        /// The exit code.
        exit: u8,
        /// The cause.
        message: &'a str,
        /// The remedy.
        hint: Option<&'a str>,
    },
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    format: u8,
    #[serde(flatten)]
    event: Event<'a>,
}

/// Prints an event.
pub(super) fn send(event: Event<'_>) -> Result<(), Failure> {
    let line = serde_json::to_string(&Line { format: FORMAT, event });
    let line = line.map_err(|error| Failure::bug(error.to_string()))?;
    print(format!("{line}\n").as_bytes())
}

/// Prints the end of a step. The run continues where nothing reads its lines.
pub(super) fn step(step: &'static str, text: &str, milliseconds: f64) {
    let _ = send(Event::Step { step, text, milliseconds });
}

/// Prints the error that ends the program.
pub(super) fn failed(failure: &Failure) {
    let (message, hint) = (failure.message.as_str(), failure.hint.as_deref());
    let _ = send(Event::Failed { exit: failure.exit, message, hint });
}

//! The steps of a run, on the console and for the summary.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::io::clock::Stopwatch;
use crate::io::console::Console;
use crate::progress::Progress;
use crate::summary::Step;

/// The steps of a run, each with its duration.
#[derive(Debug)]
pub struct Steps<'a> {
    /// Shows them.
    pub console: &'a Console,
    state: Mutex<State>,
    observer: Option<Observer>,
}

/// Gets the name of a step that has ended, its result, and its milliseconds.
pub type Observer = fn(&'static str, &str, f64);

#[derive(Debug)]
struct State {
    watch: Stopwatch,
    done: Vec<Step>,
    /// When the current long step first reported a fraction, and which.
    first: Option<(Stopwatch, f64)>,
}

impl<'a> Steps<'a> {
    /// Starts the first step.
    pub fn start(console: &'a Console) -> Self {
        let state = State { watch: Stopwatch::start(), done: Vec::new(), first: None };
        Self { console, state: Mutex::new(state), observer: None }
    }

    /// The same with an observer.
    #[cfg(feature = "host")]
    pub fn observed(self, observer: Option<Observer>) -> Self {
        Self { observer, ..self }
    }

    /// Ends a step and starts the next.
    pub fn done(&self, step: &'static str, text: &str) {
        let mut state = self.state();
        let took = state.watch.lap();
        self.console.step(step, text, took);
        let milliseconds = (took.as_secs_f64() * 1e6).round() / 1000.0;
        if let Some(observer) = self.observer {
            observer(step, text, milliseconds);
        }
        state.done.push(Step { step, milliseconds });
        state.first = None;
    }

    /// Takes the steps that are done.
    pub fn take(&self) -> Vec<Step> {
        std::mem::take(&mut self.state().done)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Estimated seconds until the end of a step that is now at the fraction `done`.
    fn seconds_left(&self, done: f64) -> Option<f64> {
        let mut state = self.state();
        let (watch, begun) = state.first.get_or_insert_with(|| (Stopwatch::start(), done));
        let since = done - *begun;
        (since > 0.0).then(|| watch.elapsed().as_secs_f64() / since * (1.0 - done))
    }
}

impl Progress for Steps<'_> {
    fn step(&self, name: &'static str, result: &str) {
        self.done(name, result);
    }

    fn note(&self, text: &str) {
        self.console.note(text);
    }

    fn warning(&self, text: &str) {
        self.console.warning(text);
    }

    fn advance(&self, text: &dyn Fn() -> String) {
        self.console.progress(text);
    }

    fn advance_to(&self, done: f64, text: &dyn Fn() -> String) {
        let left = self.seconds_left(done);
        self.console.progress_to(Some(done), || match left {
            Some(seconds) => format!("{}, {seconds:.0} s left", text()),
            None => text(),
        });
    }
}

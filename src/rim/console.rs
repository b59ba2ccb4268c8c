//! The terminal: stdout carries data only, stderr one line a step.
//!
//! Names, messages and log lines that others wrote pass here on their way to the user. Nothing else
//! writes to either stream, so this is where they are made harmless.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::visible;

/// How often the progress of a long step is shown.
const REFRESH: Duration = Duration::from_millis(100);

/// Writes to stderr; in colour and with progress only on a terminal.
#[derive(Debug)]
pub struct Console {
    colour: bool,
    terminal: bool,
    shown: Mutex<Option<Instant>>,
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}

impl Console {
    /// Colours by the terminal and `NO_COLOR`.
    pub fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colour: terminal && !no_colour, terminal, shown: Mutex::new(None) }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        let text = visible::line(text);
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.into_owned() }
    }

    /// Writes a line: what was painted, then `text`, then what was painted.
    fn line(&self, painted: &str, text: &str, end: &str) {
        let erase = if self.terminal { "\r\x1b[K" } else { "" };
        let text = visible::line(text);
        // A closed stderr is no reason to stop.
        let _ = writeln!(std::io::stderr(), "{erase}{painted}{text}{end}");
    }

    /// A headline.
    pub fn title(&self, text: &str) {
        self.line(&self.paint("1", text), "", "");
    }

    /// A step that was done.
    pub fn step(&self, name: &str, text: &str, took: Duration) {
        let name = self.paint("32", &format!("{name:>8}"));
        let took = self.paint("2", &format!("{:.1} ms", took.as_secs_f64() * 1000.0));
        self.line(&format!("{name}  "), text, &format!("  {took}"));
    }

    /// Something that was changed, below its step.
    pub fn note(&self, text: &str) {
        self.line("          ", text, "");
    }

    /// Something that may be wrong.
    pub fn warning(&self, text: &str) {
        self.line(&format!("{} ", self.paint("33", "warning:")), text, "");
    }

    /// Why the program ends.
    pub fn error(&self, text: &str, hint: Option<&str>) {
        self.line(&format!("{} ", self.paint("31", "error:")), text, "");
        if let Some(hint) = hint {
            self.line(&format!("{} ", self.paint("36", "hint:")), hint, "");
        }
    }

    /// What the parser of the command line says about it: several lines.
    pub fn usage(&self, text: &str) {
        let (head, text) = match text.strip_prefix("error: ") {
            Some(text) => (format!("{} ", self.paint("31", "error:")), text),
            None => (String::new(), text),
        };
        let _ = write!(std::io::stderr(), "{head}{}", visible::lines(text));
    }

    /// How far a long step is; shown on a terminal only, and not too often.
    pub fn progress(&self, text: impl FnOnce() -> String) {
        if !self.terminal {
            return;
        }
        let Ok(mut shown) = self.shown.try_lock() else { return };
        if shown.is_none_or(|last| last.elapsed() > REFRESH) {
            if shown.is_some() {
                let text = text();
                let _ = write!(std::io::stderr(), "\r\x1b[K          {}", visible::line(&text));
            }
            *shown = Some(Instant::now());
        }
    }
}

/// Writes data to stdout: JSON, or lines of text. JSON still says the same.
///
/// # Errors
/// Stdout is closed or full.
pub fn print(data: &[u8]) -> std::io::Result<()> {
    let text = String::from_utf8_lossy(data);
    let mut out = std::io::stdout().lock();
    out.write_all(visible::json(&text).as_bytes())?;
    out.flush()
}

//! The terminal: data goes to stdout, one line per step to stderr.
//!
//! All output passes through this module, which escapes control characters in names, messages and log
//! lines from other programs.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
#[cfg(feature = "host")]
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::bar::BAR;
use crate::visible;

/// The interval between two progress lines in a log.
#[cfg(feature = "host")]
const HEARTBEAT: Duration = Duration::from_secs(10);
/// The interval between two progress lines.
const REFRESH: Duration = Duration::from_millis(100);

/// Writes to stderr; colour and progress appear on a terminal only.
#[derive(Debug)]
pub struct Console {
    colour: bool,
    terminal: bool,
    shown: Mutex<Option<Instant>>,
    /// The lines since [`Self::record`].
    #[cfg(feature = "host")]
    recorded: Mutex<Option<String>>,
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}

impl Console {
    /// Colours if stderr is a terminal and `NO_COLOR` is not set.
    pub fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colour: terminal && !no_colour,
            terminal,
            shown: Mutex::new(None),
            #[cfg(feature = "host")]
            recorded: Mutex::new(None),
        }
    }

    /// The same without progress: another program reads the output.
    #[must_use]
    pub fn without_progress(self) -> Self {
        Self { terminal: false, ..self }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        let text = visible::line(text);
        if self.colour && !code.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.into_owned()
        }
    }

    /// Keeps a copy of all lines from now on.
    #[cfg(feature = "host")]
    pub fn record(&self) {
        *self.recorded.lock().unwrap_or_else(PoisonError::into_inner) = Some(String::new());
    }

    /// Ends the recording. The lines have neither colours nor durations: the same run has the same lines.
    #[cfg(feature = "host")]
    pub fn recorded(&self) -> Option<String> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Writes a line: `head` in the colour of an ANSI code, `text`, and `end`, which may have colour codes.
    fn line(&self, (code, head): (&str, &str), text: &str, end: &str) {
        let text = visible::line(text);
        #[cfg(feature = "host")]
        if let Some(lines) = &mut *self.recorded.lock().unwrap_or_else(PoisonError::into_inner) {
            lines.extend([&visible::line(head), &*text, "\n"]);
        }
        let head = self.paint(code, head);
        let write = || {
            // The program continues even if stderr is closed.
            let _ = writeln!(std::io::stderr(), "{head}{text}{end}");
        };
        if self.terminal { BAR.above(write) } else { write() }
    }

    /// A headline.
    pub fn title(&self, text: &str) {
        BAR.clear();
        self.line(("1", text), "", "");
    }

    /// A finished step.
    pub fn step(&self, name: &str, text: &str, took: Duration) {
        BAR.clear();
        let took = self.paint("2", &format!("{:.1} ms", took.as_secs_f64() * 1000.0));
        self.line(("32", &format!("{name:>8}  ")), text, &format!("  {took}"));
    }

    /// A detail below a step.
    pub fn note(&self, text: &str) {
        self.line(("", "          "), text, "");
    }

    /// A possible problem.
    pub fn warning(&self, text: &str) {
        self.line(("33", "warning: "), text, "");
    }

    /// The error that ends the program, and its remedy.
    pub fn error(&self, text: &str, hint: Option<&str>) {
        BAR.clear();
        self.line(("31", "error: "), text, "");
        if let Some(hint) = hint {
            self.line(("36", "hint: "), hint, "");
        }
    }

    /// An error of the command-line parser, in several lines.
    pub fn usage(&self, text: &str) {
        let (head, text) = match text.strip_prefix("error: ") {
            Some(text) => (format!("{} ", self.paint("31", "error:")), text),
            None => (String::new(), text),
        };
        let _ = write!(std::io::stderr(), "{head}{}", visible::lines(text));
    }

    /// The progress of a step that may take hours: on a terminal as [`Self::progress`], and in a log
    /// every 10 seconds.
    #[cfg(feature = "host")]
    pub fn heartbeat(&self, done: Option<f64>, text: impl FnOnce() -> String) {
        if self.terminal {
            return self.progress_to(done, text);
        }
        let Ok(mut shown) = self.shown.try_lock() else { return };
        if shown.get_or_insert_with(Instant::now).elapsed() > HEARTBEAT {
            self.note(&text());
            *shown = Some(Instant::now());
        }
    }

    /// The progress of a long step; shown on a terminal only, at most every 100 ms.
    pub fn progress(&self, text: impl FnOnce() -> String) {
        self.progress_to(None, text);
    }

    /// The same with the fraction `done`, from 0 to 1, if it is known.
    pub fn progress_to(&self, done: Option<f64>, text: impl FnOnce() -> String) {
        if !self.terminal {
            return;
        }
        let Ok(mut shown) = self.shown.try_lock() else { return };
        if shown.is_none_or(|last| last.elapsed() > REFRESH) {
            if shown.is_some() {
                BAR.show(done, &visible::line(&text()));
            }
            *shown = Some(Instant::now());
        }
    }

    /// Shows, on a terminal, that a step without reports has begun.
    #[cfg(feature = "host")]
    pub fn work(&self, text: &str) {
        if self.terminal {
            BAR.work(&visible::line(text));
        }
    }
}

/// Stdout for the bytes of an archive, unless it is a terminal.
#[cfg(feature = "host")]
pub fn binary_stdout() -> Option<std::io::StdoutLock<'static>> {
    let out = std::io::stdout();
    (!out.is_terminal()).then(|| out.lock())
}

/// Writes data to stdout: JSON or lines of text. Control characters are escaped; the JSON value stays
/// the same.
///
/// # Errors
/// Stdout is closed or full.
pub fn print(data: &[u8]) -> std::io::Result<()> {
    let text = String::from_utf8_lossy(data);
    BAR.clear();
    let mut out = std::io::stdout().lock();
    out.write_all(visible::json(&text).as_bytes())?;
    out.flush()
}

/// Asks a question on the terminal; `None` if stdin or stderr is not one, or the input has ended.
#[cfg(feature = "host")]
pub fn ask(question: &str) -> Option<String> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return None;
    }
    BAR.clear();
    let _ = write!(std::io::stderr(), "{}", visible::line(question));
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer).ok()?;
    (read > 0).then(|| answer.trim().to_owned())
}

//! Progress of long work that a caller can show.

/// Receives the progress of a run.
pub trait Progress: Sync {
    /// A step is done; `result` describes it in a few words.
    fn step(&self, name: &'static str, result: &str);

    /// A detail of the last step, or the start of work that takes minutes.
    fn note(&self, text: &str);

    /// Something that may be wrong.
    fn warning(&self, text: &str);

    /// A long step has advanced. Called often and from several threads, so `text` is formatted only
    /// where it is shown.
    fn advance(&self, text: &dyn Fn() -> String);

    /// The same for a step with a known fraction `done`, from 0 to 1.
    fn advance_to(&self, done: f64, text: &dyn Fn() -> String) {
        let _ = done;
        self.advance(text);
    }
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn step(&self, _: &'static str, _: &str) {}

    fn note(&self, _: &str) {}

    fn warning(&self, _: &str) {}

    fn advance(&self, _: &dyn Fn() -> String) {}
}

/// More keys than this take long enough to announce.
const MANY: usize = 10_000;

/// Announces work on `count` keys that takes minutes.
pub fn announce(progress: &dyn Progress, doing: &str, count: usize, of: &str) {
    if count > MANY {
        let count = grouped(count);
        progress.note(&format!("{doing} {count} {of}: this may take minutes; Ctrl-C stops it"));
    }
}

/// A number with commas between its thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

//! The logs of several services, merged by time, with known failures marked.

use std::collections::{BTreeSet, VecDeque};

use crate::health::known;
pub use crate::health::{Level, level_of};

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its time, as `docker logs --timestamps` writes it: the order of the texts is the order in time.
    pub time: String,
    /// Its service.
    pub service: String,
    /// The line.
    pub text: String,
}

/// The lines of `docker logs --timestamps`.
pub fn lines(service: &str, output: &str) -> Vec<Line> {
    let line = |line: &str| {
        let (time, text) = line.split_once(' ').unwrap_or((line, ""));
        Line { time: time.to_owned(), service: service.to_owned(), text: text.to_owned() }
    };
    output.lines().map(line).collect()
}

/// The lines of all logs by time; lines of one service keep their order.
pub fn merge(logs: impl IntoIterator<Item = Vec<Line>>) -> Vec<Line> {
    let mut all: Vec<_> = logs.into_iter().flatten().collect();
    all.sort_by(|one, other| one.time.cmp(&other.time));
    all
}

/// The lines with at least this level, each with the remedy if it shows a known failure. Failures are looked
/// for in all lines: one that is over is not marked.
pub fn shown(lines: &[Line], least: Level) -> Vec<String> {
    let width = lines.iter().map(|line| line.service.len()).max().unwrap_or_default();
    let known = known::in_logs(&named(lines));
    let mut shown = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let marks: Vec<_> = known.iter().filter(|logged| logged.line == index).collect();
        if marks.is_empty() && level_of(&line.text) < least {
            continue;
        }
        shown.push(row(line, width));
        shown.extend(marks.into_iter().map(|logged| mark(logged, width)));
    }
    shown
}

fn row(line: &Line, width: usize) -> String {
    format!("{:<width$} | {} {}", line.service, time(&line.time), line.text)
}

fn mark(logged: &known::Logged, width: usize) -> String {
    format!("{:>width$} ^ {}: {}", "", cause(logged), logged.finding.cure)
}

/// The cause without the line that shows it.
fn cause(logged: &known::Logged) -> &str {
    logged.finding.cause.split(" (").next().unwrap_or_default()
}

/// The lines before a new one that are searched with it: some failures show in lines that repeat.
const RECENT: usize = 400;

/// Logs while they are written.
#[derive(Debug)]
pub struct Follower {
    least: Level,
    width: usize,
    recent: VecDeque<Line>,
    marked: BTreeSet<String>,
}

impl Follower {
    /// Of these services, with lines of this level and above.
    pub fn new(services: &[&str], least: Level) -> Self {
        let width = services.iter().map(|service| service.len()).max().unwrap_or_default();
        Self { least, width, recent: VecDeque::new(), marked: BTreeSet::new() }
    }

    /// New lines, in the order of their times, and after them the remedy of each failure that was not known
    /// before. A failure is marked once.
    pub fn shown(&mut self, mut new: Vec<Line>) -> Vec<String> {
        new.sort_by(|one, other| one.time.cmp(&other.time));
        let visible = new.iter().filter(|line| level_of(&line.text) >= self.least);
        let mut shown: Vec<_> = visible.map(|line| row(line, self.width)).collect();
        self.recent.extend(new);
        let old = self.recent.len().saturating_sub(RECENT);
        self.recent.drain(..old);
        for logged in known::in_logs(&named(self.recent.make_contiguous())) {
            if self.marked.insert(cause(&logged).to_owned()) {
                shown.push(mark(&logged, self.width));
            }
        }
        shown
    }
}

/// The lines with the names of their services, as `docker compose logs` prints them.
pub fn named(lines: &[Line]) -> String {
    let parts = lines.iter().flat_map(|Line { service, text, .. }| [service, " | ", text, "\n"]);
    parts.collect()
}

/// The time of day, in milliseconds.
fn time(time: &str) -> &str {
    let day = time.split_once('T').map_or(time, |(_, day)| day);
    day.get(..12).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_merged_by_time() {
        let el = lines(
            "el",
            "2026-11-29T03:00:01.000000000Z INFO one\n2026-11-29T03:00:03.0Z INFO three",
        );
        let cl = lines("cl", "2026-11-29T03:00:02.000000000Z WARN two\n");
        let all = merge([el, cl]);
        let texts: Vec<_> = all.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["INFO one", "WARN two", "INFO three"]);
        assert_eq!(shown(&all, Level::Warning), ["cl | 03:00:02.000 WARN two"]);
        assert_eq!(shown(&all, Level::Debug).len(), 3);
    }

    #[test]
    fn lines_that_arrive_together_are_sorted_and_a_failure_is_marked_once() {
        let mut follower = Follower::new(&["el", "op-node"], Level::Info);
        let el = lines("el", "2026-11-29T03:00:02.0Z INFO two\n2026-11-29T03:00:03.0Z DEBUG no");
        let node = lines("op-node", "2026-11-29T03:00:01.0Z lvl=info msg=one");
        let shown = follower.shown([el, node].concat());
        assert_eq!(
            shown,
            ["op-node | 03:00:01.0Z lvl=info msg=one", "el      | 03:00:02.0Z INFO two"]
        );
        let refusal =
            "2026-11-29T03:00:04.0Z lvl=crit message=\"l1 chain config chain ID mismatch: 1 != 2\"";
        let shown = follower.shown(lines("op-node", refusal));
        assert!(
            shown.len() == 2 && shown[1].contains(" ^ ") && shown[1].contains("l1_chain_id"),
            "{shown:?}"
        );
        assert_eq!(follower.shown(lines("op-node", refusal)).len(), 1);
    }

    #[test]
    fn a_known_failure_is_marked_with_its_remedy_whatever_the_level() {
        let line = "2026-11-29T03:00:01.000000000Z exec /runtime/bin/regenesis: no such file";
        let known = "2026-11-29T03:00:02.000000000Z Nov 29 03:00:02.000 CRIT Failed to start beacon node \
                     reason: Head block not found in store";
        let all = merge([lines("el", line), lines("cl", known)]);
        let shown = shown(&all, Level::Error);
        let mark = shown.iter().find(|line| line.contains(" ^ "));
        assert!(mark.is_some_and(|mark| mark.contains("preset-revision")), "{shown:#?}");
    }
}

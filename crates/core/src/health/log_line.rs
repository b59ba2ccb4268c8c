//! A line of a client's log: its container, its text and its level.

use std::borrow::Cow;

/// The level of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For debugging.
    Debug,
    /// Normal operation.
    Info,
    /// A possible failure.
    Warning,
    /// A failure; also a line without a level, such as the output of a crash.
    Error,
}

/// The names of levels in logs: complete words, in any case.
const LEVELS: [(Level, &[&str]); 4] = [
    (Level::Debug, &["trace", "trc", "debug", "debg", "dbg", "verbose"]),
    (Level::Info, &["info", "inf", "notice", "ntc"]),
    (Level::Warning, &["warn", "warning", "wrn"]),
    (Level::Error, &["error", "erro", "eror", "err", "crit", "critical", "fatal", "fat", "panic"]),
];
/// The level comes after date, time, container and logger; a later word may be part of the message.
const WORDS_BEFORE: usize = 16;

/// A line of a log.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// The container, from the prefix of `docker compose logs`.
    pub(super) service: &'a str,
    /// The line without the prefix and without colours.
    pub(super) text: Cow<'a, str>,
    /// Its level.
    pub(super) level: Level,
}

impl<'a> Line<'a> {
    /// Parses a line of `docker compose logs`, or of a single client.
    pub(super) fn parse(line: &'a str) -> Self {
        let (service, text) = match line.split_once(" | ") {
            Some((service, text)) if !service.trim_end().contains(' ') => {
                (service.trim_end(), text)
            }
            _ => ("", line),
        };
        let text = without_colours(text.trim());
        let level = level(&text);
        Self { service, text, level }
    }

    /// Whether the line has all of these texts, in this order.
    pub(super) fn has(&self, parts: &[&str]) -> bool {
        let mut rest = &*self.text;
        parts.iter().all(|part| {
            let found = rest.find(part).map(|at| &rest[at + part.len()..]);
            found.is_some_and(|after| {
                rest = after;
                true
            })
        })
    }

    /// The block number that geth writes as `number=1,234`.
    pub(super) fn number(&self) -> Option<u64> {
        let (_, text) = self.text.split_once("number=")?;
        let digits = text.split(char::is_whitespace).next()?.replace(',', "");
        digits.parse().ok()
    }
}

/// The level that a line without colours names.
pub fn level(text: &str) -> Level {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let known = |word: &str| {
        // Nimbus's level in capitals, and an English word.
        if word == "NOT" {
            return Some(Level::Info);
        }
        let named = |(_, names): &&(Level, &[&str])| {
            names.iter().any(|name| name.eq_ignore_ascii_case(word))
        };
        LEVELS.iter().find(named).map(|(level, _)| *level)
    };
    words.take(WORDS_BEFORE).find_map(known).unwrap_or(Level::Error)
}

/// `text` without the ECMA-48 sequences that set colours.
fn without_colours(text: &str) -> Cow<'_, str> {
    if !text.contains('\x1b') {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split("\x1b[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != ';');
        match end {
            Some(end) if part[end..].starts_with('m') => out.push_str(&part[end + 1..]),
            _ => out.extend(["\x1b[", part]),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_levels_of_all_clients_are_recognised() {
        for (line, level) in [
            ("INFO [11-28|16:00:00.000] Imported new chain segment", Level::Info),
            ("ERROR[11-28|16:00:00.000] Head block is not reachable", Level::Error),
            ("vc-1  | Nov 28 16:00:00.000 INFO  Doppelganger protection disabled.", Level::Info),
            ("Nov 28 16:00:00.000 CRIT Failed to start, reason: info", Level::Error),
            ("time=\"2026-11-28 16:00:00\" level=error msg=\"Could not\" prefix=x", Level::Error),
            ("2026-11-28 16:00:00.000 WARN  - Could not", Level::Warning),
            ("Nov-28 16:00:00.000[validator]  \x1b[32minfo\x1b[39m: an error", Level::Info),
            ("NTC 2026-11-28 16:00:00.000+00:00 Doppelganger", Level::Info),
            ("FAT 2026-11-28 16:00:00.000+00:00 Doppelganger", Level::Error),
            ("2026-11-28T16:00:00Z DEBUG net: error", Level::Debug),
            ("2026-11-28 16:00:00+0000 | main | ERROR | Besu | Failed", Level::Error),
            ("NOT 2026-11-28 16:00:00.000+00:00 Doppelganger", Level::Info),
            ("exec: \"/bin/sh\": no such file", Level::Error),
            ("a message that is not an error", Level::Error),
        ] {
            assert_eq!(Line::parse(line).level, level, "{line}");
        }
    }

    #[test]
    fn a_line_has_a_container_a_text_and_a_number() {
        let line = Line::parse("el-1  | \x1b[32mINFO\x1b[0m old head number=1,234 hash=0x");
        assert_eq!((line.service, line.number()), ("el-1", Some(1234)));
        assert_eq!(line.text, "INFO old head number=1,234 hash=0x");
        assert!(line.has(&["INFO", "number="]) && !line.has(&["number=", "INFO"]));
        assert_eq!(Line::parse("a b | c").service, "");
    }
}

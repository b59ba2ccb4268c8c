//! Known failures in the logs of clients: a table of rules for each client.
//!
//! A rule looks at the level of a line and at the fixed texts of its message, as the client's public
//! source has them. A line that a healthy client may write, too, counts only when it repeats.

mod failure;

use std::collections::BTreeMap;

use super::Finding;
use super::log_line::{Level, Line};
use failure::Failure;

/// Declares the modules of the clients, and the table of their rules. A module has `RULES` and, for tests,
/// `EXAMPLES` and `HEALTHY`: see [`Client`].
macro_rules! clients {
    ($($name:ident)*) => {
        $(mod $name;)*

        const CLIENTS: &[Client] = &[
            $(Client {
                rules: $name::RULES,
                #[cfg(test)]
                examples: $name::EXAMPLES,
                #[cfg(test)]
                healthy: $name::HEALTHY,
            }),*
        ];
    };
}

clients! { geth reth besu nethermind lighthouse prysm teku nimbus lodestar grandine op_node machine }

/// A client's rules.
#[derive(Debug)]
struct Client {
    rules: &'static [Rule],
    /// For each rule: a line that matches, and a similar one that does not; for a rule with a recovery,
    /// the second is the recovery.
    #[cfg(test)]
    examples: &'static [(&'static str, &'static str)],
    /// The log of a healthy client.
    #[cfg(test)]
    healthy: &'static str,
}

/// A line that shows a failure.
#[derive(Debug)]
struct Rule {
    failure: Failure,
    /// Texts of the line, in this order.
    parts: &'static [&'static str],
    /// The minimum level of the line.
    level: Level,
    /// The number of such lines that show the failure.
    times: usize,
    /// Texts of a later line of the same client that shows its recovery.
    recovery: &'static [&'static str],
}

/// A line that no healthy client writes.
const fn says(failure: Failure, parts: &'static [&'static str]) -> Rule {
    Rule { failure, parts, level: Level::Debug, times: 1, recovery: &[] }
}

/// A line that shows a failure if it is a warning or an error.
const fn warns(failure: Failure, parts: &'static [&'static str]) -> Rule {
    Rule { level: Level::Warning, ..says(failure, parts) }
}

impl Rule {
    /// The same, unless the client recovers later.
    const fn until(self, recovery: &'static [&'static str]) -> Self {
        Self { recovery, ..self }
    }

    /// The same, if the line repeats.
    const fn repeated(self) -> Self {
        Self { times: 3, ..self }
    }

    fn matches(&self, line: &Line<'_>) -> bool {
        line.level >= self.level && line.has(self.parts)
    }

    /// The index of the line that shows the failure.
    fn find(&self, lines: &[Line<'_>]) -> Option<usize> {
        // Per container: the first matching line since the last recovery, and their number.
        let mut open: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for (index, line) in lines.iter().enumerate() {
            if self.matches(line) {
                open.entry(line.service).or_insert((index, 0)).1 += 1;
            } else if !self.recovery.is_empty() && line.has(self.recovery) {
                open.remove(line.service);
            }
        }
        let shown = open.into_values().filter(|(_, count)| *count >= self.times);
        shown.map(|(index, _)| index).min()
    }
}

/// Replaces the block number in a remedy if the line has none.
const NUMBER_OF_HEAD: &str =
    "0x…, its execution_payload.block_number in /eth/v2/beacon/blocks/head";

/// A failure that a log shows.
#[derive(Debug)]
pub struct Logged {
    /// The failure.
    pub finding: Finding,
    /// Whether a later line can end it. A client whose level is error does not log that line: see
    /// [`super::has_new_blocks`].
    pub can_end: bool,
    /// The index of the line that shows it.
    pub line: usize,
}

/// The known failures in `logs`, each once, with the first line that shows it.
pub fn in_logs(logs: &str) -> Vec<Logged> {
    let lines: Vec<_> = logs.lines().map(Line::parse).collect();
    let mut found: BTreeMap<Failure, (usize, bool)> = BTreeMap::new();
    for rule in CLIENTS.iter().flat_map(|client| client.rules) {
        if let Some(index) = rule.find(&lines) {
            let (first, can_end) = found.entry(rule.failure).or_insert((index, true));
            *first = index.min(*first);
            *can_end &= !rule.recovery.is_empty();
        }
    }
    let logged = |(failure, (index, can_end)): (_, (usize, bool))| Logged {
        finding: finding(failure, &lines[index]),
        can_end,
        line: index,
    };
    found.into_iter().map(logged).collect()
}

fn finding(failure: Failure, line: &Line<'_>) -> Finding {
    let (cause, cure) = failure.explain();
    let text: String = line.text.chars().take(160).collect();
    let number = line.number().map(|number| format!("{number:#x}"));
    let cure = cure.replace("NUMBER", number.as_deref().unwrap_or(NUMBER_OF_HEAD));
    Finding::new(format!("{cause} ({text})"), cure)
}

#[cfg(test)]
mod tests;

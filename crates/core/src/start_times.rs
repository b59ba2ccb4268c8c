//! How long the clients of this machine need to start: what `--lead auto` learns from.

use serde::{Deserialize, Serialize};

/// Limits of a learned time, in seconds. A longer start is an exception, such as clients that the user
/// started by hand, and is not recorded.
const SHORTEST: u64 = 2;
const LONGEST: u64 = 30;
/// The number of starts that count, and of starts that a file holds.
const RECENT: usize = 3;
const REMEMBERED: usize = 12;

/// The recorded starts, the latest last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartTimes {
    starts: Vec<Start>,
}

/// A recorded start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Start {
    run_id: String,
    /// The flags that name the clients.
    clients: String,
    /// Seconds until the clients were ready, without the import.
    seconds: u64,
}

impl StartTimes {
    /// Reads the file. Nothing depends on it but a lead within limits: a damaged file counts as empty.
    pub fn parse(file: &[u8]) -> Self {
        serde_json::from_slice(file).unwrap_or_default()
    }

    /// The file.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Whether the start of this run is recorded: a later start of its clients says nothing.
    pub fn has(&self, run_id: &str) -> bool {
        self.starts.iter().any(|start| start.run_id == run_id)
    }

    /// Adds the start of a run.
    pub fn add(&mut self, run_id: &str, clients: &str, seconds: u64) {
        let (run_id, clients) = (run_id.to_owned(), clients.to_owned());
        self.starts.push(Start { run_id, clients, seconds });
        let surplus = self.starts.len().saturating_sub(REMEMBERED);
        self.starts.drain(..surplus);
    }

    /// The longest of the latest starts of these clients; `None` without one.
    pub fn longest(&self, clients: &str) -> Option<Longest> {
        let same = self.starts.iter().rev().filter(|start| start.clients == clients);
        let latest: Vec<u64> = same.take(RECENT).map(|start| start.seconds).collect();
        let seconds = latest.iter().max()?;
        Some(Longest { seconds: (*seconds).clamp(SHORTEST, LONGEST), of: latest.len() })
    }
}

/// The longest of some starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Longest {
    /// Seconds, within the limits of a lead.
    pub seconds: u64,
    /// The number of starts.
    pub of: usize,
}

/// What an observer of the clients sees at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// The present, in seconds since the epoch.
    pub now: u64,
    /// Whether all clients answer.
    pub ready: bool,
    /// Timestamp of the first block of this chain.
    pub first_block: Option<u64>,
}

/// The observation of a start. Times are in seconds since the epoch.
#[derive(Debug)]
pub struct Observation {
    /// When the genesis was complete.
    pub stamped: u64,
    /// Consensus genesis time.
    pub genesis_time: u64,
    /// Seconds of a slot.
    pub slot: u64,
    /// Seconds for the import, which the lead adds.
    pub import: u64,
    waited: bool,
    ready: Option<u64>,
}

impl Observation {
    /// Begins an observation.
    pub fn new(stamped: u64, genesis_time: u64, slot: u64, import: u64) -> Self {
        Self { stamped, genesis_time, slot, import, waited: false, ready: None }
    }

    /// Adds a look. With the first block, it returns the seconds from the stamp until the clients were
    /// ready; `None` before, and where they are unknown or an exception.
    ///
    /// The first block shows more than the answers: a validator client that is late loses slots, too.
    pub fn see(&mut self, look: Look) -> Option<u64> {
        let Look { now, ready, first_block } = look;
        if ready {
            self.ready.get_or_insert(now);
        } else {
            self.waited = true;
        }
        let block = first_block?;
        let in_time = self.genesis_time.saturating_add(self.slot);
        let lost = block > in_time;
        // An observer that came later than the clients knows only when it came.
        let ready = self.ready.filter(|ready| self.waited || *ready <= block.min(in_time));
        let needed = if lost {
            // The first slot would have been here.
            Some(block.saturating_sub(self.slot).max(ready.unwrap_or_default()))
        } else {
            ready
        };
        let seconds = needed?.checked_sub(self.stamped)?.saturating_sub(self.import);
        // Whole seconds hide up to one: slots of a second would begin before the clients are ready.
        let seconds = seconds.saturating_add(u64::from(self.slot < 2));
        (seconds <= LONGEST).then_some(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMPED: u64 = 1_700_000_000;
    /// Genesis after a lead of 8 s, with slots of 2 s.
    const GENESIS: u64 = STAMPED + 8;

    /// Looks each second from `from` on, at clients that answer after `ready` s and whose first block is
    /// that of the next slot after `block` s.
    fn observe(from: u64, ready: u64, block: u64) -> Option<u64> {
        let mut observation = Observation::new(STAMPED, GENESIS, 2, 0);
        let first = GENESIS + 2 * (block.saturating_sub(8).div_ceil(2)).max(1);
        (from..100).find_map(|second| {
            let now = STAMPED + second;
            let first_block = (first <= now).then_some(first);
            let look = Look { now, ready: second >= ready, first_block };
            let seconds = observation.see(look);
            first_block.map(|_| seconds)
        })?
    }

    #[test]
    fn a_start_is_measured_from_the_stamp() {
        assert_eq!(observe(0, 3, 3), Some(3), "early clients");
        assert_eq!(observe(0, 7, 7), Some(7));
        assert_eq!(observe(0, 9, 9), Some(9), "before the first slot");
        // One slot lost: a lead of 10 s would have had its first slot when this block came.
        assert_eq!(observe(0, 11, 11), Some(11));
        assert_eq!(observe(0, 5, 11), Some(10), "a late validator client");
        assert_eq!(observe(0, 25, 25), Some(25));
    }

    #[test]
    fn a_late_observer_knows_the_lost_slots_only() {
        assert_eq!(observe(5, 3, 3), Some(5), "before the first slot");
        assert_eq!(observe(60, 3, 3), None);
        assert_eq!(observe(60, 3, 13), Some(12));
    }

    #[test]
    fn an_exception_is_not_recorded() {
        assert_eq!(observe(0, 80, 80), None);
        // A clock that jumped back.
        let mut observation = Observation::new(STAMPED, GENESIS, 2, 0);
        let early = Look { now: STAMPED - 50, ready: false, first_block: None };
        assert_eq!(observation.see(early), None);
        let block = Some(GENESIS + 2);
        assert_eq!(observation.see(Look { ready: true, first_block: block, ..early }), None);
        // No overflow.
        let mut observation = Observation::new(0, u64::MAX, u64::MAX, u64::MAX);
        let look = Look { now: u64::MAX, ready: true, first_block: Some(u64::MAX) };
        assert_eq!(observation.see(look), Some(0));
    }

    #[test]
    fn the_import_is_not_part_of_a_start() {
        let mut observation = Observation::new(STAMPED, GENESIS, 2, 5);
        let look = Look { now: STAMPED + 7, ready: false, first_block: None };
        assert_eq!(observation.see(look), None);
        let look = Look { now: STAMPED + 10, ready: true, first_block: Some(GENESIS + 2) };
        assert_eq!(observation.see(look), Some(5));
    }

    #[test]
    fn slots_of_a_second_get_one_second_more() {
        for (slot, expected) in [(1, 4), (2, 3), (12, 3)] {
            let mut observation = Observation::new(STAMPED, GENESIS, slot, 0);
            let early = Look { now: STAMPED, ready: false, first_block: None };
            assert_eq!(observation.see(early), None);
            let ready = Look { now: STAMPED + 3, ready: true, first_block: None };
            assert_eq!(observation.see(ready), None);
            let block =
                Look { now: GENESIS + slot, ready: true, first_block: Some(GENESIS + slot) };
            assert_eq!(observation.see(block), Some(expected), "slots of {slot} s");
        }
    }

    #[test]
    fn the_longest_of_the_latest_starts_counts_within_limits() {
        let mut times = StartTimes::default();
        let longest = |times: &StartTimes, clients| {
            times.longest(clients).map(|Longest { seconds, of }| (seconds, of))
        };
        assert_eq!(longest(&times, "lighthouse"), None);
        for (run, seconds) in [("a", 20), ("b", 6), ("c", 7), ("d", 5)] {
            times.add(run, "lighthouse", seconds);
        }
        times.add("e", "lodestar", 14);
        assert_eq!(longest(&times, "lighthouse"), Some((7, 3)), "a is too old");
        assert_eq!(longest(&times, "lodestar"), Some((14, 1)));
        assert_eq!(longest(&times, "prysm"), None);
        assert!(times.has("a") && !times.has("f"));
        assert_eq!(StartTimes::parse(&times.to_json()), times);
        for run in 0..100 {
            times.add(&run.to_string(), "lighthouse", 0);
        }
        assert_eq!(longest(&times, "lighthouse"), Some((2, 3)));
        assert!(times.to_json().len() < 1000);
    }

    #[test]
    fn a_hostile_file_changes_the_lead_within_limits_only() {
        for file in [
            &b""[..],
            b"{",
            b"[]",
            b"null",
            b"{\"starts\": 7}",
            b"\xff\xfe",
            b"{\"starts\": \
            [{\"run_id\": \"a\", \"clients\": \"x\", \"seconds\": -1}]}",
        ] {
            assert_eq!(StartTimes::parse(file), StartTimes::default());
        }
        let file =
            br#"{"starts": [{"run_id": "a", "clients": "x", "seconds": 18446744073709551615}]}"#;
        let longest = StartTimes::parse(file).longest("x").unwrap();
        assert_eq!(longest, Longest { seconds: 30, of: 1 });
    }
}

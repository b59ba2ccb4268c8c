//! `.regenesis-client` in a data directory: what the supervisor of its client reports to `watch`.
//!
//! It is written when the client starts, and removed when a signal stops it. A client whose data is not
//! locked while the file is there ended by itself, or was killed. A full disk refuses a new file, but
//! never a removal.

use serde::{Deserialize, Serialize};

use super::{Client, State};

/// The file in a data directory.
pub const NOTICE: &str = ".regenesis-client";

/// A client that ends this often by itself does not recover by a further start.
const FAILING: u32 = 3;

/// The report of a supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The run of the client.
    pub run_id: String,
    /// The client.
    pub client: Client,
    /// How often it has started since a signal last stopped it.
    pub starts: u32,
    /// Whether its data is too old, so that it waits for another run.
    pub waits: bool,
}

impl Notice {
    /// Reads a notice; `None` for anything else.
    pub fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The file.
    pub fn to_json(&self) -> Vec<u8> {
        // Strings, numbers and unit variants always serialize.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The notice of a client that starts, after the notice that is there.
    pub fn of_start(before: Option<&Self>, run_id: &str, client: Client) -> Self {
        let ended = before.filter(|notice| notice.run_id == run_id && !notice.waits);
        let starts = ended.map_or(0, |notice| notice.starts).saturating_add(1);
        Self { run_id: run_id.to_owned(), client, starts, waits: false }
    }
}

/// The state of the client of a data directory in the run `run_id`, by its notice and by whether its
/// data is locked.
pub fn state(run_id: &str, notice: Option<&Notice>, is_locked: bool) -> State {
    match (notice.filter(|notice| notice.run_id == run_id), is_locked) {
        (Some(notice), true) if !notice.waits => State::Running,
        // It waits for its turn, or prepares the data: an import may take minutes.
        (_, true) => State::Starting,
        (Some(notice), false) if notice.waits => State::Waiting,
        (Some(notice), false) if notice.starts >= FAILING => State::Failing,
        (_, false) => State::Stopped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(run_id: &str, starts: u32, waits: bool) -> Notice {
        Notice { run_id: run_id.to_owned(), client: Client::Execution, starts, waits }
    }

    #[test]
    fn the_lock_and_the_notice_together_are_the_state() {
        for (notice, is_locked, expected) in [
            (Some(notice("a1", 1, false)), true, State::Running),
            (Some(notice("a1", 9, false)), true, State::Running),
            (None, true, State::Starting),
            (Some(notice("b2", 1, false)), true, State::Starting),
            (Some(notice("a1", 0, true)), true, State::Starting),
            (Some(notice("a1", 0, true)), false, State::Waiting),
            (Some(notice("b2", 0, true)), false, State::Stopped),
            (Some(notice("a1", 3, false)), false, State::Failing),
            (Some(notice("a1", 2, false)), false, State::Stopped),
            (None, false, State::Stopped),
        ] {
            assert_eq!(state("a1", notice.as_ref(), is_locked), expected, "{notice:?} {is_locked}");
        }
    }

    #[test]
    fn starts_are_counted_for_one_run_and_until_a_signal() {
        let first = Notice::of_start(None, "a1", Client::Execution);
        assert_eq!(first, notice("a1", 1, false));
        let second = Notice::of_start(Some(&first), "a1", Client::Execution);
        assert_eq!(second.starts, 2);
        assert_eq!(Notice::of_start(Some(&second), "b2", Client::Execution).starts, 1);
        let waits = notice("a1", 7, true);
        assert_eq!(Notice::of_start(Some(&waits), "a1", Client::Execution).starts, 1);
    }

    #[test]
    fn a_notice_survives_its_file() {
        let notice = notice("a1", 2, true);
        assert_eq!(Notice::parse(&notice.to_json()), Some(notice));
        assert_eq!(Notice::parse(b"{}"), None);
    }
}

//! The genesis that a run replaces, and a last line about it for its users.

use crate::stamp::calendar_time;
use crate::summary::{Finished, History, Replaces};

/// The previous genesis.
#[derive(Debug)]
pub(super) struct Previous {
    /// Its summary; `None` if that is missing or damaged.
    finished: Option<Finished>,
}

impl Previous {
    /// The previous genesis, if there was one: `marker` is its summary, `has_files` whether any of its
    /// files exist.
    pub(super) fn of(marker: Option<&[u8]>, has_files: bool) -> Option<Self> {
        let finished = marker.and_then(|marker| Finished::parse(marker).ok());
        (marker.is_some() || has_files).then_some(Self { finished })
    }

    /// Its entry in the summary of the new genesis.
    pub(super) fn replaced(&self) -> Replaces {
        let finished = self.finished.as_ref();
        Replaces {
            run_id: finished.map(|finished| finished.run_id.clone()),
            genesis_time: finished.and_then(|finished| Some(finished.cl.as_ref()?.genesis_time)),
        }
    }

    /// The line for the user: why a new genesis with this `history` replaces it, and what that removes.
    pub(super) fn farewell(&self, history: Option<&History>, cause: &str) -> String {
        let Some(Finished { run_id, cl, history: continued, .. }) = &self.finished else {
            return "new genesis: replaces a previous one whose regenesis.json is missing or damaged; \
                    its blocks and transactions are gone"
                .to_owned();
        };
        let time = cl.as_ref().and_then(|cl| calendar_time(cl.genesis_time));
        let time = time.map_or_else(String::new, |time| format!(" of {time}"));
        let gone = match history {
            Some(kept) if continued.as_ref() == Some(kept) => format!(
                "its blocks and transactions after block {} are gone, those in the snapshot remain",
                kept.blocks
            ),
            _ => "its blocks and transactions are gone".to_owned(),
        };
        format!("new genesis: replaces run {run_id}{time}, because {cause}; {gone}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::LOST;
    use super::*;

    const MARKER: &str = r#"{"run_id": "0123abcd", "cl": {"genesis_time": 1764345600}, "files": [],
        "history": {"blocks": 12, "block_hash": "0x1", "state_root": "0x2", "timestamp": 3}}"#;

    #[test]
    fn a_first_genesis_replaces_nothing() {
        assert!(Previous::of(None, false).is_none());
    }

    #[test]
    fn the_line_describes_what_is_gone() {
        let previous = Previous::of(Some(MARKER.as_bytes()), true).unwrap();
        assert_eq!(
            previous.farewell(None, "--renew is always"),
            "new genesis: replaces run 0123abcd of 2025-11-28T16:00:00Z, because --renew is always; \
             its blocks and transactions are gone"
        );
        let kept = previous.finished.as_ref().unwrap().history.clone().unwrap();
        assert!(
            previous
                .farewell(Some(&kept), "")
                .ends_with("after block 12 are gone, those in the snapshot remain")
        );
        let other = History { blocks: 13, ..kept };
        assert!(
            previous.farewell(Some(&other), "").ends_with("; its blocks and transactions are gone")
        );
        let replaced =
            Replaces { run_id: Some("0123abcd".into()), genesis_time: Some(1_764_345_600) };
        assert_eq!(previous.replaced(), replaced);
    }

    #[test]
    fn a_damaged_summary_still_counts_as_a_previous_genesis() {
        let marker = MARKER.replace("0123abcd", "\\u001b[2J");
        for damaged in
            [Some(&MARKER.as_bytes()[..20]), Some(b"\xff"), Some(marker.as_bytes()), None]
        {
            let previous = Previous::of(damaged, true).unwrap();
            assert_eq!(previous.replaced(), Replaces { run_id: None, genesis_time: None });
            let line = previous.farewell(None, LOST);
            assert!(
                line.starts_with("new genesis: ") && line.contains("missing or damaged"),
                "{line}"
            );
        }
    }
}

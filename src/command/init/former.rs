//! The genesis that a run replaces: whoever worked on it should know what is gone.

use super::make::calendar_time;
use crate::summary::{Finished, History, Replaces};

/// A genesis that was there before.
#[derive(Debug)]
pub(super) struct Former {
    /// What its summary says; `None` if that is missing or damaged.
    finished: Option<Finished>,
}

impl Former {
    /// The former genesis, if there was one: `marker` is its summary, and `has_files` tells whether
    /// any of its files are there.
    pub(super) fn of(marker: Option<&[u8]>, has_files: bool) -> Option<Self> {
        let finished = marker.and_then(|marker| Finished::parse(marker).ok());
        (marker.is_some() || has_files).then_some(Self { finished })
    }

    /// For the summary of the new genesis.
    pub(super) fn replaced(&self) -> Replaces {
        let finished = self.finished.as_ref();
        Replaces {
            run_id: finished.map(|finished| finished.run_id.clone()),
            genesis_time: finished.and_then(|finished| Some(finished.cl.as_ref()?.genesis_time)),
        }
    }

    /// What a genesis with this `history` in its place means.
    pub(super) fn farewell(&self, history: Option<&History>) -> String {
        let Some(Finished { run_id, cl, history: former, .. }) = &self.finished else {
            return "new genesis: replaces a former one whose regenesis.json is missing or damaged; \
                    its blocks and transactions are gone"
                .to_owned();
        };
        let time = cl.as_ref().and_then(|cl| calendar_time(cl.genesis_time));
        let time = time.map_or_else(String::new, |time| format!(" of {time}"));
        let gone = match history {
            Some(kept) if former.as_ref() == Some(kept) => format!(
                "its blocks and transactions after block {} are gone, those of the snapshot stay",
                kept.blocks
            ),
            _ => "its blocks and transactions are gone".to_owned(),
        };
        format!("new genesis: replaces run {run_id}{time}; {gone}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKER: &str = r#"{"run_id": "0123abcd", "cl": {"genesis_time": 1764345600}, "files": [],
        "history": {"blocks": 12, "block_hash": "0x1", "state_root": "0x2", "timestamp": 3}}"#;

    #[test]
    fn a_first_genesis_replaces_none() {
        assert!(Former::of(None, false).is_none());
    }

    #[test]
    fn the_line_says_what_is_gone() {
        let former = Former::of(Some(MARKER.as_bytes()), true).unwrap();
        assert_eq!(
            former.farewell(None),
            "new genesis: replaces run 0123abcd of 2025-11-28T16:00:00Z; its blocks and \
             transactions are gone"
        );
        let kept = former.finished.as_ref().unwrap().history.clone().unwrap();
        assert!(
            former
                .farewell(Some(&kept))
                .ends_with("after block 12 are gone, those of the snapshot stay")
        );
        let other = History { blocks: 13, ..kept };
        assert!(former.farewell(Some(&other)).ends_with("; its blocks and transactions are gone"));
        let replaced =
            Replaces { run_id: Some("0123abcd".into()), genesis_time: Some(1_764_345_600) };
        assert_eq!(former.replaced(), replaced);
    }

    #[test]
    fn a_summary_that_cannot_be_read_still_tells_of_a_former_genesis() {
        let marker = MARKER.replace("0123abcd", "\\u001b[2J");
        for damaged in
            [Some(&MARKER.as_bytes()[..20]), Some(b"\xff"), Some(marker.as_bytes()), None]
        {
            let former = Former::of(damaged, true).unwrap();
            assert_eq!(former.replaced(), Replaces { run_id: None, genesis_time: None });
            let line = former.farewell(None);
            assert!(
                line.starts_with("new genesis: ") && line.contains("missing or damaged"),
                "{line}"
            );
        }
    }
}

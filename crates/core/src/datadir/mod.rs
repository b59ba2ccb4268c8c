//! Whether the chain data in a client's data directory belongs to the current genesis: the decisions of
//! `regenesis run`, as pure functions.

pub mod clients;
pub mod mark;
mod plan;
pub mod renew;

use std::ffi::OsString;
use std::time::Duration;

use mark::Mark;
pub use plan::Plan;

/// The file in a data directory that names the run to which the data belongs. It is empty or missing
/// while the data is incomplete.
pub const STATUS: &str = ".regenesis-run";
/// The file that allows `run` to wipe the data directory: [`Mark`].
pub const MARK: &str = ".regenesis-datadir";
/// Where a wipe moves files that may belong to the user.
pub const SET_ASIDE: &str = ".regenesis-set-aside";
/// Where `init` writes a database for geth; a rename then puts it at [`DATABASE_PLACE`].
pub const STAGED_DATABASE: &str = ".regenesis-geth";
/// Where geth looks for its database: a directory and a name in it.
pub const DATABASE_PLACE: [&str; 2] = ["geth", "chaindata"];
/// The prefix of every file that `run` itself puts into a data directory.
pub const OWN_PREFIX: &str = ".regenesis-";

/// The contents of a client's data directory.
#[derive(Debug, Default)]
pub struct Contents {
    /// The run id in [`STATUS`], if it can be read.
    pub status: Option<String>,
    /// The mark, if it is valid in this directory.
    pub mark: Option<Mark>,
    /// Whether any version of `run` has left a status or a mark here, valid or not.
    pub has_trace: bool,
    /// All entries except our own files and [ignored ones](clients::is_ignored).
    pub entries: Vec<OsString>,
    /// Those of [`clients::signed_paths`] that exist.
    pub signed: Vec<String>,
    /// Time since the last write; `None` if the directory is empty.
    pub idle: Option<Duration>,
}

/// A client that is about to start.
#[derive(Debug)]
pub struct Start<'a> {
    /// The run whose genesis it starts from.
    pub run_id: &'a str,
    /// The longest gap in the chain that the client can catch up with; zero if it can never resume.
    pub max_idle: Duration,
    /// The names of the programs to run: the steps and the client.
    pub programs: &'a [String],
    /// The directories to copy to the data directory.
    pub copies: &'a [String],
    /// Whether chain data of the client may be wiped without a valid mark, if a run has left a trace.
    pub take_over: bool,
}

/// What to do with a data directory before the client starts.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision {
    /// It contains data of this run: resume.
    Resume,
    /// It is empty: start.
    Begin,
    /// It contains data of another run, or incomplete data: wipe it, then start.
    Wipe(Plan),
    /// It contains data of this run, but has been idle for this long: the client can no longer catch up
    /// with the clock. Wait for a new genesis.
    Stale(Duration),
    /// It contains this entry, which may belong to the user: refuse, and change nothing.
    Foreign(OsString),
}

/// Decides for the data directory of a client.
pub fn decide(start: &Start<'_>, data: &Contents) -> Decision {
    let same_run = data.status.as_deref() == Some(start.run_id);
    match (data.idle, &data.mark) {
        (Some(idle), _) if same_run && idle >= start.max_idle => Decision::Stale(idle),
        _ if same_run => Decision::Resume,
        _ if data.entries.is_empty() => Decision::Begin,
        (_, Some(mark)) => Decision::Wipe(plan::of_ours(start, data, mark)),
        (_, None) if start.take_over && data.has_trace => {
            plan::of_take_over(start, data).map_or_else(Decision::Foreign, Decision::Wipe)
        }
        (_, None) => Decision::Foreign(data.entries[0].clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::DirectoryIdentity;

    const HOUR: Duration = Duration::from_hours(1);

    fn data(status: Option<&str>, entries: &[&str], idle: Option<Duration>) -> Contents {
        let entries = entries.iter().map(OsString::from).collect();
        Contents { status: status.map(str::to_owned), entries, idle, ..Default::default() }
    }

    fn marked(status: Option<&str>, entries: &[&str]) -> Contents {
        let mut mark = Mark::new(DirectoryIdentity { inode: 1, birth: None, device: None });
        mark.add_programs(&["geth".to_owned()]);
        Contents { mark: Some(mark), ..data(status, entries, None) }
    }

    fn decided(run_id: &str, max_idle: Duration, data: &Contents) -> Decision {
        let programs = ["geth".to_owned()];
        let start = Start { run_id, max_idle, programs: &programs, copies: &[], take_over: false };
        decide(&start, data)
    }

    #[test]
    fn data_of_this_run_is_resumed() {
        let resumed = data(Some("a1"), &["geth"], Some(HOUR / 2));
        assert_eq!(decided("a1", HOUR, &resumed), Decision::Resume);
        assert_eq!(decided("a1", HOUR, &data(Some("a1"), &[], None)), Decision::Resume);
    }

    #[test]
    fn data_of_another_run_and_incomplete_data_is_wiped() {
        for status in [Some("a1"), Some("unready"), None] {
            let Decision::Wipe(plan) = decided("b2", HOUR, &marked(status, &["geth"])) else {
                panic!("{status:?}");
            };
            assert_eq!(plan.remove, ["geth"]);
        }
    }

    #[test]
    fn a_client_starts_in_an_empty_directory() {
        for status in [None, Some("unready"), Some("a1")] {
            assert_eq!(
                decided("b2", HOUR, &data(status, &[], None)),
                Decision::Begin,
                "{status:?}"
            );
            assert_eq!(decided("b2", HOUR, &marked(status, &[])), Decision::Begin, "{status:?}");
        }
    }

    #[test]
    fn without_a_mark_nothing_is_wiped_with_any_status() {
        for status in [None, Some("a1"), Some("unready")] {
            let found = data(status, &["geth", "keystore"], Some(HOUR));
            assert_eq!(decided("b2", HOUR, &found), Decision::Foreign("geth".into()), "{status:?}");
        }
    }

    #[test]
    fn without_a_trace_of_a_run_nothing_is_taken_over() {
        let programs = ["geth".to_owned()];
        let (run_id, max_idle) = ("b2", HOUR);
        let start = Start { run_id, max_idle, programs: &programs, copies: &[], take_over: true };
        let mut found = data(Some("a1"), &["geth"], None);
        assert_eq!(decide(&start, &found), Decision::Foreign("geth".into()));
        found.has_trace = true;
        assert!(matches!(decide(&start, &found), Decision::Wipe(_)));
    }

    #[test]
    fn a_chain_that_was_idle_too_long_is_stale() {
        let idle = |time| data(Some("a1"), &["beacon"], Some(time));
        assert_eq!(decided("a1", HOUR, &idle(HOUR)), Decision::Stale(HOUR));
        let zero = Duration::ZERO;
        assert_eq!(decided("a1", zero, &idle(zero)), Decision::Stale(zero));
        // Data of another run is wiped, however old it is.
        let old = Contents { idle: Some(HOUR), ..marked(Some("a1"), &["geth"]) };
        assert!(matches!(decided("b2", HOUR, &old), Decision::Wipe(_)));
    }
}

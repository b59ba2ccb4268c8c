//! What a client's data directory and a genesis have to do with each other: the decisions of
//! `regenesis run`, without the world.

pub mod clients;
pub mod mark;
mod plan;

use std::ffi::OsString;
use std::time::Duration;

use mark::Mark;
pub use plan::Plan;

/// The file in a client's data directory that names the run whose data it holds. It is there only
/// while these data are whole.
pub const STATUS: &str = ".regenesis-run";
/// The file that says that the data directory is ours to wipe: [`Mark`].
pub const MARK: &str = ".regenesis-datadir";
/// Where a wipe puts what may be somebody's.
pub const SET_ASIDE: &str = ".regenesis-set-aside";
/// How the names of all that begin which `run` itself puts into a data directory.
pub const OWN_PREFIX: &str = ".regenesis-";
/// How often a client looks for a genesis that is not there yet.
pub const POLL: Duration = Duration::from_millis(100);

/// A client's data directory.
#[derive(Debug, Default)]
pub struct DataDirectory {
    /// What [`STATUS`] says, if it can be read.
    pub status: Option<String>,
    /// The mark, if there is one that names this directory.
    pub mark: Option<Mark>,
    /// Whether a run of any version has left a status or a mark here, whatever it is worth.
    pub has_trace: bool,
    /// What is in the directory, but for our own files and what is nobody's.
    pub entries: Vec<OsString>,
    /// Those of [`clients::signed_paths`] that are there.
    pub signed: Vec<String>,
    /// Time since the client last wrote to it; `None` if it never did.
    pub idle: Option<Duration>,
}

/// A client that is about to start.
#[derive(Debug)]
pub struct Start<'a> {
    /// The run on whose genesis it starts.
    pub run_id: &'a str,
    /// The pause of a chain after which the client does not go on any more: zero for one that never
    /// does.
    pub max_idle: Duration,
    /// The names of the programs that are to run: the steps and the client.
    pub programs: &'a [String],
    /// What is to be copied to the directory.
    pub copies: &'a [String],
    /// Whether the client's chain data may be wiped without a mark, where a run has left a trace.
    pub take_over: bool,
}

/// What to do with a data directory before the client starts.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision {
    /// It holds this run's data: go on with it.
    Resume,
    /// It is empty: begin.
    Begin,
    /// It holds data of another run, or data that were never whole: wipe them, and begin.
    Wipe(Plan),
    /// It holds this run's data, and has been idle for so long that the client would never catch
    /// up with the clock: wait for a new genesis.
    Stale(Duration),
    /// It holds this, which may be anybody's: leave everything, and say so.
    Foreign(OsString),
}

/// Decides for the data directory of a client.
pub fn decide(start: &Start<'_>, data: &DataDirectory) -> Decision {
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
    use super::mark::Identity;
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn data(status: Option<&str>, entries: &[&str], idle: Option<Duration>) -> DataDirectory {
        let entries = entries.iter().map(OsString::from).collect();
        DataDirectory { status: status.map(str::to_owned), entries, idle, ..Default::default() }
    }

    fn marked(status: Option<&str>, entries: &[&str]) -> DataDirectory {
        let mut mark = Mark::new(Identity { inode: 1, birth: None, device: None });
        mark.add_programs(&["geth".to_owned()]);
        DataDirectory { mark: Some(mark), ..data(status, entries, None) }
    }

    fn decided(run_id: &str, max_idle: Duration, data: &DataDirectory) -> Decision {
        let programs = ["geth".to_owned()];
        let start = Start { run_id, max_idle, programs: &programs, copies: &[], take_over: false };
        decide(&start, data)
    }

    #[test]
    fn data_of_this_run_are_kept() {
        let resumed = data(Some("a1"), &["geth"], Some(HOUR / 2));
        assert_eq!(decided("a1", HOUR, &resumed), Decision::Resume);
        assert_eq!(decided("a1", HOUR, &data(Some("a1"), &[], None)), Decision::Resume);
    }

    #[test]
    fn data_of_another_run_and_data_that_were_never_whole_are_wiped() {
        for status in [Some("a1"), Some("unready"), None] {
            let Decision::Wipe(plan) = decided("b2", HOUR, &marked(status, &["geth"])) else {
                panic!("{status:?}");
            };
            assert_eq!(plan.remove, ["geth"]);
        }
    }

    #[test]
    fn an_empty_directory_begins() {
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
    fn without_a_mark_nothing_is_wiped_whatever_the_status_says() {
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
    fn a_chain_that_stood_still_too_long_is_stale() {
        let idle = |time| data(Some("a1"), &["beacon"], Some(time));
        assert_eq!(decided("a1", HOUR, &idle(HOUR)), Decision::Stale(HOUR));
        let zero = Duration::ZERO;
        assert_eq!(decided("a1", zero, &idle(zero)), Decision::Stale(zero));
        // Data of another run are wiped, however old they are.
        let old = DataDirectory { idle: Some(HOUR), ..marked(Some("a1"), &["geth"]) };
        assert!(matches!(decided("b2", HOUR, &old), Decision::Wipe(_)));
    }
}

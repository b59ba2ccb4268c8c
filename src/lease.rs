//! What a client's data directory and a genesis have to do with each other: the decisions of
//! `regenesis run`, without the world.

use std::time::Duration;

/// The file in a client's data directory that names the run whose data it holds.
pub const RECORD: &str = ".regenesis-run";
/// What the record says until the data directory is ready for the client.
pub const UNREADY: &str = "unready";
/// How often a client looks for a genesis that is not there yet.
pub const POLL: Duration = Duration::from_millis(100);

/// What clients name the things in their data directories, and what a file system puts there: a
/// directory that holds nothing else may be wiped though no record says that it is ours.
const CLIENT_DATA: &[(&str, &[&str])] = &[
    ("file system", &["lost+found"]),
    ("geth", &["geth", "keystore", "geth.ipc", "jwtsecret"]),
    (
        "reth",
        &[
            "db",
            "static_files",
            "rocksdb",
            "blobstore",
            "discovery-secret",
            "known-peers.json",
            "invalid_block_hooks",
            "reth.toml",
            "jwt.hex",
        ],
    ),
    (
        "besu",
        &[
            "database",
            "caches",
            "key",
            "DATABASE_METADATA.json",
            "VERSION_METADATA.json",
            "besu.networks",
            "besu.ports",
        ],
    ),
    (
        "erigon",
        &["chaindata", "snapshots", "nodes", "nodekey", "jwt.hex", "LOCK", "txpool", "temp"],
    ),
    (
        "lighthouse",
        &[
            "beacon",
            "validators",
            "network",
            "chain_db",
            "freezer_db",
            "blobs_db",
            "logs",
            "secrets",
        ],
    ),
    (
        "lodestar",
        &[
            "chain-db",
            "validator-db",
            "peerstore",
            "enr",
            "peer-id.json",
            "beacon.log",
            "validator.log",
            ".log_rotate_audit.json",
            "keystores",
            "remoteKeys",
            "cache",
            "proposerConfigs",
        ],
    ),
    (
        "prysm",
        &["beaconchaindata", "validator.db", "direct", "network-keys", "metaData", "tosaccepted"],
    ),
    ("teku", &["beacon", "validator", "logs", "kvstore"]),
    (
        "nimbus",
        &["db", "dynamic-peer-id.key", "validators", "secrets", "slashing_protection.sqlite3"],
    ),
];

/// A client's data directory.
#[derive(Debug, Default)]
pub struct DataDirectory {
    /// What [`RECORD`] says, if it is there.
    pub record: Option<String>,
    /// The other names in the directory.
    pub entries: Vec<String>,
    /// Time since the client last wrote to it; `None` if it never did.
    pub idle: Option<Duration>,
}

/// What to do with a data directory before the client starts.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision {
    /// It holds this run's data: go on with it.
    Resume,
    /// It is empty: begin.
    Begin,
    /// It holds another run's data: wipe it, and begin.
    Wipe,
    /// It holds this run's data, and has been idle for so long that the client would never catch
    /// up with the clock: wait for a new genesis.
    Stale(Duration),
    /// It holds something of which nobody knows whose it is: leave it, and say so.
    Foreign(String),
}

/// Decides for the data directory of a client that is to run on the genesis of run `run_id`.
///
/// `max_idle` is the pause of a chain after which its client does not go on any more: zero for one
/// that never does.
pub fn decide(run_id: &str, data: &DataDirectory, max_idle: Duration) -> Decision {
    match (&data.record, data.idle) {
        (Some(record), Some(idle)) if record == run_id && idle >= max_idle => Decision::Stale(idle),
        (Some(record), _) if record == run_id => Decision::Resume,
        (_, _) if data.entries.is_empty() => Decision::Begin,
        (Some(_), _) => Decision::Wipe,
        (None, _) => {
            let foreign = data.entries.iter().find(|entry| !is_client_data(entry));
            foreign.map_or(Decision::Wipe, |entry| Decision::Foreign(entry.clone()))
        }
    }
}

fn is_client_data(entry: &str) -> bool {
    CLIENT_DATA.iter().any(|(_, names)| names.contains(&entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn data(record: Option<&str>, entries: &[&str], idle: Option<Duration>) -> DataDirectory {
        DataDirectory {
            record: record.map(str::to_owned),
            entries: entries.iter().map(|&entry| entry.to_owned()).collect(),
            idle,
        }
    }

    #[test]
    fn data_of_this_run_is_kept() {
        let resumed = data(Some("a1"), &["geth"], Some(HOUR / 2));
        assert_eq!(decide("a1", &resumed, HOUR), Decision::Resume);
        assert_eq!(decide("a1", &data(Some("a1"), &[], None), HOUR), Decision::Resume);
    }

    #[test]
    fn data_of_another_run_is_wiped() {
        assert_eq!(decide("b2", &data(Some("a1"), &["geth"], None), HOUR), Decision::Wipe);
        // What is recorded as ours is ours, whatever it is called.
        assert_eq!(decide("b2", &data(Some("a1"), &["my-client"], None), HOUR), Decision::Wipe);
    }

    #[test]
    fn data_that_were_never_ready_are_wiped() {
        assert_eq!(decide("a1", &data(Some(UNREADY), &["geth"], None), HOUR), Decision::Wipe);
    }

    #[test]
    fn an_empty_directory_begins() {
        for record in [None, Some(UNREADY), Some("a1")] {
            assert_eq!(decide("b2", &data(record, &[], None), HOUR), Decision::Begin, "{record:?}");
        }
    }

    #[test]
    fn what_only_a_client_writes_is_wiped_without_a_record() {
        let old_volume = data(None, &["lost+found", "geth", "keystore"], Some(HOUR));
        assert_eq!(decide("a1", &old_volume, HOUR), Decision::Wipe);
        assert_eq!(decide("a1", &data(None, &["beacon"], None), HOUR), Decision::Wipe);
    }

    #[test]
    fn what_may_be_anything_is_left() {
        let home = data(None, &["keystore", "thesis.tex"], None);
        assert_eq!(decide("a1", &home, HOUR), Decision::Foreign("thesis.tex".to_owned()));
    }

    #[test]
    fn a_chain_that_stood_still_too_long_is_stale() {
        let idle = HOUR;
        assert_eq!(
            decide("a1", &data(Some("a1"), &["beacon"], Some(idle)), HOUR),
            Decision::Stale(idle)
        );
        assert_eq!(
            decide("a1", &data(Some("a1"), &["beacon"], Some(Duration::ZERO)), Duration::ZERO),
            Decision::Stale(Duration::ZERO)
        );
        // Another run's data are wiped, however old.
        assert_eq!(decide("b2", &data(Some("a1"), &["beacon"], Some(idle)), HOUR), Decision::Wipe);
    }
}

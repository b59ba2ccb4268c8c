//! Lodestar.

use super::Client;

pub(super) const CLIENT: Client = Client {
    programs: &["lodestar"],
    data: &["chain-db", "peerstore", "enr"],
    kept: &[
        "peer-id.json",
        "beacon*.log",
        "validator*.log",
        ".log_rotate_audit.json",
        "cache",
        "proposerConfigs",
    ],
    signed: &["validator-db"],
};

//! Lighthouse.

use super::Client;

pub(super) const CLIENT: Client = Client {
    programs: &["lighthouse"],
    data: &[
        "beacon/chain_db",
        "beacon/freezer_db",
        "beacon/blobs_db",
        "beacon/slasher_db",
        "beacon/network",
        "network",
        "chain_db",
        "freezer_db",
        "blobs_db",
        "slasher_db",
    ],
    kept: &["logs", "beacon/logs", "validator_definitions.yml"],
    signed: &["validators/slashing_protection.sqlite", "slashing_protection.sqlite"],
};

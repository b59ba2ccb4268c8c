//! Besu.

use super::Client;

pub(super) const CLIENT: Client = Client {
    programs: &["besu"],
    data: &[
        "database",
        "caches",
        "DATABASE_METADATA.json",
        "VERSION_METADATA.json",
        "besu.networks",
        "besu.ports",
        "txpool.dump*",
    ],
    // In a clique or QBFT network this is the signer's key.
    kept: &["key", "key.pub", "logs"],
    signed: &[],
};

//! Reth.

use super::Client;

pub(super) const CLIENT: Client = Client {
    programs: &["reth"],
    data: &[
        "db",
        "static_files",
        "rocksdb",
        "blobstore",
        "known-peers.json",
        "invalid_block_hooks",
        "txpool-transactions-backup.rlp",
        "exex",
    ],
    kept: &["discovery-secret", "reth.toml", "jwt.hex", "logs"],
    signed: &[],
};

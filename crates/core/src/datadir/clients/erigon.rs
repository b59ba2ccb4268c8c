//! Erigon.

use super::Client;

pub(super) const CLIENT: Client = Client {
    programs: &["erigon"],
    data: &["chaindata", "snapshots", "nodes", "LOCK", "txpool", "temp", "caplin", "downloader"],
    kept: &["nodekey", "jwt.hex", "logs"],
    signed: &[],
};

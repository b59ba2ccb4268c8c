//! Nimbus.

use super::Client;

pub(super) const CLIENT: Client = Client {
    programs: &["nimbus*"],
    data: &["db"],
    kept: &["dynamic-peer-id.key"],
    signed: &["slashing_protection.sqlite3", "validators/slashing_protection.sqlite3"],
};

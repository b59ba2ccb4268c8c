//! Nethermind.

use super::Client;

pub(super) const CLIENT: Client = Client {
    programs: &["nethermind", "Nethermind.Runner*"],
    data: &["nethermind_db"],
    kept: &["logs", "plugins", "configs"],
    signed: &[],
};

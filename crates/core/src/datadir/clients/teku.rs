//! Teku.

use super::Client;

pub(super) const CLIENT: Client = Client {
    programs: &["teku"],
    data: &["beacon", "kvstore"],
    // Contains the keys imported through the key manager API.
    kept: &["validator", "logs"],
    signed: &["validator/slashprotection"],
};

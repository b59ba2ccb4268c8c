//! Prysm.

use super::Client;

pub(super) const CLIENT: Client = Client {
    programs: &["beacon-chain", "validator", "prysm*"],
    data: &["beaconchaindata", "blobs", "data-columns"],
    kept: &["network-keys", "metaData", "tosaccepted"],
    signed: &["validator.db", "direct/validator.db"],
};

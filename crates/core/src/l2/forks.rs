//! The forks of the OP stack: one row each, in the order of activation.

use crate::spelling::nearest;

/// A fork of the OP stack that is scheduled by time.
#[derive(Debug)]
pub struct Fork {
    /// Its key in `rollup.json`.
    pub rollup: &'static str,
    /// Its key in the L2's chain config; op-geth does not know a fork of op-node alone.
    pub genesis: Option<&'static str>,
    /// The key of the L1 hardfork that activates with it.
    pub hardfork: Option<&'static str>,
}

const fn fork(rollup: &'static str, genesis: &'static str) -> Fork {
    Fork { rollup, genesis: Some(genesis), hardfork: None }
}

const fn with(hardfork: &'static str, fork: Fork) -> Fork {
    Fork { hardfork: Some(hardfork), ..fork }
}

/// Key of the fork that puts the storage root of the message passer into the header.
pub const ISTHMUS: &str = "isthmusTime";

/// All forks after Bedrock, which is active from block 0.
pub const FORKS: [Fork; 11] = [
    fork("regolith_time", "regolithTime"),
    with("shanghaiTime", fork("canyon_time", "canyonTime")),
    Fork { rollup: "delta_time", genesis: None, hardfork: None },
    with("cancunTime", fork("ecotone_time", "ecotoneTime")),
    fork("fjord_time", "fjordTime"),
    fork("granite_time", "graniteTime"),
    fork("holocene_time", "holoceneTime"),
    with("pragueTime", fork("isthmus_time", ISTHMUS)),
    fork("jovian_time", "jovianTime"),
    fork("karst_time", "karstTime"),
    fork("lagoon_time", "lagoonTime"),
];

/// Keys of `rollup.json` with a time that is not in [`FORKS`]: a set of features before they have a fork,
/// and a time of the L1.
const OTHER_TIMES: [&str; 2] = ["interop_time", "pectra_blob_schedule_time"];

fn known() -> impl Iterator<Item = &'static str> {
    FORKS.iter().map(|fork| fork.rollup).chain(OTHER_TIMES)
}

/// Whether a key of `rollup.json` is that of a known time.
pub fn is_known(key: &str) -> bool {
    known().any(|known| known == key)
}

/// The known key that an unknown one of `rollup.json` resembles.
pub fn misspelt(key: &str) -> Option<&'static str> {
    if is_known(key) { None } else { nearest(key, known()) }
}

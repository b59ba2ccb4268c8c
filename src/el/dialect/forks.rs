//! What each hardfork is called where a client names its parts one by one: the table for
//! Nethermind's transitions. To add a hardfork, add its line.
//!
//! Source: ethereum-genesis-generator (1e01e5d) `apps/el-gen/generate_genesis.sh`, Nethermind
//! `Nethermind.Specs/ChainSpecStyle`.

use super::super::chain_config::Hardfork;

/// Hardforks by block: their key in `config`, and the transitions that come with them.
pub const TRANSITIONS: [(&str, &[&str]); 9] = [
    ("eip150Block", &["eip150"]),
    ("eip155Block", &["eip155", "eip160"]),
    ("eip158Block", &["eip158", "eip161abc", "eip161d", "maxCodeSize"]),
    ("byzantiumBlock", &["eip140", "eip211", "eip214", "eip658"]),
    ("constantinopleBlock", &["eip145", "eip1014", "eip1052", "eip1283"]),
    ("petersburgBlock", &["eip1283Disable"]),
    ("istanbulBlock", &["eip152", "eip1108", "eip1344", "eip1884", "eip2028", "eip2200"]),
    ("berlinBlock", &["eip2565", "eip2929", "eip2930"]),
    ("londonBlock", &["eip1559", "eip3198", "eip3529", "eip3541"]),
];

/// Hardforks by time, with their EIPs. The blob-parameter-only ones have none: they are entries of
/// the blob schedule.
pub const EIPS: [(Hardfork, &[u16]); 5] = [
    (Hardfork::Shanghai, &[4895, 3855, 3651, 3860]),
    (Hardfork::Cancun, &[4844, 4788, 1153, 5656, 6780]),
    (Hardfork::Prague, &[2537, 2935, 6110, 7002, 7251, 7623, 7702]),
    (Hardfork::Osaka, &[7594, 7823, 7825, 7883, 7918, 7934, 7939, 7951]),
    (
        Hardfork::Amsterdam,
        &[2780, 7708, 7778, 7843, 7928, 7954, 7976, 7981, 8024, 8037, 8038, 8246, 8282],
    ),
];

//! Intended differences from geth.

use crate::support::json::Change::{self, Set};

pub struct Divergence {
    /// The last fork of the chain.
    pub forks_to: &'static str,
    pub change: Change,
    /// Whether geth accepts the document. This library does the opposite.
    pub geth_accepts: bool,
    pub reason: &'static str,
}

const NEGATIVE: &str = "geth takes a negative number for another one, 2^256-1 for -1";
const TOO_BIG: &str = "geth keeps a number of any size, that no other client reads";
const BINARY_TRIE: &str = "no beacon chain drives the binary trie, whose state root is another";

const fn stricter(path: &'static str, value: &'static str, reason: &'static str) -> Divergence {
    Divergence { forks_to: "amsterdamTime", change: Set(path, value), geth_accepts: true, reason }
}

pub const DIVERGENCES: &[Divergence] = &[
    stricter("alloc.*.balance", "\"-1\"", NEGATIVE),
    stricter("alloc.*.balance", "-1", NEGATIVE),
    stricter("alloc.*.balance", "-0", NEGATIVE),
    stricter("alloc.*.balance", "\"0x-1\"", NEGATIVE),
    stricter("difficulty", "\"-0\"", NEGATIVE),
    stricter("baseFeePerGas", "-0", NEGATIVE),
    stricter("config.homesteadBlock", "-1", NEGATIVE),
    stricter("config.londonBlock", "-0", NEGATIVE),
    stricter("config.chainId", "-1", NEGATIVE),
    stricter("config.terminalTotalDifficulty", "-1", NEGATIVE),
    stricter("config.blobSchedule.cancun.target", "-0", NEGATIVE),
    stricter("config.blobSchedule.ubt.max", "-1", NEGATIVE),
    stricter("config.chainId", TWO_256, TOO_BIG),
    stricter("config.terminalTotalDifficulty", TWO_256, TOO_BIG),
    stricter("config.mergeNetsplitBlock", TWO_256, TOO_BIG),
    Divergence {
        // It must be scheduled before the later forks.
        forks_to: "shanghaiTime",
        ..stricter("config.ubtTime", "18446744073709551615", BINARY_TRIE)
    },
    Divergence {
        forks_to: "amsterdamTime",
        change: Set("timestamp", "\"TIMESTAMP_PLACEHOLDER\""),
        geth_accepts: false,
        reason: "a snapshot's template says so where the time goes",
    },
];

const TWO_256: &str =
    "115792089237316195423570985008687907853269984665640564039457584007913129639936";

//! Values of `config.yaml` on which no chain can run.

use super::Row;
use super::config::{added, edited};

pub fn rows() -> Vec<Row> {
    [values(), preset()].into_iter().flatten().collect()
}

fn values() -> Vec<Row> {
    vec![
        edited(
            "slots contradict",
            "SECONDS_PER_SLOT: 2",
            "SECONDS_PER_SLOT: 3",
            &["SLOT_DURATION_MS is 2000, but SECONDS_PER_SLOT is 3", "hint: "],
        ),
        edited(
            "slot 0",
            "SLOT_DURATION_MS: 2000\nSECONDS_PER_SLOT: 2",
            "SECONDS_PER_SLOT: 0",
            &["line @: SECONDS_PER_SLOT is \"0\"", "from 1 to 86400"],
        ),
        edited(
            "slot of half a second",
            "SLOT_DURATION_MS: 2000\nSECONDS_PER_SLOT: 2",
            "SLOT_DURATION_MS: 500",
            &["line @: SLOT_DURATION_MS is \"500\"", "whole number of seconds"],
        ),
        edited(
            "slot with a fraction",
            "SECONDS_PER_SLOT: 2",
            "SECONDS_PER_SLOT: 2.0",
            &["line @: SECONDS_PER_SLOT is \"2.0\"", "64-bit number"],
        ),
        edited(
            "slot overflows",
            "SLOT_DURATION_MS: 2000\nSECONDS_PER_SLOT: 2",
            "SECONDS_PER_SLOT: 18446744073709551615",
            &["line @: SECONDS_PER_SLOT is \"18446744073709551615\""],
        ),
        edited(
            "slot of an age",
            "SLOT_DURATION_MS: 2000\nSECONDS_PER_SLOT: 2",
            "SECONDS_PER_SLOT: 18446744073709551",
            &["line @: SECONDS_PER_SLOT is \"18446744073709551\""],
        ),
        edited(
            "no slot",
            "SLOT_DURATION_MS: 2000\nSECONDS_PER_SLOT: 2\n",
            "",
            &["SLOT_DURATION_MS is missing", "hint: "],
        ),
        edited(
            "difficulty of 256 bits",
            "TERMINAL_TOTAL_DIFFICULTY: 0",
            "TERMINAL_TOTAL_DIFFICULTY: 115792089237316195423570985008687907853269984665640564039457584007913129638912",
            &["line @: TERMINAL_TOTAL_DIFFICULTY is \"115792", "merged at genesis"],
        ),
        edited(
            "difficulty of 257 bits",
            "TERMINAL_TOTAL_DIFFICULTY: 0",
            "TERMINAL_TOTAL_DIFFICULTY: 115792089237316195423570985008687907853269984665640564039457584007913129639936",
            &["line @: TERMINAL_TOTAL_DIFFICULTY is \"115792", "below 2^256"],
        ),
        edited(
            "difficulty in hex",
            "TERMINAL_TOTAL_DIFFICULTY: 0",
            "TERMINAL_TOTAL_DIFFICULTY: 0x0",
            &["line @: TERMINAL_TOTAL_DIFFICULTY is \"0x0\""],
        ),
        edited(
            "chain id in hex",
            "DEPOSIT_CHAIN_ID: 271828",
            "DEPOSIT_CHAIN_ID: 0x425d4",
            &["DEPOSIT_CHAIN_ID is \"0x425d4\"", "64-bit number"],
        ),
        edited(
            "deposit contract of 21 bytes",
            "DEPOSIT_CONTRACT_ADDRESS: 0x",
            "DEPOSIT_CONTRACT_ADDRESS: 0xff",
            &["DEPOSIT_CONTRACT_ADDRESS is \"0xff00", "0x and 40 hex digits"],
        ),
        edited(
            "genesis time in words",
            "MIN_GENESIS_TIME: 0",
            "MIN_GENESIS_TIME: soon",
            &["line @: MIN_GENESIS_TIME is \"soon\""],
        ),
        edited(
            "delay in words",
            "GENESIS_DELAY: 0",
            "GENESIS_DELAY: soon",
            &["line @: GENESIS_DELAY is \"soon\""],
        ),
        edited(
            "known number in words",
            "\nCHURN_LIMIT_QUOTIENT: 32",
            "\nCHURN_LIMIT_QUOTIENT: some",
            &["CHURN_LIMIT_QUOTIENT is \"some\"", "64-bit number"],
        ),
        edited(
            "known hash too short",
            "TERMINAL_BLOCK_HASH: 0x00",
            "TERMINAL_BLOCK_HASH: 0x",
            &["line @: TERMINAL_BLOCK_HASH is \"0x00", "64 hex digits"],
        ),
    ]
}

fn preset() -> Vec<Row> {
    vec![
        edited("no preset", "PRESET_BASE: 'minimal'\n", "", &["PRESET_BASE is missing", "hint: "]),
        edited(
            "unknown preset",
            "'minimal'",
            "'minimale'",
            &["line @: PRESET_BASE is \"minimale\", expected mainnet, minimal or gnosis"],
        ),
        edited(
            "preset in capitals",
            "'minimal'",
            "MINIMAL",
            &["line @: PRESET_BASE is \"MINIMAL\""],
        ),
        added(
            "vector of 0",
            "EPOCHS_PER_HISTORICAL_VECTOR: 0\n",
            &["line @: EPOCHS_PER_HISTORICAL_VECTOR is \"0\", expected a number from 1 to"],
        ),
        added(
            "vector of 10^18",
            "EPOCHS_PER_HISTORICAL_VECTOR: 1000000000000000000\n",
            &["line @: EPOCHS_PER_HISTORICAL_VECTOR is \"1000000000000000000\""],
        ),
        added(
            "epochs of 10^7 slots",
            "SLOTS_PER_EPOCH: 10000000\n",
            &["line @: SLOTS_PER_EPOCH is \"10000000\""],
        ),
        added("epochs of no slot", "SLOTS_PER_EPOCH: 0\n", &["line @: SLOTS_PER_EPOCH is \"0\""]),
        added(
            "committee of 10^7",
            "SYNC_COMMITTEE_SIZE: 10000000\n",
            &["line @: SYNC_COMMITTEE_SIZE is \"10000000\""],
        ),
        added(
            "10^7 rounds",
            "SHUFFLE_ROUND_COUNT: 10000000\n",
            &["line @: SHUFFLE_ROUND_COUNT is \"10000000\""],
        ),
        added(
            "limit of 2^64",
            "PENDING_DEPOSITS_LIMIT: 18446744073709551615\n",
            &["line @: PENDING_DEPOSITS_LIMIT is \"18446744073709551615\""],
        ),
        added(
            "registry of 2^64",
            "VALIDATOR_REGISTRY_LIMIT: 18446744073709551615\n",
            &["line @: VALIDATOR_REGISTRY_LIMIT is \"18446744073709551615\""],
        ),
        added(
            "registry too small",
            "VALIDATOR_REGISTRY_LIMIT: 63\n",
            &["line @: VALIDATOR_REGISTRY_LIMIT is \"63\"", "64"],
        ),
        added(
            "size in words",
            "SLOTS_PER_EPOCH: eight\n",
            &["line @: SLOTS_PER_EPOCH is \"eight\""],
        ),
    ]
}

//! Files that are valid alone but contradict each other.

use super::{CONFIG, GENESIS, METADATA, Row, replace, row};

const CHAIN_ID: &str = "\"chainId\": 271828";
const OSAKA: &str = "\"osakaTime\": 0,";
const FULU: &str = "FULU_FORK_EPOCH: 0";
const NEVER: &str = "FULU_FORK_EPOCH: 18446744073709551615";
const GLOAS: &str = "GLOAS_FORK_EPOCH: 18446744073709551615";
const STAMPED: &str = "\"TIMESTAMP_PLACEHOLDER\"";

pub fn rows() -> Vec<Row> {
    [chain(), forks(), blobs(), keep()].into_iter().flatten().collect()
}

fn chain() -> Vec<Row> {
    let id = |name, id: &str, says| row(name, GENESIS, replace(CHAIN_ID, id), says);
    vec![
        id("chain id 0", "\"chainId\": 0", &["config.chainId is 0, expected a number from 1"]),
        id(
            "chain id missing",
            "\"chain\": 1",
            &["config.chainId is missing, expected a number from 1"],
        ),
        id(
            "chain id of 65 bits",
            "\"chainId\": 18446744073709551616",
            &["chainId", "18446744073709551616"],
        ),
        id("chain id of another", "\"chainId\": 271829", &["271829", "271828", "hint: "]),
        row(
            "deposit chain of another",
            CONFIG,
            replace("DEPOSIT_CHAIN_ID: 271828", "DEPOSIT_CHAIN_ID: 1"),
            &[GENESIS, "config.chainId is 271828", "DEPOSIT_CHAIN_ID 1", "hint: "],
        ),
        row(
            "metadata of another",
            METADATA,
            replace("\"chain_id\": 271828", "\"chain_id\": 5"),
            &["chain_id is 5", "271828", "hint: "],
        ),
        row(
            "no deposit contract",
            CONFIG,
            replace("DEPOSIT_CONTRACT_ADDRESS: 0x00000000219ab540356cBB839Cbe05303d7705Fa\n", ""),
            &["DEPOSIT_CONTRACT_ADDRESS is missing", "hint: "],
        )
        .and(GENESIS, replace("\"depositContractAddress\"", "\"x\"")),
        row(
            "two deposit contracts",
            CONFIG,
            replace("0x00000000219ab", "0x11111111219ab"),
            &[
                GENESIS,
                "config.depositContractAddress is 0x00000000219ab",
                "DEPOSIT_CONTRACT_ADDRESS 0x11111111219ab",
                "hint: ",
            ],
        ),
        row(
            "difficulty above 0",
            GENESIS,
            replace(
                "\"terminalTotalDifficulty\": 0",
                "\"terminalTotalDifficulty\": 58750000000000000000000",
            ),
            &["config.terminalTotalDifficulty is 58750000000000000000000, expected 0", "hint: "],
        ),
    ]
}

fn forks() -> Vec<Row> {
    vec![
        row(
            "fork of the beacon chain only",
            GENESIS,
            replace(OSAKA, ""),
            &[CONFIG, "FULU_FORK_EPOCH is 0", "no osakaTime", "hint: set config.osakaTime to 0"],
        ),
        row(
            "fork of the execution only",
            CONFIG,
            replace(FULU, NEVER),
            &[
                GENESIS,
                "osakaTime is 0: active at genesis",
                "FULU_FORK_EPOCH is never",
                "hint: set FULU_FORK_EPOCH to 0",
            ],
        ),
        row(
            "fork at genesis of the execution only",
            CONFIG,
            replace(FULU, "FULU_FORK_EPOCH: 7"),
            &[GENESIS, "osakaTime is 0", "FULU_FORK_EPOCH is 7", "hint: "],
        ),
        row(
            "fork at genesis of the beacon chain only",
            GENESIS,
            replace(OSAKA, "\"osakaTime\": 250000000000,"),
            &[CONFIG, "osakaTime is 250000000000: after genesis", "FULU_FORK_EPOCH is 0", "hint: "],
        ),
        row(
            "captured time after the captured genesis",
            GENESIS,
            replace(OSAKA, "\"osakaTime\": 1700000016,"),
            &[CONFIG, "osakaTime is 1700000016: after genesis", "hint: "],
        )
        .and(GENESIS, replace(STAMPED, "1700000000")),
        row(
            "time within an epoch",
            GENESIS,
            replace(OSAKA, "\"osakaTime\": 1700000017,"),
            &[
                CONFIG,
                "osakaTime is 1700000017",
                "1700000000 + n × 16 s",
                "hint: set FULU_FORK_EPOCH",
            ],
        )
        .and(GENESIS, replace(STAMPED, "\"1700000000\""))
        .and(CONFIG, replace(FULU, NEVER)),
        row(
            "time that nothing can place",
            GENESIS,
            replace(OSAKA, "\"osakaTime\": 1700000016,"),
            &[CONFIG, "osakaTime is 1700000016", "hint: set FULU_FORK_EPOCH"],
        )
        .and(CONFIG, replace(FULU, NEVER)),
        row(
            "no execution payload",
            GENESIS,
            replace("\"cancunTime\": 0,\n    \"pragueTime\": 0,\n    \"osakaTime\": 0,", ""),
            &["DENEB_FORK_EPOCH is 0", "no cancunTime", "hint: "],
        ),
    ]
}

fn blobs() -> Vec<Row> {
    let one = |name, epoch: &str, says| {
        let entry = format!("BLOB_SCHEDULE:\n  - EPOCH: {epoch}\n    MAX_BLOBS_PER_BLOCK: 15");
        row(name, CONFIG, replace("BLOB_SCHEDULE: []", entry), says)
    };
    let bpo = |time: &str| replace(OSAKA, format!("{OSAKA} \"bpo1Time\": {time},"));
    let params = |row: Row| {
        row.and(GENESIS, replace("\"osaka\": {", "\"bpo1\": {\"target\": 10, \"max\": 15, \"baseFeeUpdateFraction\": 8346193}, \"osaka\": {"))
    };
    vec![
        one(
            "blobs before their fork",
            "3",
            &["line @+1: BLOB_SCHEDULE", "expected no entry before FULU_FORK_EPOCH, which is 5"],
        )
        .and(CONFIG, replace(FULU, "FULU_FORK_EPOCH: 5"))
        .and(GENESIS, replace(OSAKA, "\"osakaTime\": 1900000000,")),
        params(
            one(
                "two limits from one epoch",
                "3",
                &[GENESIS, "bpo1Time 1700000048 allows 15 blobs", "allows 12 from epoch 3"],
            )
            .and(GENESIS, bpo("1700000048"))
            .and(GENESIS, replace(STAMPED, "\"1700000000\""))
            .and(CONFIG, replace("MAX_BLOBS_PER_BLOCK: 15", "MAX_BLOBS_PER_BLOCK: 12")),
        ),
        one(
            "blobs beyond what a block has room for",
            "3",
            &["line @+1: BLOB_SCHEDULE", "MAX_BLOBS_PER_BLOCK from 1 to 4096"],
        )
        .and(CONFIG, replace("MAX_BLOBS_PER_BLOCK: 15", "MAX_BLOBS_PER_BLOCK: 4097")),
        one(
            "blobs after gloas",
            "9",
            &[GENESIS, "BLOB_SCHEDULE allows 15 blobs from epoch 9, after GLOAS_FORK_EPOCH"],
        )
        .and(CONFIG, replace(GLOAS, "GLOAS_FORK_EPOCH: 7")),
        params(
            one(
                "blobs at genesis of the execution only",
                "3",
                &[GENESIS, "bpo1Time is 0: at genesis", "EPOCH 3", "hint: "],
            )
            .and(GENESIS, bpo("0")),
        ),
        params(
            one(
                "blobs at genesis of the beacon chain only",
                "0",
                &[GENESIS, "bpo1Time is 250000000000: after genesis", "EPOCH 0", "hint: "],
            )
            .and(GENESIS, bpo("250000000000")),
        ),
    ]
}

fn keep() -> Vec<Row> {
    let keep = &["--timestamp", "keep"];
    vec![
        row(
            "placeholder to keep",
            GENESIS,
            super::append(""),
            &["timestamp is a placeholder", "hint: use --timestamp now"],
        )
        .args(keep),
        row(
            "no delay to keep",
            CONFIG,
            replace("GENESIS_DELAY: 0\n", ""),
            &["GENESIS_DELAY is missing", "hint: "],
        )
        .and(GENESIS, replace(STAMPED, "1700000000"))
        .args(keep),
        row(
            "delay beyond all times",
            CONFIG,
            replace("GENESIS_DELAY: 0", "GENESIS_DELAY: 18446744073709551615"),
            &["line @: GENESIS_DELAY is \"18446744073709551615\"", "year 10000"],
        )
        .and(GENESIS, replace(STAMPED, "1700000000"))
        .args(keep),
        row(
            "time in milliseconds to keep",
            GENESIS,
            replace(STAMPED, "1700000000000"),
            &["timestamp is 1700000000000", "hint: times are seconds"],
        )
        .args(keep),
        row(
            "fork epoch beyond all times",
            CONFIG,
            replace(FULU, "FULU_FORK_EPOCH: 18446744073709551614"),
            &["line @: FULU_FORK_EPOCH is \"18446744073709551614\"", "before second 2^64"],
        )
        .and(GENESIS, replace(OSAKA, "\"osakaTime\": 1900000000,")),
    ]
}

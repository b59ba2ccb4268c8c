//! A run id names one genesis, a kept genesis is the one that was asked for, whoever loses a chain
//! hears of it, and damage that `init` can repair stops nobody.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "tests meet the world"
)]

#[path = "identity/damage.rs"]
mod damage;
#[path = "identity/kept.rs"]
mod kept;
#[path = "identity/stack.rs"]
mod stack;

use std::collections::BTreeMap;

use stack::Stack;

const SEED: &str = "5eed000000000000000000000000000000000000000000000000000000000000";
const FIXED: [&str; 4] = ["--seed", SEED, "--timestamp", "1800000000"];

/// A change of a file of the snapshot.
type Edit<'a> = (&'a str, &'a str, &'a str);

#[test]
fn no_two_geneses_of_one_seed_and_time_share_a_run_id() {
    let edits: [Edit<'_>; 13] = [
        ("el/genesis.template.json", "1000000000000000000000000", "1000000000000000000000001"),
        ("el/genesis.template.json", "0x3938700", "0x3938701"),
        ("el/genesis.template.json", "\"chainId\": 271828,", "\"chainId\": 271828, \"x\": 1,"),
        ("el/genesis.template.json", "\"extraData\": \"0x\"", "\"extraData\": \"0x01\""),
        // None of these reaches the state.
        (
            "cl/config.yaml",
            "SLOT_DURATION_MS: 2000\nSECONDS_PER_SLOT: 2\n",
            "SLOT_DURATION_MS: 4000\nSECONDS_PER_SLOT: 4\n",
        ),
        ("cl/config.yaml", "EJECTION_BALANCE: 16000000000", "EJECTION_BALANCE: 16000000001"),
        ("cl/config.yaml", "CONFIG_NAME: 'regenesis'", "CONFIG_NAME: 'another'"),
        ("cl/config.yaml", "HEZE_FORK_VERSION: 0x90000038", "HEZE_FORK_VERSION: 0x90000039"),
        ("cl/config.yaml", "CHURN_LIMIT_QUOTIENT: 32", "CHURN_LIMIT_QUOTIENT: 64"),
        ("cl/config.yaml", "DEPOSIT_NETWORK_ID: 271828", "DEPOSIT_NETWORK_ID: 271829"),
        ("cl/config.yaml", "# Time\n", "# Time\nUNKNOWN_TO_US: 7\n"),
        ("cl/config.yaml", "GENESIS_FORK_VERSION: 0x10000038", "GENESIS_FORK_VERSION: 0x10000039"),
        ("val/mnemonics.yaml", "count: 64", "count: 65"),
    ];
    let mut ids = BTreeMap::new();
    let mut put = |id: String, what: String| {
        let other = ids.insert(id, what.clone());
        assert_eq!(other, None, "shares its id with {what}");
    };
    let run = |stack: &Stack, arguments: &[&str]| {
        stack.inits(&[&["snapshot"], arguments].concat());
        stack.run_id()
    };
    let stack = Stack::new();
    let id = run(&stack, &FIXED);
    assert_eq!(run(&stack, &FIXED), id, "the same seed, time and inputs");
    // Who gets which files makes no other chain.
    let layout = ["--layout", "teku", "--kdf", "pbkdf2"];
    assert_eq!(run(&Stack::new(), &[&FIXED[..], &layout].concat()), id);
    assert_eq!(run(&Stack::new(), &[&FIXED[..], &["--el-format", "besu"]].concat()), id);
    put(id, "the sample".to_owned());
    for edit in edits {
        put(run(&Stack::edited(edit), &FIXED), format!("{edit:?}"));
    }
    for time in ["1800000001", "1800000003"] {
        put(run(&stack, &["--seed", SEED, "--timestamp", time]), time.to_owned());
    }
    put(run(&stack, &[&FIXED[..], &["--shuffle-validators"]].concat()), "shuffled".to_owned());
    let other = SEED.replace('5', "6");
    put(run(&stack, &["--seed", &other, "--timestamp", "1800000000"]), "another seed".to_owned());
}

#[test]
fn one_line_says_that_a_chain_is_gone() {
    let stack = Stack::new();
    let first = stack.inits(&["snapshot"]);
    assert!(!first.contains("new genesis"), "{first}");
    assert!(stack.summary().get("replaces").is_none());
    let (id, time) = (stack.run_id(), stack.summary()["cl"]["genesis_time"].clone());
    let second = stack.inits(&["snapshot"]);
    let lines = second.lines().filter(|line| line.starts_with("new genesis: "));
    let line: Vec<_> = lines.collect();
    assert_eq!(line.len(), 1, "{second}");
    assert!(line[0].contains(&format!("replaces run {id} of 20")), "{second}");
    assert!(line[0].ends_with("; its blocks and transactions are gone"), "{second}");
    let replaces = stack.summary()["replaces"].clone();
    assert_eq!(replaces, serde_json::json!({"run_id": id, "genesis_time": time}));
    // A run that fails replaces nothing, and says nothing.
    let failed = stack.init(&["snapshot", "--timestamp", "keep"]);
    assert_ne!(failed.status.code(), Some(0));
    assert!(!stack::text(&failed).contains("new genesis"), "{}", stack::text(&failed));
}

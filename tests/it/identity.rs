//! A run id names one genesis; a kept genesis is the requested one; a lost chain is reported; and damage
//! that `init` can repair is no error.

mod damage;
mod kept;
mod stack;

use std::collections::BTreeMap;

use crate::support::text;
use stack::Stack;

const SEED: &str = "5eed000000000000000000000000000000000000000000000000000000000000";
const FIXED: [&str; 4] = ["--seed", SEED, "--timestamp", "1800000000"];

/// A file of the snapshot, a text in it, and its replacement.
type Edit<'a> = (&'a str, &'a str, &'a str);

#[test]
fn different_geneses_of_one_seed_and_time_have_different_run_ids() {
    let edits: [Edit<'_>; 13] = [
        ("el/genesis.template.json", "1000000000000000000000000", "1000000000000000000000001"),
        ("el/genesis.template.json", "0x3938700", "0x3938701"),
        ("el/genesis.template.json", "\"chainId\": 271828,", "\"chainId\": 271828, \"x\": 1,"),
        ("el/genesis.template.json", "\"extraData\": \"0x\"", "\"extraData\": \"0x01\""),
        // None of these changes the genesis state.
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
    // The layout does not change the chain.
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
fn a_replaced_chain_is_reported_in_one_line() {
    let stack = Stack::new();
    let first = stack.inits(&["snapshot"]);
    assert!(!first.contains("new genesis"), "{first}");
    let id = stack.run_id();
    assert!(first.contains(&format!("is ready: run {id}, the first genesis here\n")), "{first}");
    assert!(stack.summary().get("replaces").is_none());
    let (id, time) = (stack.run_id(), stack.summary()["cl"]["genesis_time"].clone());
    let second = stack.inits(&["snapshot"]);
    let lines = second.lines().filter(|line| line.starts_with("new genesis: "));
    let line: Vec<_> = lines.collect();
    assert_eq!(line.len(), 1, "{second}");
    assert!(line[0].contains(&format!("replaces run {id} of 20")), "{second}");
    let decision = ", because --renew is always; its blocks and transactions are gone";
    assert!(line[0].ends_with(decision), "{second}");
    assert!(!second.contains("the first genesis here"), "{second}");
    let replaces = stack.summary()["replaces"].clone();
    assert_eq!(replaces, serde_json::json!({"run_id": id, "genesis_time": time}));
    // A run that fails replaces nothing, and reports nothing.
    let failed = stack.init(&["snapshot", "--timestamp", "keep"]);
    assert_ne!(failed.status.code(), Some(0));
    assert!(!text(&failed).contains("new genesis"), "{}", text(&failed));
}

//! What holds for every input: the meaning counts and not its spelling, what is written is what
//! was hashed, and nothing but inputs, time and seed decides about a byte.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests meet the world")]

#[path = "properties/accounts.rs"]
mod accounts;
#[path = "geth/json.rs"]
#[allow(dead_code, reason = "tests/geth.rs uses the rest")]
mod json;
#[path = "geth/rng.rs"]
mod rng;
#[path = "geth/spelling.rs"]
#[allow(dead_code, reason = "tests/geth.rs uses the rest")]
mod spelling;
mod support;

use std::collections::BTreeMap;
use std::path::Path;

use accounts::{accounts, plain, spelled, state_root};
use alloy_primitives::B256;
use proptest::prelude::*;
use regenesis::el::genesis;
use regenesis::el::header::make_genesis_header;
use rng::Rng;
use serde_json::{Value, json};
use support::{Done, Run, repository};

/// The members of the sample's genesis, but for its alloc, as raw JSON.
fn head() -> Vec<(String, String)> {
    let text = std::fs::read(repository().join("sample/el/genesis.template.json")).unwrap();
    let mut sample: Value = serde_json::from_slice(&text).unwrap();
    sample["timestamp"] = json!("0x6553f100");
    sample["x-unknown"] = json!({"alloc": {"x": [1, -2.5e7, "}"]}});
    sample["config"]["x-unknown"] = json!("é\u{1f600}");
    members(&sample)
}

fn members(genesis: &Value) -> Vec<(String, String)> {
    let members = genesis.as_object().unwrap().iter().filter(|(key, _)| *key != "alloc");
    members.map(|(key, value)| (key.clone(), value.to_string())).collect()
}

/// A genesis file with `alloc`, its members in an order of `rng`.
fn document(alloc: String, rng: &mut Rng) -> String {
    shuffled(head(), alloc, rng)
}

fn shuffled(mut members: Vec<(String, String)>, alloc: String, rng: &mut Rng) -> String {
    members.push(("alloc".to_owned(), alloc));
    rng.shuffle(&mut members);
    let members: Vec<_> = members.iter().map(|(key, raw)| format!("\"{key}\": {raw}")).collect();
    format!("{{{}}}", members.join(",\n"))
}

/// State root and block hash of what a file says.
fn roots(text: &str) -> (B256, B256) {
    let (document, state) = genesis::read(text.as_bytes(), &|_| ()).unwrap();
    let (genesis, state_root) = (document.checked_genesis().unwrap(), state.root());
    let header = make_genesis_header(&genesis, state_root, genesis.timestamp.unwrap());
    (state_root, header.hash())
}

/// `init` on a genesis file, with the sample's config and few validators.
fn init(genesis: &str, time: u64, seed: [u8; 32], threads: &str) -> Done {
    let mnemonics = std::fs::read_to_string(repository().join("sample/val/mnemonics.yaml"));
    let mnemonics = mnemonics.unwrap().replace("count: 64", "count: 3");
    Run::new()
        .file("genesis.json", genesis)
        .file("mnemonics.yaml", mnemonics)
        .args(["--genesis", "genesis.json", "--mnemonics", "mnemonics.yaml", "--config"])
        .arg(repository().join("sample/cl/config.yaml"))
        .args(["--timestamp", &time.to_string(), "--seed", &hex::encode(seed), "--json"])
        .env("RAYON_NUM_THREADS", threads)
        .succeeds()
}

/// A snapshot of one of the vectors' forks and presets, with other accounts and validators.
fn write_snapshot(directory: &Path, alloc: String, validators: usize, rng: &mut Rng) {
    let vectors = std::fs::read_dir(repository().join("tests/vectors")).unwrap();
    let mut cases: Vec<_> = vectors.map(|entry| entry.unwrap().path()).collect();
    cases.retain(|case| case.join("genesis.json").exists());
    cases.sort();
    let case = &cases[rng.below(cases.len())];
    let read = |name: &str| std::fs::read_to_string(case.join(name)).unwrap();
    let genesis: Value = serde_json::from_str(&read("genesis.json")).unwrap();
    let metadata = json!({"format": 1, "name": "any", "chain_id": genesis["config"]["chainId"]});
    let phrase = "test test test test test test test test test test test junk";
    for (name, text) in [
        ("metadata.json", metadata.to_string()),
        ("el/genesis.template.json", shuffled(members(&genesis), alloc, rng)),
        ("cl/config.yaml", read("config.yaml")),
        ("val/mnemonics.yaml", format!("- mnemonic: {phrase}\n  count: {validators}\n")),
    ] {
        let path = directory.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// The files of a run, and what it says of itself but for the times of its steps.
fn outcome(done: &Done) -> (BTreeMap<String, Vec<u8>>, Value) {
    let mut summary: Value = serde_json::from_str(&done.stdout).unwrap();
    summary.as_object_mut().unwrap().remove("steps").unwrap();
    (done.files(), summary)
}

fn times() -> impl Strategy<Value = u64> {
    1_600_000_000_u64..4_000_000_000
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn neither_order_nor_spelling_changes_a_root(accounts in accounts(), salt: u64) {
        let expected = state_root(&accounts);
        let mut rng = Rng::new(salt);
        let as_geth_writes = roots(&document(plain(&accounts), &mut rng));
        prop_assert_eq!(as_geth_writes.0, expected);
        for _ in 0..2 {
            let alloc = spelled(&accounts, &mut rng);
            let text = document(alloc, &mut rng);
            prop_assert_eq!(roots(&text), as_geth_writes, "{}", text);
        }
    }
}

proptest! {
    // Each case is a process or more.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn what_is_written_is_what_was_hashed(accounts in accounts(), salt: u64, time in times()) {
        let alloc = spelled(&accounts, &mut Rng::new(salt));
        let text = document(alloc.clone(), &mut Rng::new(salt));
        let done = init(&text, time, [0; 32], "2");
        let summary: Value = serde_json::from_str(&done.stdout).unwrap();
        let written = done.text("metadata/genesis.json");
        let (state_root, block_hash) = roots(&written);
        prop_assert_eq!(state_root, accounts::state_root(&accounts));
        prop_assert_eq!(&summary["el"]["state_root"], &state_root.to_string());
        prop_assert_eq!(&summary["el"]["block_hash"], &block_hash.to_string());

        // Every byte of the alloc is there, every member, and only the time is another.
        prop_assert!(written.contains(&alloc), "{}", written);
        let (mut before, mut after): (Value, Value) =
            (serde_json::from_str(&text).unwrap(), serde_json::from_str(&written).unwrap());
        prop_assert_eq!(after["timestamp"].take(), time.to_string());
        before["timestamp"].take();
        prop_assert_eq!(after, before);
    }

    #[test]
    fn a_bake_changes_no_byte(
        accounts in accounts(),
        salt: u64,
        validators in 1_usize..6,
        time in times(),
        seed: [u8; 32],
    ) {
        let mut rng = Rng::new(salt);
        let directory = tempfile::tempdir().unwrap();
        write_snapshot(directory.path(), spelled(&accounts, &mut rng), validators, &mut rng);
        let (time, seed) = (time.to_string(), hex::encode(seed));
        let init = || {
            let arguments = ["--timestamp", &time, "--seed", &seed, "--json"];
            Run::new().arg(directory.path()).args(arguments).succeeds()
        };
        let computed = outcome(&init());
        let mut bake = std::process::Command::new(env!("CARGO_BIN_EXE_regenesis"));
        let baked = bake.args(["bake", "--seed", &seed]).arg(directory.path()).output().unwrap();
        prop_assert!(baked.status.success(), "{}", String::from_utf8_lossy(&baked.stderr));
        let baked = init();
        prop_assert!(baked.stderr.contains(" baked "), "{}", baked.stderr);
        prop_assert_eq!(outcome(&baked), computed);
    }

    #[test]
    fn inputs_time_and_seed_decide_every_byte(
        accounts in accounts(),
        salt: u64,
        time in times(),
        seed: [u8; 32],
    ) {
        let text = document(spelled(&accounts, &mut Rng::new(salt)), &mut Rng::new(salt));
        let (files, summary) = outcome(&init(&text, time, seed, "1"));
        let again = outcome(&init(&text, time, seed, "4"));
        prop_assert_eq!(&again.0, &files);
        prop_assert_eq!(again.1, summary);

        let (others, _) = outcome(&init(&text, time, seed.map(|byte| !byte), "2"));
        prop_assert!(others.keys().eq(files.keys()));
        for (name, content) in &others {
            // The seed is in secrets alone: both layers begin with the same bytes.
            let same = *content == files[name];
            prop_assert_eq!(same, name.starts_with("metadata/"), "{}", name);
        }
    }
}

//! Properties of every input: the result depends on values, not on their spelling; the written files are
//! those that were hashed; and inputs, time and seed determine every byte.

mod accounts;

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::{Done, Run, regenesis, repository};
use crate::support::{rng::Rng, vectors};
use accounts::{accounts, plain, spelled, state_root};
use alloy_primitives::B256;
use proptest::prelude::*;
use regenesis::el::genesis;
use regenesis::el::header::make_genesis_header;
use serde_json::{Value, json};

/// The members of the sample's genesis except alloc, as raw JSON.
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

/// A genesis file with `alloc`, its members in random order.
fn document(alloc: String, rng: &mut Rng) -> String {
    shuffled(head(), alloc, rng)
}

fn shuffled(mut members: Vec<(String, String)>, alloc: String, rng: &mut Rng) -> String {
    members.push(("alloc".to_owned(), alloc));
    rng.shuffle(&mut members);
    let members: Vec<_> = members.iter().map(|(key, raw)| format!("\"{key}\": {raw}")).collect();
    format!("{{{}}}", members.join(",\n"))
}

/// State root and block hash of a genesis file.
fn roots(text: &str) -> (B256, B256) {
    let (document, state) = genesis::read(text.as_bytes(), &|_| ()).unwrap();
    let (genesis, state_root) = (document.checked_genesis().unwrap(), state.root());
    let header = make_genesis_header(&genesis, state_root, genesis.timestamp.unwrap());
    (state_root, header.hash())
}

/// `init` on a genesis file, with the sample's config and a few validators.
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

/// A snapshot with the fork and preset of a random vector, and other accounts and validators.
fn write_snapshot(directory: &Path, alloc: String, validators: usize, rng: &mut Rng) {
    let cases = vectors();
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

/// The files of a run, and its summary without the durations of its steps.
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
    // Each case starts processes.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn written_files_are_those_that_were_hashed(accounts in accounts(), salt: u64, time in times()) {
        let alloc = spelled(&accounts, &mut Rng::new(salt));
        let text = document(alloc.clone(), &mut Rng::new(salt));
        let done = init(&text, time, [0; 32], "2");
        let summary: Value = serde_json::from_str(&done.stdout).unwrap();
        let written = done.text("metadata/genesis.json");
        let (state_root, block_hash) = roots(&written);
        prop_assert_eq!(state_root, accounts::state_root(&accounts));
        prop_assert_eq!(&summary["el"]["state_root"], &state_root.to_string());
        prop_assert_eq!(&summary["el"]["block_hash"], &block_hash.to_string());

        // The alloc is unchanged to the byte, and of the other members only the time differs.
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
        let mut bake = regenesis();
        let baked = bake.args(["bake", "--seed", &seed]).arg(directory.path()).output().unwrap();
        prop_assert!(baked.status.success(), "{}", String::from_utf8_lossy(&baked.stderr));
        let baked = init();
        prop_assert!(baked.stderr.contains(" baked "), "{}", baked.stderr);
        prop_assert_eq!(outcome(&baked), computed);
    }

    #[test]
    fn inputs_time_and_seed_determine_every_byte(
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
            // The seed only affects secrets: both layers have the same genesis bytes.
            let same = *content == files[name];
            prop_assert_eq!(same, name.starts_with("metadata/"), "{}", name);
        }
    }
}

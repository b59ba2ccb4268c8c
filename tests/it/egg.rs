//! ethereum-genesis-generator's `values.env`: the same variables produce the same network.
//!
//! `tests/egg/*.json` is the output of its own scripts (1e01e5d) and eth-beacon-genesis (899ec78) for
//! `tests/egg/*.env`; `scripts/record_egg.py` records it. Differences are listed in
//! `docs/egg-parity.md`, and here; any other difference is a bug.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::support::place::Place;
use crate::support::{Done, Run, repository, sha256};
use regenesis::yaml::{self, Node};
use serde_json::{Map, Value, json};

fn cases() -> Vec<(String, String, Value)> {
    let directory = repository().join("tests/egg");
    let entries = std::fs::read_dir(&directory).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "env"));
    paths.sort();
    let read = |path: PathBuf| {
        let facts = std::fs::read(path.with_extension("json")).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).unwrap(), serde_json::from_slice(&facts).unwrap())
    };
    paths.into_iter().map(read).collect()
}

/// A run of `verb` with the values; `/config` becomes a directory next to the output.
fn run(verb: &str, values: &str) -> Run {
    let run = Run::of(verb);
    let config = run.directory().join("config");
    let values = values.replace("/config/", &format!("{}/", config.display()));
    let beside = |name: &str| std::fs::read(repository().join("tests/egg").join(name)).unwrap();
    run.file("config/values.env", values)
        .file("config/contracts.json", beside("contracts.json"))
        .file("config/validators.txt", beside("validators.txt"))
        .args(["--egg-values", "config/values.env"])
}

const NEVER: &str = "18446744073709551615";

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

/// Asserts that both have the same members, except those in `except`.
fn same(what: &str, theirs: &Map<String, Value>, ours: &Map<String, Value>, except: &[&str]) {
    let keys: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    for key in keys.into_iter().filter(|key| !except.contains(&key.as_str())) {
        assert_eq!(theirs.get(key), ours.get(key), "{what}: {key}");
    }
}

/// The execution config; geth 1.17 requires blob limits of forks that the generator leaves out.
fn same_execution(what: &str, theirs: &Value, ours: &Value, except: &[&str]) {
    let except: Vec<&str> = except.iter().copied().chain(["blobSchedule"]).collect();
    same(what, object(theirs), object(ours), &except);
    match (theirs.get("blobSchedule"), ours.get("blobSchedule")) {
        (None, None) => {}
        (theirs, ours) => {
            let (theirs, ours) = (object(theirs.unwrap()), object(ours.unwrap()));
            same(what, theirs, ours, &["osaka", "amsterdam"]);
            assert!(theirs.get("osaka").is_none() && theirs.get("amsterdam").is_none());
        }
    }
}

/// The consensus config as text by key; `BLOB_SCHEDULE` as pairs.
fn config(done: &Done) -> BTreeMap<String, Value> {
    fn value(node: &Node) -> Value {
        match &node.value {
            yaml::Value::Scalar(text) => json!(text),
            yaml::Value::Sequence(items) => items.iter().map(value).collect(),
            yaml::Value::Mapping(members) => members.iter().map(|(.., node)| value(node)).collect(),
        }
    }
    let yaml::Value::Mapping(members) =
        yaml::parse(&done.read("metadata/config.yaml")).unwrap().value
    else {
        panic!("no mapping")
    };
    members.into_iter().map(|(key, _, node)| (key, value(&node))).collect()
}

#[test]
fn the_same_values_produce_the_same_network() {
    let cases = cases();
    assert_eq!(cases.len(), 17);
    for (name, values, facts) in cases {
        let done = run("init", &values).args(["--layout", "egg"]).succeeds();
        assert_eq!(sha256(&done.read("metadata/genesis.ssz")), facts["genesis_ssz"], "{name}");
        let genesis = done.json("metadata/genesis.json");
        same_execution(&name, &facts["genesis"]["config"], &genesis["config"], &[]);
        same(&name, object(&facts["genesis"]), object(&genesis), &["config", "alloc"]);
        assert_eq!(object(&genesis["alloc"]).len(), facts["accounts"], "{name}");
        // The block hash covers the state root: every account, slot and byte of code.
        let hash = done.text("metadata/deposit_contract_block_hash.txt");
        assert_eq!(hash, facts["deposit_contract_block_hash.txt"], "{name}");

        let mut theirs: BTreeMap<String, Value> =
            serde_json::from_value(facts["config"].clone()).unwrap();
        let mut ours = config(&done);
        ours.remove("SECONDS_PER_SLOT").unwrap();
        if values.contains("FULU_FORK_EPOCH") && theirs["FULU_FORK_EPOCH"] == NEVER {
            // No client reads it before fulu; the generator repeats its defaults.
            theirs.remove("BLOB_SCHEDULE");
            assert_eq!(ours.remove("BLOB_SCHEDULE"), Some(json!([])), "{name}");
        }
        assert_eq!(ours, theirs, "{name}");

        let besu = &done.json("metadata/besu.json")["config"];
        let more = ["mergeNetsplitBlock", "terminalTotalDifficultyPassed"];
        same_execution(&name, &facts["besu_config"], besu, &more);
        let chainspec = &done.json("metadata/chainspec.json")["params"];
        same(&name, object(&facts["chainspec_params"]), object(chainspec), &["chainID"]);

        for file in ["genesis_validators_root.txt", "validator_names.yaml"] {
            let theirs = facts.get(file).unwrap_or(&facts["validator_names"]);
            assert_eq!(done.text(&format!("metadata/{file}")), *theirs, "{name}");
        }
        for file in ["deposit_contract.txt", "deposit_contract_block.txt"] {
            let text = done.text(&format!("metadata/{file}"));
            assert_eq!(format!("{text}\n"), facts[file], "{name}");
        }
        let enr = done.text("metadata/bootstrap_nodes.txt");
        let given = values.contains("BEACON_STATIC_ENR");
        assert_eq!(enr, if given { facts["bootstrap_nodes.txt"].as_str().unwrap() } else { "" });
        let files = done.files();
        for file in facts["files"].as_array().unwrap() {
            assert!(files.contains_key(file.as_str().unwrap()), "{name}: {file}");
        }
        let parsed = done.json("parsed/parsedConsensusGenesis.json");
        assert_eq!(parsed["genesis_time"], facts["genesis_time"], "{name}");
        assert_eq!(parsed["fork"], facts["fork"], "{name}");
    }
}

const SMALL: &str = "export PRESET_BASE=minimal\nexport NUMBER_OF_VALIDATORS=4\n";

#[test]
fn all_writes_what_the_generators_command_writes() {
    let done = run("all", &format!("{SMALL}export GENESIS_TIMESTAMP=1700000000\n")).succeeds();
    assert!(!done.out().join("validator-keys").exists());
    assert!(done.out().join("parsed/parsedConsensusGenesis.json").exists());
    assert!(done.out().join("metadata/mnemonics.yaml").exists());
    assert_eq!(done.json("regenesis.json")["cl"]["genesis_time"], 1_700_000_060);
    // The environment alone suffices; the file takes precedence.
    let small = |run: Run| run.env("PRESET_BASE", "minimal").env("NUMBER_OF_VALIDATORS", "4");
    let done = small(Run::of("all")).env("CHAIN_ID", "4242").succeeds();
    assert_eq!(done.json("regenesis.json")["chain_id"], 4242);
    let done = run("all", &format!("{SMALL}export CHAIN_ID=77\n")).env("CHAIN_ID", "4242");
    assert_eq!(done.succeeds().json("regenesis.json")["chain_id"], 77);
    // Without --egg-values, CHAIN_ID in the environment has no effect.
    let done = Run::new().env("CHAIN_ID", "4242").env("BPO_9_EPOCH", "1").succeeds();
    assert_eq!(done.json("regenesis.json")["chain_id"], 271_828);
}

#[test]
fn without_a_time_genesis_is_now_plus_the_delay() {
    let forks = "export FULU_FORK_EPOCH=2\nexport BPO_1_EPOCH=3\nexport BPO_1_MAX_BLOBS=12\n\
                 export BPO_1_TARGET_BLOBS=7\n";
    let before = std::time::SystemTime::now();
    let done = run("init", &format!("{SMALL}{forks}export GENESIS_DELAY=500\n")).succeeds();
    let since = before.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let time = done.json("regenesis.json")["cl"]["genesis_time"].as_u64().unwrap();
    assert!((500..700).contains(&(time - since)), "{time} {since}");
    let execution = &done.json("metadata/genesis.json")["config"];
    assert_eq!(execution["osakaTime"], time + 2 * 8 * 6);
    assert_eq!(execution["bpo1Time"], time + 3 * 8 * 6);
    assert_eq!(execution["blobSchedule"]["bpo1"]["target"], 7);
    assert_eq!(config(&done)["BLOB_SCHEDULE"], json!([["3", "12"]]));
    // A flag takes precedence over the variable.
    let fixed = format!("{SMALL}export GENESIS_TIMESTAMP=1700000000\n");
    let done = run("init", &fixed).args(["--timestamp", "1800000000"]).succeeds();
    assert_eq!(done.json("regenesis.json")["cl"]["genesis_time"], 1_800_000_000);
    run("init", &fixed).args(["--lead", "9"]).fails(2).wrote_nothing();
}

#[test]
fn contradicting_values_are_refused() {
    for (line, expected) in [
        ("SLOT_DURATION_MS=500", "SLOT_DURATION_MS"),
        ("PRESET_BASE=gnosis", "expected mainnet or minimal"),
        ("CHAIN_ID=1", "CHAIN_ID is 1, a public network: mainnet"),
        ("CHAIN_ID=many", "expected a 64-bit number"),
        ("SHADOW_FORK_FILE=/config/none.json", "none.json"),
        ("SHADOW_FORK_FILE=a\nSHADOW_FORK_RPC=b", "SHADOW_FORK_FILE is set, and SHADOW_FORK_RPC"),
        ("SERVER_ENABLED=true", "SERVER_ENABLED is \"true\", which is not supported"),
        ("HEZE_FORK_EPOCH=5", "HEZE_FORK_EPOCH is \"5\""),
        ("TERMINAL_TOTAL_DIFFICULTY=5", "TERMINAL_TOTAL_DIFFICULTY is \"5\""),
        ("CL_EXEC_BLOCK=5", "CL_EXEC_BLOCK is \"5\""),
        ("DEPOSIT_CONTRACT_GATED=true", "DEPOSIT_CONTRACT_GATED is \"true\""),
        ("WITHDRAWAL_TYPE=0xB0", "is 0xB0, a builder"),
        ("WITHDRAWAL_TYPE=1", "expected 0x00, 0x01 or 0x02"),
        ("WITHDRAWAL_TYPE=0x01\nWITHDRAWAL_ADDRESS=0x12", "expected 0x and 40 hex digits"),
        ("FULU_FORK_EPOCH=5\nBPO_1_EPOCH=2", "BPO_1_EPOCH is 2, which is before FULU"),
        ("BPO_1_EPOCH=5\nBPO_2_EPOCH=2", "BPO_2_EPOCH is 2, which is before the previous bpo fork"),
        ("BPO_1_TARGET_BLOBS=16", "BPO_1_TARGET_BLOBS is 16, above the maximum"),
        // Devnets of verkle.
        (
            "ELECTRA_FORK_EPOCH=0\nDENEB_FORK_EPOCH=500000",
            "line 3: ELECTRA_FORK_EPOCH is 0, which is before DENEB_FORK_EPOCH: 500000",
        ),
        ("CAPELLA_FORK_EPOCH=576460752303423487", "CAPELLA_FORK_EPOCH"),
        ("EL_AND_CL_MNEMONIC='hidden words not a phrase'", "EL_AND_CL_MNEMONIC"),
        ("EL_AND_CL_MNEMONIC=some hidden words", "line 3: the line is not an assignment"),
        ("EL_PREMINE_BALANCE=1.5ETH", "expected wei"),
        ("EL_PREMINE_COUNT=-1", "EL_PREMINE_COUNT"),
        ("EL_PREMINE_ADDRS='{\"0x12\": \"1ETH\"}'", "as an address"),
        (
            "EL_PREMINE_ADDRS='{\"0x1000000000000000000000000000000000000000\": {}}'",
            "without a balance",
        ),
        ("EL_PREMINE_ADDRS='[1]'", "is not a mapping"),
        (
            "EL_PREMINE_ADDRS='{\"0xab00000000000000000000000000000000000000\": \"1\", \
             \"0xAB00000000000000000000000000000000000000\": \"2\"}'",
            "twice",
        ),
        ("ADDITIONAL_PRELOADED_CONTRACTS=https://host/contracts.json", "is a URL"),
        (
            "ADDITIONAL_PRELOADED_CONTRACTS='{\"0x1000000000000000000000000000000000000000\": \
          {\"balance\": \"1\", \"kode\": \"0x\"}}'",
            "\"kode\"",
        ),
        ("ADDITIONAL_VALIDATOR_MNEMONICS='{}'", "is not a list"),
        ("ADDITIONAL_VALIDATOR_MNEMONICS='[{\"count\": 2}]'", "mnemonic is missing"),
        ("CL_ADDITIONAL_VALIDATORS=none.txt", "config/none.txt, which does not exist"),
        ("SHUFFLE_VALIDATORS=yes", "expected true or false"),
        ("GENESIS_FORK_VERSION=0x1", "expected 0x and 8 hex digits"),
        ("NUMBER_OF_VALIDATORS=$(nproc)", "contains a command"),
        ("echo hello", "is not an assignment"),
    ] {
        let done = run("init", &format!("{SMALL}{line}\n")).fails(3);
        assert!(done.stderr.contains(expected), "{line}: {}", done.stderr);
        assert!(!done.stderr.contains("hidden"), "{}", done.stderr);
        done.wrote_nothing();
    }
    // A variable that no shell expanded is called that, wherever it is and whatever reads it.
    for line in [
        "CHAIN_ID='$ID'",
        "CHAIN_ID=\\$ID",
        "WITHDRAWAL_TYPE=0x01\nWITHDRAWAL_ADDRESS='${ADDRESS}'",
        "WITHDRAWAL_TYPE='$TYPE'",
        "PRESET_BASE='$PRESET'",
        "SHUFFLE_VALIDATORS='$SHUFFLE'",
        "SERVER_ENABLED='$SERVER'",
        "ELECTRA_FORK_EPOCH='$EPOCH'",
        "BPO_1_EPOCH='$EPOCH'",
        "BPO_1_TARGET_BLOBS='$TARGET'",
        "GENESIS_FORK_VERSION='$VERSION'",
        "GENESIS_GASLIMIT='$LIMIT'",
        "MAX_PER_EPOCH_ACTIVATION_CHURN_LIMIT='$LIMIT'",
        "EL_AND_CL_MNEMONIC='$PHRASE'",
        "EL_PREMINE_BALANCE='$BALANCE'",
        "EL_PREMINE_ADDRS='$ADDRS'",
        "EL_PREMINE_ADDRS='{\"0x1000000000000000000000000000000000000000\": \"${ETH}ETH\"}'",
        "ADDITIONAL_VALIDATOR_MNEMONICS='$MNEMONICS'",
        "ADDITIONAL_VALIDATOR_MNEMONICS='[{\"mnemonic\": \"$PHRASE\", \"count\": 2}]'",
        "CL_ADDITIONAL_VALIDATORS='$FILE'",
        "SHADOW_FORK_FILE='/config/$BLOCK'",
    ] {
        let done = run("init", &format!("{SMALL}{line}\n")).fails(3);
        let hint = "hint: this is a variable that no shell expanded";
        assert!(done.stderr.contains(hint), "{line}: {}", done.stderr);
        done.wrote_nothing();
    }
    // ethereum-package names a file that does not exist here.
    let contracts = format!("{SMALL}ADDITIONAL_PRELOADED_CONTRACTS='$FILE'\n");
    let done = run("init", &contracts).succeeds();
    let warning = "no contracts added; this is a variable that no shell expanded";
    assert!(done.stderr.contains(warning), "{}", done.stderr);
    // A snapshot or templates given with the values are not silently ignored.
    run("init", SMALL).arg("snapshot").fails(2).wrote_nothing();
    let template = run("init", SMALL).file("config/cl/config.yaml", "A: $B\n").fails(3);
    assert!(template.stderr.contains("is a template"), "{}", template.stderr);
}

#[test]
fn values_without_effect_are_reported() {
    let warnings = |line: &str| run("init", &format!("{SMALL}{line}\n")).succeeds().stderr;
    let address = "0x8943545177806ED17B9F23F0a21ee5948eCaa776";
    assert!(warnings(&format!("WITHDRAWAL_ADDRESS={address}")).contains("has no effect"));
    assert!(warnings("BPO_3_MAX_BLOBS=40").contains("BPO_3_MAX_BLOBS has no effect"));
    let line = format!("FULU_FORK_EPOCH={NEVER}\nBPO_1_EPOCH=0");
    assert!(warnings(&line).contains("BPO_1_EPOCH has no effect"));
    assert!(
        warnings("FULU_FORK_EPOCH=2")
            .contains("BPO_1_EPOCH is never: its default, 0, is too early")
    );
    let seconds = warnings("SLOT_DURATION_MS=2000\nSLOT_DURATION_IN_SECONDS=12");
    assert!(seconds.contains("SLOT_DURATION_IN_SECONDS is 12, but has no effect"));
}

#[test]
fn the_directories_of_the_image_are_not_in_the_way() {
    let script = std::fs::read_to_string(repository().join("docker/rootfs.sh")).unwrap();
    let place = Place::new();
    let directories: Vec<_> = script.split("\"$root/data/").skip(1).collect();
    assert!(directories.len() > 3, "{script}");
    for text in directories {
        let name = text.split('"').next().unwrap();
        std::fs::create_dir_all(place.at("data").join(name)).unwrap();
    }
    let values = repository().join("docs/embed/values.env");
    let values = values.to_str().unwrap();
    place.run(&["all", "--egg-values", values, "--out", "data"]).succeeds();
}

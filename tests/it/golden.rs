//! Reference bytes: 28 cases from eth-beacon-genesis 899ec78, whose execution hashes
//! `geth init` 1.17.4 confirmed, and cases that must be refused (`tests/vectors/README.md`).

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::support::{Run, repository, sha256, vectors};
use serde_json::Value;

fn rejected() -> Vec<PathBuf> {
    let root = repository().join("tests/vectors/rejected");
    let directories = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<_> = directories.filter(|path| path.join("genesis.json").exists()).collect();
    cases.sort();
    cases
}

fn init(case: &Path) -> Run {
    let file = |name| case.join(name);
    Run::new()
        .arg("--genesis")
        .arg(file("genesis.json"))
        .arg("--config")
        .arg(file("config.yaml"))
        .arg("--mnemonics")
        .arg(file("mnemonics.yaml"))
        .args(["--timestamp", "keep", "--json"])
}

#[test]
fn states_equal_the_reference() {
    for case in vectors() {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let expected: Value =
            serde_json::from_slice(&std::fs::read(case.join("expected.json")).unwrap()).unwrap();
        let done = init(&case).succeeds();
        let summary: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!(summary["el"]["block_hash"], expected["eth1_block_hash"], "{name}");
        if !expected["state_root"].is_null() {
            assert_eq!(summary["el"]["state_root"], expected["state_root"], "{name}");
        }
        for key in ["fork", "preset", "validators", "genesis_time", "genesis_validators_root"] {
            assert_eq!(summary["cl"][key], expected[key], "{name}: {key}");
        }
        let mut reference = Vec::new();
        flate2::read::GzDecoder::new(std::fs::File::open(case.join("genesis.ssz.gz")).unwrap())
            .read_to_end(&mut reference)
            .unwrap();
        assert_eq!(sha256(&reference), expected["genesis_ssz_sha256"].as_str().unwrap(), "{name}");
        let ours = done.read("metadata/genesis.ssz");
        let differs = ours.iter().zip(&reference).position(|(a, b)| a != b);
        assert_eq!((differs, ours.len()), (None, reference.len()), "{name}: first difference");
        let names = std::fs::read(case.join("validator_names.yaml")).unwrap();
        assert_eq!(done.read("metadata/validator_names.yaml"), names, "{name}");
    }
}

/// The reference writes empty lists as `null`; regenesis writes `[]`.
fn lists(value: &mut Value) {
    match value {
        Value::Null => *value = Value::Array(Vec::new()),
        Value::Array(items) => items.iter_mut().for_each(lists),
        Value::Object(members) => members.values_mut().for_each(lists),
        _ => {}
    }
}

#[test]
fn states_as_json_equal_the_reference() {
    let cases = vectors().into_iter().filter(|case| case.join("state.json.gz").exists());
    let mut compared = 0;
    for case in cases {
        let mut reference: Value = serde_json::from_reader(flate2::read::GzDecoder::new(
            std::fs::File::open(case.join("state.json.gz")).unwrap(),
        ))
        .unwrap();
        lists(&mut reference);
        let done = init(&case).args(["--layout", "egg"]).succeeds();
        let ours = done.json("parsed/parsedConsensusGenesis.json");
        for (field, value) in reference.as_object().unwrap() {
            assert_eq!(&ours[field], value, "{}: {field}", case.display());
        }
        assert_eq!(ours, reference, "{}", case.display());
        compared += 1;
    }
    assert_eq!(compared, 7);
}

/// From `--shuffle-validators` with two seeds; genesis file and config are those of fulu-minimal-00.
#[test]
fn shuffled_registries_equal_the_reference() {
    let root = repository().join("tests/vectors");
    let (shuffle, case) = (root.join("shuffle"), root.join("fulu-minimal-00"));
    let expected = std::fs::read_to_string(shuffle.join("genesis.ssz.sha256")).unwrap();
    for (line, seed) in expected.lines().zip([None, Some("12345")]) {
        let (digest, name) = line.split_once("  ").unwrap();
        let seed = seed.into_iter().flat_map(|seed| ["--shuffle-seed", seed]);
        let done = Run::new()
            // The reference's own flags.
            .arg("--eth1-config")
            .arg(case.join("genesis.json"))
            .arg("--config")
            .arg(case.join("config.yaml"))
            .arg("--mnemonics")
            .arg(shuffle.join("mnemonics.yaml"))
            .args(["--timestamp", "keep", "--shuffle-validators"])
            .args(seed)
            .succeeds();
        assert_eq!(sha256(&done.read("metadata/genesis.ssz")), digest, "{name}");
        let names = std::fs::read(shuffle.join(format!("validator_names-{name}.yaml"))).unwrap();
        assert_eq!(done.read("metadata/validator_names.yaml"), names, "{name}");
    }
    let failed = Run::new().args(["--shuffle-seed", "1"]).fails(2);
    assert!(failed.stderr.contains("without --shuffle-validators"), "{}", failed.stderr);
}

#[test]
fn a_chain_without_an_active_validator_is_refused() {
    let cases = rejected();
    assert_eq!(cases.len(), 2);
    for case in cases {
        let failed = init(&case).fails(3);
        assert!(failed.stderr.contains("no validator is active"), "{}", failed.stderr);
        assert!(failed.stderr.contains("mnemonics.yaml"), "{}", failed.stderr);
        failed.wrote_nothing();
    }
}

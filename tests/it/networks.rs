//! `networks.json`: the examples, what `inspect` shows of them, and what `verify` checks in a snapshot.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{regenesis, repository, text};
use regenesis::networks::{Consensus, Networks, Sequencer};
use regenesis::yaml;

const EXAMPLE: &str = "networks-op-geth-only.json";

fn example(name: &str) -> PathBuf {
    repository().join("docs/kurtosis").join(name)
}

fn inspect(path: &Path, more: &[&str]) -> Output {
    regenesis().arg("inspect").arg(path).args(more).output().unwrap()
}

#[test]
fn inspect_shows_networks_without_their_keys() {
    let written = std::fs::read_to_string(example(EXAMPLE)).unwrap();
    let written: Value = serde_json::from_str(&written).unwrap();
    let first = &written["networks"][0];
    for more in [&[][..], &["--json"]] {
        let output = inspect(&example(EXAMPLE), more);
        assert!(output.status.success(), "{}", text(&output));
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(shown.contains(first["l2_admin_address"].as_str().unwrap()), "{shown}");
        for network in written["networks"].as_array().unwrap() {
            let members = network.as_object().unwrap().iter();
            for (_, key) in members.filter(|(name, _)| name.ends_with("_private_key")) {
                assert!(!shown.contains(&key.as_str().unwrap()[2..]), "a key is printed");
            }
        }
    }
    let output = inspect(&example(EXAMPLE), &["--json"]);
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["networks"].as_array().unwrap().len(), 3);
    let network = &shown["networks"][2];
    assert_eq!(network["consensus_type"], "fep");
    assert_eq!(network["network_id"], 3);
    assert_eq!(network["accounts"][0]["key"], true);
}

#[test]
fn an_error_in_a_file_names_file_line_field_and_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("networks.json");
    let right = std::fs::read_to_string(example(EXAMPLE)).unwrap();
    let address = "0xE34aaF64b29273B7D567FCFc40544c014EEe9970";
    std::fs::write(&path, right.replacen(address, &format!("{address}00"), 1)).unwrap();
    let output = inspect(&path, &[]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    let expected = "networks.json line 13: networks[0].l2_admin_address is \
                    \"0xE34aaF64b29273B7D567FCFc40544c014EEe997000\", which has 21 bytes, expected 20 bytes";
    assert!(said.contains(expected), "{said}");
    assert!(said.contains("hint: copy the address again"), "{said}");
    let missing = inspect(&directory.path().join("other.json"), &[]);
    assert_eq!(missing.status.code(), Some(3), "{}", text(&missing));
}

#[test]
fn verify_checks_the_file_of_a_snapshot() {
    let directory = tempfile::tempdir().unwrap();
    let snapshot = directory.path().join("snapshot");
    let sample = repository().join("sample");
    let copied = Command::new("cp").arg("-r").arg(sample).arg(&snapshot).status();
    assert!(copied.unwrap().success());
    let verify = || regenesis().arg("verify").arg(&snapshot).output().unwrap();
    let right = std::fs::read_to_string(example(EXAMPLE)).unwrap();
    std::fs::create_dir(snapshot.join("services")).unwrap();
    std::fs::write(snapshot.join("services/networks.json"), &right).unwrap();
    let output = verify();
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("3 in services/networks.json"), "{}", text(&output));
    std::fs::write(snapshot.join("services/networks.json"), right.replace("20202", "20201"))
        .unwrap();
    let output = verify();
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    let expected = "networks[1].l2_chain_id is 20201, as in networks[0]";
    assert!(text(&output).contains(expected), "{}", text(&output));
}

#[test]
fn the_args_file_describes_a_valid_network() {
    let file = std::fs::read(example("args.yml")).unwrap();
    let yaml::Value::Mapping(document) = yaml::parse(&file).unwrap().value else { panic!() };
    let [(name, _, args)] = &document[..] else { panic!("{document:?}") };
    assert_eq!(name, "args");
    let yaml::Value::Mapping(args) = &args.value else { panic!() };
    let value = |name: &str| {
        let found = args.iter().find(|(known, ..)| known == name);
        let (.., node) = found.unwrap_or_else(|| panic!("{name}"));
        let yaml::Value::Scalar(text) = &node.value else { panic!("{name}") };
        text.clone()
    };
    let sequencer = Sequencer::ALL.into_iter().find(|kind| kind.name() == value("sequencer_type"));
    let consensus =
        Consensus::ALL.into_iter().find(|kind| kind.name() == value("consensus_contract_type"));
    assert!(sequencer.unwrap().consensus().contains(&consensus.unwrap()));
    let text = format!(
        r#"{{"networks": [{{"sequencer_type": "{}", "consensus_type": "{}", "deployment_suffix": "{}",
            "l2_chain_id": {}, "network_id": {}}}]}}"#,
        value("sequencer_type"),
        value("consensus_contract_type"),
        value("deployment_suffix"),
        value("l2_chain_id"),
        value("l2_network_id")
    );
    Networks::parse(text.as_bytes()).unwrap();
}

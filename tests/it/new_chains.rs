//! `regenesis new`: a snapshot from options, which verify, init and inspect take as any other.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::support::place::Ended;
use crate::support::{PROGRAM, Place, without_variables};
use serde_json::{Value, json};

const FUND: &str = "0x1111111111111111111111111111111111111111=1.5";
const CONTRACT: &str = "0x00000000000000000000000000000000000000aa";
const PHRASE: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                      abandon abandon about";

fn inspected(place: &Place, snapshot: &str) -> Value {
    let done = place.run(&["inspect", snapshot, "--json"]).succeeds();
    serde_json::from_str(&done.stdout).unwrap()
}

#[test]
fn a_chain_id_is_enough() {
    let place = Place::new();
    let done = place.run(&["new", "mine", "--chain-id", "1337"]).succeeds();
    assert!(done.stderr.contains("mine is ready: regenesis up mine"), "{}", done.stderr);
    assert!(!done.stderr.contains("warning:"), "{}", done.stderr);
    let verified = place.run(&["verify", "mine", "--json"]).succeeds();
    let verified: Value = serde_json::from_str(&verified.stdout).unwrap();
    assert_eq!((&verified["baked"], &verified["keystores"]), (&json!(true), &json!(64)));
    let found = inspected(&place, "mine");
    assert_eq!(found["metadata"]["chain_id"], 1337);
    assert_eq!(found["metadata"]["name"], "mine");
    assert_eq!(found["consensus"]["preset"], "minimal");
    assert_eq!(found["consensus"]["seconds_per_slot"], 2);
    assert_eq!(found["execution"]["gas_limit"], 60_000_000);
    assert_eq!(found["execution"]["base_fee"], Value::Null);
    let richest = &found["accounts"]["richest"][0];
    assert_eq!(richest["balance"], "1000000000000000000000000");
    let init = place.run(&["init", "mine"]).succeeds();
    assert!(
        init.stderr.contains("   baked  ") && !init.stderr.contains("warning:"),
        "{}",
        init.stderr
    );
    for file in ["docker-compose.yml", "up.sh"] {
        assert!(place.has(format!("mine/{file}")), "{file}");
    }
    assert!(!place.has("mine.capture"));
}

#[test]
fn a_terminal_is_asked() {
    let place = Place::new();
    let mut command = Command::new("script");
    command.args(["-qec", &format!("{PROGRAM} new mine"), "/dev/null"]);
    command.current_dir(place.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    without_variables(&mut command);
    let mut child = command.spawn().expect("script: apt-get install bsdutils");
    let answers = format!("4242\n1\n2\n{FUND}\n\n");
    child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    let done = Ended::from(child.wait_with_output().unwrap()).succeeds();
    for question in ["Chain ID [1337]: ", "Seconds per slot [2]: ", "Preset, minimal or mainnet"] {
        assert!(done.stdout.contains(question), "{}", done.stdout);
    }
    let found = inspected(&place, "mine");
    assert_eq!(found["metadata"]["chain_id"], 4242);
    assert_eq!(found["metadata"]["counts"]["validators"], 2);
    assert_eq!(found["consensus"]["seconds_per_slot"], 1);
    assert_eq!(found["consensus"]["preset"], "minimal");
    assert_eq!(found["accounts"]["richest"][0]["balance"], "1500000000000000000");
}

#[test]
fn flags_and_a_file_describe_the_same_chain() {
    let place = Place::new();
    place
        .write("in/contract.json", r#"{"code": "0x5f545f5260205ff3", "storage": {"0x0": "0x2a"}}"#);
    place.write(
        "in/chain.toml",
        format!(
            "chain_id = 1_337\nslot_time = 0b1 # second\nvalidators = 0o4\nfund = [\"{FUND}\"]\n\
             gas_limit = 30_000_000\nbase_fee = 7\npredeploy = \"{CONTRACT}=contract.json\"\n\
             preset = \"mainnet\"\nfork = [\"electra\", \"fulu=10\"]\n"
        ),
    );
    place.run(&["new", "a", "--from", "in/chain.toml"]).succeeds();
    let predeploy = format!("{CONTRACT}=in/contract.json");
    let flags = [
        "new",
        "b",
        "--chain-id",
        "1337",
        "--slot-time",
        "1",
        "--validators",
        "4",
        "--fund",
        FUND,
        "--gas-limit",
        "30000000",
        "--base-fee",
        "7",
        "--predeploy",
        &predeploy,
        "--preset",
        "mainnet",
        "--fork",
        "electra,fulu=10",
    ];
    place.run(&flags).succeeds();
    let same = place.run(&["diff", "a", "b"]).succeeds();
    assert!(same.stderr.contains("equal: "), "{}", same.stderr);
    let found = inspected(&place, "a");
    let forks = found["consensus"]["forks"].as_array().unwrap().clone();
    assert!(forks.contains(&json!({"name": "electra", "epoch": 0})), "{forks:?}");
    assert_eq!(forks.last().unwrap(), &json!({"name": "fulu", "epoch": 10}));
    assert_eq!(found["execution"]["base_fee"], "7");
    let contract = &found["accounts"]["largest"][0];
    let expected = json!({"address": "0x00000000000000000000000000000000000000AA", "balance": "0",
        "nonce": 1, "code_size": 8, "storage_slots": 1});
    // The checksum of an address decides its case.
    assert_eq!(contract["address"].as_str().unwrap().to_lowercase(), CONTRACT);
    assert_eq!(contract["code_size"], expected["code_size"]);
    assert_eq!(contract["storage_slots"], expected["storage_slots"]);
    assert_eq!(contract["nonce"], expected["nonce"]);
    assert_eq!(found["accounts"]["richest"][0]["balance"], "1500000000000000000");
    // A flag wins over the file.
    place.run(&["new", "c", "--from", "in/chain.toml", "--chain-id", "7"]).succeeds();
    assert_eq!(inspected(&place, "c")["metadata"]["chain_id"], 7);
    let init = place.run(&["init", "a"]).succeeds();
    assert!(!init.stderr.contains("warning:"), "{}", init.stderr);
}

#[test]
fn variables_of_the_generator_are_a_chain() {
    let place = Place::new();
    place.write(
        "values.env",
        "export CHAIN_ID=\"777\"\nexport NUMBER_OF_VALIDATORS=4\nexport PRESET_BASE=minimal\n\
         export GENESIS_DELAY=9\nexport EL_PREMINE_COUNT=1\n",
    );
    let done = place.run(&["new", "mine", "--from", "values.env"]).succeeds();
    assert!(done.stderr.contains("GENESIS_DELAY has no effect in a snapshot"), "{}", done.stderr);
    assert_eq!(inspected(&place, "mine")["metadata"]["chain_id"], 777);
    place.run(&["verify", "mine"]).succeeds();
    let both = place.run(&["new", "other", "--from", "values.env", "--validators", "5"]);
    both.fails(2, "--validators cannot be used with the variables of --from");
    place.write("bad.env", "export CHAIN_ID=1\n");
    place.run(&["new", "other", "--from", "bad.env"]).fails(3, "bad.env line 1: CHAIN_ID is 1");
    assert!(!place.has("other") && !place.has("other.capture"));
}

#[test]
fn mistakes_are_named_and_leave_nothing() {
    let place = Place::new();
    place.write("unknown.toml", "chain_id = 7\nvalidator = 4\n");
    place.write("type.toml", "chain_id = 7\n\nslot_time = true\n");
    place.write("value.toml", "chain_id = 7\nvalidators = 0\n");
    place.write("broken.toml", format!("chain_id = 7\nmnemonic = \"{PHRASE}\n"));
    place.write("code.hex", "0x123");
    let entries = || std::fs::read_dir(place.path()).unwrap().count();
    let before = entries();
    let code = format!("{CONTRACT}=code.hex");
    let missing = format!("{CONTRACT}=nowhere.hex");
    let phrase = PHRASE.replace(" about", "");
    for (arguments, exit, words) in [
        (&[][..], 2, "nothing describes the chain: --chain-id is missing"),
        (&["--validators", "4"], 2, "--chain-id is missing\nhint: choose a number"),
        (&["--chain-id", "1"], 2, "--chain-id is 1, the chain id of Ethereum mainnet"),
        (
            &["--chain-id", "7", "--slot-time", "0.5"],
            2,
            "--slot-time is \"0.5\"\nhint: expected whole",
        ),
        (
            &["--chain-id", "7", "--fork", "fuluu"],
            2,
            "--fork is \"fuluu\"\nhint: did you mean fulu?",
        ),
        (&["--chain-id", "7", "--fund", "0x12=1"], 2, "--fund is \"0x12=1\""),
        (&["--chain-id", "7", "--predeploy", &code], 3, "code.hex has 3 hex digits"),
        (&["--chain-id", "7", "--predeploy", &missing], 3, "nowhere.hex: "),
        (&["--chain-id", "7", "--mnemonic", &phrase], 2, "--mnemonic "),
        (
            &["--from", "unknown.toml"],
            3,
            "unknown.toml line 2: \"validator\" is unknown\nhint: did you mean validators?",
        ),
        (&["--from", "type.toml"], 3, "type.toml line 3: slot_time is a TOML boolean"),
        (&["--from", "value.toml"], 3, "value.toml line 2: validators is \"0\""),
        (&["--from", "broken.toml"], 3, "broken.toml line 2: is not valid TOML"),
        (&["--from", "nowhere.toml"], 3, "nowhere.toml: "),
    ] {
        let done = place.run(&[&["new", "mine"], arguments].concat());
        assert!(!done.stderr.contains("abandon"), "{}", done.stderr);
        done.fails(exit, words);
        assert_eq!(entries(), before, "{arguments:?}");
    }
}

#[test]
fn a_directory_with_files_is_refused() {
    let place = Place::with_sample();
    place.write("mine/notes", "mine");
    std::fs::create_dir(place.at("empty")).unwrap();
    std::os::unix::fs::symlink("nowhere", place.at("link")).unwrap();
    let new = |directory: &str| place.run(&["new", directory, "--chain-id", "7"]);
    new("mine").fails(7, "mine: has files, and new replaces nothing");
    new("snapshot").fails(7, "snapshot: has files, and new replaces nothing");
    new("mine/notes").fails(7, "mine/notes: is a file, expected a directory");
    new("link").fails(7, "link: is a symbolic link to nothing");
    new("empty").succeeds();
    new("empty").fails(7, "empty: is a snapshot, and new replaces nothing");
    place.run(&["verify", "empty"]).succeeds();
    assert_eq!(place.read("mine/notes"), "mine");
}

#[test]
fn a_phrase_of_ones_own_stays_secret() {
    let place = Place::new();
    place.write("phrase", format!("{PHRASE}\n"));
    let arguments =
        ["new", "mine", "--chain-id", "7", "--validators", "2", "--mnemonic", "@phrase"];
    let done = place.run(&[&arguments[..], &["--json"]].concat()).succeeds();
    assert!(!done.stderr.contains("abandon") && !done.stdout.contains("abandon"));
    assert!(place.read("mine/val/mnemonics.yaml").contains(PHRASE));
    // The stack's user may get access, the rest of the world does not.
    let mode = place.at("mine/val/mnemonics.yaml").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o007, 0, "{mode:o}");
    place.run(&["verify", "mine"]).succeeds();
}

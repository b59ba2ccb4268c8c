//! `regenesis edit`: a changed snapshot is sealed again, or stays as it was.

mod interrupted;

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::{Place, repository, sha256};
use serde_json::{Value, json};

const A: &str = "0x1111111111111111111111111111111111111111";
/// Funded in every new chain.
const FUNDED: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const GENESIS: &str = "mine/el/genesis.template.json";

/// A place with a new chain of few validators.
fn chain() -> Place {
    let place = Place::new();
    place.run(&["new", "mine", "--chain-id", "1337", "--validators", "2"]).succeeds();
    place
}

fn metadata(place: &Place) -> Value {
    place.json("mine/metadata.json")
}

/// The digests of all files below the snapshot.
fn files(directory: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let digest = sha256(&std::fs::read(&path).unwrap());
                found.insert(path.display().to_string(), digest);
            }
        }
    }
    found
}

#[test]
fn changed_accounts_are_sealed() {
    let place = chain();
    place.write("mine/NOTES.md", "mine");
    place.write("code.json", r#"{"deployedBytecode": {"object": "0x6001"}}"#);
    let before = metadata(&place);
    let code = format!("{A}=@code.json");
    let (fund, slot, nonce) = (format!("{A}=2"), format!("{A}:0x1=42"), format!("{FUNDED}=5"));
    let edit = [
        "edit",
        "mine",
        "--set-code",
        &code,
        "--fund",
        &fund,
        "--set-storage",
        &slot,
        "--nonce",
        &nonce,
    ];
    std::fs::rename(place.at("mine"), place.at("old")).unwrap();
    place.shell("cp -r old mine");
    let done = place.run(&edit).succeeds();
    assert!(done.stderr.contains("mine is sealed"), "{}", done.stderr);
    let after = metadata(&place);
    let edited = &after["edited"][0];
    assert_eq!(edited["changes"].as_array().unwrap().len(), 4);
    assert_eq!(edited["state_root"], before["state_root"]);
    let path = "el/genesis.template.json";
    assert_eq!(edited["before"][path], before["files"][path]);
    assert_ne!(after["state_root"], before["state_root"]);
    assert_ne!(after["files"][path], before["files"][path]);
    assert_eq!(after["counts"]["contracts"], before["counts"]["contracts"].as_u64().unwrap() + 1);
    let verified = place.run(&["verify", "mine", "--json"]).succeeds();
    assert_eq!(serde_json::from_str::<Value>(&verified.stdout).unwrap()["baked"], true);
    let init = place.run(&["init", "mine"]).succeeds();
    assert!(init.stderr.contains("   baked  "), "{}", init.stderr);
    let table = place.run(&["inspect", "mine"]).succeeds().stdout;
    assert!(table.contains(&format!("{A}: 2 bytes, 1 slots, 2 ETH\n")), "{table}");
    assert!(table.lines().any(|line| line.starts_with("edited  ") && line.contains(&slot[..42])));
    assert_eq!(place.read("mine/NOTES.md"), "mine");
    assert!(!place.has("mine/.regenesis-capture"));

    let diff = place.run(&["diff", "old", "mine"]);
    assert_eq!(diff.code, Some(5), "{}", diff.stderr);
    let lines: Vec<_> = diff.stdout.lines().collect();
    let expected = [
        format!("+ {A} 2 ETH, nonce 0, 2 bytes of code, 1 slots"),
        format!("~ {FUNDED} nonce: 0 -> 5"),
    ];
    assert_eq!(lines, expected);
    let json = place.run(&["diff", "mine", "old", "--json"]);
    let first: Value = serde_json::from_str(json.stdout.lines().next().unwrap()).unwrap();
    let whole =
        json!({"balance": "2000000000000000000", "nonce": 0, "code_size": 2, "storage_slots": 1});
    assert_eq!(first, json!({"of": "account", "address": A, "a": whole}));
}

#[test]
fn files_that_were_edited_by_hand_are_sealed() {
    let place = chain();
    place.edit(GENESIS, "\"gasLimit\": \"0x3938700\"", "\"gasLimit\": \"0x1c9c380\"");
    place.edit("mine/val/mnemonics.yaml", "count: 2", "count: 3");
    place.edit("mine/cl/config.yaml", "ACTIVE_VALIDATOR_COUNT: 2", "ACTIVE_VALIDATOR_COUNT: 3");
    place.run(&["verify", "mine"]).fails(5, "differs from its size and SHA-256 in metadata.json");
    place.run(&["edit", "mine"]).succeeds();
    place.run(&["verify", "mine"]).succeeds();
    let sealed = metadata(&place);
    let changes = [
        "cl/config.yaml by hand",
        "el/genesis.template.json by hand",
        "val/mnemonics.yaml by hand",
    ];
    assert_eq!(sealed["edited"][0]["changes"], json!(changes));
    assert_eq!(sealed["counts"]["validators"], 3);
    let again = place.run(&["edit", "mine"]).succeeds();
    assert!(again.stderr.contains("nothing to seal"), "{}", again.stderr);
    assert_eq!(metadata(&place), sealed);
}

/// A captured state is no longer that of its block.
#[test]
fn a_proof_ends_with_the_edit() {
    let place = Place::new();
    place.write(
        "genesis.json",
        std::fs::read(repository().join("sample/el/genesis.template.json")).unwrap(),
    );
    place.run(&["capture", "--state", "genesis.json", "--out", "mine"]).succeeds();
    place.run(&["edit", "mine", "--fund", &format!("{A}=1")]).succeeds();
    assert_eq!(metadata(&place)["derived"], json!([format!("1 ETH to {A}")]));
    let verified = place.run(&["verify", "mine"]).succeeds();
    assert!(verified.stderr.contains("was changed on purpose: 1 ETH"), "{}", verified.stderr);
    // A later capture replaces the edited snapshot as its own.
    place.run(&["capture", "--state", "genesis.json", "--out", "mine"]).succeeds();
    assert!(metadata(&place).get("edited").is_none());
}

#[test]
fn an_edit_that_is_not_possible_changes_nothing() {
    let place = chain();
    place.write("empty.json", "{}");
    let most = format!("{FUNDED}=115792089237316195423570985008687907853269984665640564039457");
    let twice = format!("{A}=1,{A}=2");
    let storage = format!("{A}:zz=1");
    let code = format!("{A}=@empty.json");
    place.write("rich.json", r#"{"code": "0x6001", "balance": "1"}"#);
    let (rich, no_code) = (format!("{A}=@rich.json"), format!("{A}=0x"));
    let before = files(&place.at("mine"));
    for (arguments, exit, words) in [
        (["--fund", &most], 3, "more ETH than a balance can have"),
        (["--nonce", &twice], 2, "is set twice"),
        (["--set-storage", &storage], 2, "expected ADDR:SLOT=VALUE"),
        (["--set-code", &code], 3, "empty.json has no member"),
        (["--set-code", &rich], 3, "rich.json has a balance"),
        (["--set-code", &no_code], 2, "is empty"),
        (["--set-code", "0x12=0x00"], 2, "expected ADDR=HEX or ADDR=@FILE"),
    ] {
        place.run(&[&["edit", "mine"], &arguments[..]].concat()).fails(exit, words);
        assert_eq!(files(&place.at("mine")), before, "{arguments:?}");
    }
    place.edit("mine/cl/config.yaml", "SLOT_DURATION_MS: 2000", "SLOT_DURATION_MS: soon");
    let before = files(&place.at("mine"));
    place.run(&["edit", "mine"]).fails(3, "SLOT_DURATION_MS");
    assert_eq!(files(&place.at("mine")), before);
    place.run(&["edit", "nowhere"]).fails(3, "does not exist");
}

#[test]
fn links_are_not_followed() {
    for path in
        ["cl/config.yaml", "el/genesis.template.json", "metadata.json", "docker-compose.yml"]
    {
        let place = chain();
        let name = path.replace('/', "-");
        std::fs::rename(place.at("mine").join(path), place.at(&name)).unwrap();
        std::os::unix::fs::symlink(place.at(&name), place.at("mine").join(path)).unwrap();
        let outside = place.read(&name);
        let done = place.run(&["edit", "mine", "--fund", &format!("{A}=1")]);
        done.fails(7, &format!("{path}: is a symbolic link"));
        assert_eq!(place.read(&name), outside);
        assert!(!place.has("mine/.regenesis-capture"));
    }
}

#[test]
fn states_that_are_in_no_alloc_are_refused() {
    let place = chain();
    let set = |key: &str, value: Value| {
        let mut metadata = metadata(&place);
        metadata[key] = value;
        place.write("mine/metadata.json", metadata.to_string());
    };
    set("mode", json!("history"));
    let edit = ["edit", "mine", "--fund", &format!("{A}=1")];
    place.run(&edit).fails(3, "has a history, whose blocks determine its state");
    set("mode", json!("state"));
    let database = json!({"engine": "leveldb", "scheme": "hash", "geth": "1", "state_root":
        "0x0000000000000000000000000000000000000000000000000000000000000000", "files": []});
    set("database", database);
    let refused = place.run(&edit);
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
}

#[test]
fn an_edit_by_hand_that_no_boot_accepts_is_refused() {
    let place = chain();
    let config = place.read("mine/cl/config.yaml");
    let fulu = config.lines().find(|line| line.starts_with("FULU_FORK_EPOCH")).unwrap();
    place.edit("mine/cl/config.yaml", fulu, "FULU_FORK_EPOCH: 5");
    place.run(&["edit", "mine"]).fails(3, "FULU_FORK_EPOCH is 5");
    place.edit("mine/cl/config.yaml", "FULU_FORK_EPOCH: 5", fulu);
    place.run(&["verify", "mine"]).succeeds();
}

#[test]
fn the_file_of_a_contract_brings_its_slots_and_its_nonce() {
    let place = chain();
    let text = r#"{"code": "0x6001", "nonce": 7, "storage": {"0x1": "0x2", "0x3": "0x4"}}"#;
    place.write("contract.json", text);
    let (code, slot) = (format!("{A}=@contract.json"), format!("{A}:1=5"));
    let both = ["edit", "mine", "--set-code", &code, "--set-storage", &slot];
    place.run(&both).fails(2, "is set twice");
    place.run(&["edit", "mine", "--set-code", &code]).succeeds();
    let genesis: Value = serde_json::from_str(&place.read(GENESIS)).unwrap();
    let account = &genesis["alloc"][A];
    assert_eq!((&account["code"], &account["nonce"]), (&json!("0x6001"), &json!("0x7")));
    assert_eq!(account["storage"].as_object().unwrap().len(), 2, "{account}");
    assert_eq!(metadata(&place)["edited"][0]["changes"].as_array().unwrap().len(), 4);
}

/// An account with nothing in it would change the state root.
#[test]
fn nothing_is_not_an_account() {
    let place = chain();
    let root = metadata(&place)["state_root"].clone();
    place.run(&["edit", "mine", "--fund", &format!("{A}=0")]).succeeds();
    assert_eq!(metadata(&place)["state_root"], root);
}

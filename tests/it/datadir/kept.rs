//! Files of the user survive, whatever their names.

use std::process::Command;

use super::place::Host;

/// Directory layouts of real clients, none created by `regenesis run`.
const REAL: [&[&str]; 5] = [
    // ~/.ethereum
    &["geth/chaindata/CURRENT", "geth/nodekey", "keystore/UTC--2026-01-01T00-00-00Z--aa"],
    &[
        "validators/0xaa/voting-keystore.json",
        "validators/slashing_protection.sqlite",
        "secrets/0xaa",
    ],
    &["db/CURRENT", "logs/today", "cache/x", "snapshots/1", "key"],
    &["keystore/UTC--2026-01-01T00-00-00Z--aa"],
    &["thesis.tex"],
];

#[test]
fn without_a_mark_no_real_data_is_wiped() {
    for files in REAL {
        for client in ["true", "geth", "lighthouse"] {
            let place = Host::new();
            for file in files {
                place.write(format!("data/{file}"), "mine");
            }
            for more in [&["--datadir", "data"][..], &["--datadir", "data", "--take-over"]] {
                let said = place.refused(7, "data", &[more, &["--", client]].concat());
                assert!(said.contains("data contains \""), "{said}");
            }
        }
    }
}

/// The status of an older version, which wrote no mark, authorises nothing.
#[test]
fn a_status_alone_authorises_nothing() {
    let place = Host::new();
    place.write("data/geth/chaindata/chain", "old");
    for status in ["unready\n", "0011223344556677\n", ""] {
        place.write("data/.regenesis-run", status);
        place.refused(7, "data", &["--datadir", "data", "--", "geth"]);
    }
}

#[test]
fn a_takeover_wipes_chain_data_and_keeps_keys() {
    let place = Host::new();
    place.write("data/geth/chaindata/chain", "old");
    place.write("data/keystore/UTC--x", "mine");
    // The status of an older version.
    place.write("data/.regenesis-run", "0011223344556677\n");
    let said = place.runs(&["--datadir", "data", "--take-over", "--", "geth"]);
    assert!(said.contains("wiped") && said.contains("kept \"keystore\""), "{said}");
    assert_ne!(place.read("data/geth/chaindata/chain"), "old");
    assert_eq!(place.read("data/keystore/UTC--x"), "mine");

    // From then on there is a mark.
    place.init();
    assert!(place.client("geth").contains("wiped"));
}

#[test]
fn a_takeover_refuses_unknown_entries() {
    for (client, found) in [
        ("geth", "thesis.tex"),
        ("geth", "beacon"),
        ("true", "geth"),
        ("lighthouse", "validators/slashing_protection.sqlite"),
    ] {
        let place = Host::new();
        place.write("data/.regenesis-run", "unready\n");
        place.write(format!("data/{found}"), "mine");
        if client == "geth" {
            place.write("data/geth/chaindata/chain", "old");
        }
        let arguments = ["--datadir", "data", "--take-over", "--", client];
        let said = place.refused(7, "data", &arguments);
        assert!(said.contains(&format!("contains \"{found}\"")), "{said}");
    }
}

#[test]
fn keys_and_unknown_files_survive_every_genesis_of_a_known_client() {
    let place = Host::new();
    place.client("geth");
    place.write("data/keystore/UTC--x", "mine");
    place.write("data/notes/thesis.tex", "mine");
    std::os::unix::fs::symlink("../bin", place.at("data/link")).unwrap();
    for _ in 0..2 {
        place.write("data/geth/chaindata/old", "");
        place.init();
        let said = place.client("geth");
        assert!(said.contains("wiped"), "{said}");
        assert!(said.contains("kept \"keystore\", \"link\", \"notes\""), "{said}");
        assert!(!place.has("data/geth/chaindata/old"));
        assert_eq!(place.read("data/keystore/UTC--x"), "mine");
        assert_eq!(place.read("data/notes/thesis.tex"), "mine");
        assert!(place.has("data/link/geth"));
        assert!(place.set_aside().is_empty());
    }
}

#[test]
fn slashing_protection_of_the_old_chain_is_set_aside() {
    let place = Host::new();
    place.client("lighthouse");
    place.write("data/validators/0xaa/voting-keystore.json", "mine");
    place.write("data/validators/slashing_protection.sqlite", "old");
    let present = place.init();
    place.client("lighthouse");
    assert_eq!(place.read("data/validators/slashing_protection.sqlite"), "signed\n");
    assert_eq!(place.read("data/validators/0xaa/voting-keystore.json"), "mine");
    assert_eq!(place.set_aside(), ["validators/slashing_protection.sqlite"]);
    assert_eq!(place.read("data/.regenesis-run").trim(), present);
}

#[test]
fn a_key_in_any_directory_is_not_lost() {
    let place = Host::new();
    let step = ["--once", "sh", "-c", "mkdir -p data/made", ";", "--", "geth"];
    let run = [&["--datadir", "data"][..], &step].concat();
    place.runs(&run);
    let key = format!("0x{}", "ab".repeat(48));
    let keys = ["geth/keystore/UTC--x".to_owned(), format!("made/keys/{key}/voting-keystore.json")];
    for path in &keys {
        place.write(format!("data/{path}"), "mine");
    }
    place.write("data/geth/chaindata/old", "");
    place.init();
    let said = place.runs(&run);
    assert!(said.contains("wiped") && said.contains("set aside"), "{said}");
    assert!(!place.has("data/geth/chaindata/old") && !place.has("data/made/keys"));
    assert_eq!(place.set_aside(), keys);
}

#[test]
fn files_of_the_user_beside_chain_data_are_not_lost() {
    let place = Host::new();
    let stays = ["geth/nodekey", "geth/static-nodes.json", "geth/config.toml", "beacon/logs/x"];
    let moves = ["beacon/notes.md", "geth/keystore/mykey", "geth/notes.md"];
    let run = ["--datadir", "data", "--once", "lighthouse", ";", "--", "geth"];
    place.runs(&run);
    for path in stays.iter().chain(&moves) {
        place.write(format!("data/{path}"), "mine");
    }
    place.write("data/geth/chaindata/old", "");
    place.write("data/beacon/chain_db/old", "");
    // The second genesis finds nothing else to set aside.
    for _ in 0..2 {
        place.init();
        assert!(place.runs(&run).contains("wiped"));
        assert!(!place.has("data/geth/chaindata/old") && !place.has("data/beacon/chain_db/old"));
        for path in stays {
            assert_eq!(place.read(format!("data/{path}")), "mine");
        }
        let mut aside = place.set_aside();
        aside.retain(|path| !path.starts_with("validators/"));
        assert_eq!(aside, moves);
    }
}

#[test]
fn a_key_in_a_directory_of_a_step_is_not_lost() {
    let place = Host::new();
    let script = "mkdir -p data/el/keystore; echo s >data/el/step";
    let run = ["--datadir", "data", "--once", "sh", "-c", script, ";", "--", "true"];
    place.runs(&run);
    place.init();
    place.runs(&run);
    assert!(place.set_aside().is_empty());
    place.write("data/el/keystore/mykey", "mine");
    place.init();
    place.runs(&run);
    assert_eq!(place.set_aside(), ["el/keystore/mykey", "el/step"]);
    assert!(!place.has("data/el/keystore/mykey") && place.has("data/el/step"));
}

#[test]
fn files_of_nethermind_are_known() {
    let place = Host::new();
    place.program("nethermind", "mkdir -p $DATA/nethermind_db; echo $$ >$DATA/nethermind_db/x");
    place.client("nethermind");
    place.init();
    assert!(place.client("nethermind").contains("wiped"));
    assert!(place.set_aside().is_empty());
}

#[test]
fn data_of_an_unknown_client_is_set_aside_and_its_steps_run_again() {
    let place = Host::new();
    let script = "echo x >data/chain; mkdir -p data/keystore; echo k >data/keystore/k";
    let arguments = ["--datadir", "data", "--once", "sh", "-c", "echo s >data/step", ";", "--"];
    let first = place.read("runtime/regenesis.json");
    place.runs(&[&arguments[..], &["sh", "-c", script]].concat());
    place.write("data/thesis.tex", "mine");
    place.init();
    let said = place.runs(&[&arguments[..], &["true"]].concat());
    // Files of the step are deleted, keys stay, and the rest may belong to the user.
    assert_eq!(place.set_aside(), ["chain", "thesis.tex"]);
    assert_eq!(place.read("data/keystore/k"), "k\n");
    assert!(!place.has("data/chain") && place.has("data/step"));
    let first: serde_json::Value = serde_json::from_str(&first).unwrap();
    let aside = format!("data/.regenesis-set-aside/{}", first["run_id"].as_str().unwrap());
    assert!(said.contains(&aside), "{said}");
    assert_eq!(place.read(format!("{aside}/thesis.tex")), "mine");
}

#[test]
fn ignored_files_are_neither_data_nor_a_reason_to_refuse() {
    let place = Host::new();
    for name in [".gitkeep", ".gitignore", "lost+found/#1"] {
        place.write(format!("data/{name}"), "mine");
    }
    let said = place.client("geth");
    assert!(said.contains("starts with new data in data"), "{said}");
    place.init();
    assert!(place.client("geth").contains("wiped"));
    for name in [".gitkeep", ".gitignore", "lost+found/#1"] {
        assert_eq!(place.read(format!("data/{name}")), "mine");
    }
}

#[test]
fn a_new_client_finds_no_data_that_the_previous_one_did_not_write() {
    let place = Host::new();
    place.client("geth");
    place.write("data/beacon/mine", "mine");
    place.init();
    place.client("lighthouse");
    assert!(!place.has("data/geth"));
    assert_eq!(place.set_aside(), ["beacon/mine"]);
}

#[test]
fn a_link_in_chain_data_is_not_followed() {
    let place = Host::new();
    place.write("elsewhere/mine", "mine");
    place.client("geth");
    std::os::unix::fs::symlink(place.at("elsewhere"), place.at("data/geth/chaindata/link"))
        .unwrap();
    place.init();
    place.client("geth");
    assert!(!place.has("data/geth/chaindata/link"));
    assert_eq!(place.read("elsewhere/mine"), "mine");

    // If the client's own directory is a link, the old chain would survive the wipe.
    for link in ["data/geth/chaindata", "data/geth"] {
        assert!(Command::new("rm").arg("-rf").arg(place.at(link)).status().unwrap().success());
        std::os::unix::fs::symlink(place.at("elsewhere"), place.at(link)).unwrap();
        place.init();
        let said = place.refused(7, "data", &["--datadir", "data", "--", "geth"]);
        assert!(said.contains(&format!("{link}\" is a symbolic link")), "{said}");
        assert!(place.at(link).is_symlink());
    }
    assert_eq!(place.read("elsewhere/mine"), "mine");
}

#[test]
fn a_wipe_is_reported_only_if_something_was_wiped() {
    let place = Host::new();
    assert!(!place.client("true").contains("wiped"));
    place.init();
    assert!(!place.client("true").contains("wiped"));
    place.client("geth");
    place.init();
    assert!(place.client("true").contains("wiped"));
}

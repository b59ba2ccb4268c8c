//! `regenesis diff`: snapshots and files, by account, slot and key.

use crate::support::Place;
use crate::support::place::Ended;
use serde_json::Value;

const GENESIS: &str = "snapshot/el/genesis.template.json";

#[test]
fn a_snapshot_equals_its_genesis_and_itself() {
    let place = Place::with_sample();
    for (one, other) in [("snapshot", "snapshot"), ("snapshot", GENESIS), (GENESIS, "snapshot")] {
        let done = place.run(&["diff", one, other]).succeeds();
        assert_eq!(done.stdout, "");
        assert!(
            done.stderr.starts_with("equal: 27 and 27 accounts, 33 and 33 slots"),
            "{}",
            done.stderr
        );
    }
}

#[test]
fn keys_configs_and_files_are_compared() {
    let place = Place::with_sample();
    place.add_sample("other");
    place.edit("other/el/genesis.template.json", "\"0x3938700\"", "\"0x1\"");
    place.edit("other/el/genesis.template.json", "\"osakaTime\": 0,", "");
    place.edit("other/cl/config.yaml", "SLOT_DURATION_MS: 2000", "SLOT_DURATION_MS: 4000");
    place.edit("other/val/mnemonics.yaml", "count: 64", "count: 8");
    let done = place.run(&["diff", "snapshot", "other"]);
    assert_eq!(done.code, Some(5), "{}", done.stderr);
    let expected = "~ genesis config.osakaTime: 0 -> -\n~ genesis gasLimit: 60000000 -> 1\n\
                    ~ config SLOT_DURATION_MS: 2000 -> 4000\n~ file val/mnemonics.yaml\n";
    assert_eq!(done.stdout, expected);
    let json = place.run(&["diff", "snapshot", "other", "--json"]);
    let lines: Vec<Value> =
        json.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(
        lines[1],
        serde_json::json!({"of": "genesis", "key": "gasLimit", "a": "60000000", "b": "1"})
    );
}

#[test]
fn what_cannot_be_compared_is_named() {
    let place = Place::with_sample();
    place.write("text", "hello");
    place.run(&["diff", "snapshot", "nowhere"]).fails(3, "nowhere: does not exist");
    place.run(&["diff", "snapshot", "text"]).fails(3, "text");
    std::fs::create_dir(place.at("empty")).unwrap();
    place.run(&["diff", "empty", "snapshot"]).fails(3, "empty: is not a snapshot");
}

#[test]
fn a_large_state_needs_a_temporary_directory_and_a_small_one_does_not() {
    let place = Place::new();
    let slots: Vec<_> = (1..20_000).map(|slot| format!("\"{slot:#066x}\": \"0x1\"")).collect();
    let account = format!("{{\"balance\": \"0\", \"storage\": {{{}}}}}", slots.join(", "));
    let alloc = |account: &str| format!("{{\"{:#042x}\": {account}}}", 7);
    place.write("large.json", alloc(&account));
    place.write("small.json", alloc("{\"balance\": \"1\"}"));
    let diff = |file: &str| {
        Ended::of(place.command(&["diff", file, file]).env("TMPDIR", place.at("nowhere")))
    };
    diff("small.json").succeeds();
    diff("large.json").fails(7, "hint: set TMPDIR");
    place.run(&["diff", "large.json", "large.json"]).succeeds();
}

//! geth's database in a bake: when it is written, replaced and removed, and what `verify` finds. That it is
//! geth's is tested with geth (`tests/e2e/geth_database.rs`).

use crate::support::place::Ended;
use crate::support::{Place, repository};

const TABLE: &str = "snapshot/baked/geth/000002.ldb";
const FILES: [&str; 3] = ["000002.ldb", "CURRENT", "MANIFEST-000001"];

fn bake(place: &Place, geth_datadir: &str) -> Ended {
    place.run(&["bake", "snapshot", "--keystores", "none", "--geth-datadir", geth_datadir])
}

fn names(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.at("snapshot/baked/geth")).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_database_is_written_and_removed_and_other_files_stay() {
    let place = Place::with_sample();
    place.run(&["bake", "snapshot", "--keystores", "none"]).succeeds();
    assert!(!place.has("snapshot/baked/geth"), "the sample is small");
    bake(&place, "yes").succeeds();
    assert_eq!(names(&place), FILES);
    let table = std::fs::read(place.at(TABLE)).unwrap();
    place.run(&["verify", "snapshot"]).succeeds();

    place.write("snapshot/baked/geth/notes.txt", "mine");
    bake(&place, "yes").succeeds();
    assert!(std::fs::read(place.at(TABLE)).unwrap() == table, "the state alone decides the bytes");
    bake(&place, "no").succeeds();
    assert_eq!(names(&place), ["notes.txt"]);
    place.run(&["verify", "snapshot"]).succeeds();
}

#[test]
fn an_edited_database_is_found_and_not_replaced() {
    let place = Place::with_sample();
    bake(&place, "yes").succeeds();
    let table = std::fs::read(place.at(TABLE)).unwrap();
    let mut edited = table.clone();
    edited[100] ^= 1;
    std::fs::write(place.at(TABLE), &edited).unwrap();
    place.run(&["verify", "snapshot"]).fails(5, "000002.ldb is damaged or missing");
    for choice in ["yes", "no"] {
        bake(&place, choice).fails(7, "000002.ldb: was edited");
    }
    assert!(std::fs::read(place.at(TABLE)).unwrap() == edited);
    std::fs::remove_file(place.at(TABLE)).unwrap();
    place.run(&["verify", "snapshot"]).fails(5, "000002.ldb is damaged or missing");
    bake(&place, "yes").succeeds();
    assert!(std::fs::read(place.at(TABLE)).unwrap() == table);
}

/// A kill leaves tables without a record. What has not the form of a table is the user's.
#[test]
fn without_a_record_only_tables_are_replaced() {
    let place = Place::with_sample();
    bake(&place, "yes").succeeds();
    std::fs::remove_file(place.at("snapshot/baked/bake.json")).unwrap();
    bake(&place, "yes").succeeds();
    std::fs::remove_file(place.at("snapshot/baked/bake.json")).unwrap();
    std::fs::write(place.at(TABLE), "mine").unwrap();
    bake(&place, "yes").fails(7, "000002.ldb: was edited");
    assert_eq!(std::fs::read(place.at(TABLE)).unwrap(), b"mine");
}

#[test]
fn a_database_of_another_state_is_found() {
    let place = Place::with_sample();
    bake(&place, "yes").succeeds();
    let baked = std::fs::read(place.at("snapshot/baked/bake.json")).unwrap();
    let record = regenesis::snapshot::bake::Record::parse(&baked).unwrap();
    let mut forged = record;
    forged.geth.as_mut().unwrap().files.remove(0);
    std::fs::write(place.at("snapshot/baked/bake.json"), forged.to_bytes()).unwrap();
    place.run(&["verify", "snapshot"]).fails(5, "baked/geth belongs to another state");
}

/// The storage of the first entry would be in the database.
#[test]
fn an_account_that_is_listed_twice_gets_no_database() {
    let place = Place::with_sample();
    let path = "snapshot/el/genesis.template.json";
    place.edit(
        path,
        "\"alloc\": {",
        "\"alloc\": { \"0x0101010101010101010101010101010101010101\": {\
        \"balance\": \"1\"}, \"0101010101010101010101010101010101010101\": {\"balance\": \"2\"},",
    );
    bake(&place, "yes").fails(3, "has an account twice");
    assert!(!place.has("snapshot/baked/geth"));
}

/// A capture bakes the database by the same rule, and its files belong to the snapshot that it replaces.
#[test]
fn a_capture_of_a_large_state_has_the_database() {
    let place = Place::new();
    let large = |balance: u8| {
        let account = |number| format!("\"0x{number:040x}\": {{\"balance\": \"{balance}\"}}");
        let accounts: Vec<_> = (1..=16_000).map(account).collect();
        let sample = repository().join("sample/el/genesis.template.json");
        let sample = std::fs::read_to_string(sample).unwrap();
        let all = format!("\"alloc\": {{{}, ", accounts.join(", "));
        place.write("genesis.json", sample.replacen("\"alloc\": {", &all, 1));
    };
    let capture = ["capture", "--state", "genesis.json", "--out", "snapshot"];
    large(1);
    place.run(&capture).succeeds();
    place.run(&["verify", "snapshot"]).succeeds();
    let table = std::fs::read(place.at(TABLE)).unwrap();
    assert_eq!(names(&place), FILES);

    large(2);
    place.run(&capture).succeeds();
    place.run(&["verify", "snapshot"]).succeeds();
    assert!(std::fs::read(place.at(TABLE)).unwrap() != table);
    let sample = repository().join("sample/el/genesis.template.json");
    std::fs::copy(sample, place.at("genesis.json")).unwrap();
    place.write("snapshot/baked/geth/notes.txt", "mine");
    place.run(&capture).succeeds();
    place.run(&["verify", "snapshot"]).succeeds();
    assert_eq!(names(&place), ["notes.txt"], "the sample is small");

    large(3);
    place.run(&capture).succeeds();
    let table = std::fs::read(place.at(TABLE)).unwrap();
    place.write(TABLE, [&table[1..], &[0]].concat());
    place.run(&capture).fails(7, "000002.ldb: was edited");
    assert_eq!(std::fs::read(place.at(TABLE)).unwrap().len(), table.len());
}

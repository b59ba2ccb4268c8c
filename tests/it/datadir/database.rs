//! `init --geth-datadir` puts a baked database where geth looks for it, and `run` then skips `geth init`.
//! Neither touches files of the user.
//!
//! geth is a script: only its files matter. The engine tests start the real one.

use std::path::Path;
use std::process::Command;

use regenesis::snapshot::bake::Record;
use serde_json::Value;

use super::place::{Host, tree};
use crate::support::place::Ended;

const DATABASE: &str = "data/geth/chaindata";
const STAGED: &str = "data/.regenesis-geth";

/// `geth init` leaves the file `imported`; geth locks its database and adds a file.
const GETH: &str = "case \" $* \" in *' init '*) mkdir -p data/geth/chaindata; \
                    echo >data/geth/chaindata/imported;; \
                    *) echo $$ >data/geth/chaindata/LOCK; echo $$ >data/geth/chaindata/chain; \
                    echo key >data/geth/nodekey;; esac";

/// With a baked snapshot.
fn host() -> Host {
    let place = Host::new();
    place.program("geth", GETH);
    place.add_sample("snapshot");
    bake(&place, &["--geth-datadir", "yes"]);
    place
}

fn bake(place: &Host, arguments: &[&str]) {
    Ended::of(place.command(&["bake", "snapshot"]).args(arguments)).succeeds();
}

/// `init`, which must succeed; its messages.
fn init(place: &Host) -> String {
    let arguments = ["init", "snapshot", "--out", "runtime", "--geth-datadir", "data"];
    Ended::of(&mut place.command(&arguments)).succeeds().stderr
}

/// Starts geth as the stack does; the messages.
fn start(place: &Host) -> String {
    let arguments = ["--datadir", "data", "--once", "geth", "init", "genesis.json", ";"];
    place.runs(&[&arguments[..], &["--", "geth"]].concat())
}

fn run_id(place: &Host) -> String {
    place.json("runtime/regenesis.json")["run_id"].as_str().unwrap().to_owned()
}

/// The database at `path` has the baked files and the block of the last `init`.
fn assert_stamped(place: &Host, path: &str) {
    let mut files = tree(&place.at(path));
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    for (baked, bytes) in tree(&place.at("snapshot/baked/geth")) {
        let found = files.remove(&place.at(path).join(name(&baked)));
        assert!(found == Some(bytes), "{}", baked.display());
    }
    let (log, bytes) = files.pop_first().expect("a log");
    assert!(files.is_empty() && log.extension().is_some_and(|end| end == "log"), "{files:?}");
    let hash = place.json("runtime/regenesis.json")["el"]["block_hash"].clone();
    let hash = hex::decode(hash.as_str().unwrap().trim_start_matches("0x")).unwrap();
    assert!(bytes.windows(32).any(|window| window == hash), "{}", log.display());
}

fn assert_imported(place: &Host, said: &str) {
    assert!(place.has(format!("{DATABASE}/imported")), "{said}");
    assert!(!place.has(STAGED), "{said}");
}

fn assert_not_imported(place: &Host, said: &str) {
    assert!(said.contains("skipped geth init"), "{said}");
    assert!(!place.has(format!("{DATABASE}/imported")), "{said}");
    assert!(place.has(format!("{DATABASE}/chain")) && !place.has(STAGED), "{said}");
    assert_eq!(place.read("data/.regenesis-run").trim(), run_id(place));
    assert_eq!(place.json("data/.regenesis-datadir")["database"], Value::Null);
}

#[test]
fn geth_starts_on_the_baked_database() {
    let place = host();
    let said = init(&place);
    assert!(said.contains("bytes in data/geth/chaindata"), "{said}");
    assert_stamped(&place, DATABASE);
    let said = start(&place);
    assert_not_imported(&place, &said);
    assert!(!said.contains("wiped"), "{said}");
    // A restart resumes with the chain.
    place.write("data/geth/chaindata/block", "1");
    let said = start(&place);
    assert!(said.contains("resumes") && place.has("data/geth/chaindata/block"), "{said}");
}

/// Without a bake, with one that has no database, and with one of another genesis.
#[test]
fn a_database_that_is_not_baked_is_computed() {
    let place = host();
    let baked = tree(&place.at("snapshot/baked"));
    for arrange in ["rm -r snapshot/baked", "true", "echo >>snapshot/cl/config.yaml"] {
        place.shell(arrange);
        if arrange == "true" {
            bake(&place, &["--geth-datadir", "no"]);
            assert!(!place.has("snapshot/baked/geth/CURRENT"));
        }
        let said = init(&place);
        assert!(said.contains("bytes in data/geth/chaindata"), "{arrange}: {said}");
        // The files follow from the state alone.
        for (file, bytes) in &baked {
            let Ok(name) = file.strip_prefix(place.at("snapshot/baked/geth")) else { continue };
            let found = std::fs::read(place.at(DATABASE).join(name)).unwrap();
            assert!(found == *bytes, "{arrange}: {}", name.display());
        }
    }
    assert_not_imported(&place, &start(&place));
}

/// The table of `docs/geth-import.md`.
#[test]
fn an_alloc_with_an_account_twice_is_imported() {
    let place = host();
    let entry =
        "\"alloc\": {\"0x00000000000000000000000000000000000000aa\": {\"balance\": \"1\"}, ";
    let twice = entry.to_owned() + &entry["\"alloc\": {".len()..];
    let text = place.read("snapshot/el/genesis.template.json");
    let (head, rest) = text.split_once("\"alloc\": {").unwrap();
    place.write("snapshot/el/genesis.template.json", format!("{head}{twice}{rest}"));
    let said = init(&place);
    assert!(said.contains("the alloc has an account twice"), "{said}");
    assert_imported(&place, &start(&place));
}

#[test]
fn each_genesis_replaces_the_chain_of_the_last() {
    let place = host();
    let mut runs = vec![init(&place)];
    start(&place);
    place.write("data/geth/notes", "mine");
    place.write("data/thesis.tex", "mine");
    for _ in 0..2 {
        let said = init(&place);
        assert!(said.contains("for regenesis run to put in place"), "{said}");
        // Until geth starts, the chain stays.
        assert!(place.has(format!("{DATABASE}/chain")), "{said}");
        assert_stamped(&place, STAGED);
        let said = start(&place);
        assert!(said.contains("wiped the data of another run"), "{said}");
        assert_not_imported(&place, &said);
        assert_eq!(place.read("data/geth/nodekey"), "key\n");
        assert_eq!(place.read("data/thesis.tex"), "mine");
        runs.push(run_id(&place));
    }
    assert_eq!(place.set_aside(), ["geth/notes"]);
    runs.dedup();
    assert_eq!(runs.len(), 3);
}

#[test]
fn a_database_that_geth_has_not_opened_is_replaced() {
    let place = host();
    init(&place);
    let first = run_id(&place);
    let said = init(&place);
    assert!(said.contains("bytes in data/geth/chaindata"), "{said}");
    assert_ne!(run_id(&place), first);
    assert_stamped(&place, DATABASE);
    assert_not_imported(&place, &start(&place));
}

/// Without `regenesis run`, geth starts on the database, and `init` leaves its chain.
#[test]
fn the_chain_of_geth_alone_stays() {
    let place = host();
    init(&place);
    let geth = ["sh", "-c", "PATH=bin:$PATH exec geth"];
    let status = Command::new(geth[0]).args(&geth[1..]).current_dir(place.path()).status();
    assert!(status.unwrap().success());
    let chain = tree(&place.at(DATABASE));
    init(&place);
    assert_eq!(tree(&place.at(DATABASE)), chain);
    assert_stamped(&place, STAGED);
}

#[test]
fn a_database_of_another_genesis_is_not_used() {
    let place = host();
    init(&place);
    // A genesis without the flag.
    Ended::of(&mut place.command(&["init", "snapshot", "--out", "runtime"])).succeeds();
    assert_imported(&place, &start(&place));
    init(&place);
    Ended::of(&mut place.command(&["init", "snapshot", "--out", "runtime"])).succeeds();
    assert_imported(&place, &start(&place));
}

/// Block 0 would have a state root whose state geth's database lacks.
#[test]
fn a_forged_state_root_without_its_state_is_not_used() {
    let place = host();
    init(&place);
    let state_root = || place.json("runtime/regenesis.json")["el"]["state_root"].clone();
    let expected = state_root();
    let record = place.at("snapshot/baked/bake.json");
    let mut forged = Record::parse(&std::fs::read(&record).unwrap()).unwrap();
    forged.genesis.state_root = [7; 32].into();
    forged.geth.as_mut().unwrap().state_root = [7; 32].into();
    std::fs::write(&record, forged.to_bytes()).unwrap();
    let said = init(&place);
    assert!(said.contains("bake.json has the state root 0x0707"), "{said}");
    assert!(said.contains("which its database lacks: not used"), "{said}");
    assert_eq!(state_root(), expected);
    assert_stamped(&place, DATABASE);
    assert_not_imported(&place, &start(&place));
    // Without a baked database, init computes one, and with it the root.
    forged.geth = None;
    std::fs::write(&record, forged.to_bytes()).unwrap();
    let said = init(&place);
    assert!(said.contains("the bake has the state root 0x0707"), "{said}");
    assert_eq!(state_root(), expected);
}

#[test]
fn a_step_that_is_not_geth_init_runs() {
    let place = host();
    init(&place);
    let step = "echo >ran; test -e data/geth/chaindata/CURRENT";
    let said = place.runs(&["--datadir", "data", "--once", "sh", "-c", step, ";", "--", "geth"]);
    assert!(place.has("ran") && !said.contains("skipped"), "{said}");
}

#[test]
fn another_client_does_not_get_the_database() {
    let place = host();
    init(&place);
    let said = place.runs(&["--datadir", "data", "--", "lighthouse"]);
    assert!(!place.has(DATABASE) && !place.has(STAGED), "{said}");
}

#[test]
fn files_of_the_user_stay() {
    for file in ["data/thesis.tex", "data/geth/chaindata/CURRENT", "data/geth/nodekey"] {
        let place = host();
        place.write(file, "mine");
        let before = tree(&place.at("data"));
        let said = init(&place);
        assert!(said.contains("geth init must import the genesis"), "{said}");
        assert!(said.contains("has no mark of an earlier run"), "{said}");
        assert_eq!(tree(&place.at("data")), before, "{said}");
    }
    let place = host();
    place.write(format!("{STAGED}/CURRENT"), "mine");
    let said = init(&place);
    assert!(said.contains("was not written by regenesis"), "{said}");
    assert_eq!(place.read(format!("{STAGED}/CURRENT")), "mine");
}

/// A copy of a data directory has the same names, and another identity.
#[test]
fn a_copied_directory_is_not_ours() {
    let place = host();
    init(&place);
    place.shell("cp -a data copy; rm -r data; mv copy data");
    let before = tree(&place.at("data"));
    let said = init(&place);
    assert!(said.contains("has no mark of an earlier run"), "{said}");
    assert_eq!(tree(&place.at("data")), before);
    place.refused(7, "data", &["--datadir", "data", "--", "geth"]);
}

#[test]
fn what_geth_cannot_use_is_explained() {
    let place = host();
    for file in tree(&place.at("snapshot/baked/geth")).into_keys() {
        let bytes = std::fs::read(&file).unwrap();
        for wrong in [bytes[..bytes.len() - 1].to_vec(), [&bytes[1..], &[0]].concat()] {
            std::fs::write(&file, wrong).unwrap();
            let said = init(&place);
            let name = file.file_name().unwrap().to_str().unwrap();
            assert!(said.contains(&format!("{name} is damaged")), "{said}");
            assert!(!place.has(STAGED) && !place.has(DATABASE), "{said}");
        }
        std::fs::remove_file(&file).unwrap();
        let said = init(&place);
        assert!(said.contains("geth init must import the genesis: "), "{said}");
        assert!(!place.has(STAGED) && !place.has(DATABASE), "{said}");
        std::fs::write(&file, bytes).unwrap();
    }
    init(&place);
    assert_stamped(&place, DATABASE);
}

/// A kill leaves the file that was to become the mark.
#[test]
fn the_next_init_removes_what_a_killed_one_left_of_its_mark() {
    let place = host();
    init(&place);
    let mark = place.read("data/.regenesis-datadir");
    for left in ["", &mark[..40], &mark] {
        place.write("data/.regenesis-datadir.0.new", left);
        init(&place);
        assert!(!place.has("data/.regenesis-datadir.0.new"), "{left:?}");
    }
    place.write("data/.regenesis-datadir.0.new", "my notes");
    init(&place);
    assert_eq!(place.read("data/.regenesis-datadir.0.new"), "my notes");
    assert_stamped(&place, DATABASE);
}

#[test]
fn a_directory_in_use_is_left() {
    let place = host();
    std::fs::create_dir(place.at("data")).unwrap();
    let lock = std::fs::File::open(place.at("data")).unwrap();
    lock.lock().unwrap();
    let said = init(&place);
    assert!(said.contains("data is in use") && tree(&place.at("data")).is_empty(), "{said}");
}

#[test]
fn geth_cannot_share_the_runtime_directory() {
    let place = host();
    for datadir in ["runtime", ".", "runtime/geth"] {
        let arguments = ["init", "snapshot", "--out", "runtime", "--geth-datadir", datadir];
        let ended = Ended::of(&mut place.command(&arguments));
        ended.fails(2, "--datadir");
    }
}

use std::sync::Mutex;

use super::*;
use crate::file::{Content, InMemory, Input, OutFile};
use crate::keys::Kdf;
use crate::layout::plan::Plan;
use crate::progress::{Progress, Silent};
use crate::stamp::{Lead, Stamp, Timestamp};

const GENESIS: &[u8] = include_bytes!("../../../../sample/el/genesis.template.json");
const CONFIG: &[u8] = include_bytes!("../../../../sample/cl/config.yaml");
const MNEMONICS: &[u8] = include_bytes!("../../../../sample/val/mnemonics.yaml");

fn snapshot(genesis: &[u8], config: &[u8], mnemonics: &[u8]) -> Snapshot {
    Snapshot::loose(
        "test".to_owned(),
        Input::memory("genesis.json", genesis),
        Input::memory("config.yaml", config),
        Some(Input::memory("mnemonics.yaml", mnemonics)),
        None,
    )
}

fn replaced(text: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

fn prepared(snapshot: &Snapshot) -> Result<Prepared, Error> {
    let entropy = Entropy::new([1; 32]);
    prepare(&Request::new(snapshot, &entropy), &InMemory, &Silent)
}

/// Records its steps.
#[derive(Default)]
struct Steps(Mutex<Vec<&'static str>>);

impl Progress for Steps {
    fn step(&self, name: &'static str, _: &str) {
        self.0.lock().unwrap().push(name);
    }

    fn note(&self, _: &str) {}

    fn warning(&self, text: &str) {
        panic!("{text}");
    }

    fn advance(&self, text: &dyn Fn() -> String) {
        assert!(!text().is_empty());
    }
}

#[test]
fn a_genesis_differs_by_its_time_alone() {
    let snapshot = snapshot(GENESIS, CONFIG, MNEMONICS);
    let entropy = Entropy::new([1; 32]);
    let steps = Steps::default();
    let prepared = prepare(&Request::new(&snapshot, &entropy), &InMemory, &steps).unwrap();
    assert_eq!(*steps.0.lock().unwrap(), ["read", "el", "keys"]);
    let at = |time, steps: &Steps| {
        let stamp = Stamp::at(time, prepared.history_times());
        validate(&prepared, stamp, &Formats::default()).unwrap();
        assemble(&prepared, stamp, &Formats::default(), steps).unwrap().summary
    };
    let steps = Steps::default();
    let (one, again, other) = (at(1000, &steps), at(1000, &steps), at(2000, &steps));
    assert_eq!(steps.0.lock().unwrap()[..3], ["stamp", "el", "cl"]);
    assert_eq!(
        (&one.el.block_hash, &one.cl.state_root),
        (&again.el.block_hash, &again.cl.state_root)
    );
    assert_ne!(one.el.block_hash, other.el.block_hash);
    assert_eq!(one.el.state_root, other.el.state_root);
    assert_eq!(one.cl.genesis_validators_root, other.cl.genesis_validators_root);
}

#[test]
fn the_state_reads_back_as_it_was_assembled() {
    let prepared = prepared(&snapshot(GENESIS, CONFIG, MNEMONICS)).unwrap();
    let stamp = prepared.stamp(Timestamp::Now, Lead::Seconds(30), 0, 1000).unwrap();
    let genesis = assemble(&prepared, stamp, &Formats::default(), &Silent).unwrap();
    let state = genesis.files.iter().find(|file| file.path == StateHead::PATH).unwrap();
    let Content::Encoded(content) = &state.content else { panic!() };
    let mut bytes = Vec::new();
    content.encode_to(&|_| unreachable!(), &mut bytes).unwrap();
    assert!(genesis.state.matches(&bytes));
    assert_eq!(genesis.state.genesis_time, 1030);
    bytes[0] ^= 1;
    assert!(!genesis.state.matches(&bytes) && !genesis.state.matches(&bytes[1..]));
}

#[test]
fn keystores_come_in_the_layouts_of_the_plan() {
    let snapshot = snapshot(GENESIS, CONFIG, &replaced(MNEMONICS, "count: 64", "count: 3"));
    let entropy = Entropy::new([1; 32]);
    let request = Request { kdf: Some(Kdf::Light), ..Request::new(&snapshot, &entropy) };
    let prepared = prepare(&request, &InMemory, &Silent).unwrap();
    let plan = Plan::parse(&["lighthouse", "prysm"], None).unwrap();
    let mut paths = Vec::new();
    let take = |files: &[OutFile]| {
        paths.extend(files.iter().map(|file| file.path.clone()));
        Ok::<_, Error>(())
    };
    prepared.keystores.each_files(&request, &plan, &InMemory, &Silent, take).unwrap();
    let count = |end: &str| paths.iter().filter(|path| path.ends_with(end)).count();
    assert_eq!(count("voting-keystore.json"), 3);
    assert_eq!(count("all-accounts.keystore.json"), 1);
}

#[test]
fn errors_name_the_input_and_the_remedy() {
    let genesis = replaced(GENESIS, "\"gasLimit\"", "\"gas\"");
    let config = replaced(CONFIG, "SECONDS_PER_SLOT: 2", "SECONDS_PER_SLOT: two");
    let mnemonics = replaced(MNEMONICS, "count: 64", "count: many");
    let other_chain = replaced(GENESIS, "\"chainId\": 271828", "\"chainId\": 5");
    for (snapshot, label) in [
        (snapshot(&genesis, CONFIG, MNEMONICS), "genesis.json"),
        (snapshot(GENESIS, CONFIG, &mnemonics), "mnemonics.yaml"),
        (snapshot(GENESIS, CONFIG, b"[]"), "mnemonics.yaml"),
        (snapshot(GENESIS, &config, MNEMONICS), "config.yaml"),
        (snapshot(&other_chain, CONFIG, MNEMONICS), "genesis.json and config.yaml"),
    ] {
        let error = prepared(&snapshot)
            .and_then(|prepared| validate(&prepared, Stamp::at(1000, None), &Formats::default()))
            .unwrap_err();
        assert!(error.to_string().starts_with(&format!("{label}: ")), "{error}");
        let is_remedied = error.hint().is_some() || error.to_string().contains("expected");
        assert!(error.input().is_some() && is_remedied, "{error}");
        assert!(!error.is_usage() && !error.is_bug());
    }
    let prepared = prepared(&snapshot(GENESIS, CONFIG, MNEMONICS)).unwrap();
    let error = prepared.stamp(Timestamp::Keep, Lead::Auto, 0, 0).unwrap_err();
    assert!(error.to_string().starts_with("genesis.json: has no time to keep"), "{error}");
    let error = prepared.stamp(Timestamp::At(u64::MAX), Lead::Auto, 0, 0).unwrap_err();
    assert!(error.is_usage() && error.input().is_none(), "{error}");
}

#[test]
fn a_file_is_not_in_memory() {
    let mut snapshot = snapshot(GENESIS, CONFIG, MNEMONICS);
    snapshot.config = Input::file("config.yaml");
    let error = prepared(&snapshot).unwrap_err();
    assert!(matches!(error, Error::Read(_)), "{error}");
    assert_eq!(error.to_string(), "config.yaml: is a file, not in memory");
}

use alloy_primitives::address;

use super::super::options::Place;
use super::super::options::Value;
use super::super::snapshot::{Request, snapshot};
use super::super::{account, options};
use super::*;
use crate::cl::config::Config;
use crate::file::Content;
use crate::snapshot::mnemonics;

fn options(set: &[(&'static str, &str)]) -> Options {
    let mut options = Options::default();
    for name in options::NAMES {
        let values = set.iter().filter(|(known, _)| *known == name);
        let value = |text: &str| Value { text: text.to_owned().into(), place: Place::Flag };
        options.set(name, values.map(|(_, text)| value(text)));
    }
    options
}

fn files(
    set: &[(&'static str, &str)],
    predeploys: &[(Address, &str)],
) -> Result<Vec<String>, Error> {
    let options = options(set);
    let predeploys =
        predeploys.iter().map(|(address, text)| (*address, account(text).unwrap())).collect();
    let plan = Plan::of(&options, predeploys)?;
    let network = plan.network(&options)?;
    assert_eq!(network.warnings, [""; 0]);
    let request = Request {
        name: "new".to_owned(),
        kind: "options".to_owned(),
        base_fee: plan.base_fee,
        public: plan.public,
        validators: None,
        version: "1",
    };
    let made = snapshot(&network, request).unwrap();
    let text = |content: Content| match content {
        Content::Bytes(bytes) => String::from_utf8(bytes).unwrap(),
        _ => unreachable!("all of it is in memory"),
    };
    Ok(made.files.into_iter().map(|file| text(file.content)).collect())
}

const AA: Address = address!("00000000000000000000000000000000000000aa");
const BB: Address = address!("00000000000000000000000000000000000000bb");

#[test]
fn the_options_become_the_files() {
    let set = [
        ("chain_id", "0x539"),
        ("slot_time", "1"),
        ("validators", "4"),
        ("mnemonic", "  test test test test test test test test test test  test junk\n"),
        ("fund", "0x00000000000000000000000000000000000000aa=1.5"),
        ("fund", "0x00000000000000000000000000000000000000cc=2"),
        ("gas_limit", "30_000_000"),
        ("base_fee", "7"),
        ("preset", "mainnet"),
        ("fork", "electra"),
        ("fork", "fulu=3"),
    ];
    let found = files(&set, &[(AA, "0x6001"), (BB, r#"{"storage": {"0x1": "0x2"}}"#)]).unwrap();
    let genesis: Json = serde_json::from_str(&found[0]).unwrap();
    assert_eq!(genesis["config"]["chainId"], 1337);
    assert_eq!(genesis["config"]["pragueTime"], 0);
    assert_ne!(genesis["config"]["osakaTime"], 0);
    assert_eq!(genesis["timestamp"], "TIMESTAMP_PLACEHOLDER");
    assert_eq!(genesis["gasLimit"], "0x1c9c380");
    assert_eq!(genesis["baseFeePerGas"], "0x7");
    let alloc = &genesis["alloc"];
    let of = |address: Address| &alloc[address.to_string()];
    assert_eq!(of(AA)["balance"], "1500000000000000000");
    assert_eq!(of(AA)["code"], "0x6001");
    let word = |last| alloy_primitives::B256::with_last_byte(last).to_string();
    assert_eq!(of(BB)["storage"][word(1)], word(2));
    assert!(alloc.get("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266").is_none());
    let config = Config::parse(found[1].as_bytes()).unwrap();
    assert_eq!(config.slot_duration_ms().unwrap(), 1000);
    assert_eq!(config.u64("MIN_GENESIS_ACTIVE_VALIDATOR_COUNT").unwrap(), 4);
    assert_eq!(config.u64("FULU_FORK_EPOCH").unwrap(), 3);
    assert_eq!(config.text("PRESET_BASE").unwrap(), Some("mainnet"));
    let entries = mnemonics::parse(found[2].as_bytes()).unwrap();
    assert_eq!((entries.len(), entries[0].count), (1, 4));
}

#[test]
fn a_chain_id_is_enough() {
    let found = files(&[("chain_id", "7")], &[]).unwrap();
    let genesis: Json = serde_json::from_str(&found[0]).unwrap();
    let first = &genesis["alloc"]["0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"];
    assert_eq!(first["balance"], "1000000000000000000000000");
    assert!(found[2].contains(MNEMONIC));
    assert!(genesis.get("baseFeePerGas").is_none());
}

#[test]
fn values_that_are_not_valid_are_named_with_a_remedy() {
    for (name, text, problem, hint) in [
        ("chain_id", "", "is missing", "1337"),
        ("chain_id", "x", "is \"x\"", "expected a number"),
        ("chain_id", "1", "the chain id of Ethereum mainnet", "choose another"),
        ("slot_time", "0", "is \"0\"", "from 1 to 3600"),
        ("slot_time", "0.5", "is \"0.5\"", "whole seconds"),
        ("validators", "-1", "is \"-1\"", "from 1 to"),
        ("gas_limit", "1", "is \"1\"", "from 5000 to"),
        ("base_fee", "1gwei", "is \"1gwei\"", "wei per gas"),
        ("preset", "gnosis", "is \"gnosis\"", "mainnet or minimal"),
        ("mnemonic", "abandon abandon", "", "regenesis keys mnemonic"),
        ("fund", "0x12=1", "is \"0x12=1\"", "2 hex digits"),
        ("fork", "shapella", "is \"shapella\"", "capella"),
    ] {
        let mut set = vec![(name, text)];
        if name != "chain_id" {
            set.push(("chain_id", "7"));
        }
        let error = files(&set, &[]).unwrap_err();
        assert_eq!(error.name, name);
        assert!(error.problem.contains(problem), "{error}");
        assert!(error.hint.contains(hint), "{error}: {}", error.hint);
        assert!(!error.to_string().contains("abandon"), "{error}");
    }
}

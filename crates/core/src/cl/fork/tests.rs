//! The made-up fork has a row in [`crate::forks`] and the file `made_up.rs`, and nothing else.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::*;
use crate::cl::config::Config;
use crate::cl::json::to_json;
use crate::cl::preset::{Preset, Revision};
use crate::cl::state::{GenesisState, genesis_state};
use crate::cl::validator::{GenesisValidator, Status};
use crate::cl::{config_file, ssz};
use crate::el::block::Block;
use crate::el::dialect::DIALECTS;
use crate::el::dialect::accounts::Accounts;
use crate::el::genesis::{self, Document, Genesis};
use crate::el::header::{Header, make_genesis_header};
use crate::file::FilePart;
use crate::forks::BlobParams;
use crate::schedule::reconcile;
use crate::stamp::Stamp;

const TIME: u64 = 1_700_000_000;

/// A config with the made-up fork at `epoch`, and all others at genesis.
fn config(epoch: &str) -> Config {
    let mut text = "PRESET_BASE: minimal\nCONFIG_NAME: devnet\nDEPOSIT_CHAIN_ID: 7\n\
                    SLOT_DURATION_MS: 2000\nSECONDS_PER_SLOT: 2\nGENESIS_FORK_VERSION: 0x10000038\n\
                    MIN_GENESIS_TIME: 1700000000\nGENESIS_DELAY: 0\n\
                    DEPOSIT_CONTRACT_ADDRESS: 0x4242424242424242424242424242424242424242\n"
        .to_owned();
    for fork in &FORKS[1..] {
        let epoch = if fork.name == ForkName::MadeUp { epoch } else { "0" };
        writeln!(text, "{}: {epoch}", fork.epoch_key().unwrap()).unwrap();
    }
    let config = Config::parse(text.as_bytes()).unwrap();
    let text = config_file::complete(text.as_bytes(), &config, &config_file::Values::new());
    Config::parse(text.unwrap().as_bytes()).unwrap()
}

/// A genesis with the made-up hardfork at `time`, if any, and all others at 0.
fn document(time: Option<u64>) -> (Document, Genesis) {
    let mut config = json!({ "chainId": 7, "terminalTotalDifficulty": 0 });
    for fork in crate::forks::BLOCK_FORKS.iter().filter(|fork| !fork.optional) {
        config[fork.key] = 0.into();
    }
    for fork in Hardfork::ALL.iter().filter(|fork| fork.fork().is_some()) {
        let time = if *fork == Hardfork::Nevermore { time } else { Some(0) };
        if let Some(time) = time {
            config[fork.key()] = time.into();
        }
        if let Some(key) = fork.blob_schedule_key().filter(|_| *fork < Hardfork::Nevermore) {
            config["blobSchedule"][key] =
                json!({ "target": 6, "max": 9, "baseFeeUpdateFraction": 5_007_716 });
        }
    }
    let text = json!({
        "config": config, "alloc": {}, "gasLimit": "0x1", "difficulty": "0x0", "timestamp": TIME,
    });
    let (document, _) = genesis::read(text.to_string().as_bytes(), &|_| ()).unwrap();
    let genesis = document.genesis().unwrap();
    (document, genesis)
}

fn header(genesis: &Genesis) -> Header {
    make_genesis_header(genesis, crate::el::trie::EMPTY_ROOT_HASH, TIME)
}

fn state(config: &Config) -> GenesisState {
    let preset = Preset::of(config, Revision::default()).unwrap();
    let key = blst::min_pk::SecretKey::key_gen(&[1; 32], &[]).unwrap();
    let validator = GenesisValidator {
        pubkey: key.sk_to_pk().compress(),
        withdrawal_credentials: [0; 32],
        balance: None,
        status: Status::Active,
    };
    let block = Block::genesis(header(&document(Some(0)).1));
    genesis_state(config, &preset, &vec![validator; 8], &block, None, TIME).unwrap()
}

#[test]
fn a_row_and_a_file_add_a_fork_to_the_beacon_state() {
    let before = state(&config("18446744073709551615"));
    let state = state(&config("0"));
    assert_eq!(before.fork.name, ForkName::Gloas);
    assert_eq!((state.fork.name, state.fork.previous().name), (ForkName::MadeUp, ForkName::Gloas));
    assert_eq!(state.ssz.len(), before.ssz.len() + 20 + 8 + 32);
    assert_ne!(state.body_root, before.body_root);
    let json: Json = serde_json::from_slice(&to_json(&state.ssz)).unwrap();
    let keeper = format!("0x{}", "ab".repeat(20)).parse::<alloy_primitives::Address>().unwrap();
    let treasury = json!({ "keeper": keeper.to_string(), "balance": "7" });
    assert_eq!(json["treasury"], treasury);
    assert_eq!(json["first_hash"], json["latest_block_hash"]);
    assert_eq!(
        json["fork"],
        json!({
            "previous_version": "0x80000038", "current_version": "0x90000038", "epoch": "0",
        })
    );
    assert_eq!(json["validators"].as_array().unwrap().len(), 8);
    let root = ssz::container([("root", ssz::bytes32(state.state_root))]).root();
    assert_eq!(root, state.state_root);
}

#[test]
fn a_row_and_a_file_add_a_fork_to_both_schedules() {
    let (mut document, genesis) = document(None);
    let config = config("3");
    let preset = Preset::of(&config, Revision::default()).unwrap();
    let stamp = Stamp::at(TIME, None);
    let (values, report) =
        reconcile(&mut document, &genesis, &config, &preset, stamp, true).unwrap();
    assert_eq!(values.get("MADE_UP_FORK_EPOCH"), None, "{report:?}");
    let (mut document, chain) = {
        let genesis = document.checked_genesis().unwrap();
        (document, genesis.config)
    };
    // Epoch 3, of 8 slots of 2 seconds.
    assert_eq!(chain.time(Hardfork::Nevermore), Some(TIME + 48));
    let params = BlobParams { target: 20, max: 30, update_fraction: 16_692_387 };
    assert_eq!(chain.blob_params(Hardfork::Nevermore), Some(params));
    document.set_time(Hardfork::Nevermore, 0).unwrap();
    let genesis = document.checked_genesis().unwrap();
    assert!(genesis.config.is_active(Hardfork::Nevermore, TIME));

    // The same from genesis.json alone.
    let config = self::config("18446744073709551615");
    let (mut document, genesis) = self::document(Some(TIME + 160));
    let (values, _) = reconcile(&mut document, &genesis, &config, &preset, stamp, true).unwrap();
    assert_eq!(values["MADE_UP_FORK_EPOCH"], "10");
    let text = b"PRESET_BASE: minimal\n";
    let config = Config::parse(text).unwrap();
    let text = config_file::complete(text, &config, &values).unwrap();
    assert!(text.contains("MADE_UP_FORK_EPOCH: 10\n"), "{text}");
    assert!(text.contains("MADE_UP_FORK_VERSION: 0x90000038\n"), "{text}");
}

#[test]
fn a_row_adds_a_fork_to_the_formats_of_other_clients() {
    let (mut document, _) = document(Some(0));
    let params = BlobParams { target: 20, max: 30, update_fraction: 16_692_387 };
    document.set_blob_params("nevermore", params).unwrap();
    let genesis = document.checked_genesis().unwrap();
    let accounts = Accounts::scan(Vec::new(), &[], |_| Ok(std::io::empty())).unwrap();
    let texts: Vec<String> = DIALECTS
        .iter()
        .map(|dialect| {
            let parts = dialect.parts(&document, &genesis, &header(&genesis), &accounts);
            let text = |part| match part {
                FilePart::Text(text) => String::from_utf8(text).unwrap(),
                _ => "{}".to_owned(),
            };
            parts.unwrap().into_iter().map(text).collect()
        })
        .collect();
    let [besu, nethermind] = texts.try_into().unwrap();
    let besu: Json = serde_json::from_str(&besu).unwrap();
    assert_eq!(besu["config"]["nevermoreTime"], 0);
    let nethermind: Json = serde_json::from_str(&nethermind).unwrap();
    assert_eq!(nethermind["params"]["eip9999TransitionTimestamp"], "0x0");
    assert_eq!(nethermind["params"]["blobSchedule"][0]["max"], 30);
}

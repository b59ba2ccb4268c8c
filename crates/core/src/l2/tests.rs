//! The vectors of `tests/fixtures/op-genesis`, which op-geth computed, and pairs that op-node refuses.

mod files;

use std::io::Read;

use alloy_primitives::B256;
use serde_json::{Value, json};

use super::*;
use crate::el::genesis;
use crate::file::FilePart;

macro_rules! fixture {
    ($path:expr) => {
        include_bytes!(concat!("../../../../tests/fixtures/op-genesis/", $path)).as_slice()
    };
}

macro_rules! chains {
    ($($name:literal)*) => {
        [$(($name, [
            fixture!(concat!($name, "/genesis.json.gz")),
            fixture!(concat!($name, "/rollup.json")),
            fixture!(concat!($name, "/l1.json")),
            fixture!(concat!($name, "/expected.json")),
        ])),*]
    };
}

const CHAINS: [(&str, [&[u8]; 4]); 8] = chains!(
    "automata-fjord"
    "kurtosis-cdk-jovian-20201"
    "lisk-sepolia-canyon-2s-after-genesis"
    "metal-sepolia-canyon-2s-after-genesis"
    "op-sepolia-bedrock"
    "oplabs-devnet0-delta"
    "playground-jovian"
    "settlus-holocene"
);

const L1_CONFIG: &[u8] = br#"{"chainId": 1337, "terminalTotalDifficulty": 58750000000000000000000,
 "terminalTotalDifficultyPassed": true, "cancunTime": 0,
 "blobSchedule": {"cancun": {"target": 3, "max": 6, "baseFeeUpdateFraction": 3338477, "x": 1}, "y": {}}}"#;

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut text).unwrap();
    text
}

fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn rendered(parts: &[FilePart], source: &[u8]) -> Vec<u8> {
    let range = |range: &std::ops::Range<u64>| {
        source[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()].to_vec()
    };
    let part = |part: &FilePart| match part {
        FilePart::Text(text) => text.clone(),
        FilePart::Source(at) => range(at),
        FilePart::Encoded(_) => panic!("the genesis is edited in place"),
    };
    parts.iter().flat_map(part).collect()
}

fn chain(rollup: &[u8], genesis: &[u8], fund: &Fund) -> Result<Chain, Error> {
    read(Rollup::parse(rollup)?, genesis, genesis.len() as u64, fund, &|_| ())
}

fn rlp(header: &crate::el::header::Header) -> String {
    format!("0x{}", hex::encode(alloy_rlp::encode(header)))
}

#[test]
fn real_chains_are_anchored_as_op_geth_does() {
    for (name, [packed, rollup, l1, expected]) in CHAINS {
        let (source, l1, expected) = (unpacked(packed), parsed(l1), parsed(expected));
        let funded = expected["funded"].as_array().unwrap().iter();
        let ether =
            funded.map(|a| (a.as_str().unwrap().to_owned(), json!("100000000000000000000")));
        let fund: serde_json::Map<_, _> = ether.collect();
        let fund = read_fund(&serde_json::to_vec(&fund).unwrap()).unwrap();
        let chain = chain(rollup, &source, &fund).unwrap();
        let l1_time = l1["timestamp"].as_u64().unwrap();
        let anchor = Anchor {
            l1_number: l1["number"].as_u64().unwrap(),
            l1_hash: l1["hash"].as_str().unwrap().parse().unwrap(),
            l1_time,
            l2_time: l1_time + expected["l2_time_minus_l1_time"].as_u64().unwrap(),
        };
        let anchored = chain.anchored(&anchor, L1_CONFIG).unwrap();
        let of = |key: &str| expected["anchored"][key].as_str().unwrap();
        assert_eq!(rlp(&anchored.header), of("header_rlp"), "{name}");
        assert_eq!(anchored.header.hash().to_string(), of("hash"), "{name}");
        assert_eq!(parsed(&anchored.rollup), expected["anchored_rollup"], "{name}");
        // The written pair is a pair again. Anchored back, it has the bytes of the first one.
        let written = rendered(&anchored.genesis, &source);
        let again = self::chain(&anchored.rollup, &written, &Fund::new()).unwrap();
        assert_eq!(again.rollup.l2_hash, anchored.header.hash(), "{name}");
        let back = Anchor {
            l1_number: chain.rollup.l1_number,
            l1_hash: parsed(rollup)["genesis"]["l1"]["hash"].as_str().unwrap().parse().unwrap(),
            l1_time: 0,
            l2_time: chain.rollup.l2_time,
        };
        let back = again.anchored(&back, L1_CONFIG).unwrap();
        if fund.is_empty() {
            assert_eq!(back.rollup, rollup, "{name}");
            assert!(rendered(&back.genesis, &written) == source, "{name}");
        }
    }
}

#[test]
fn headers_follow_the_rules_of_op_geth() {
    let rules = parsed(fixture!("header-rules.json"));
    let cases = rules["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 21);
    for case in cases {
        let text = serde_json::to_vec(&case["genesis"]).unwrap();
        let (document, state) = genesis::read(&text[..], &|_| ()).unwrap();
        let values = document.genesis().unwrap();
        let passer = "0x4200000000000000000000000000000000000016".parse().unwrap();
        let passer = state.account(passer).map(|account| account.storage_root);
        let time = case["genesis"]["config"]["isthmusTime"].as_u64();
        let isthmus = time.is_some_and(|time| time <= values.timestamp.unwrap());
        let header = chain::genesis_header(&values, isthmus, state.root(), passer);
        assert_eq!(rlp(&header), case["header_rlp"], "{}", case["name"]);
        assert_eq!(header.hash().to_string(), case["hash"].as_str().unwrap(), "{}", case["name"]);
    }
}

/// A small pair: the rollup.json and the genesis of a header rule.
fn pair() -> (Value, Value) {
    let rules = parsed(fixture!("header-rules.json"));
    let case = rules["cases"].as_array().unwrap().iter().find(|case| case["name"] == "karst");
    let case = case.unwrap();
    let forks =
        ["regolith", "canyon", "delta", "ecotone", "fjord", "granite", "holocene", "isthmus"];
    let mut rollup = json!({
        "genesis": {
            "l1": {"hash": format!("0x{}", "11".repeat(32)), "number": 7},
            "l2": {"hash": case["hash"], "number": 0},
            "l2_time": 1_800_000_000,
            "system_config": {
                "batcherAddr": format!("0x{}", "22".repeat(20)),
                "scalar": format!("0x{}", "33".repeat(32)),
                "gasLimit": 60_000_000,
            },
        },
        "block_time": 2, "max_sequencer_drift": 600, "seq_window_size": 3600, "channel_timeout": 300,
        "l1_chain_id": 1337, "l2_chain_id": 901, "jovian_time": 0, "karst_time": 0,
        "batch_inbox_address": format!("0x{}", "44".repeat(20)),
        "deposit_contract_address": format!("0x{}", "55".repeat(20)),
    });
    for fork in forks {
        rollup[format!("{fork}_time")] = json!(0);
    }
    (rollup, case["genesis"].clone())
}

fn refusal(change: impl Fn(&mut Value, &mut Value)) -> String {
    let (mut rollup, mut genesis) = pair();
    change(&mut rollup, &mut genesis);
    let texts = [&rollup, &genesis].map(|json| serde_json::to_vec(json).unwrap());
    let error = chain(&texts[0], &texts[1], &Fund::new()).unwrap_err();
    assert!(!error.hint().is_empty());
    error.to_string()
}

#[test]
fn a_pair_of_two_deployments_is_refused() {
    type Change = fn(&mut Value, &mut Value);
    let zero = format!("0x{}", "00".repeat(32));
    let cases: [(&str, Change); 17] = [
        ("genesis.l2.hash is 0x9999", |rollup, _| {
            rollup["genesis"]["l2"]["hash"] = json!(format!("0x{}", "99".repeat(32)));
        }),
        ("genesis.l1.hash is", |rollup, _| rollup["genesis"]["l1"]["hash"] = json!("0x00")),
        ("l2_chain_id is 902, but config.chainId of genesis.json is 901", |rollup, _| {
            rollup["l2_chain_id"] = json!(902);
        }),
        ("l2_chain_id is 901, expected another id", |rollup, _| rollup["l1_chain_id"] = json!(901)),
        ("max_sequencer_drift is 0, expected a number from 1", |rollup, _| {
            rollup["max_sequencer_drift"] = json!(0);
        }),
        ("granite_time is set to 0, but fjord_time is missing", |rollup, _| {
            rollup["fjord_time"] = Value::Null;
        }),
        ("granite_time is 0, but fjord_time is 5", |rollup, _| rollup["fjord_time"] = json!(5)),
        ("karst_time is 7, but karstTime of genesis.json is 0", |rollup, _| {
            rollup["karst_time"] = json!(7);
        }),
        ("genesis.l2_time is 9, but timestamp of genesis.json is 1800000000", |rollup, _| {
            rollup["genesis"]["l2_time"] = json!(9);
        }),
        ("genesis.system_config.batcherAddr is missing", |rollup, _| {
            rollup["genesis"]["system_config"] = json!({});
        }),
        ("genesis.system_config.scalar is missing", |rollup, _| {
            rollup["genesis"]["system_config"]["scalar"] = Value::Null;
        }),
        ("deposit_contract_address is", |rollup, _| {
            rollup["deposit_contract_address"] = json!(format!("0x{}", "00".repeat(20)));
        }),
        ("config.optimism is missing", |_, genesis| genesis["config"]["optimism"] = Value::Null),
        ("canyon_time is 0, but shanghaiTime of genesis.json is 3", |_, genesis| {
            genesis["config"]["shanghaiTime"] = json!(3);
        }),
        ("block_time is \"2\", expected a whole number", |rollup, _| {
            rollup["block_time"] = json!("2");
        }),
        ("javian_time is not a fork that op-node knows; did you mean jovian_time?", |rollup, _| {
            rollup["javian_time"] = json!(0);
        }),
        ("karst_tme is not a fork that op-node knows; did you mean karst_time?", |rollup, _| {
            rollup["karst_tme"] = json!(0);
        }),
    ];
    for (expected, change) in cases {
        let said = refusal(change);
        assert!(said.starts_with(expected), "{expected}: {said}");
    }
    let said = refusal(|rollup, _| rollup["genesis"]["l2"]["hash"] = json!(zero));
    assert!(said.contains("a hash that is not 0"), "{said}");
}

#[test]
fn the_anchor_is_not_later_than_the_l2() {
    let (rollup, genesis) = pair();
    let texts = [&rollup, &genesis].map(|json| serde_json::to_vec(json).unwrap());
    let chain = chain(&texts[0], &texts[1], &Fund::new()).unwrap();
    let l1_hash = "0x".to_owned() + &"11".repeat(32);
    let anchor = |l1_time, l2_time| Anchor {
        l1_number: 0,
        l1_hash: l1_hash.parse().unwrap(),
        l1_time,
        l2_time,
    };
    let error = chain.anchored(&anchor(8, 7), L1_CONFIG).unwrap_err().to_string();
    assert!(error.ends_with("would be 7, before the time 8 of the L1 anchor block"), "{error}");
    let config = chain.anchored(&anchor(7, 7), L1_CONFIG).unwrap().l1_chain_config;
    let text = String::from_utf8(config).unwrap();
    assert!(text.contains("58750000000000000000000") && !text.contains("Passed"), "{text}");
    assert!(!text.contains("\"x\"") && !text.contains("\"y\""), "{text}");
    assert!(chain.anchored(&anchor(7, 7), b"{}").is_err());
}

#[test]
fn a_fork_time_never_becomes_zero() {
    assert_eq!(rollup::moved(5, 100, 200), Some(105));
    assert_eq!(rollup::moved(150, 100, 20), Some(70));
    assert_eq!(rollup::moved(5, 100, 20), Some(1));
    assert_eq!(rollup::moved(u64::MAX, 100, 200), None);
}

/// The text of a genesis that was written by the chain, with these accounts funded.
fn funded(fund: &str) -> (Chain, String) {
    let (rollup, genesis) = pair();
    let texts = [&rollup, &genesis].map(|json| serde_json::to_vec(json).unwrap());
    let fund = read_fund(fund.as_bytes()).unwrap();
    let chain = chain(&texts[0], &texts[1], &fund).unwrap();
    let anchor = Anchor { l1_number: 0, l1_hash: B256::repeat_byte(1), l1_time: 9, l2_time: 9 };
    let anchored = chain.anchored(&anchor, L1_CONFIG).unwrap();
    let written = rendered(&anchored.genesis, &texts[1]);
    // op-geth computes the root of what was written.
    let (_, state) = genesis::read(&written[..], &|_| ()).unwrap();
    assert_eq!(state.root(), anchored.header.state_root);
    assert_eq!(state.len(), chain.state.accounts);
    (chain, String::from_utf8(written).unwrap())
}

#[test]
fn an_account_of_the_genesis_is_funded_in_place() {
    let passer = "4200000000000000000000000000000000000016";
    let other = "99".repeat(20);
    let (chain, written) = funded(&format!("{{\"0x{passer}\": \"0x1f\", \"0x{other}\": \"7\"}}"));
    assert_eq!((chain.state.funded.added.len(), chain.state.funded.replaced.len()), (1, 1));
    assert_eq!(written.to_lowercase().matches(passer).count(), 1, "{written}");
    let alloc = &parsed(written.as_bytes())["alloc"];
    let account = |address: &str| {
        let with = format!("0x{address}");
        alloc.get(&with).or_else(|| alloc.get(address)).cloned().unwrap()
    };
    assert_eq!(account(passer)["balance"], "0x1f");
    assert!(account(passer)["storage"].is_object() && account(passer)["code"].is_string());
    assert_eq!(account(&other), json!({"balance": "0x7"}));
}

#[test]
fn a_fund_that_is_not_an_amount_is_refused() {
    assert!(read_fund(br#"{"0x42": "1"}"#).is_err());
    for amount in ["", "0x", "0b11", "1_000", "-1", "1.5"] {
        let text = format!("{{\"0x{}\": \"{amount}\"}}", "42".repeat(20));
        assert!(read_fund(text.as_bytes()).is_err(), "{amount}");
    }
    let twice = format!("{{\"0x{0}\": \"1\", \"0x{1}\": \"2\"}}", "ab".repeat(20), "AB".repeat(20));
    assert!(read_fund(twice.as_bytes()).is_err());
    assert!(read_fund(br#"{"0x4200000000000000000000000000000000000016": 1}"#).is_err());
}

#[test]
fn the_system_config_of_the_l1_replaces_that_of_the_file() {
    let (rollup, _) = pair();
    let rollup = Rollup::parse(&serde_json::to_vec(&rollup).unwrap()).unwrap();
    let word = |hex: &str| format!("0x{hex:0>64}");
    let entry = |gas_limit: &str, fees: &str| {
        let entry = json!({"balance": "0", "storage": {
            word("66"): word("0b"), word("67"): word(&"22".repeat(20)), word("68"): word(gas_limit),
            word("6a"): word(fees),
        }});
        SystemConfig::of_entry(&serde_json::to_vec(&entry).unwrap()).unwrap()
    };
    let config = entry("0c0000000001c9c380", "04000000fa");
    let changes = rollup.changes(&config).join("; ");
    assert!(changes.contains("gasLimit 60000000 to 30000000"), "{changes}");
    assert!(changes.contains("eip1559Params null to \"0x000000fa00000004\""), "{changes}");
    assert!(!changes.contains("minBaseFee") && !changes.contains("batcherAddr"), "{changes}");
    let anchor = Anchor { l1_number: 0, l1_hash: B256::repeat_byte(1), l1_time: 9, l2_time: 9 };
    let text = rollup.anchored(&anchor, B256::repeat_byte(2), Some(&config)).unwrap();
    let written = &parsed(&text)["genesis"]["system_config"];
    assert_eq!(written["gasLimit"], 30_000_000);
    assert_eq!(written["scalar"], word("0b"));
    assert_eq!(written["eip1559Params"], "0x000000fa00000004");
    assert!(written.get("minBaseFee").is_none(), "an older op-node may not know it");
    assert!(Rollup::parse(&text).unwrap().changes(&config).is_empty());
}

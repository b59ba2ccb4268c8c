//! op-deployer's state, the answer of a running op-node, and a captured state.

use alloy_primitives::{B256, Bytes, U256};
use serde_json::{Value, json};

use super::super::*;
use super::{CHAINS, L1_CONFIG, chain, pair, parsed, unpacked};
use crate::el::genesis;

/// `state.json` of the enclave whose chain is a vector: its alloc, ids and intent.
const DEPLOYED: &[u8] = include_bytes!(
    "../../../../../tests/fixtures/op-genesis/kurtosis-cdk-jovian-20201/state.json.gz"
);

#[test]
fn the_state_of_op_deployer_is_a_genesis() {
    let rollup = Rollup::parse(CHAINS[1].1[1]).unwrap();
    let state = unpacked(DEPLOYED);
    let genesis = deployed_genesis(&rollup, &state, "state.json").unwrap();
    let chain = read(rollup, &genesis[..], genesis.len() as u64, &Fund::new(), &|_| ()).unwrap();
    let hash = "0x32eb2fdb057eb7c1908f3b06e2b3737250ef823a25317502cb6c38cb3c3d80c8";
    assert_eq!(chain.rollup.l2_hash.to_string(), hash);
    // The same members as op-deployer inspect genesis prints.
    let (ours, theirs) = (parsed(&genesis), parsed(&unpacked(CHAINS[1].1[0])));
    for (key, value) in theirs.as_object().unwrap().iter().filter(|(key, _)| *key != "alloc") {
        assert_eq!(&ours[key], value, "{key}");
    }
}

#[test]
fn a_state_without_the_chain_is_refused_with_its_chains() {
    let refused = |change: fn(&mut Value)| {
        let rollup = Rollup::parse(CHAINS[1].1[1]).unwrap();
        let mut state = parsed(&unpacked(DEPLOYED));
        change(&mut state);
        let text = serde_json::to_vec(&state).unwrap();
        deployed_genesis(&rollup, &text, "state.json").unwrap_err().to_string()
    };
    let two = refused(|state| {
        let mut chains = state["opChainDeployments"].as_array().unwrap().clone();
        chains.push(chains[0].clone());
        chains[0]["id"] = json!("0x1");
        chains[1]["id"] = json!("0x2");
        state["opChainDeployments"] = chains.into();
    });
    assert_eq!(two, "l2_chain_id is 20201, but state.json has chains 1, 2");
    let none = refused(|state| state["opChainDeployments"] = Value::Null);
    assert!(none.ends_with("has no chain with allocs"), "{none}");
    let damaged = refused(|state| state["opChainDeployments"][0]["allocs"] = json!("H4s"));
    assert!(damaged.contains("opChainDeployments[].allocs"), "{damaged}");
    assert!(deployed_genesis(&Rollup::parse(CHAINS[1].1[1]).unwrap(), b"[", "state.json").is_err());
}

#[test]
fn the_config_of_a_running_op_node_is_compared() {
    let rollup = Rollup::parse(CHAINS[1].1[1]).unwrap();
    let differences = |change: fn(&mut Value)| {
        let mut answer = parsed(CHAINS[1].1[1]);
        change(&mut answer);
        let (found, _) = differences(&rollup, &serde_json::to_vec(&answer).unwrap()).unwrap();
        let shown = found.iter().map(|d| format!("{} {} {}", d.field, d.file, d.node));
        shown.collect::<Vec<_>>().join("; ")
    };
    assert_eq!(differences(|_| ()), "");
    assert_eq!(differences(|node| node["alt_da"] = json!({"da_resolve_window": 0})), "");
    assert_eq!(
        differences(|node| {
            node["batch_inbox_address"] = json!("0x000CCF0C3A64A7F7A5BD386FCCF4EF18CEAE7E05");
        }),
        ""
    );
    assert_eq!(differences(|node| node["block_time"] = json!(2)), "block_time 1 2");
    assert_eq!(
        differences(|node| node["genesis"]["l1"]["number"] = json!(0)),
        "genesis.l1.number 121 0"
    );
    assert_eq!(differences(|node| node["jovian_time"] = Value::Null), "jovian_time 0 not set");
    assert_eq!(differences(|node| node["karst_time"] = json!(0)), "karst_time not set 0");
    for answer in ["[]", "null", "{"] {
        assert!(super::differences(&rollup, answer.as_bytes()).is_err(), "{answer}");
    }
}

/// A fork before the captured block is active from block 0 on; one after it stays as far away.
#[test]
fn a_captured_state_continues_with_the_forks_of_its_block() {
    let (mut rollup, mut genesis) = pair();
    for (fork, time) in [("karst", 1_800_000_100), ("lagoon", 1_800_000_900)] {
        rollup[format!("{fork}_time")] = json!(time);
        genesis["config"][format!("{fork}Time")] = json!(time);
    }
    let texts = [&rollup, &genesis].map(|json| serde_json::to_vec(json).unwrap());
    let chain = chain(&texts[0], &texts[1], &Fund::new()).unwrap();
    let head = Head {
        timestamp: 1_800_000_500,
        gas_limit: 31_000_000,
        base_fee_per_gas: Some(U256::from(9)),
        extra_data: Bytes::from(vec![1; 17]),
    };
    let members = chain.members_after(&head).unwrap();
    let written =
        format!("{{\"alloc\": {{\"0x{}\": {{\"balance\": \"5\"}}}},{members}}}", "7".repeat(40));
    let (document, state) = genesis::read(written.as_bytes(), &|_| ()).unwrap();
    let state = State::of(&state, written.len() as u64);
    let l1 = Some((12, B256::repeat_byte(12)));
    let text = chain.rollup_after(&head, document, state, l1, None).unwrap();
    // The pair belongs together.
    let captured = super::chain(&text, written.as_bytes(), &Fund::new()).unwrap();
    let (rollup, genesis) = (parsed(&text), parsed(written.as_bytes()));
    assert_eq!(rollup["genesis"]["l1"]["number"], 12);
    assert_eq!(rollup["genesis"]["l2_time"], 1_800_000_500);
    assert_eq!((&rollup["karst_time"], &rollup["lagoon_time"]), (&json!(0), &json!(1_800_000_900)));
    assert_eq!(genesis["config"]["karstTime"], 0);
    assert_eq!(genesis["config"]["lagoonTime"], 1_800_000_900);
    assert_eq!(genesis["extraData"], format!("0x{}", "01".repeat(17)));
    assert_eq!(genesis["baseFeePerGas"], "0x9");
    let anchor = Anchor { l1_number: 0, l1_hash: B256::repeat_byte(1), l1_time: 9, l2_time: 50 };
    let anchored = captured.anchored(&anchor, L1_CONFIG).unwrap();
    assert_eq!(parsed(&anchored.rollup)["lagoon_time"], 450);
    assert_eq!(anchored.header.gas_limit, 31_000_000);
}

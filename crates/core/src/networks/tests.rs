use alloy_primitives::address;

use super::*;

const EXAMPLES: [(&str, usize, &str); 3] = [
    (
        "all combinations",
        10,
        include_str!("../../../../docs/kurtosis/networks-all-combinations.json"),
    ),
    ("cdk-erigon only", 4, include_str!("../../../../docs/kurtosis/networks-cdk-erigon-only.json")),
    ("op-geth only", 3, include_str!("../../../../docs/kurtosis/networks-op-geth-only.json")),
];
const ADMIN: &str = "0xE34aaF64b29273B7D567FCFc40544c014EEe9970";
const ADMIN_KEY: &str = "0x12d7de8621a77640c9241b2595ba78ce443d05e94090365ab3bb5e19df82c625";

/// Two networks, the second one without accounts.
fn two() -> String {
    format!(
        r#"{{
  "networks": [
    {{
      "sequencer_type": "cdk-erigon",
      "consensus_type": "rollup",
      "deployment_suffix": "-001",
      "l2_chain_id": 20201,
      "network_id": 1,
      "l2_admin_address": "{ADMIN}",
      "l2_admin_private_key": "{ADMIN_KEY}"
    }},
    {{
      "sequencer_type": "op-geth",
      "consensus_type": "pessimistic",
      "deployment_suffix": "-002",
      "l2_chain_id": 20202,
      "network_id": 2
    }}
  ]
}}
"#
    )
}

#[test]
fn the_examples_are_valid_and_are_written_as_they_are() {
    for (name, count, text) in EXAMPLES {
        let networks = Networks::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(networks.iter().count(), count, "{name}");
        for network in networks.iter() {
            let with_key = network.accounts.iter().filter(|account| account.key.is_some());
            assert_eq!(with_key.count(), ROLES.len(), "{name}: {}", network.deployment_suffix);
        }
        assert_eq!(String::from_utf8(to_json(&networks.0).to_vec()).unwrap(), text, "{name}");
    }
    let (_, _, all) = EXAMPLES[0];
    let networks = Networks::parse(all.as_bytes()).unwrap();
    for sequencer in Sequencer::ALL {
        for consensus in sequencer.consensus() {
            let is = |network: &&Network| {
                (network.sequencer, network.consensus) == (sequencer, *consensus)
            };
            assert_eq!(networks.iter().filter(is).count(), 1, "{sequencer:?} {consensus:?}");
        }
    }
}

#[test]
fn accounts_need_no_key() {
    let text = two();
    let networks = Networks::parse(text.as_bytes()).unwrap();
    let [first, second] = &networks.0[..] else { panic!("{networks:?}") };
    assert_eq!(first.accounts[0].address, address!("E34aaF64b29273B7D567FCFc40544c014EEe9970"));
    assert_eq!(&**first.accounts[0].key.as_ref().unwrap(), ADMIN_KEY);
    assert!(second.accounts.is_empty());
    assert!(!format!("{networks:?}").contains(&ADMIN_KEY[2..]), "a secret is printed");
    let line = format!(",\n      \"l2_admin_private_key\": \"{ADMIN_KEY}\"");
    let networks = Networks::parse(text.replace(&line, "").as_bytes()).unwrap();
    assert!(networks.0[0].accounts[0].key.is_none());
}

/// The text with one change, and line and message of its error.
const WRONG: [(&str, &str, u64, &str); 25] = [
    // 42 digits: the admin's address in the plan from which the format comes.
    (
        "0xE34aaF64b29273B7D567FCFc40544c014EEe9970",
        "0xE34aaF64b29273B7D567FCFc40544c014EEe997000",
        9,
        "networks[0].l2_admin_address is \"0xE34aaF64b29273B7D567FCFc40544c014EEe997000\", which has 21 \
         bytes, expected 20 bytes: 0x and 40 hex digits",
    ),
    (ADMIN, "0xE34aaF64b29273B7D567FCFc40544c014EEe997", 9, "which has 39 hex digits"),
    (ADMIN, "E34aaF64b29273B7D567FCFc40544c014EEe9970", 9, "expected an address: 0x and 40"),
    (ADMIN, "", 9, "l2_admin_address is \"\", expected an address"),
    (
        ADMIN,
        "0x5b06837A43bdC3dD9F114558DAf4B26ed49842Ed",
        9,
        "networks[0].l2_admin_address is 0x5b06837A43bdC3dD9F114558DAf4B26ed49842Ed, but \
         l2_admin_private_key is the key of 0xE34aaF64b29273B7D567FCFc40544c014EEe9970",
    ),
    ("l2_admin_address", "l2_dac_address", 10, "but l2_admin_address is missing"),
    (ADMIN_KEY, "0x12", 10, "networks[0].l2_admin_private_key is not a private key"),
    ("l2_admin_address", "l2_admin_adress", 9, "did you mean l2_admin_address?"),
    ("l2_admin_address", "color", 9, "networks[0].color is not known"),
    ("l2_admin_address", "network_id", 9, "networks[0].network_id is there twice"),
    ("\"networks\"", "\"network\"", 2, "network is not known; did you mean networks?"),
    ("\"rollup\"", "\"rolup\"", 5, "is \"rolup\", expected one of rollup, cdk-validium, pessi"),
    (
        "\"rollup\"",
        "\"fep\"",
        5,
        "networks[0].consensus_type is fep, but cdk-erigon can have rollup, cdk-validium, pessimistic, \
         ecdsa-multisig only",
    ),
    ("\"pessimistic\"", "\"rollup\"", 14, "is rollup, but op-geth can have pessimistic, ecdsa-"),
    ("\"cdk-erigon\"", "[]", 4, "is a list, expected one of cdk-erigon, op-geth, op-reth"),
    ("\"-001\"", "\"001\"", 6, "deployment_suffix is \"001\", expected \"-001\" or another"),
    ("\"-001\"", "\"-A\"", 6, "deployment_suffix is \"-A\", expected"),
    ("\"-002\"", "\"-001\"", 15, "networks[1].deployment_suffix is -001, as in networks[0]"),
    ("20202", "20201", 16, "networks[1].l2_chain_id is 20201, as in networks[0]"),
    (
        "\"network_id\": 2",
        "\"network_id\": 1",
        17,
        "networks[1].network_id is 1, as in networks[0]",
    ),
    ("20202", "\"20202\"", 16, "is \"20202\", expected a whole number from 1, without quotes"),
    ("\"network_id\": 2", "\"network_id\": 0", 17, "is 0, expected a whole number from 1"),
    ("\"network_id\": 2", "\"network_id\": 4294967296", 17, "is 4294967296, expected"),
    (",\n      \"network_id\": 2", "", 12, "networks[1].network_id is missing"),
    ("\"network_id\": 1,", "\"network_id\": 1", 9, "is not valid JSON: expected `,` or `}`"),
];

#[test]
fn an_error_names_line_field_and_value() {
    for (from, to, line, message) in WRONG {
        let text = two();
        assert!(text.contains(from), "{from}");
        let error = Networks::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
        let said = error.to_string();
        assert!(said.contains(message), "{to}: {said}");
        assert_eq!(error.line, line, "{said}");
        assert!(!error.hint().is_empty());
        assert!(!said.contains(&ADMIN_KEY[4..]), "{said}");
    }
    for (text, message) in [
        ("", "is not valid JSON: EOF while parsing a value"),
        ("[]", "is a list, expected an object"),
        ("{}", "networks is missing"),
        (r#"{"networks": {}}"#, "networks is an object, expected a list"),
        (r#"{"networks": []}"#, "networks has no network"),
        (r#"{"networks": [7]}"#, "networks[0] is 7, expected an object"),
    ] {
        let error = Networks::parse(text.as_bytes()).unwrap_err();
        assert_eq!((error.line, error.to_string().as_str()), (1, message));
    }
    assert_eq!(Networks::parse(b"\n\xff").unwrap_err().line, 2);
}

#[test]
fn a_key_in_a_wrong_place_is_not_quoted() {
    let places = ["\"rollup\"", "\"-001\"", ADMIN, "\"l2_admin_address\"", "20201"];
    for place in places {
        let quoted = if place == ADMIN { ADMIN_KEY.to_owned() } else { format!("\"{ADMIN_KEY}\"") };
        let error = Networks::parse(two().replacen(place, &quoted, 1).as_bytes()).unwrap_err();
        assert!(!error.to_string().contains(&ADMIN_KEY[2..]), "{error}");
    }
}

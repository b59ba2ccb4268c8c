use super::*;

const GENESIS: u64 = 1_700_000_000;

fn expected() -> Expected {
    Expected {
        block_hash: "0xe1".to_owned(),
        first: 0,
        genesis_time: GENESIS,
        genesis_validators_root: "0xa1".to_owned(),
        block_root: "0xb1".to_owned(),
        slot: 2,
    }
}

fn el(number: u64, timestamp: u64) -> Execution {
    Execution { chain_id: 271_828, genesis_hash: "0xe1".to_owned(), number, timestamp }
}

fn cl(head_slot: u64) -> Beacon {
    Beacon {
        genesis_time: GENESIS,
        genesis_validators_root: "0xa1".to_owned(),
        block_root: Some("0xb1".to_owned()),
        head_slot,
        is_optimistic: false,
        el_offline: false,
        payload_number: None,
    }
}

fn cause(health: Health) -> String {
    health.unwrap_err().cause
}

#[test]
fn clients_are_healthy_before_the_first_block() {
    let offline = Beacon { el_offline: true, ..cl(0) };
    for now in [GENESIS - 100, GENESIS, GENESIS + 32] {
        assert!(execution(&expected(), &el(0, GENESIS), now).is_ok(), "{now}");
        assert!(beacon(&expected(), &offline, now).is_ok(), "{now}");
    }
    assert_eq!(beacon(&expected(), &cl(0), GENESIS - 5).unwrap(), "genesis in 5 s");
}

#[test]
fn a_chain_that_builds_is_healthy() {
    let now = GENESIS + 81;
    assert_eq!(execution(&expected(), &el(38, GENESIS + 80), now).unwrap(), "block 38, 1 s old");
    assert_eq!(beacon(&expected(), &cl(40), now).unwrap(), "head slot 40, 1 s old");
    let unpublished = Beacon { block_root: None, ..cl(40) };
    assert!(beacon(&expected(), &unpublished, now).is_ok());
}

#[test]
fn a_stalled_chain_is_unhealthy() {
    let now = GENESIS + 80 + 33;
    assert!(
        cause(execution(&expected(), &el(38, GENESIS + 80), now)).contains("after 38 for 33 s")
    );
    assert!(cause(beacon(&expected(), &cl(40), now)).contains("after slot 40 for 33 s"));
    assert!(cause(beacon(&expected(), &cl(0), now)).contains("started too late"));
    let slow = Expected { slot: 12, ..expected() };
    assert!(beacon(&slow, &cl(0), GENESIS + 192).is_ok());
    assert!(beacon(&slow, &cl(0), GENESIS + 193).is_err());
}

#[test]
fn a_stalled_chain_has_its_cause() {
    let now = GENESIS + 200;
    let offline = Beacon { el_offline: true, ..cl(40) };
    assert!(cause(beacon(&expected(), &offline, now)).contains("cannot reach"));
    let optimistic = Beacon { is_optimistic: true, ..cl(40) };
    assert!(cause(beacon(&expected(), &optimistic, now)).contains("has not validated"));
    let ahead = Beacon { payload_number: Some(38), ..cl(40) };
    let lost = together(&expected(), &el(6, GENESIS + 12), &ahead, now).unwrap_err();
    assert!(lost.cause.contains("has 6 blocks, the beacon node 38"), "{}", lost.cause);
    assert!(together(&expected(), &el(38, GENESIS + 80), &ahead, now).is_ok());
    // While the chain builds, a block may still be in transit.
    assert!(together(&expected(), &el(37, GENESIS + 78), &ahead, GENESIS + 81).is_ok());
}

#[test]
fn a_beacon_node_with_an_older_head_is_reported_with_the_block_for_geth() {
    let now = GENESIS + 200;
    let (geth, older) = (el(38, GENESIS + 80), Beacon { payload_number: Some(35), ..cl(36) });
    let finding = together(&expected(), &geth, &older, now).unwrap_err();
    assert!(finding.cause.contains("older head"), "{}", finding.cause);
    assert!(finding.cure.contains("regenesis watch"), "{}", finding.cure);
    assert!(finding.cure.contains("[\"0x23\"]") && finding.cure.contains("3 blocks"));
    // Prysm falls back to genesis: the clients did not start too late.
    let finding = together(&expected(), &geth, &cl(0), now).unwrap_err();
    assert!(finding.cure.contains("[\"0x0\"]") && !finding.cause.contains("too late"));
    let continued = Expected { first: 30, ..expected() };
    let finding = together(&continued, &geth, &cl(0), now).unwrap_err();
    assert!(finding.cure.contains("[\"0x1e\"]"), "{}", finding.cure);
    assert!(together(&continued, &el(30, 0), &cl(0), now).is_ok(), "no block yet");
    // Neither before the chain is stalled, nor for another reason.
    assert!(together(&expected(), &geth, &older, GENESIS + 90).is_ok());
    assert!(
        together(&expected(), &geth, &Beacon { el_offline: true, ..older.clone() }, now).is_ok()
    );
    let other = Execution { genesis_hash: "0xe2".to_owned(), ..geth.clone() };
    assert!(together(&expected(), &other, &older, now).is_ok());
    assert!(together(&expected(), &geth, &Beacon { payload_number: None, ..older }, now).is_ok());
}

#[test]
fn a_chain_has_new_blocks_when_both_heads_are_new() {
    let now = GENESIS + 84;
    let (new, old) = (GENESIS + 80, GENESIS + 78);
    assert!(has_new_blocks(&expected(), &el(38, new), &cl(40), now));
    assert!(!has_new_blocks(&expected(), &el(38, old), &cl(40), now), "an old block");
    assert!(!has_new_blocks(&expected(), &el(38, new), &cl(39), now), "an old head");
    assert!(!has_new_blocks(&expected(), &el(0, GENESIS), &cl(0), GENESIS + 1), "no block");
    let other = Execution { genesis_hash: "0xe0".to_owned(), ..el(38, new) };
    assert!(!has_new_blocks(&expected(), &other, &cl(40), now), "another genesis");
}

#[test]
fn another_genesis_is_reported() {
    let now = GENESIS + 10;
    let old = Execution { genesis_hash: "0xe0".to_owned(), ..el(5, now) };
    assert!(cause(execution(&expected(), &old, now)).contains("data from another run"));
    let mainnet = Execution { chain_id: 1, ..old };
    assert!(cause(execution(&expected(), &mainnet, now)).contains("mainnet"));
    let old = Beacon { genesis_time: GENESIS - 1000, ..cl(5) };
    assert!(cause(beacon(&expected(), &old, now)).contains("data from another run"));
    let preset = Beacon { block_root: Some("0xb0".to_owned()), ..cl(0) };
    let finding = beacon(&expected(), &preset, now).unwrap_err();
    assert!(finding.cure.contains("--preset-revision"), "{}", finding.cure);
}

#[test]
fn the_expected_genesis_is_read_from_the_runtime() {
    let marker =
        br#"{"run_id": "x", "el": {"block_hash": "0xe1"}, "cl": {"genesis_time": 1700000000,
        "genesis_validators_root": "0xa1", "block_root": "0xb1"}}"#;
    let expected = Expected::parse(marker, b"SECONDS_PER_SLOT: 2\n").unwrap();
    assert_eq!((expected.slot, expected.genesis_time), (2, GENESIS));
    assert!(Expected::parse(b"{}", b"SECONDS_PER_SLOT: 2\n").is_err());
    assert!(Expected::parse(marker, b"").is_err());
}

#[test]
fn own_blocks_are_those_after_the_history() {
    let past = Expected { first: 200, ..expected() };
    assert_eq!(own_blocks(&past, Some(&el(200, 0)), Some(&cl(0))), Some(0));
    assert_eq!(own_blocks(&past, Some(&el(203, 0)), None), Some(3));
    assert_eq!(own_blocks(&expected(), Some(&el(3, 0)), Some(&cl(4))), Some(3));
}

#[test]
fn own_blocks_are_none_if_uncertain() {
    let past = Expected { first: 200, ..expected() };
    let other = Execution { genesis_hash: "0xe2".to_owned(), ..el(0, 0) };
    assert_eq!(own_blocks(&expected(), None, Some(&cl(0))), None, "no execution client");
    assert_eq!(own_blocks(&expected(), Some(&other), None), None, "another genesis");
    assert_eq!(own_blocks(&past, Some(&el(199, 0)), None), None, "an import that is under way");
    assert_eq!(own_blocks(&expected(), Some(&el(0, 0)), Some(&cl(7))), None, "lost blocks");
}

#[test]
fn a_chain_builds_when_both_clients_have_a_new_block() {
    let past = Expected { first: 200, ..expected() };
    for (el, cl, expect) in [
        (Some(el(200, 0)), Some(cl(0)), false),
        (Some(el(200, 0)), Some(cl(1)), false),
        (Some(el(201, 0)), Some(cl(0)), false),
        (Some(el(201, 0)), Some(cl(1)), true),
        (Some(el(201, 0)), None, true),
        (None, Some(cl(0)), false),
        (None, Some(cl(1)), true),
    ] {
        assert_eq!(builds(&past, el.as_ref(), cl.as_ref()), expect, "{el:?} {cl:?}");
    }
}

//! A chain that real clients leave dead after a hard stop, and `regenesis watch`, which brings it back:
//! a real geth, and the suite's consensus client with the habits of Lighthouse or Prysm.

mod net;

use std::time::Duration;

use net::{Net, number};
use serde_json::json;

/// The limit for recovery with `watch`, after `kill -9` of everything and a start without `init`. It takes
/// seconds, but more of them on a busy machine.
const LIMIT: Duration = Duration::from_mins(2);
/// Long enough to see that a chain is dead.
const DEAD: Duration = Duration::from_secs(12);
/// The recipient of the test transactions.
const RECIPIENT: &str = "0x000000000000000000000000000000000000dEaD";

#[test]
fn lighthouse_killed_with_geth_is_dead_without_watch_and_alive_with_it() {
    let mut net = Net::start("lagging", 1);
    let genesis = net.genesis();
    net.watch();
    net.reaches(20);
    assert_eq!(net.actions(), Vec::<String>::new(), "a chain that builds was touched");
    net.end_watch();

    // The transaction is in a block that the beacon node does not have on disk: when the number of its head
    // is a multiple of five, it writes the blocks before. On a busy machine, that may happen before the chain
    // stands: then the next transaction is tried.
    let found = (0..10).find_map(|nonce| {
        net.waits_until("a block after those on disk", |net| net.head() % 5 == 1);
        let sent = net.transaction(nonce, RECIPIENT);
        net.waits_until("the transaction is in a block", |net| {
            net.receipt(&sent).is_ok_and(|receipt| !receipt.is_null())
        });
        net.signal_validator("STOP");
        // For the block that the beacon node may be building.
        std::thread::sleep(Duration::from_secs(2));
        let receipt = net.receipt(&sent).unwrap();
        let is_on_disk = number(&receipt["blockNumber"]) < net.head() / 5 * 5;
        if is_on_disk {
            net.signal_validator("CONT");
        }
        (!is_on_disk).then(|| (sent, receipt["blockHash"].clone()))
    });
    let (sent, orphan) = found.expect("the beacon node has every transaction on disk");
    net.kill_all();
    let killed = net.restart();
    assert!(!net.builds_within(DEAD), "the chain should be dead");
    net.must_say("geth", "Ignoring beacon update to old head while syncing");
    net.must_say("beacon", "No payload ID, the engine is likely syncing");

    net.watch();
    let alive = net.must_build_within(LIMIT);
    println!("killed with block {killed}; alive {alive:?} after watch began");
    assert_eq!(net.genesis(), genesis);
    assert_eq!(net.actions().first().map(String::as_str), Some("confirm"));
    net.waits_until("the transaction is in a block again", |net| {
        net.receipt(&sent).is_ok_and(|receipt| !receipt.is_null() && receipt["blockHash"] != orphan)
    });
    net.waits_until("watch reports what it cost", |net| {
        net.log("watch").contains("blocks replaced: ")
    });
    let watched = net.log("watch");
    assert!(watched.contains("transactions in them: 1 "), "{watched}");
    assert!(!watched.contains("lost transactions"), "{watched}");

    // It recovers at once if `watch` runs from the start, like in the stack.
    net.kill_all();
    net.restart();
    let alive = net.must_build_within(LIMIT);
    println!("killed again; alive {alive:?} after the start");
    assert_eq!(net.genesis(), genesis);
}

#[test]
fn payloads_that_the_execution_client_lost_are_replayed() {
    let mut net = Net::start("exact", 1);
    net.reaches(12);
    let (genesis, head) = (net.genesis(), net.head());
    let hash = net.block(&format!("{head:#x}"))["hash"].clone();
    // reth loses these blocks at `kill -9`.
    net.call("debug_setHead", json!([format!("{:#x}", head - 6)])).unwrap();
    assert!(!net.builds_within(DEAD), "the chain should be dead");
    net.watch();
    let alive = net.must_build_within(LIMIT);
    println!("alive {alive:?} after watch began");
    assert_eq!(net.actions(), ["replay"]);
    assert_eq!(net.genesis(), genesis);
    assert_eq!(net.block(&format!("{head:#x}"))["hash"], hash, "nothing is lost");
}

#[test]
fn prysm_back_at_genesis_or_at_the_finalized_block_is_healed() {
    let mut net = Net::start("finalized", 1);
    let genesis = net.genesis();
    net.watch();
    net.reaches(10);
    net.kill_all();
    net.restart();
    let alive = net.must_build_within(LIMIT);
    println!("before finality: alive {alive:?} after the start");
    assert_eq!(net.genesis(), genesis);

    let finalized = |net: &Net| net.call("eth_getBlockByNumber", json!(["finalized", false]));
    net.waits_until("finality", |net| finalized(net).is_ok());
    net.end_watch();
    let before = number(&finalized(&net).unwrap()["number"]);
    net.kill_all();
    net.restart();
    assert!(!net.builds_within(DEAD), "the chain should be dead");
    net.must_say("geth", "Skipping beacon update to finalized ancestor");
    net.watch();
    let alive = net.must_build_within(LIMIT);
    println!("after finality: alive {alive:?} after watch began");
    assert_eq!(net.genesis(), genesis);
    assert_eq!(net.actions().last().map(String::as_str), Some("set head"));
    assert_eq!(number(&finalized(&net).unwrap()["number"]), before);
    // Why real Prysm needs a new genesis to finalize again.
    let log = net.log("validator");
    assert!(log.contains("Not signing slashable attestation"), "{log}");
}

#[test]
fn watch_that_may_not_heal_says_what_would() {
    let mut net = Net::start("lagging", 1);
    net.reaches(8);
    net.kill_all();
    net.restart();
    net.watch_with(&["--heal", "never"]);
    assert!(!net.builds_within(Duration::from_secs(20)));
    net.must_say("watch", "regenesis watch --heal keep");
    assert_eq!(net.actions(), Vec::<String>::new());
}

#[test]
fn no_slot_is_lost_from_the_second_start_on() {
    for seconds in [3, 7] {
        let mut net = Net::start("exact", seconds);
        net.watch();
        for starts in 1..=3 {
            // A busy machine may take longer for a start than what is recorded.
            let mut again = 0;
            while !net.records(starts) {
                assert!(again < 3, "no start is recorded\n{}", net.log("watch"));
                again += 1;
                net.start_again();
            }
            let (times, took) = (net.start_times(), net.genesis_to_block());
            println!(
                "up after {seconds} s, start {starts}: first block {took} s after genesis; {times:?}"
            );
            // A slot has one second here. On a busy machine, a start takes longer than any before it.
            let last = *times.last().unwrap();
            let known = times[..starts - 1].iter().max();
            let slower = known.map_or(0, |known| last.saturating_sub(*known));
            assert!(starts == 1 || took <= 3 + slower, "{took} s after genesis: {times:?}");
            assert!((seconds..seconds + 30).contains(&last), "{times:?}");
            if starts < 3 {
                net.start_again();
            }
        }
    }
}

#[test]
fn an_execution_client_that_is_stuck_is_restarted() {
    let mut net = Net::start_supervised("exact", 1);
    let genesis = net.genesis();
    net.watch_and_renew();
    net.reaches(8);
    assert_eq!(net.actions(), Vec::<String>::new(), "a chain that builds was touched");
    net.freeze_geth();
    net.waits_until("the restart", |net| {
        net.log("geth").contains("restarting the execution client")
    });
    let alive = net.must_build_within(LIMIT);
    println!("alive {alive:?} after the restart was requested");
    assert_eq!(net.genesis(), genesis);
    assert_eq!(net.actions().first().map(String::as_str), Some("restart"));
    assert!(!net.actions().contains(&"renew".to_owned()), "{:?}", net.actions());
}

/// Docker starts the clients a day later, without `init`.
#[test]
fn data_that_is_too_old_gets_a_new_genesis_without_a_person() {
    let mut net = Net::start_supervised("exact", 1);
    let genesis = net.genesis();
    net.reaches(5);
    net.kill_all();
    net.make_old();
    net.watch_and_renew();
    net.start_clients();
    net.waits_until("the renewal", |net| net.actions() == ["renew"]);
    let alive = net.must_build_within(LIMIT);
    println!("alive {alive:?} after the renewal");
    assert_ne!(net.genesis(), genesis);
    // The chain builds: there is no second renewal.
    net.reaches(8);
    assert_eq!(net.actions(), ["renew"]);
}

//! geth and Lodestar build and finalize a chain on the files of `init`, and another one
//! after the next `init`.

use std::ffi::OsStr;

use crate::nodes::devnet::Devnet;
use crate::nodes::setting::{self, Setting};
use serde_json::{Value, json};

// Lodestar never proposes if it starts more than 8 slots after genesis; it needs 5 to 15 s,
// more on a busy machine.
const LEAD: u64 = 60;
/// Minimal preset.
const SLOTS_PER_EPOCH: u64 = 8;

#[test]
fn sixty_four_validators_finalize_with_two_second_slots() {
    lives_twice(Setting { slot_seconds: 2, validators: 64 });
}

#[test]
fn one_validator_finalizes_with_one_second_slots() {
    lives_twice(Setting { slot_seconds: 1, validators: 1 });
}

/// docs/embed/values.env, up to the last fork that Lodestar 1.5.1 supports.
#[test]
fn the_values_of_ethereum_genesis_generator_start_a_chain() {
    let setting = Setting { slot_seconds: 2, validators: 64 };
    let directory = tempfile::tempdir().unwrap();
    let recipe = std::fs::read_to_string("docs/embed/values.env").unwrap();
    let never = ["DENEB", "ELECTRA", "FULU"]
        .map(|fork| format!("export {fork}_FORK_EPOCH=18446744073709551615\n"));
    let values = directory.path().join("values.env");
    std::fs::write(&values, recipe + &never.concat()).unwrap();
    let runtime = directory.path().join("runtime");
    let inputs = [OsStr::new("--egg-values"), values.as_os_str()];
    let summary = setting::init_from(&inputs, &runtime, LEAD);
    let mut net = Devnet::start(&runtime, &summary, &directory.path().join("data"));
    genesis_is_ours(&mut net, &summary, setting);
    blocks_come(&mut net, 3, setting);
    // The first account of the premine's mnemonic.
    let rich = "0x8943545177806ED17B9F23F0a21ee5948eCaa776";
    let balance = eth(&mut net, "eth_getBalance", &json!([rich, "0x0"]));
    assert_eq!(balance, format!("{:#x}", 1_000_000 * 10_u128.pow(18)));
    finalizes(&mut net, setting);
    blocks_are_on_the_clock(&mut net, &summary, setting);
}

fn lives_twice(setting: Setting) {
    let directory = tempfile::tempdir().unwrap();
    let snapshot = setting.snapshot(directory.path());
    let runtime = directory.path().join("runtime");

    let first = setting::init(&snapshot, &runtime, LEAD);
    let mut net = Devnet::start(&runtime, &first, &directory.path().join("first"));
    genesis_is_ours(&mut net, &first, setting);
    blocks_come(&mut net, 10, setting);
    contracts_are_there(&mut net);
    finalizes(&mut net, setting);
    blocks_are_on_the_clock(&mut net, &first, setting);
    drop(net);

    let second = setting::init(&snapshot, &runtime, LEAD);
    assert_ne!(second["cl"]["genesis_time"], first["cl"]["genesis_time"]);
    assert_ne!(second["el"]["timestamp"], first["el"]["timestamp"]);
    assert_ne!(second["el"]["block_hash"], first["el"]["block_hash"]);
    assert_ne!(second["cl"]["block_root"], first["cl"]["block_root"]);
    assert_eq!(second["el"]["state_root"], first["el"]["state_root"]);
    assert_eq!(second["cl"]["genesis_validators_root"], first["cl"]["genesis_validators_root"]);
    let mut net = Devnet::start(&runtime, &second, &directory.path().join("second"));
    genesis_is_ours(&mut net, &second, setting);
    blocks_come(&mut net, 3, setting);
    blocks_are_on_the_clock(&mut net, &second, setting);
}

fn genesis_is_ours(net: &mut Devnet, summary: &Value, setting: Setting) {
    let (el, cl) = (&summary["el"], &summary["cl"]);
    assert_eq!(cl["fork"], "capella");
    assert_eq!(cl["preset"], "minimal");
    assert_eq!(cl["active_validators"], setting.validators);
    assert_eq!(cl["genesis_time"], el["timestamp"]);

    let block = block(net, &json!("0x0"));
    assert_eq!(block["hash"], el["block_hash"]);
    assert_eq!(block["stateRoot"], el["state_root"]);
    assert_eq!(number(&block["timestamp"]), el["timestamp"]);

    let genesis = beacon(net, "/eth/v1/beacon/genesis");
    assert_eq!(genesis["genesis_time"], cl["genesis_time"].to_string());
    assert_eq!(genesis["genesis_validators_root"], cl["genesis_validators_root"]);
    let header = beacon(net, "/eth/v1/beacon/headers/genesis");
    assert_eq!(header["root"], cl["block_root"]);
    assert_eq!(header["header"]["message"]["state_root"], cl["state_root"]);
    assert_eq!(header["header"]["message"]["body_root"], cl["body_root"]);
    let state = beacon(net, "/eth/v2/debug/beacon/states/genesis");
    assert_eq!(state["latest_execution_payload_header"]["block_hash"], el["block_hash"]);
    net.say("both genesis blocks are ours");
}

fn blocks_come(net: &mut Devnet, count: u64, setting: Setting) {
    for least in [1, count] {
        let limit = LEAD + setting.slot_seconds * (least + 10);
        net.eventually(&format!("{least} blocks"), limit, |net| {
            let head = number(&net.eth("eth_blockNumber", json!([]))?);
            if head < least { Err(format!("head is {head}")) } else { Ok(()) }
        });
        net.say(&format!("{least} blocks"));
    }
}

fn contracts_are_there(net: &mut Devnet) {
    let template = setting::template();
    for contract in
        ["0xcA11bde05977b3631167028862bE2a173976CA11", "0x4e59b44847b379578588920cA78FbF26c0B4956C"]
    {
        let code = eth(net, "eth_getCode", &json!([contract, "latest"]));
        assert!(code.as_str().unwrap().len() > 2, "{contract} has no code");
        assert_eq!(code, template["alloc"][contract]["code"], "{contract}");
    }
    // At block 1: the account also receives the validators' withdrawals.
    let rich = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    let balance = eth(net, "eth_getBalance", &json!([rich, "0x1"]));
    assert_eq!(balance, format!("{:#x}", 1_000_000 * 10_u128.pow(18)));
}

fn finalizes(net: &mut Devnet, setting: Setting) {
    // Epoch 4 or 5 in theory, plus three for a busy machine.
    let limit = setting.slot_seconds * SLOTS_PER_EPOCH * 8;
    let checkpoint = |net: &Devnet, which: &str| {
        let checkpoints = net.beacon("/eth/v1/beacon/states/head/finality_checkpoints")?;
        let epoch = checkpoints[which]["epoch"].as_str().unwrap().parse::<u64>().unwrap();
        if epoch < 1 { Err(checkpoints.to_string()) } else { Ok(epoch) }
    };
    for which in ["current_justified", "finalized"] {
        let epoch = net.eventually(which, limit, |net| checkpoint(net, which));
        net.say(&format!("{which} is epoch {epoch}"));
    }
    net.eventually("geth has finalized a block", 10 * setting.slot_seconds, |net| {
        let block = net.eth("eth_getBlockByNumber", json!(["finalized", false]))?;
        if block.is_null() || number(&block["number"]) == 0 {
            return Err(format!("finalized is {}", block["number"]));
        }
        Ok(())
    });
}

fn blocks_are_on_the_clock(net: &mut Devnet, summary: &Value, setting: Setting) {
    let genesis_time = summary["cl"]["genesis_time"].as_u64().unwrap();
    let head = number(&eth(net, "eth_blockNumber", &json!([])));
    let mut slots = Vec::new();
    for height in 1..=head {
        let block = block(net, &json!(format!("{height:#x}")));
        let since = number(&block["timestamp"]) - genesis_time;
        assert_eq!(since % setting.slot_seconds, 0, "block {height} is between slots");
        let slot = since / setting.slot_seconds;
        let beacon_block = beacon(net, &format!("/eth/v2/beacon/blocks/{slot}"));
        let payload = &beacon_block["message"]["body"]["execution_payload"];
        assert_eq!(payload["block_hash"], block["hash"], "block {height} in slot {slot}");
        slots.push(slot);
    }
    assert!(slots.is_sorted_by(|one, next| one < next), "{slots:?}");
    // Lodestar proposes only if it starts early enough for genesis: a chain whose clock is wrong misses the
    // whole first epoch. A slow machine misses single slots.
    assert!(slots[0] < SLOTS_PER_EPOCH, "the first block is in slot {}", slots[0]);
    net.say(&format!(
        "{head} blocks, the first in slot {}, the last in {}",
        slots[0],
        slots[slots.len() - 1]
    ));
}

fn block(net: &mut Devnet, which: &Value) -> Value {
    eth(net, "eth_getBlockByNumber", &json!([which, false]))
}

// Retried: Lodestar does not serve a block while it moves it to the archive.
fn beacon(net: &mut Devnet, path: &str) -> Value {
    net.eventually(path, 10, |net| net.beacon(path))
}

fn eth(net: &mut Devnet, method: &str, params: &Value) -> Value {
    net.eventually(method, 10, |net| net.eth(method, params.clone()))
}

fn number(quantity: &Value) -> u64 {
    let digits = quantity.as_str().unwrap().trim_start_matches("0x");
    u64::from_str_radix(digits, 16).unwrap()
}

//! A chain of 500 blocks, thirty days old, is captured with its past; geth and Lodestar go on with it,
//! finalize, and do so again from the next `init`.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests meet the world"
)]

#[path = "lodestar/devnet.rs"]
mod devnet;
#[path = "lodestar/http.rs"]
mod http;
#[path = "engine/past.rs"]
mod past;
#[path = "lodestar/process.rs"]
mod process;
#[path = "engine/programs.rs"]
mod programs;
#[path = "engine/snapshot.rs"]
mod snapshot;

use devnet::Devnet;
use past::{Source, record, run};
use programs::regenesis;
use serde_json::{Value, json};

const BLOCKS: u64 = 500;
const LEAD: u64 = 30;

#[test]
fn a_past_of_500_blocks_goes_on_and_is_finalized() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let source = Source::start("capella", BLOCKS, here);
    // From the template's consensus config, whose epochs have 8 slots of 2 s.
    let snapshot = source.capture(&["--slot-time", "2"]);
    let before = record(source.execution, BLOCKS);
    assert_eq!(before.1.as_array().unwrap().len() as u64, BLOCKS);
    drop(source);

    let mut births = Vec::new();
    for birth in ["first", "second"] {
        let runtime = here.join("runtime");
        let lead = LEAD.to_string();
        let init = ["init", "--lead", &lead, "--out", "runtime"];
        run(regenesis().args(init).arg(&snapshot).current_dir(here));
        let summary = std::fs::read(runtime.join("regenesis.json")).unwrap();
        let summary: Value = serde_json::from_slice(&summary).unwrap();
        assert_eq!(summary["history"]["blocks"], BLOCKS);
        let mut net = Devnet::start(&runtime, &summary, &here.join(birth));
        reaches(&mut net, BLOCKS + 1);
        net.say("the first block behind the past");
        assert!(record(net.execution, BLOCKS) == before, "{birth}: the past is another one");
        if birth == "first" {
            finalizes(&mut net);
        }
        reaches(&mut net, BLOCKS + 5);
        let (el, cl) = (net.execution, net.consensus);
        let said = run(regenesis()
            .args(["verify", "--el-rpc", &format!("127.0.0.1:{el}"), "--cl-rpc"])
            .arg(format!("127.0.0.1:{cl}"))
            .arg("--runtime")
            .arg(&runtime));
        let told = format!("{BLOCKS} blocks, {BLOCKS} receipts, {BLOCKS} logs as they were");
        assert!(said.contains(&told), "{said}");
        births.push(summary["cl"]["block_root"].clone());
    }
    assert_ne!(births[0], births[1]);
}

fn reaches(net: &mut Devnet, number: u64) {
    net.eventually(&format!("block {number}"), LEAD + 60, |net| {
        let head = net.eth("eth_blockNumber", json!([]))?;
        let head = u64::from_str_radix(&head.as_str().unwrap()[2..], 16).unwrap();
        if head < number { Err(format!("head is {head}")) } else { Ok(()) }
    });
}

fn finalizes(net: &mut Devnet) {
    // Epoch 4 or 5 in theory; three more for a busy machine.
    net.eventually("finality", 2 * 8 * 8, |net| {
        let block = net.eth("eth_getBlockByNumber", json!(["finalized", false]))?;
        let number = block["number"].as_str().unwrap_or("0x0");
        let number = u64::from_str_radix(&number[2..], 16).unwrap();
        if number <= BLOCKS { Err(format!("finalized is {number}")) } else { Ok(()) }
    });
    net.say("a block behind the past is final");
}

//! A chain of 500 blocks, thirty days old, is captured with its history. geth and Lodestar continue it and
//! finalize, twice, each time from a new `init`.

use crate::nodes::devnet::Devnet;
use crate::nodes::history::{Source, record, run};
use crate::support::regenesis;
use serde_json::{Value, json};

const BLOCKS: u64 = 500;
const LEAD: u64 = 60;

#[test]
fn a_history_of_500_blocks_continues_and_finalizes() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let source = Source::start("capella", BLOCKS, here);
    // From the template's consensus config, whose epochs have 8 slots of 2 s.
    let snapshot = source.capture(&["--slot-time", "2"]);
    let before = record(source.execution, BLOCKS);
    assert_eq!(before.1.as_array().unwrap().len() as u64, BLOCKS);
    drop(source);

    let mut roots = Vec::new();
    for boot in ["first", "second"] {
        let runtime = here.join("runtime");
        let lead = LEAD.to_string();
        let init = ["init", "--lead", &lead, "--out", "runtime"];
        run(regenesis().args(init).arg(&snapshot).current_dir(here));
        let summary = std::fs::read(runtime.join("regenesis.json")).unwrap();
        let summary: Value = serde_json::from_slice(&summary).unwrap();
        assert_eq!(summary["history"]["blocks"], BLOCKS);
        let mut net = Devnet::start(&runtime, &summary, &here.join(boot));
        reaches(&mut net, BLOCKS + 1);
        net.say("the first block after the history");
        assert!(record(net.execution, BLOCKS) == before, "{boot}: the history differs");
        if boot == "first" {
            finalizes(&mut net);
        }
        reaches(&mut net, BLOCKS + 5);
        let (el, cl) = (net.execution, net.consensus);
        let said = run(regenesis()
            .args(["verify", "--el-rpc", &format!("127.0.0.1:{el}"), "--cl-rpc"])
            .arg(format!("127.0.0.1:{cl}"))
            .arg("--runtime")
            .arg(&runtime));
        let expected = format!("{BLOCKS} blocks, {BLOCKS} receipts and {BLOCKS} logs as captured");
        assert!(said.contains(&expected), "{said}");
        roots.push(summary["cl"]["block_root"].clone());
    }
    assert_ne!(roots[0], roots[1]);
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
    net.say("a block after the history is final");
}

//! A chain of more than 90,000 blocks: geth has moved the older ones to `ancient/chain`.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use alloy_primitives::U256;
use regenesis::el::block::Block;
use regenesis::el::genesis;
use regenesis::el::header::{Header, make_genesis_header};

use super::*;
use crate::nodes::history::run;
use crate::nodes::net::Net;
use crate::nodes::snapshot::snapshot;

/// geth moves those that so many others follow.
const KEPT: u64 = 90_000;
const LAST: u64 = KEPT + 120;

/// The blocks after block 0 of `path`, as `geth export` writes them: all are empty.
fn blocks(path: &Path, out: &Path) -> Vec<String> {
    let file = std::fs::File::open(path).unwrap();
    let (document, state) = genesis::read(std::io::BufReader::new(file), &|_| ()).unwrap();
    let genesis = document.checked_genesis().unwrap();
    let mut parent = make_genesis_header(&genesis, state.root(), genesis.timestamp.unwrap());
    let mut hashes = vec![parent.hash().to_string()];
    let mut out = std::io::BufWriter::new(std::fs::File::create(out).unwrap());
    for number in 1..=LAST {
        // EIP-1559, after a block without transactions.
        let fee = parent.base_fee_per_gas.unwrap();
        let header = Header {
            parent_hash: parent.hash(),
            number,
            state_root: parent.state_root,
            gas_limit: parent.gas_limit,
            timestamp: parent.timestamp + 1,
            base_fee_per_gas: Some(fee - fee / U256::from(8)),
            ..Header::of_empty_body()
        };
        let header = Header { withdrawals_root: parent.withdrawals_root, ..header };
        hashes.push(header.hash().to_string());
        out.write_all(&alloy_rlp::encode(Block::genesis(header.clone()))).unwrap();
        parent = header;
    }
    out.flush().unwrap();
    hashes
}

#[test]
fn a_history_with_frozen_blocks_is_captured_baked_and_continued() {
    let directory = scratch();
    let at = |path: &str| directory.path().join(path);
    snapshot("capella", &at("made"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let start = (now - 2 * LAST).to_string();
    run(regenesis()
        .arg("init")
        .arg(at("made"))
        .arg("--out")
        .arg(at("old"))
        .args(["--timestamp", &start]));
    let genesis = at("old/metadata/genesis.json");
    let hashes = blocks(&genesis, &at("chain.rlp"));
    let begin = Instant::now();
    let runs = |words: &[&str]| {
        run(Kind::of("leveldb", "hash", "archive").geth(&at("source")).args(words));
    };
    let (genesis_path, chain_path) = (genesis.display().to_string(), at("chain.rlp"));
    runs(&["init", &genesis_path]);
    runs(&["import", &chain_path.display().to_string()]);
    println!("geth imported {LAST} blocks in {:.1?}", begin.elapsed());
    // Whenever geth opens its database, it freezes what is old enough, unless the command ends before.
    let frozen = at("source/geth/chaindata/ancient/chain/headers.cidx");
    let has_frozen = || frozen.metadata().unwrap().len() > 6;
    for _ in 0..20 {
        runs(&["db", "compact"]);
        if has_frozen() {
            break;
        }
    }
    assert!(has_frozen(), "geth has frozen no block");

    let capture = |out: &str| {
        let mut capture = regenesis();
        capture.arg("capture").args(["--mode", "history", "--datadir"]).arg(at("source"));
        run(capture.arg("--genesis").arg(&genesis).arg("--out").arg(at(out)))
    };
    let begin = Instant::now();
    let said = capture("captured");
    println!("{said}captured in {:.1?}", begin.elapsed());
    assert!(said.contains(&format!("blocks 1 to {LAST}, 0 transactions")), "{said}");
    let begin = Instant::now();
    run(regenesis().arg("bake").arg(at("captured")).arg("--geth").arg(geth()));
    println!("baked in {:.1?}", begin.elapsed());
    assert!(at("captured/baked/geth/headers.cidx").exists());
    let said = run(regenesis().arg("verify").arg(at("captured")));
    assert!(said.contains("imported it"), "{said}");

    for program in [geth(), geth_1_16()] {
        let mut net = Net::of(&at("captured"), &program, tempfile::tempdir().unwrap());
        net.reaches(LAST + 3);
        let log = std::fs::read_to_string(net.at("geth.log")).unwrap();
        assert!(log.contains("skipped geth import"), "{log}");
        for number in [0, 1, 60, LAST - KEPT, LAST - KEPT + 1, LAST] {
            let block = net.block(&format!("{number:#x}"));
            assert_eq!(block["hash"], hashes[usize::try_from(number).unwrap()], "{number}");
        }
        net.keeps_its_blocks_over_a_kill();
    }

    // A directory that geth refuses still has the frozen blocks.
    std::fs::remove_file(at("source/geth/chaindata/CURRENT")).unwrap();
    let said = capture("broken");
    assert!(said.contains("the last one in ancient/chain"), "{said}");
    let last = LAST - KEPT;
    assert!(said.contains(&format!("blocks 1 to {last}, 0 transactions")), "{said}");
    run(regenesis().arg("verify").arg(at("broken")));
}

//! Blocks that geth has moved to `ancient/chain`: those up to the last finalized one.

use super::*;

/// Of `geth --dev`: blocks from one finalized block to the next.
const EPOCH: u64 = 32;
/// Bytes of an entry in an index of the freezer.
const ENTRY: u64 = 6;
/// A frozen block, from the first session.
const OLD: u64 = 7;

/// Starts geth once more: it freezes all finalized blocks. Returns the accounts as they were at [`OLD`].
fn freeze(source: &Source) -> Vec<(String, Value)> {
    assert!(quantity(&source.head["number"]) > EPOCH, "no block is finalized");
    let [port, engine] = free_ports();
    let mut command = source.kind.geth(&source.datadir());
    command.args(["--dev", "--http.api=eth"]).arg(format!("--http.port={port}"));
    command.arg(format!("--authrpc.port={engine}"));
    let process = Process::start("freezer", &mut command, source.directory.path());
    let node = Node { port };
    node.eventually("eth_blockNumber", json!([]), Value::is_string);
    let index = source.datadir().join("geth/chaindata/ancient/chain/headers.cidx");
    let begin = Instant::now();
    while index.metadata().map_or(0, |meta| meta.len()) < ENTRY * (EPOCH + 2) {
        assert!(begin.elapsed() < Duration::from_mins(3), "geth freezes no blocks");
        std::thread::sleep(Duration::from_millis(100));
    }
    let at = format!("{OLD:#x}");
    let accounts = source.accounts.iter().map(|(address, ..)| {
        let proof = node.ask("eth_getProof", json!([address, ["0x0", "0x1"], at]));
        (address.clone(), proof)
    });
    let accounts = accounts.collect();
    // geth freezes and answers before it handles signals: it may end as after a kill. The blocks and the
    // states of an archive are on disk.
    process.stop();
    accounts
}

#[test]
fn the_state_of_a_frozen_block_starts_again() {
    for (program, engine) in [(geth as fn() -> PathBuf, "leveldb"), (geth_1_16, "pebble")] {
        let source = Source::new(Kind { program, ..Kind::of(engine, "hash", "archive") });
        let accounts = freeze(&source);
        let block = OLD.to_string();
        let started = source.starts_again(&["--prove", "--block", &block]);
        let root = &source.roots[usize::try_from(OLD).unwrap()];
        assert_eq!(started.genesis["stateRoot"], *root);
        for (address, proof) in &accounts {
            let found = started.node.ask("eth_getProof", json!([address, ["0x0", "0x1"], "0x0"]));
            assert_eq!(found, *proof, "{address}");
        }
    }
}

//! Two networks in memory, without files or clock: `cargo run --example two_networks`.
//!
//! They share the sample's state, config and chain ID, and differ in mnemonic and genesis time.

#![allow(clippy::print_stdout, reason = "an example")]

use regenesis::{
    Entropy, Error, Formats, Genesis, InMemory, Input, Request, Silent, Snapshot, Stamp,
};
use regenesis::{assemble, prepare, sample};

/// A network: its name, its mnemonic and its genesis time, in seconds since the epoch.
const NETWORKS: [(&str, &str, u64); 2] = [
    ("alpha", "test test test test test test test test test test test junk", 1_800_000_000),
    (
        "beta",
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
        1_800_000_600,
    ),
];

fn network(name: &str, mnemonic: &str, genesis_time: u64) -> Result<Genesis, Error> {
    let validators = format!("- mnemonic: \"{mnemonic}\"\n  count: 64\n");
    let Snapshot { genesis, config, .. } = sample();
    let mnemonics = Input::memory("mnemonics.yaml", validators.as_bytes());
    let snapshot = Snapshot::loose(name.to_owned(), genesis, config, Some(mnemonics), None);
    // Constant, so that the test can repeat the run. A real network needs 32 random bytes.
    let entropy = Entropy::new([0; 32]);
    let prepared = prepare(&Request::new(&snapshot, &entropy), &InMemory, &Silent)?;
    assemble(&prepared, Stamp::at(genesis_time, None), &Formats::default(), &Silent)
}

fn main() -> Result<(), Error> {
    for (name, mnemonic, genesis_time) in NETWORKS {
        let summary = network(name, mnemonic, genesis_time)?.summary;
        let (chain, time) = (summary.chain_id, summary.cl.genesis_time);
        println!("{name}: chain {chain}, genesis time {time}");
        println!("  execution block 0        {}", summary.el.block_hash);
        println!("  genesis validators root  {}", summary.cl.genesis_validators_root);
    }
    Ok(())
}

#[test]
fn the_networks_share_a_state_and_no_validators() -> Result<(), Error> {
    let [one, other] = NETWORKS.map(|(name, mnemonic, time)| network(name, mnemonic, time));
    let (one, other) = (one?.summary, other?.summary);
    assert_eq!((one.cl.genesis_time, other.cl.genesis_time), (1_800_000_000, 1_800_000_600));
    assert_eq!(one.el.state_root, other.el.state_root);
    assert_ne!(one.el.block_hash, other.el.block_hash);
    assert_ne!(one.cl.genesis_validators_root, other.cl.genesis_validators_root);
    main()
}

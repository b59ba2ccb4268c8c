//! Writes a snapshot of any size, the same at every run, for `regenesis init` and `scripts/bench.sh`:
//! `cargo run --release --example generate -- --accounts 10000 --validators 64 --out DIR`

use std::path::PathBuf;

use clap::Parser;

#[path = "../benches/snapshot/mod.rs"]
mod snapshot;

/// Write a snapshot: 5 % contracts (100 to 24,576 bytes of code, 10 to 1000 slots), else plain
/// accounts
#[derive(Debug, Parser)]
struct Args {
    /// Accounts in the alloc
    #[arg(long)]
    accounts: u64,
    /// Validators of the sample's mnemonic
    #[arg(long)]
    validators: u64,
    /// One contract in 200 accounts, not in 20
    #[arg(long)]
    thin: bool,
    /// Directory of the snapshot
    #[arg(long)]
    out: PathBuf,
}

fn main() -> std::io::Result<()> {
    let Args { accounts, validators, thin, out } = Args::parse();
    let accounts_per_contract = if thin { snapshot::THIN } else { snapshot::FULL };
    snapshot::write_snapshot(&out, snapshot::Size { accounts, validators, accounts_per_contract })
}

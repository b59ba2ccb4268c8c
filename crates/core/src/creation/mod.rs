//! A chain from nothing: a few options, or the variables of ethereum-genesis-generator, become the files
//! of a snapshot.
//!
//! ```text
//! flags, TOML, answers ──▶ Options ──▶ Plan ──▶ variables ─┐
//! values.env ───────────────────────────────────▶ variables ┴▶ Network ──▶ genesis, config, mnemonics
//! ```
//!
//! The generator's variables describe every chain that the options describe, so that one code writes the
//! files of both.

mod code;
mod forks;
mod options;
mod plan;
mod snapshot;

pub use code::{Contract, account, contract};
pub use options::{Error, NAMES, Options, Place, Value};
pub use plan::{Plan, Predeploy};
pub use snapshot::{Request, snapshot};

/// The phrase of the sample's validators, ethereum-package's default. It is public.
pub const MNEMONIC: &str = "giant issue aisle success illegal bike spike question tent bar rely arctic \
                            volcano long crawl hungry vocal artwork sniff fantasy very lucky have athlete";

/// The phrase that anvil and Hardhat use: its first accounts have ETH unless others are named.
pub const DEVELOPERS: &str = "test test test test test test test test test test test junk";

//! OP-stack L2s: reads `rollup.json` and the genesis of a chain, and anchors both on a new L1.
//!
//! ```text
//! rollup.json, genesis.json ─▶ Chain        block 0 has the hash that rollup.json names
//! Anchor (a block of L1)    ─▶ anchor ─▶ Anchored    the files for op-node and op-geth
//! ```
//!
//! A new L1 has another anchor block, and the L2 starts at another time. With δ the difference of the
//! new and the old `genesis.l2_time`, every fork time that is not 0 moves by δ in both files, so that
//! block 0 keeps its forks. Everything else stays as it is in the files: order of the keys, number
//! style, `null` and unknown keys.
//!
//! The genesis may also come from op-deployer's `state.json` ([`deployed_genesis`]).
//!
//! Sources: optimism `op-node/rollup/types.go` (`Config`, `Check`), op-geth `core/genesis.go`
//! (`toBlockWithRoot`), `params/config.go`.

mod batcher;
mod captured;
mod chain;
mod deployment;
mod error;
mod fields;
mod forks;
mod fund;
mod l1_config;
mod proposer;
mod rollup;
mod running;
pub mod system_config;
#[cfg(test)]
mod tests;

pub use batcher::{parse as read_batcher_key, secret as read_key};
pub use captured::Head;
pub use chain::{Anchored, Chain, State, read, with_state};
pub use deployment::genesis as deployed_genesis;
pub(crate) use deployment::{chain_id as deployed_chain_id, unpacked as unpacked_alloc};
pub use error::{Error, Part, Problem};
pub use fund::{Fund, Funded, parse as read_fund};
pub use proposer::{deployed_game_factory, game_factory, key as read_proposer_key};
pub use rollup::{Anchor, Rollup};
pub use running::{Difference, differences};
pub use system_config::SystemConfig;

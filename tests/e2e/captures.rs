//! Captures of real nodes: geth in its usual configurations, op-geth, and anvil. Another geth boots
//! from the snapshot, and every account is the same there.

mod anvil;
mod files;
mod genesis;
mod geth;
mod history;
mod kurtosis;
mod node;
mod op;
mod replay;

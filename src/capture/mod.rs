//! From a running chain, or a file that has its state, to a snapshot.
//!
//! ```text
//! a node, page by page ──▶ accounts ──▶ alloc ──▶ state root = the block's?
//! a file               ──▶            │
//!                                     └▶ what is left out ──▶ recovered
//! a node, block by block ──▶ chain ──▶ every hash = what the next block, and the node, name?
//! ```
//!
//! Nodes leave things out of their dumps without an error: whatever lies behind the 256th account,
//! and every account and slot whose preimage they have not kept. So nothing is believed: the state
//! root is computed of what was written, and compared with that of the block.

pub mod account;
pub mod beacon;
pub mod block;
pub mod chain;
pub mod chain_config;
pub mod client;
pub mod collect;
pub mod complete;
pub mod consensus;
mod error;
pub mod file;
pub mod geth;
pub mod history;
pub mod overlay;
pub mod preimages;
pub mod receipts;
pub mod replay;
pub mod sample;
pub mod walk;

pub use error::Error;

//! Captures a running chain, or a file with its state, as a snapshot.
//!
//! ```text
//! a node, page by page ──▶ accounts ──▶ alloc ──▶ state root = the block's?
//! a file               ──▶            │
//!                                     └▶ incomplete accounts ──▶ recovered
//! a node, block by block ──▶ chain ──▶ every hash = the one that the next block, and the node, name?
//! ```
//!
//! Nodes omit things from their dumps without an error: everything after the 256th account, and
//! every account and slot whose preimage they have not kept. So nothing is trusted: the state root
//! is computed from the collected accounts, and compared with the block's.
//!
//! A capture is a function: [`CaptureContext::state`] and [`CaptureContext::history`] take a
//! [`Request`], nodes as [`rpc::Rpc`](crate::rpc::Rpc) and [`rpc::Beacon`](crate::rpc::Beacon), files
//! as [`InputReader`](crate::file::InputReader) and [`WorkFiles`], and return a [`Captured`] snapshot
//! or an [`Error`] with a hint. They write only to the work files, read no clock, and print nothing.

pub mod account;
pub mod account_proofs;
pub mod alloc_writer;
pub mod beacon;
pub mod block;
pub mod chain;
pub mod chain_config;
pub mod client;
mod collected;
pub mod compare;
pub mod complete;
mod config;
pub mod consensus;
mod context;
mod database;
pub mod edit;
mod error;
pub mod file;
pub mod geth;
pub mod history;
pub mod l2;
pub mod members;
pub mod overlay;
pub mod preimage_index;
mod preimages;
mod proof;
pub mod readiness;
pub mod receipts;
mod recover;
pub mod sample;
pub mod scan_blocks;
pub mod settlement;
mod source;
mod state;
mod validators;
mod work_files;

pub use context::{CaptureContext, Captured, Node, Request, Sample, StateSource};
pub use error::{Error, WHERE_GENESIS_IS};
pub use work_files::{Append, WorkFiles};

/// Whether a capture uses this name for one of its [`WorkFiles`].
pub fn is_work_file(name: &str) -> bool {
    let name = l2::of_l1(name);
    let names = [
        collected::ALLOC,
        collected::INCOMPLETE,
        state::CHANGED,
        history::run::BLOCKS,
        l2::CHECKPOINTS,
    ];
    let incomplete = name.strip_prefix(collected::INCOMPLETE);
    names.contains(&name) || incomplete.is_some_and(|number| number.starts_with('.'))
}

//! The history of a chain: its blocks from 1 on, byte for byte.
//!
//! ```text
//! a node, many blocks at once ──▶ blocks ──▶ each the child of the one before? ──▶ chain.rlp
//! ```
//!
//! The node is not trusted: each block has the hash that its child names and the body
//! that its header names, and the last one is the requested one. Source: Yellow Paper, section 4.3.
//!
//! To add a way in which a node returns blocks, add its file and its line in [`SOURCES`].

mod block_by_number;
mod chain_check;
mod file;
mod raw_block;
pub mod rpc_block;
mod rpc_transaction;
pub(super) mod run;
pub(super) mod stored;

use std::ops::Range;
use std::thread;

use serde_json::Value;

use super::Error;
use crate::el::block::Block;
use crate::rpc::{self, Rpc};

pub use chain_check::ChainCheck;
pub use file::{next, resume};

/// Blocks in a batch.
const BATCH: u64 = 64;
/// Batches that are requested in parallel.
const PARALLEL: u64 = 4;
/// Blocks that are in memory at a time.
pub const BLOCKS_AT_ONCE: u64 = BATCH * PARALLEL;
/// Longest answer; geth ends a batch at 25 MB.
const LIMIT: u64 = 32 << 20;
/// geth: "pruned history unavailable". Source: execution-apis, EIP-4444.
const PRUNED_HISTORY: i64 = 4444;

/// A way in which a node returns complete blocks.
pub trait Source: Sync {
    /// The method.
    fn name(&self) -> &'static str;

    /// The blocks with these numbers, in order. They are not checked.
    ///
    /// # Errors
    /// The node cannot be reached, or does not have the blocks.
    fn blocks(&self, rpc: &dyn Rpc, numbers: Range<u64>) -> Result<Vec<Block>, Error>;
}

/// Finds out whether a node supports a source; if it does not, the error is one of
/// [`is_unsupported`].
type Open = fn(&dyn Rpc) -> Result<Box<dyn Source>, Error>;

/// The sources, in the order in which they are tried.
const SOURCES: [Open; 2] = [raw_block::open, block_by_number::open];

/// The first source that the node supports.
///
/// # Errors
/// It supports none, or cannot be reached.
pub fn open(rpc: &dyn Rpc) -> Result<Box<dyn Source>, Error> {
    let mut tried = Vec::new();
    for open in SOURCES {
        match open(rpc) {
            Err(error) if is_unsupported(&error) => tried.push(error.to_string()),
            opened => return opened,
        }
    }
    Err(Error::NoBlocks { tried: tried.join("; ") })
}

fn is_unsupported(error: &Error) -> bool {
    match error {
        Error::Rpc(error) => error.is_unknown_method(),
        Error::NoDump { .. } => true,
        _ => false,
    }
}

/// The blocks with these numbers, in order: at most [`BLOCKS_AT_ONCE`].
///
/// # Errors
/// As [`Source::blocks`]; of several errors the one of the lowest block.
pub fn blocks(
    source: &dyn Source,
    rpc: &(dyn Rpc + Sync),
    numbers: Range<u64>,
) -> Result<Vec<Block>, Error> {
    let batch = |first: u64| first..numbers.end.min(first + BATCH);
    let batches = (numbers.start..numbers.end).step_by(usize::try_from(BATCH).unwrap_or(1));
    thread::scope(|scope| {
        let requests: Vec<_> =
            batches.map(|first| scope.spawn(move || in_parts(source, rpc, batch(first)))).collect();
        let mut blocks = Vec::new();
        for answer in requests {
            let answer = answer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            blocks.append(&mut answer?);
        }
        Ok(blocks)
    })
}

/// Requests half as many blocks where the answer would be too long.
fn in_parts(source: &dyn Source, rpc: &dyn Rpc, numbers: Range<u64>) -> Result<Vec<Block>, Error> {
    let middle = numbers.start.midpoint(numbers.end);
    match source.blocks(rpc, numbers.clone()) {
        Err(Error::Rpc(error)) if error.asks_for_less() && middle > numbers.start => {
            let mut blocks = in_parts(source, rpc, numbers.start..middle)?;
            blocks.append(&mut in_parts(source, rpc, middle..numbers.end)?);
            Ok(blocks)
        }
        answer => answer,
    }
}

/// A batch with a call for each block.
fn each(
    rpc: &dyn Rpc,
    numbers: Range<u64>,
    call: impl Fn(u64) -> (&'static str, Value),
) -> Result<Vec<Value>, Error> {
    let calls: Vec<_> = numbers.clone().map(call).collect();
    let answers = rpc.batch_of_each(&calls, LIMIT)?;
    numbers.zip(answers).map(|(number, answer)| answer_of(number, answer)).collect()
}

/// The answer about a block that exists on the chain.
fn answer_of(number: u64, answer: Result<Vec<u8>, rpc::Error>) -> Result<Value, Error> {
    match answer {
        Ok(raw) => {
            let value: Value = serde_json::from_slice(&raw).unwrap_or_default();
            if value.is_null() || value == "0x" {
                return Err(Error::Pruned { number, what: format!("it answers {value}") });
            }
            Ok(value)
        }
        Err(error) if is_unknown_block(&error) => {
            Err(Error::Pruned { number, what: error.to_string() })
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether a node says that it no longer has the block.
fn is_unknown_block(error: &rpc::Error) -> bool {
    let rpc::Error::Refused { code, message, .. } = error else { return false };
    let message = message.to_ascii_lowercase();
    *code == PRUNED_HISTORY
        || !error.is_unknown_method()
            && ["pruned", "not found", "unknown block"].iter().any(|says| message.contains(says))
}

/// Bytes in hex.
fn bytes(number: u64, value: &Value) -> Result<Vec<u8>, Error> {
    let hex = value.as_str().and_then(|text| text.strip_prefix("0x"));
    hex.and_then(|hex| hex::decode(hex).ok()).ok_or_else(|| Error::WrongBlock {
        number,
        what: format!("is not hex: {}", rpc::message::excerpt(value.to_string().as_bytes())),
    })
}

//! The past of a chain: its blocks from 1 on, byte for byte.
//!
//! ```text
//! a node, many blocks at once ──▶ blocks ──▶ each the child of the one before? ──▶ chain.rlp
//! ```
//!
//! A node is believed nothing: a block is the one whose hash its child names, with the body that its
//! header names, and the last one is the head. Source: Yellow Paper, section 4.3.

mod file;
mod links;
mod raw;
mod reencoded;
pub mod told;

use std::ops::Range;
use std::thread;

use serde_json::Value;

use super::Error;
use crate::el::block::Block;
use crate::rpc::{self, Rpc};

pub use file::{next, resume};
pub use links::Links;

/// Blocks that are asked for at once.
const BATCH: u64 = 64;
/// Questions that are open at a time.
const OPEN: u64 = 4;
/// Blocks that are had in one go: their memory is all that a past needs.
pub const SHARE: u64 = BATCH * OPEN;
/// Longest answer; geth ends a batch at 25 MB.
const LIMIT: u64 = 32 << 20;
/// geth: "pruned history unavailable". Source: execution-apis, EIP-4444.
const PRUNED_HISTORY: i64 = 4444;

/// A way in which a node gives whole blocks.
pub trait Source: Sync {
    /// The method.
    fn name(&self) -> &'static str;

    /// The blocks with these numbers, in order; they may be wrong ones.
    ///
    /// # Errors
    /// The node cannot be reached, or does not have them.
    fn blocks(&self, rpc: &dyn Rpc, numbers: Range<u64>) -> Result<Vec<Block>, Error>;
}

/// Finds out whether a node has this way: if not, the error is one of [`is_lack`].
type Open = fn(&dyn Rpc) -> Result<Box<dyn Source>, Error>;

/// The ways, in the order in which they are tried.
const SOURCES: [Open; 2] = [raw::open, reencoded::open];

/// The way in which a node gives whole blocks.
///
/// # Errors
/// It has none, or cannot be reached.
pub fn open(rpc: &dyn Rpc) -> Result<Box<dyn Source>, Error> {
    let mut lacks = Vec::new();
    for open in SOURCES {
        match open(rpc) {
            Err(error) if is_lack(&error) => lacks.push(error.to_string()),
            opened => return opened,
        }
    }
    Err(Error::NoBlocks { tried: lacks.join("; ") })
}

fn is_lack(error: &Error) -> bool {
    match error {
        Error::Rpc(error) => error.is_unknown_method(),
        Error::NoDump { .. } => true,
        _ => false,
    }
}

/// The blocks with these numbers, in order, some at a time: no more than [`SHARE`].
///
/// # Errors
/// As [`Source::blocks`]; of several errors that of the lowest block.
pub fn blocks(
    source: &dyn Source,
    rpc: &(dyn Rpc + Sync),
    numbers: Range<u64>,
) -> Result<Vec<Block>, Error> {
    let batch = |first: u64| first..numbers.end.min(first + BATCH);
    let batches = (numbers.start..numbers.end).step_by(usize::try_from(BATCH).unwrap_or(1));
    thread::scope(|scope| {
        let asked: Vec<_> =
            batches.map(|first| scope.spawn(move || in_parts(source, rpc, batch(first)))).collect();
        let mut blocks = Vec::new();
        for answer in asked {
            let answer = answer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            blocks.append(&mut answer?);
        }
        Ok(blocks)
    })
}

/// Asks for half as many where the answer would be too much.
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

/// A batch with a question for each block.
fn each(
    rpc: &dyn Rpc,
    numbers: Range<u64>,
    call: impl Fn(u64) -> (&'static str, Value),
) -> Result<Vec<Value>, Error> {
    let calls: Vec<_> = numbers.clone().map(call).collect();
    let answers = rpc.batch_of_each(&calls, LIMIT)?;
    numbers.zip(answers).map(|(number, answer)| answer_of(number, answer)).collect()
}

/// An answer about a block that there must be.
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

/// Whether a node says that it has no such block, which it must have had.
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
        what: format!("is no hex: {}", rpc::message::excerpt(value.to_string().as_bytes())),
    })
}

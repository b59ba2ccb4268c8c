//! Captures all blocks in the files of a stopped geth.

use super::ChainCheck;
use super::run::{BLOCKS, CollectedBlocks, check_genesis, snapshot};
use crate::capture::Error;
use crate::capture::block::Block;
use crate::capture::collected::shrunk;
use crate::capture::context::{CaptureContext, Captured};
use crate::file::Input;
use crate::geth_database::stopped::{Blocks, StoredBlock};

/// Blocks between two lines of progress.
const SHOWN: u64 = 1024;

/// See [`CaptureContext::stored_history`].
pub(in crate::capture) fn capture(
    context: &CaptureContext<'_>,
    blocks: Blocks<'_>,
    last: &StoredBlock,
    genesis: &Input,
) -> Result<Captured, Error> {
    let genesis_hash = blocks.genesis()?;
    let config = check_genesis(context, genesis_hash, None, genesis)?;
    let number = last.header.number;
    context.progress.step("block", &format!("{number} {}", last.hash));
    let mut checked = ChainCheck::new(genesis_hash);
    let out = context.work.append(BLOCKS, 0).map_err(Error::Write)?;
    let mut out = out.ok_or_else(shrunk)?;
    while checked.number() < number {
        let next = checked.number() + 1;
        let block = blocks.block(next)?;
        let rlp = alloy_rlp::encode(&block);
        checked.add(block)?;
        out.write_all(&rlp).map_err(Error::Write)?;
        if next.is_multiple_of(SHOWN) {
            context.progress.advance(&|| format!("blocks {next} of {number}"));
        }
    }
    out.flush().map_err(Error::Write)?;
    let ChainCheck { hash, head, transactions } = checked;
    let head = head.ok_or(Error::NoHistory)?;
    if hash != last.hash {
        let what = format!("is {hash}, but its header has the hash {}", last.hash);
        return Err(Error::WrongBlock { number, what });
    }
    let length = out.length();
    context.progress.step(
        "capture",
        &format!(
            "blocks 1 to {number}, {transactions} transactions, {length} bytes: every hash is proven"
        ),
    );
    let block = Block::of_header(&last.header, hash);
    let collected = CollectedBlocks { method: "geth datadir", block, head, transactions, length };
    snapshot(context, genesis, &config, None, genesis_hash, collected)
}

//! anvil's state: `--dump-state FILE`, `--state FILE`, and `anvil_dumpState`, which is the same
//! gzipped. Source: foundry `crates/anvil/src/eth/backend/db.rs` (`SerializableState`).

use super::super::Error;
use super::super::block::Block;
use super::{Format, Outline, Sink, Text, Told, accounts, elements, members};

/// A state of anvil, or of a program that follows it.
#[derive(Debug)]
pub struct State;

impl Format for State {
    fn name(&self) -> &'static str {
        "anvil state"
    }

    fn fits(&self, outline: &Outline) -> bool {
        outline.has("accounts")
    }

    fn read(&self, text: &mut Text, _: Option<u64>, sink: &mut Sink<'_>) -> Result<Told, Error> {
        let (mut told, mut best) = (Told::default(), None);
        let (mut blocks, mut of_a_fork) = (0_u64, false);
        members(text, |key, text| {
            match (key, text.peek()?) {
                (b"accounts", Some(b'{')) => accounts(text, sink)?,
                (b"blocks", Some(b'[')) => {
                    elements(text, |block| {
                        let block = Block::in_anvil_state(block)?;
                        blocks += 1;
                        // Block 0 has no root of its own: zeros up to anvil 1.4, later the empty trie's.
                        of_a_fork |= block.number > 0 && block.state_root.is_zero();
                        if told.block.as_ref().is_none_or(|known| known.number < block.number) {
                            told.block = Some(block);
                        }
                        Ok(())
                    })?;
                    // The blocks before the fork are elsewhere, and a chain of one's own has block 0.
                    of_a_fork |= blocks == 0;
                }
                (b"best_block_number", _) => {
                    let raw = text.value()?.0;
                    best = crate::el::number::hex_or_decimal_64(raw).ok();
                }
                _ => text.skip()?,
            }
            Ok(())
        })?;
        if of_a_fork {
            return Err(Error::Fork);
        }
        // A dump that was made while a block was: which of both the accounts are of, nobody knows.
        if let (Some(best), Some(block)) = (best, &told.block)
            && best != block.number
        {
            return Err(Error::TornFile { best, last: block.number });
        }
        // Block 0 has the root of the empty trie, whatever its accounts: nothing to compare with.
        let mined = told.block.as_ref().filter(|block| block.number > 0);
        told.state_root = mined.map(|block| block.state_root);
        Ok(told)
    }
}

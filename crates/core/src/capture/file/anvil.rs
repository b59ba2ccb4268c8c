//! anvil's state: `--dump-state FILE`, `--state FILE`, and `anvil_dumpState`, which is the same
//! gzipped. Source: foundry `crates/anvil/src/eth/backend/db.rs` (`SerializableState`).

use super::super::Error;
use super::super::block::Block;
use super::{Format, Outline, Sink, StateFileHeader, Text, accounts, elements, members};

/// The state of anvil, or of a program with the same format.
#[derive(Debug)]
pub struct State;

impl Format for State {
    fn name(&self) -> &'static str {
        "anvil state"
    }

    fn fits(&self, outline: &Outline) -> bool {
        outline.has("accounts")
    }

    fn read(
        &self,
        text: &mut Text,
        _: Option<u64>,
        sink: &mut Sink<'_>,
    ) -> Result<StateFileHeader, Error> {
        let (mut header, mut best) = (StateFileHeader::default(), None);
        let (mut blocks, mut of_a_fork) = (0_u64, false);
        members(text, |key, text| {
            match (key, text.peek()?) {
                (b"accounts", Some(b'{')) => accounts(text, sink)?,
                (b"blocks", Some(b'[')) => {
                    elements(text, |block| {
                        let block = Block::in_anvil_state(block)?;
                        blocks += 1;
                        // The root of block 0 is zeros up to anvil 1.4, later that of the empty trie.
                        of_a_fork |= block.number > 0 && block.state_root.is_zero();
                        if header.block.as_ref().is_none_or(|known| known.number < block.number) {
                            header.block = Some(block);
                        }
                        Ok(())
                    })?;
                    // A fork does not list earlier blocks; any other chain has block 0.
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
        // anvil mined a block while it wrote the dump: the accounts may be those of either block.
        if let (Some(best), Some(block)) = (best, &header.block)
            && best != block.number
        {
            return Err(Error::TornFile { best, last: block.number });
        }
        // Block 0 always has the root of the empty trie, even with accounts: it proves nothing.
        let mined = header.block.as_ref().filter(|block| block.number > 0);
        header.state_root = mined.map(|block| block.state_root);
        Ok(header)
    }
}

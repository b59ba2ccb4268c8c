//! Checks that blocks form a chain.

use alloy_primitives::B256;

use crate::capture::Error;
use crate::el::block::Block;

/// A chain as far as it is checked, from block 0 on.
#[derive(Debug, Clone)]
pub struct ChainCheck {
    /// Hash of the last block; of block 0 at first.
    pub hash: B256,
    /// The last block; `None`: the chain has block 0 alone.
    pub head: Option<Block>,
    /// Transactions in all blocks.
    pub transactions: u64,
}

impl ChainCheck {
    /// The chain that has block 0 alone.
    pub fn new(genesis: B256) -> Self {
        Self { hash: genesis, head: None, transactions: 0 }
    }

    /// Number of the last block.
    pub fn number(&self) -> u64 {
        self.head.as_ref().map_or(0, |block| block.header.number)
    }

    /// Adds the next block.
    ///
    /// # Errors
    /// It has another number, another parent, or a body that its header does not name.
    pub fn add(&mut self, block: Block) -> Result<(), Error> {
        let number = self.number() + 1;
        let wrong = |what: String| Err(Error::WrongBlock { number, what });
        let header = &block.header;
        if header.number != number {
            return wrong(format!("has the number {}", header.number));
        }
        if header.parent_hash != self.hash {
            let (parent, hash) = (header.parent_hash, self.hash);
            return wrong(format!("has the parent {parent}, but block {} is {hash}", number - 1));
        }
        if let Err(error) = block.check() {
            return wrong(error.to_string());
        }
        self.hash = header.hash();
        self.transactions += block.transactions.len() as u64;
        self.head = Some(block);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::el::block::ordered_root;
    use crate::el::header::Header;

    fn block(number: u64, parent_hash: B256) -> Block {
        Block::genesis(Header { parent_hash, number, ..Header::of_empty_body() })
    }

    #[test]
    fn each_block_is_the_child_of_the_one_before() {
        let genesis = B256::repeat_byte(7);
        let mut chain = ChainCheck::new(genesis);
        let what = |chain: &mut ChainCheck, block| chain.add(block).unwrap_err().to_string();
        assert!(what(&mut chain, block(2, genesis)).contains("has the number 2"));
        assert!(what(&mut chain, block(1, B256::ZERO)).contains("but block 0 is 0x0707"));
        let mut first = block(1, genesis);
        first.transactions = vec![vec![0xc0].into()];
        assert!(what(&mut chain, first.clone()).contains("has transactions with the root"));
        first.header.transactions_root = ordered_root(&first.transactions);
        chain.add(first.clone()).unwrap();
        assert_eq!((chain.number(), chain.transactions), (1, 1));
        chain.add(block(2, first.header.hash())).unwrap();
        let again = block(2, chain.hash);
        assert!(what(&mut chain, again).contains("for block 3, the node returns one that"));
    }
}

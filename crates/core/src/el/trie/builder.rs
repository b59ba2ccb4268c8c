//! The root of a stream of leaves.

use alloy_primitives::B256;
use alloy_trie::{HashBuilder, Nibbles};

use super::Leaf;

/// Root of a trie whose leaves are added one by one, in the order of their keys. Only the nodes
/// above the last leaf are in memory.
#[derive(Debug, Default)]
pub struct Builder {
    trie: HashBuilder,
    /// The last value, to reuse its memory.
    value: Vec<u8>,
}

impl Builder {
    /// Adds a leaf after all others. Returns `false`, and adds nothing, if its key is not greater
    /// than the last one.
    pub fn push(&mut self, leaf: &impl Leaf) -> bool {
        let key = Nibbles::unpack(leaf.key());
        let in_order = key > self.trie.key;
        if in_order {
            self.value.clear();
            leaf.encode_value(&mut self.value);
            self.trie.add_leaf(key, &self.value);
        }
        in_order
    }

    /// The root of the leaves.
    pub fn root(mut self) -> B256 {
        self.trie.root()
    }
}

//! Root of a Merkle-Patricia trie, by `alloy_trie::HashBuilder`: on all cores if the leaves are in
//! memory ([`root`]), or one leaf at a time ([`Builder`]).

use alloy_primitives::{B256, b256};
use alloy_rlp::BufMut;
use alloy_trie::{HashBuilder, Nibbles};
use rayon::prelude::*;

mod builder;
mod nodes;
mod parts;

pub use builder::Builder;
pub use nodes::{TakeNode, root_with_nodes};
pub use parts::root_of_parts;

/// Root of the trie without leaves: `keccak256(RLP(""))`.
pub const EMPTY_ROOT_HASH: B256 =
    b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");

/// The number of leaves from which the children of the root are hashed on all cores.
const PARALLEL: usize = 512;

/// A leaf of a trie in which no key is a prefix of another.
pub trait Leaf: Sync {
    /// The key, two nibbles per byte.
    fn key(&self) -> &[u8];
    /// Writes the RLP of the value, which the leaf node contains as a byte string.
    fn encode_value(&self, out: &mut dyn BufMut);
}

/// Root of the trie of `leaves`, which must be sorted by key, without duplicates.
pub fn root<L: Leaf>(leaves: &[L]) -> B256 {
    let nibble = |leaf: &L| leaf.key()[0] >> 4;
    let children: Vec<&[L]> = leaves.chunk_by(|one, other| nibble(one) == nibble(other)).collect();
    if leaves.len() < PARALLEL || children.len() < 2 {
        return root_below(leaves, 0);
    }
    // The root is a branch, and its children are longer than 32 bytes: it contains their hashes.
    let hashes: Vec<B256> = children.par_iter().map(|leaves| root_below(leaves, 1)).collect();
    let mut trie = HashBuilder::default();
    for (leaves, hash) in children.iter().zip(hashes) {
        trie.add_branch(Nibbles::from_nibbles([nibble(&leaves[0])]), hash, false);
    }
    trie.root()
}

/// Hash of the node above `leaves`, which have their first `depth` nibbles in common.
fn root_below<L: Leaf>(leaves: &[L], depth: usize) -> B256 {
    let (mut trie, mut value) = (HashBuilder::default(), Vec::new());
    for leaf in leaves {
        value.clear();
        leaf.encode_value(&mut value);
        trie.add_leaf(Nibbles::unpack(leaf.key()).slice(depth..), &value);
    }
    trie.root()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Mutex;

    use alloy_primitives::keccak256;
    use alloy_rlp::Decodable;
    use alloy_trie::nodes::{RlpNode, TrieNode};
    use proptest::prelude::*;

    struct Pair(B256, Vec<u8>);

    impl Leaf for Pair {
        fn key(&self) -> &[u8] {
            &self.0[..]
        }
        fn encode_value(&self, out: &mut dyn BufMut) {
            out.put_slice(&self.1);
        }
    }

    fn oracle(pairs: &[Pair]) -> B256 {
        let mut builder = alloy_trie::HashBuilder::default();
        for pair in pairs {
            builder.add_leaf(alloy_trie::Nibbles::unpack(pair.0), &pair.1);
        }
        builder.root()
    }

    fn streamed(pairs: &[Pair]) -> B256 {
        let mut builder = Builder::default();
        for pair in pairs {
            assert!(builder.push(pair));
            assert!(!builder.push(pair), "the same key again");
        }
        builder.root()
    }

    /// Follows all references below a node, counting leaves.
    fn reach(
        nodes: &BTreeMap<B256, Vec<u8>>,
        rlp: &[u8],
        reached: &mut BTreeSet<B256>,
        leaves: &mut usize,
    ) {
        let mut follow = |child: &RlpNode| match child.as_hash() {
            Some(hash) => {
                reached.insert(hash);
                reach(nodes, &nodes[&hash], reached, leaves);
            }
            None => reach(nodes, child.as_slice(), reached, leaves),
        };
        match TrieNode::decode(&mut &rlp[..]).unwrap() {
            TrieNode::EmptyRoot => {}
            TrieNode::Leaf(_) => *leaves += 1,
            TrieNode::Extension(extension) => follow(&extension.child),
            TrieNode::Branch(branch) => branch.stack.iter().for_each(follow),
        }
    }

    #[test]
    fn empty() {
        assert_eq!(root_with_nodes::<Pair>(&[], &|_, _| panic!("a node")), EMPTY_ROOT_HASH);
        assert_eq!(root::<Pair>(&[]), EMPTY_ROOT_HASH);
        assert_eq!(streamed(&[]), EMPTY_ROOT_HASH);
        assert_eq!(keccak256([0x80]), EMPTY_ROOT_HASH);
    }

    proptest! {
        /// Keys with few distinct bytes share long prefixes; short values make embedded nodes.
        #[test]
        fn equals_alloy_trie(
            seeds in prop::collection::btree_map(
                (0usize..32, prop::collection::vec(0u8..3, 4)),
                prop::collection::vec(1u8..=255, 1..40),
                1..60,
            ),
        ) {
            let mut pairs: Vec<Pair> = seeds
                .into_iter()
                .map(|((at, bytes), value)| {
                    let mut key = B256::ZERO;
                    for (offset, byte) in bytes.iter().enumerate() {
                        key[(at + offset) % 32] = *byte;
                    }
                    Pair(key, value)
                })
                .collect();
            pairs.sort_by_key(|pair| pair.0);
            pairs.dedup_by_key(|pair| pair.0);
            prop_assert_eq!(root(&pairs), oracle(&pairs));
            prop_assert_eq!(streamed(&pairs), oracle(&pairs));
            let nodes = Mutex::new(BTreeMap::new());
            let take = |hash: &B256, rlp: &[u8]| {
                assert_eq!(*hash, keccak256(rlp));
                nodes.lock().unwrap().insert(*hash, rlp.to_vec());
            };
            let root = root_with_nodes(&pairs, &take);
            prop_assert_eq!(root, oracle(&pairs));
            let nodes = nodes.into_inner().unwrap();
            let mut reached = BTreeSet::new();
            let mut found = 0;
            reach(&nodes, &nodes[&root], &mut reached, &mut found);
            reached.insert(root);
            prop_assert_eq!(found, pairs.len());
            prop_assert_eq!(reached.len(), nodes.len());
        }

        #[test]
        fn equals_alloy_trie_in_parallel(count in 500usize..2000, salt: u64) {
            let mut pairs: Vec<Pair> = (0..count)
                .map(|i| Pair(keccak256((salt, i as u64).0.wrapping_add(i as u64).to_be_bytes()), vec![1]))
                .collect();
            pairs.sort_by_key(|pair| pair.0);
            pairs.dedup_by_key(|pair| pair.0);
            prop_assert_eq!(root(&pairs), oracle(&pairs));
            prop_assert_eq!(streamed(&pairs), oracle(&pairs));
        }
    }
}

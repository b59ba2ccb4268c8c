//! The nodes of a trie, as a database of nodes has them.

use alloy_primitives::{B256, keccak256};
use alloy_trie::nodes::{BranchNodeRef, ExtensionNodeRef, LeafNodeRef, RlpNode};
use alloy_trie::{Nibbles, TrieMask};
use rayon::prelude::*;

use super::{EMPTY_ROOT_HASH, Leaf, PARALLEL};

/// Receives the hash and the RLP of a node.
pub type TakeNode<'a> = dyn Fn(&B256, &[u8]) + Sync + 'a;

/// [`root`](super::root), which passes every node to `take` that others reference by its hash, and
/// the root. Nodes below 32 bytes are part of their parents. Equal nodes come more than once.
pub fn root_with_nodes<L: Leaf>(leaves: &[L], take: &TakeNode<'_>) -> B256 {
    if leaves.is_empty() {
        return EMPTY_ROOT_HASH;
    }
    let root = node(leaves, 0, PARALLEL, &mut Scratch::default(), take);
    hash_of_root(&root, take)
}

/// The hash of a root, which its database has even if it is short.
pub(super) fn hash_of_root(root: &RlpNode, take: &TakeNode<'_>) -> B256 {
    root.as_hash().unwrap_or_else(|| {
        let hash = keccak256(root.as_slice());
        take(&hash, root.as_slice());
        hash
    })
}

/// Memory that is reused from node to node.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    value: Vec<u8>,
    rlp: Vec<u8>,
}

impl Scratch {
    /// Encodes a node, and passes it on if it is referenced by its hash.
    fn encode(&mut self, take: &TakeNode<'_>, rlp: impl Fn(&mut Vec<u8>) -> RlpNode) -> RlpNode {
        self.rlp.clear();
        let node = rlp(&mut self.rlp);
        if let Some(hash) = node.as_hash() {
            take(&hash, &self.rlp);
        }
        node
    }
}

/// The node above `leaves`, which have their first `depth` nibbles in common. From `parallel` leaves on,
/// its children are computed side by side.
pub(super) fn node<L: Leaf>(
    leaves: &[L],
    depth: usize,
    parallel: usize,
    scratch: &mut Scratch,
    take: &TakeNode<'_>,
) -> RlpNode {
    let key = Nibbles::unpack(leaves[0].key());
    if let [leaf] = leaves {
        let mut value = std::mem::take(&mut scratch.value);
        value.clear();
        leaf.encode_value(&mut value);
        let path = key.slice(depth..);
        let node = scratch.encode(take, |rlp| LeafNodeRef::new(&path, &value).rlp(rlp));
        scratch.value = value;
        return node;
    }
    let last = Nibbles::unpack(leaves[leaves.len() - 1].key());
    let common = key.common_prefix_length(&last);
    let nibble = |leaf: &L| (leaf.key()[common / 2] >> (4 * (1 - common % 2))) & 0xf;
    let children: Vec<&[L]> = leaves.chunk_by(|one, other| nibble(one) == nibble(other)).collect();
    let nodes: Vec<RlpNode> = if leaves.len() < parallel {
        let child = |child: &&[L]| node(child, common + 1, parallel, scratch, take);
        children.iter().map(child).collect()
    } else {
        let child = |child: &&[L]| node(child, common + 1, parallel, &mut Scratch::default(), take);
        children.par_iter().map(child).collect()
    };
    let mask = children.iter().fold(0, |mask, child| mask | 1 << nibble(&child[0]));
    branch(&key.slice(depth..common), mask, &nodes, scratch, take)
}

/// The branch of `children`, at least two, whose nibbles are the bits of `mask`; below an extension if
/// `path` is not empty.
pub(super) fn branch(
    path: &Nibbles,
    mask: u16,
    children: &[RlpNode],
    scratch: &mut Scratch,
    take: &TakeNode<'_>,
) -> RlpNode {
    let branch = BranchNodeRef::new(children, TrieMask::new(mask));
    let branch = scratch.encode(take, |rlp| branch.rlp(rlp));
    if path.is_empty() {
        return branch;
    }
    scratch.encode(take, |rlp| ExtensionNodeRef::new(path, branch.as_slice()).rlp(rlp))
}

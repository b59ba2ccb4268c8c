//! The root of leaves that pass by.

use alloy_primitives::{B256, keccak256};

use super::{EMPTY_ROOT_HASH, EMPTY_STRING, Leaf, embed, hex_prefix, leaf, list, nibble};

/// Root of a trie whose leaves come one by one, in the order of their keys. What is kept is the
/// branches above the last leaf.
#[derive(Debug, Default)]
pub struct Builder {
    open: Vec<Branch>,
    last: Option<(Vec<u8>, Vec<u8>)>,
}

/// A branch whose last child is not known yet.
#[derive(Debug)]
struct Branch {
    /// How many nibbles its leaves share.
    depth: usize,
    /// References to the children; empty where there is none.
    children: [Vec<u8>; 16],
}

/// What hangs below a branch: the RLP of a leaf's value, or of a branch at a depth.
enum Subtree {
    Value(Vec<u8>),
    Branch(usize, Vec<u8>),
}

impl Builder {
    /// Adds the leaf behind all others; `false`, and nothing is added, if its key is not behind
    /// the last one's.
    pub fn push(&mut self, leaf: &impl Leaf) -> bool {
        let key = leaf.key();
        if let Some((last, value)) = self.last.take() {
            if *last >= *key {
                self.last = Some((last, value));
                return false;
            }
            let shared = (0..key.len() * 2).find(|i| nibble(&last, *i) != nibble(key, *i));
            self.close(&last, value, shared);
        }
        let mut value = Vec::with_capacity(112);
        leaf.encode_value(&mut value);
        self.last = Some((key.to_vec(), value));
        true
    }

    /// The root of what was added.
    pub fn root(mut self) -> B256 {
        let Some((last, value)) = self.last.take() else { return EMPTY_ROOT_HASH };
        keccak256(self.close(&last, value, None))
    }

    /// Ends the branches that lie deeper than `shared`, and hangs what they give into the one at
    /// `shared`, which is made if need be. Without it, the node that comes out is the root.
    fn close(&mut self, key: &[u8], value: Vec<u8>, shared: Option<usize>) -> Vec<u8> {
        let mut subtree = Subtree::Value(value);
        while let Some(mut branch) = self.open.pop() {
            if shared.is_some_and(|shared| branch.depth <= shared) {
                self.open.push(branch);
                break;
            }
            branch.hang(key, &subtree);
            subtree = Subtree::Branch(branch.depth, branch.rlp());
        }
        let Some(shared) = shared else { return subtree.rlp(key, 0) };
        if self.open.last().is_none_or(|branch| branch.depth < shared) {
            self.open.push(Branch { depth: shared, children: Default::default() });
        }
        if let Some(branch) = self.open.last_mut() {
            branch.hang(key, &subtree);
        }
        Vec::new()
    }
}

impl Branch {
    fn hang(&mut self, key: &[u8], subtree: &Subtree) {
        let mut reference = subtree.rlp(key, self.depth + 1);
        embed(0, &mut reference);
        self.children[usize::from(nibble(key, self.depth))] = reference;
    }

    fn rlp(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(544);
        list(&mut out, |out| {
            for child in &self.children {
                out.extend_from_slice(if child.is_empty() { &[EMPTY_STRING] } else { child });
            }
            out.push(EMPTY_STRING);
        });
        out
    }
}

impl Subtree {
    /// The RLP of the node whose nibbles begin at `depth`.
    fn rlp(&self, key: &[u8], depth: usize) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Value(value) => leaf(key, depth, |out| out.extend_from_slice(value), &mut out),
            Self::Branch(at, rlp) if *at == depth => out.clone_from(rlp),
            Self::Branch(at, rlp) => list(&mut out, |out| {
                hex_prefix(key, depth, *at, false, out);
                let start = out.len();
                out.extend_from_slice(rlp);
                embed(start, out);
            }),
        }
        out
    }
}

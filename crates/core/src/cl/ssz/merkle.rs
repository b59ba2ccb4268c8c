//! Merkleization. Sources: consensus-specs `ssz/simple-serialize.md`; EIP-7916.

use alloy_primitives::B256;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

/// The number of nodes on a tree level from which hashing runs on all cores.
const PARALLEL: usize = 1 << 12;

/// SHA-256 of two nodes.
pub fn hash(left: &B256, right: &B256) -> B256 {
    B256::new(Sha256::new().chain_update(left).chain_update(right).finalize().into())
}

/// `mix_in_length`.
pub(super) fn mix_in_length(root: B256, length: usize) -> B256 {
    let mut word = B256::ZERO;
    word[..8].copy_from_slice(&(length as u64).to_le_bytes());
    hash(&root, &word)
}

/// `pack`: bytes as 32-byte chunks, the last one padded with zeros.
pub fn pack(data: &[u8]) -> Vec<B256> {
    data.chunks(32)
        .map(|part| {
            let mut chunk = B256::ZERO;
            chunk[..part.len()].copy_from_slice(part);
            chunk
        })
        .collect()
}

/// `merkleize(chunks)`: the root of the tree of `limit` chunks.
pub(super) fn merkleize(chunks: Vec<B256>, limit: usize) -> B256 {
    merkleize_limit(chunks, limit as u64)
}

/// `merkleize(chunks, limit)`: the root of the tree of `limit` chunks, the absent ones zero.
pub(super) fn merkleize_limit(mut nodes: Vec<B256>, limit: u64) -> B256 {
    let depth = u64::BITS - (limit.max(1) - 1).leading_zeros();
    let mut zeros = B256::ZERO;
    for _ in 0..depth {
        let pair = |pair: &[B256]| hash(&pair[0], pair.get(1).unwrap_or(&zeros));
        nodes = if nodes.len() >= PARALLEL {
            nodes.par_chunks(2).map(pair).collect()
        } else {
            nodes.chunks(2).map(pair).collect()
        };
        zeros = hash(&zeros, &zeros);
    }
    nodes.pop().unwrap_or(zeros)
}

/// `merkleize_progressive` (EIP-7916): subtrees of 1, 4, 16 … chunks, each the sibling of the rest.
pub(super) fn merkleize_progressive(chunks: &[B256]) -> B256 {
    fn from(chunks: &[B256], leaves: usize) -> B256 {
        if chunks.is_empty() {
            return B256::ZERO;
        }
        let (here, rest) = chunks.split_at(leaves.min(chunks.len()));
        hash(&merkleize(here.to_vec(), leaves), &from(rest, leaves * 4))
    }
    from(chunks, 1)
}

//! Root of a Merkle-Patricia trie. Source: Yellow Paper, appendix D.
//!
//! The leaves are sorted, so every node is a run of neighbours that share their first nibbles:
//! the trie is never built, only walked; on all cores where the leaves are in memory ([`root`]),
//! or while they pass by ([`Builder`]).

use alloy_primitives::{B256, b256, keccak256};
use alloy_rlp::{BufMut, Encodable};
use rayon::prelude::*;

mod builder;

pub use builder::Builder;

/// Root of the trie without leaves: `keccak256(RLP(""))`.
pub const EMPTY_ROOT_HASH: B256 =
    b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");

/// From how many leaves on a branch's children are worth another thread.
const PARALLEL: usize = 512;

/// RLP of no bytes: a branch's empty child, or its value.
const EMPTY_STRING: u8 = 0x80;

/// One leaf of a trie in which no key begins another: keys are hashes, or the RLP of an index.
pub trait Leaf: Sync {
    /// The key: two nibbles a byte.
    fn key(&self) -> &[u8];
    /// Writes the RLP of the value (which the leaf node holds as a byte string).
    fn encode_value(&self, out: &mut dyn BufMut);
}

/// Root of the trie of `leaves`, which must be sorted by key, without repetition.
pub fn root<L: Leaf>(leaves: &[L]) -> B256 {
    if leaves.is_empty() {
        return EMPTY_ROOT_HASH;
    }
    let mut rlp = Vec::with_capacity(1024);
    node(leaves, 0, &mut rlp);
    keccak256(rlp)
}

fn nibble(key: &[u8], index: usize) -> u8 {
    if index.is_multiple_of(2) { key[index / 2] >> 4 } else { key[index / 2] & 15 }
}

/// Appends the RLP of the node above `leaves`, which share their first `depth` nibbles.
fn node<L: Leaf>(leaves: &[L], depth: usize, out: &mut Vec<u8>) {
    let (first, last) = (&leaves[0], &leaves[leaves.len() - 1]);
    if leaves.len() == 1 {
        return leaf(first.key(), depth, |out| first.encode_value(out), out);
    }
    let shared = (depth..first.key().len() * 2)
        .find(|index| nibble(first.key(), *index) != nibble(last.key(), *index))
        .expect("two leaves have two keys");
    if shared > depth {
        return list(out, |out| {
            hex_prefix(first.key(), depth, shared, false, out);
            reference(leaves, shared, out);
        });
    }
    let mut rest = leaves;
    let children: [&[L]; 16] = std::array::from_fn(|value| {
        let end = rest.partition_point(|leaf| usize::from(nibble(leaf.key(), depth)) <= value);
        let (child, behind) = rest.split_at(end);
        rest = behind;
        child
    });
    let child = |leaves: &[L], out: &mut Vec<u8>| match leaves {
        [] => out.push(EMPTY_STRING),
        leaves => reference(leaves, depth + 1, out),
    };
    list(out, |out| {
        if leaves.len() >= PARALLEL {
            let apart = |leaves: &&[L]| {
                let mut out = Vec::with_capacity(1024);
                child(leaves, &mut out);
                out
            };
            let references: Vec<Vec<u8>> = children.par_iter().map(apart).collect();
            references.iter().for_each(|reference| out.extend_from_slice(reference));
        } else {
            children.iter().for_each(|leaves| child(leaves, out));
        }
        out.push(EMPTY_STRING);
    });
}

/// Appends a node as its parent holds it: its RLP if that is shorter than 32 bytes, else its hash.
fn reference<L: Leaf>(leaves: &[L], depth: usize, out: &mut Vec<u8>) {
    let start = out.len();
    node(leaves, depth, out);
    embed(start, out);
}

/// Puts in place of the node that `out` ends with, from `start`, what its parent holds.
fn embed(start: usize, out: &mut Vec<u8>) {
    if out.len() - start >= 32 {
        let hash = keccak256(&out[start..]);
        out.truncate(start);
        hash.encode(out);
    }
}

/// Appends the RLP of a leaf whose nibbles begin at `depth`.
fn leaf(key: &[u8], depth: usize, value: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    list(out, |out| {
        hex_prefix(key, depth, key.len() * 2, true, out);
        let start = out.len();
        value(out);
        // One byte below 0x80 is its own RLP.
        if !matches!(out[start..], [0..0x80]) {
            frame(out, start, false);
        }
    });
}

/// Appends the hex-prefix encoding of the nibbles `from..to` of `key`, as an RLP string.
fn hex_prefix(key: &[u8], from: usize, to: usize, leaf: bool, out: &mut Vec<u8>) {
    let mut bytes = [0; 33];
    let length = (to - from) / 2 + 1;
    bytes[0] = if leaf { 0x20 } else { 0 };
    let odd = (to - from) % 2;
    if odd == 1 {
        bytes[0] |= 0x10 | nibble(key, from);
    }
    for (byte, at) in bytes[1..length].iter_mut().zip((from + odd..).step_by(2)) {
        *byte = nibble(key, at) << 4 | nibble(key, at + 1);
    }
    bytes[..length].encode(out);
}

/// Appends an RLP list of what `items` appends.
fn list(out: &mut Vec<u8>, items: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    items(out);
    frame(out, start, true);
}

/// Puts the header of an RLP item before what `out` has from `start`.
fn frame(out: &mut Vec<u8>, start: usize, list: bool) {
    let payload_length = out.len() - start;
    let header = alloy_rlp::Header { list, payload_length };
    // The header's length is known last: the few bytes of the node make room.
    let room = header.length();
    out.resize(out.len() + room, 0);
    out.copy_within(start..start + payload_length, start + room);
    header.encode(&mut &mut out[start..start + room]);
}

#[cfg(test)]
mod tests {
    use super::*;
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

    #[test]
    fn empty() {
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

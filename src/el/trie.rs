//! Root of a Merkle-Patricia trie. Source: Yellow Paper, appendix D.
//!
//! The leaves are sorted, so every node is a run of neighbours that share their first nibbles:
//! the trie is never built, only walked.

use alloy_primitives::{B256, b256, keccak256};
use rayon::prelude::*;

/// Root of the trie without leaves: `keccak256(RLP(""))`.
pub const EMPTY_ROOT_HASH: B256 =
    b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");

/// From how many leaves on a branch's children are worth another thread.
const PARALLEL: usize = 512;

/// One leaf of a trie whose keys are hashes.
pub trait Leaf: Sync {
    /// The key: 32 bytes, 64 nibbles.
    fn key(&self) -> &B256;
    /// Appends the RLP of the value (which the leaf node holds as a byte string).
    fn encode_value(&self, out: &mut Vec<u8>);
}

/// Root of the trie of `leaves`, which must be sorted by key, without repetition.
pub fn root<L: Leaf>(leaves: &[L]) -> B256 {
    if leaves.is_empty() {
        return EMPTY_ROOT_HASH;
    }
    let mut rlp = Vec::new();
    node(leaves, 0, &mut rlp);
    keccak256(rlp)
}

fn nibble(key: &B256, index: usize) -> usize {
    usize::from(if index.is_multiple_of(2) { key[index / 2] >> 4 } else { key[index / 2] & 15 })
}

/// Appends the RLP of the node above `leaves`, which share their first `depth` nibbles.
fn node<L: Leaf>(leaves: &[L], depth: usize, out: &mut Vec<u8>) {
    let (first, last) = (&leaves[0], &leaves[leaves.len() - 1]);
    if leaves.len() == 1 {
        let mut value = Vec::with_capacity(112);
        first.encode_value(&mut value);
        return two_items(&hex_prefix(first.key(), depth, 64, true), &string(&value), out);
    }
    let shared = (depth..64)
        .find(|index| nibble(first.key(), *index) != nibble(last.key(), *index))
        .expect("two leaves have two keys");
    if shared > depth {
        let child = reference(leaves, shared);
        return two_items(&hex_prefix(first.key(), depth, shared, false), &child, out);
    }
    let mut children: [&[L]; 16] = [&[]; 16];
    let mut rest = leaves;
    for (value, child) in children.iter_mut().enumerate() {
        let end = rest.partition_point(|leaf| nibble(leaf.key(), depth) <= value);
        (*child, rest) = rest.split_at(end);
    }
    let child = |leaves: &&[L]| match leaves {
        [] => vec![0x80],
        leaves => reference(leaves, depth + 1),
    };
    let references: Vec<Vec<u8>> = if leaves.len() >= PARALLEL {
        children.par_iter().map(child).collect()
    } else {
        children.iter().map(child).collect()
    };
    let mut payload = references.concat();
    payload.push(0x80);
    list(&payload, out);
}

/// A node as its parent holds it: its RLP if that is shorter than 32 bytes, else its hash.
fn reference<L: Leaf>(leaves: &[L], depth: usize) -> Vec<u8> {
    let mut rlp = Vec::with_capacity(544);
    node(leaves, depth, &mut rlp);
    if rlp.len() < 32 { rlp } else { string(keccak256(&rlp).as_slice()) }
}

/// Hex-prefix encoding of the nibbles `from..to` of `key`, as an RLP string.
fn hex_prefix(key: &B256, from: usize, to: usize, leaf: bool) -> Vec<u8> {
    let flag = if leaf { 0x20 } else { 0 };
    let odd = (to - from) % 2 == 1;
    let mut bytes = Vec::with_capacity(33);
    let mut at = from;
    if odd {
        bytes.push(flag | 0x10 | u8::try_from(nibble(key, at)).expect("a nibble"));
        at += 1;
    } else {
        bytes.push(flag);
    }
    for pair in (at..to).step_by(2) {
        let (high, low) = (nibble(key, pair), nibble(key, pair + 1));
        bytes.push(u8::try_from(high << 4 | low).expect("two nibbles"));
    }
    string(&bytes)
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 3);
    alloy_rlp::Encodable::encode(bytes, &mut out);
    out
}

fn list(payload: &[u8], out: &mut Vec<u8>) {
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(out);
    out.extend_from_slice(payload);
}

fn two_items(first: &[u8], second: &[u8], out: &mut Vec<u8>) {
    alloy_rlp::Header { list: true, payload_length: first.len() + second.len() }.encode(out);
    out.extend_from_slice(first);
    out.extend_from_slice(second);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Pair(B256, Vec<u8>);

    impl Leaf for Pair {
        fn key(&self) -> &B256 {
            &self.0
        }
        fn encode_value(&self, out: &mut Vec<u8>) {
            out.extend_from_slice(&self.1);
        }
    }

    fn oracle(pairs: &[Pair]) -> B256 {
        let mut builder = alloy_trie::HashBuilder::default();
        for pair in pairs {
            builder.add_leaf(alloy_trie::Nibbles::unpack(pair.0), &pair.1);
        }
        builder.root()
    }

    #[test]
    fn empty() {
        assert_eq!(root::<Pair>(&[]), EMPTY_ROOT_HASH);
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
        }

        #[test]
        fn equals_alloy_trie_in_parallel(count in 500usize..2000, salt: u64) {
            let mut pairs: Vec<Pair> = (0..count)
                .map(|i| Pair(keccak256((salt, i as u64).0.wrapping_add(i as u64).to_be_bytes()), vec![1]))
                .collect();
            pairs.sort_by_key(|pair| pair.0);
            pairs.dedup_by_key(|pair| pair.0);
            prop_assert_eq!(root(&pairs), oracle(&pairs));
        }
    }
}

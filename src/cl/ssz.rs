//! Encoding and merkleization, no decoding. Source: consensus-specs `ssz/simple-serialize.md`;
//! EIP-7495 and EIP-7916 for the progressive types.
//!
//! A [`Value`] is made with its encoding and its `hash_tree_root` at once. Uniform vectors (65,536
//! equal randao mixes) are held as one element and a count: their root takes as many hashes as
//! the tree has levels.

use std::io::Write;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

/// A 32-byte node of a Merkle tree.
pub type Root = [u8; 32];

/// From how many nodes on a level of a tree is hashed on all cores.
const PARALLEL: usize = 1 << 12;

/// An SSZ value: its bytes and its root.
#[derive(Debug, Clone)]
pub struct Value {
    encoding: Encoding,
    variable_size: bool,
    root: Root,
}

#[derive(Debug, Clone)]
enum Encoding {
    Bytes(Vec<u8>),
    /// One element, repeated.
    Repeated(Vec<u8>, usize),
    Container(Vec<Value>),
}

/// A field of a container.
pub type Field = (&'static str, Value);

impl Value {
    /// `hash_tree_root`.
    pub fn root(&self) -> Root {
        self.root
    }

    /// Length of the encoding in bytes.
    pub fn len(&self) -> usize {
        match &self.encoding {
            Encoding::Bytes(bytes) => bytes.len(),
            Encoding::Repeated(element, count) => element.len() * count,
            Encoding::Container(fields) => fields
                .iter()
                .map(|field| field.len() + if field.variable_size { 4 } else { 0 })
                .sum(),
        }
    }

    /// Whether the encoding has no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The members of a container; none of anything else.
    pub fn members(&self) -> &[Value] {
        match &self.encoding {
            Encoding::Container(members) => members,
            _ => &[],
        }
    }

    /// The encoding.
    ///
    /// # Panics
    /// As [`Value::encode`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len());
        self.encode(&mut out).expect("memory takes every byte");
        out
    }

    /// Writes the encoding, in many small pieces.
    ///
    /// # Errors
    /// Those of `out`.
    ///
    /// # Panics
    /// The value has 4 GiB or more, which an offset cannot tell: 30 million validators.
    pub fn encode(&self, out: &mut impl Write) -> std::io::Result<()> {
        match &self.encoding {
            Encoding::Bytes(bytes) => out.write_all(bytes),
            Encoding::Repeated(element, count) => {
                (0..*count).try_for_each(|_| out.write_all(element))
            }
            Encoding::Container(fields) => {
                let fixed = |field: &Self| if field.variable_size { 4 } else { field.len() };
                let mut offset: usize = fields.iter().map(fixed).sum();
                for field in fields {
                    if field.variable_size {
                        let word = u32::try_from(offset).expect("a state has less than 4 GiB");
                        out.write_all(&word.to_le_bytes())?;
                        offset += field.len();
                    } else {
                        field.encode(out)?;
                    }
                }
                let variable = fields.iter().filter(|field| field.variable_size);
                variable.into_iter().try_for_each(|field| field.encode(out))
            }
        }
    }

    fn fixed(bytes: Vec<u8>) -> Self {
        let root = merkleize(pack(&bytes), bytes.len().div_ceil(32));
        Self { encoding: Encoding::Bytes(bytes), variable_size: false, root }
    }
}

/// `uint64`.
pub fn uint64(value: u64) -> Value {
    Value::fixed(value.to_le_bytes().to_vec())
}

/// `boolean`, or `uint8`.
pub fn uint8(value: u8) -> Value {
    Value::fixed(vec![value])
}

/// `uint256`, from its little-endian bytes.
pub fn uint256(value: [u8; 32]) -> Value {
    Value::fixed(value.to_vec())
}

/// `ByteVector[N]` and `Bitvector[N]` (whose bits the caller has packed).
pub fn bytes(value: impl Into<Vec<u8>>) -> Value {
    Value::fixed(value.into())
}

/// `Container`, or a composite `Vector`.
pub fn container(fields: impl IntoIterator<Item = Value>) -> Value {
    let fields: Vec<Value> = fields.into_iter().collect();
    let roots: Vec<Root> = fields.iter().map(Value::root).collect();
    let count = roots.len();
    let variable_size = fields.iter().any(|field| field.variable_size);
    Value { encoding: Encoding::Container(fields), variable_size, root: merkleize(roots, count) }
}

/// `ProgressiveContainer` with all fields active (EIP-7495).
pub fn progressive_container(fields: impl IntoIterator<Item = Value>) -> Value {
    let mut value = container(fields);
    let Encoding::Container(fields) = &value.encoding else { return value };
    let mut active_fields = [0; 32];
    (0..fields.len()).for_each(|index| active_fields[index / 8] |= 1 << (index % 8));
    let roots: Vec<Root> = fields.iter().map(Value::root).collect();
    value.root = hash(&merkleize_progressive(&roots), &active_fields);
    value
}

/// `Vector[Bytes32, count]`, or a vector of any fixed-size composite, with equal elements.
pub fn vector_of(element: &Value, count: usize) -> Value {
    let mut root = element.root;
    let mut zeros = [0; 32];
    let mut level = count;
    // A level of equal nodes has one hash, but for its last node where their number is odd.
    let mut last = root;
    while level > 1 {
        let odd = !level.is_multiple_of(2);
        last = if odd { hash(&last, &zeros) } else { hash(&root, &last) };
        root = hash(&root, &root);
        zeros = hash(&zeros, &zeros);
        level = level.div_ceil(2);
    }
    let encoding = Encoding::Repeated(element.to_bytes(), count);
    Value { encoding, variable_size: false, root: last }
}

/// `Vector[uint64, N]`.
pub fn vector_uint64(values: &[u64]) -> Value {
    Value::fixed(values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

/// `Vector[uint64, count]` of zeros.
pub fn zeros_uint64(count: usize) -> Value {
    let chunks = vector_of(&bytes([0; 32]), count.div_ceil(4));
    Value { encoding: Encoding::Repeated(vec![0; 8], count), ..chunks }
}

/// `List[uint64, limit]`.
pub fn list_uint64(values: &[u64], limit: u64) -> Value {
    let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    list_packed(data, values.len(), limit.div_ceil(4))
}

/// `List[uint8, limit]`, or `ByteList[limit]`.
pub fn list_uint8(values: Vec<u8>, limit: u64) -> Value {
    let length = values.len();
    list_packed(values, length, limit.div_ceil(32))
}

fn list_packed(data: Vec<u8>, length: usize, chunk_limit: u64) -> Value {
    let root = mix_in_length(merkleize_limit(pack(&data), chunk_limit), length);
    Value { encoding: Encoding::Bytes(data), variable_size: true, root }
}

/// `List[T, limit]` of fixed-size composites, from their joint encoding and their roots.
pub fn list_of(data: Vec<u8>, roots: Vec<Root>, limit: u64) -> Value {
    let length = roots.len();
    let root = mix_in_length(merkleize_limit(roots, limit), length);
    Value { encoding: Encoding::Bytes(data), variable_size: true, root }
}

/// An empty `List[T, limit]` of composites.
pub fn empty_list(limit: u64) -> Value {
    list_of(Vec::new(), Vec::new(), limit)
}

/// `ProgressiveList[T]` from its encoding, its chunks and its length (EIP-7916).
pub fn progressive_list(data: Vec<u8>, chunks: &[Root], length: usize) -> Value {
    let root = mix_in_length(merkleize_progressive(chunks), length);
    Value { encoding: Encoding::Bytes(data), variable_size: true, root }
}

/// SHA-256 of two nodes.
pub fn hash(left: &Root, right: &Root) -> Root {
    Sha256::new().chain_update(left).chain_update(right).finalize().into()
}

/// `mix_in_length`.
fn mix_in_length(root: Root, length: usize) -> Root {
    let mut word = [0; 32];
    word[..8].copy_from_slice(&(length as u64).to_le_bytes());
    hash(&root, &word)
}

/// `pack`: bytes as 32-byte chunks, the last one padded with zeros.
pub fn pack(data: &[u8]) -> Vec<Root> {
    data.chunks(32)
        .map(|part| {
            let mut chunk = [0; 32];
            chunk[..part.len()].copy_from_slice(part);
            chunk
        })
        .collect()
}

fn merkleize(chunks: Vec<Root>, limit: usize) -> Root {
    merkleize_limit(chunks, limit as u64)
}

/// `merkleize(chunks, limit)`: the tree that `limit` chunks would fill, zeros where none are.
fn merkleize_limit(mut nodes: Vec<Root>, limit: u64) -> Root {
    let depth = u64::BITS - (limit.max(1) - 1).leading_zeros();
    let mut zeros = [0; 32];
    for _ in 0..depth {
        let pair = |pair: &[Root]| hash(&pair[0], pair.get(1).unwrap_or(&zeros));
        nodes = if nodes.len() >= PARALLEL {
            nodes.par_chunks(2).map(pair).collect()
        } else {
            nodes.chunks(2).map(pair).collect()
        };
        zeros = hash(&zeros, &zeros);
    }
    nodes.pop().unwrap_or(zeros)
}

/// `merkleize_progressive` (EIP-7916): subtrees of 1, 4, 16 … chunks, each hung beside the rest.
fn merkleize_progressive(chunks: &[Root]) -> Root {
    fn from(chunks: &[Root], leaves: usize) -> Root {
        if chunks.is_empty() {
            return [0; 32];
        }
        let (here, rest) = chunks.split_at(leaves.min(chunks.len()));
        hash(&merkleize(here.to_vec(), leaves), &from(rest, leaves * 4))
    }
    from(chunks, 1)
}

#[cfg(test)]
mod tests;

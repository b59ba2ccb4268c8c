//! SSZ encoding and merkleization, no decoding. Sources: consensus-specs
//! `ssz/simple-serialize.md`; EIP-7495 and EIP-7916 for the progressive types.
//!
//! A [`Value`] is built with its encoding, its `hash_tree_root` and its [`Kind`] at once, so that
//! the state's JSON needs no second description of its types. A vector of equal elements (65,536
//! randao mixes) is stored as one element and a count: its root takes one hash per tree level.

mod merkle;

use std::io::Write;

use alloy_primitives::B256;
use merkle::{merkleize, merkleize_limit, merkleize_progressive, mix_in_length};

use crate::file::{Encode, OpenRange};
pub use merkle::{hash, pack};

/// An SSZ value: its bytes, their meaning and its root.
#[derive(Debug, Clone)]
pub struct Value {
    encoding: Encoding,
    variable_size: bool,
    root: B256,
}

#[derive(Debug, Clone)]
pub(super) enum Encoding {
    Bytes(Kind, Vec<u8>),
    /// A vector of one element, repeated.
    Repeated(Box<Value>, usize),
    /// A vector, or an empty list.
    Elements(Vec<Value>),
    Container(Vec<Field>),
}

/// The type of a value that is stored as bytes, as far as its JSON depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `uintN`.
    Uint,
    /// `boolean`.
    Boolean,
    /// `ByteVector`, `ByteList`, `Bitvector`.
    Bytes,
    /// `ExecutionAddress`.
    Address,
    /// A `List` or `Vector` of elements of a fixed size.
    List(Element),
}

/// An element of a fixed size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// `uintN` of this many bytes.
    Uint(usize),
    /// A container: the name, the kind and the size in bytes of each field.
    Container(&'static [(&'static str, Kind, usize)]),
}

impl Element {
    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            Self::Uint(size) => size,
            Self::Container(fields) => fields.iter().map(|(_, _, size)| size).sum(),
        }
    }
}

/// A field of a container.
pub type Field = (&'static str, Value);

impl Value {
    /// `hash_tree_root`.
    pub fn root(&self) -> B256 {
        self.root
    }

    pub(super) fn encoding(&self) -> &Encoding {
        &self.encoding
    }

    /// Length of the encoding in bytes.
    pub fn len(&self) -> usize {
        match &self.encoding {
            Encoding::Bytes(_, bytes) => bytes.len(),
            Encoding::Repeated(element, count) => element.len() * count,
            Encoding::Elements(elements) => elements.iter().map(Self::len_in_container).sum(),
            Encoding::Container(fields) => {
                fields.iter().map(|(_, field)| field.len_in_container()).sum()
            }
        }
    }

    fn len_in_container(&self) -> usize {
        self.len() + if self.variable_size { 4 } else { 0 }
    }

    /// Whether the encoding is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The encoding.
    ///
    /// # Panics
    /// As [`Value::encode`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len());
        self.encode(&mut out).expect("writing to memory does not fail");
        out
    }

    /// Writes the encoding, in many small parts.
    ///
    /// # Errors
    /// Those of `out`.
    ///
    /// # Panics
    /// The value has 4 GiB or more, which an offset cannot express: 30 million validators.
    pub fn encode(&self, out: &mut impl Write) -> std::io::Result<()> {
        match &self.encoding {
            Encoding::Bytes(_, bytes) => out.write_all(bytes),
            Encoding::Repeated(element, count) => {
                let element = element.to_bytes();
                (0..*count).try_for_each(|_| out.write_all(&element))
            }
            Encoding::Elements(elements) => encode_members(elements.iter(), out),
            Encoding::Container(fields) => encode_members(fields.iter().map(|(_, f)| f), out),
        }
    }

    fn fixed(kind: Kind, bytes: Vec<u8>) -> Self {
        let root = merkleize(pack(&bytes), bytes.len().div_ceil(32));
        Self { encoding: Encoding::Bytes(kind, bytes), variable_size: false, root }
    }
}

/// Members of fixed size and offsets first, then the members of variable size.
fn encode_members<'a>(
    members: impl Iterator<Item = &'a Value> + Clone,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let fixed = |member: &Value| if member.variable_size { 4 } else { member.len() };
    let mut offset: usize = members.clone().map(fixed).sum();
    for member in members.clone() {
        if member.variable_size {
            let word = u32::try_from(offset).expect("a state has less than 4 GiB");
            out.write_all(&word.to_le_bytes())?;
            offset += member.len();
        } else {
            member.encode(out)?;
        }
    }
    let mut variable = members.filter(|member| member.variable_size);
    variable.try_for_each(|member| member.encode(out))
}

impl Encode for Value {
    fn encode_to(&self, _: &OpenRange<'_>, mut out: &mut dyn Write) -> std::io::Result<()> {
        self.encode(&mut out)
    }
}

/// `uint64`.
pub fn uint64(value: u64) -> Value {
    Value::fixed(Kind::Uint, value.to_le_bytes().to_vec())
}

/// `uint256`, from its little-endian bytes.
pub fn uint256(value: [u8; 32]) -> Value {
    Value::fixed(Kind::Uint, value.to_vec())
}

/// `ByteVector[N]`, and `Bitvector[N]` with its bits packed by the caller.
pub fn bytes(value: impl Into<Vec<u8>>) -> Value {
    Value::fixed(Kind::Bytes, value.into())
}

/// `Root`, `Hash32` or `Bytes32`.
pub fn bytes32(value: B256) -> Value {
    bytes(value.0)
}

/// `ExecutionAddress`.
pub fn address(value: [u8; 20]) -> Value {
    Value::fixed(Kind::Address, value.to_vec())
}

/// `Container`.
pub fn container(fields: impl IntoIterator<Item = Field>) -> Value {
    let fields: Vec<Field> = fields.into_iter().collect();
    let root = merkleize(fields.iter().map(|(_, field)| field.root).collect(), fields.len());
    let variable_size = fields.iter().any(|(_, field)| field.variable_size);
    Value { encoding: Encoding::Container(fields), variable_size, root }
}

/// `ProgressiveContainer` with all fields active (EIP-7495).
pub fn progressive_container(fields: impl IntoIterator<Item = Field>) -> Value {
    let mut value = container(fields);
    let Encoding::Container(fields) = &value.encoding else { return value };
    let mut active_fields = B256::ZERO;
    (0..fields.len()).for_each(|index| active_fields[index / 8] |= 1 << (index % 8));
    let roots: Vec<B256> = fields.iter().map(|(_, field)| field.root).collect();
    value.root = hash(&merkleize_progressive(&roots), &active_fields);
    value
}

/// `Vector` of composites of a fixed size.
pub fn vector(elements: impl IntoIterator<Item = Value>) -> Value {
    let elements: Vec<Value> = elements.into_iter().collect();
    let root = merkleize(elements.iter().map(Value::root).collect(), elements.len());
    Value { encoding: Encoding::Elements(elements), variable_size: false, root }
}

/// `Vector[Bytes32, count]`, or a vector of any composite of a fixed size, with equal elements.
pub fn vector_of(element: Value, count: usize) -> Value {
    let mut root = element.root;
    let mut zeros = B256::ZERO;
    let mut level = count;
    // The nodes of a level are equal, except the last one where the level above it is odd.
    let mut last = root;
    while level > 1 {
        let odd = !level.is_multiple_of(2);
        last = if odd { hash(&last, &zeros) } else { hash(&root, &last) };
        root = hash(&root, &root);
        zeros = hash(&zeros, &zeros);
        level = level.div_ceil(2);
    }
    let encoding = Encoding::Repeated(Box::new(element), count);
    Value { encoding, variable_size: false, root: last }
}

/// `Vector[uint64, N]`.
pub fn vector_uint64(values: &[u64]) -> Value {
    Value::fixed(Kind::List(Element::Uint(8)), little_endian(values))
}

/// `Vector[uint64, count]` of zeros.
pub fn zeros_uint64(count: usize) -> Value {
    let chunks = vector_of(bytes([0; 32]), count.div_ceil(4));
    Value { encoding: Encoding::Repeated(Box::new(uint64(0)), count), ..chunks }
}

/// `List[uint64, limit]`.
pub fn list_uint64(values: &[u64], limit: u64) -> Value {
    let kind = Kind::List(Element::Uint(8));
    list_packed(kind, little_endian(values), values.len(), limit.div_ceil(4))
}

/// `List[uint8, limit]`.
pub fn list_uint8(values: Vec<u8>, limit: u64) -> Value {
    let length = values.len();
    list_packed(Kind::List(Element::Uint(1)), values, length, limit.div_ceil(32))
}

/// `ByteList[limit]`.
pub fn byte_list(values: Vec<u8>, limit: u64) -> Value {
    let length = values.len();
    list_packed(Kind::Bytes, values, length, limit.div_ceil(32))
}

fn list_packed(kind: Kind, data: Vec<u8>, length: usize, chunk_limit: u64) -> Value {
    let root = mix_in_length(merkleize_limit(pack(&data), chunk_limit), length);
    Value { encoding: Encoding::Bytes(kind, data), variable_size: true, root }
}

/// `List[T, limit]` of composites of a fixed size, from their joint encoding and their roots.
pub fn list_of(element: Element, data: Vec<u8>, roots: Vec<B256>, limit: u64) -> Value {
    let root = list_root(roots, limit);
    Value { encoding: Encoding::Bytes(Kind::List(element), data), variable_size: true, root }
}

/// `hash_tree_root` of a `List[T, limit]` of composites, from their roots.
pub fn list_root(roots: Vec<B256>, limit: u64) -> B256 {
    let length = roots.len();
    mix_in_length(merkleize_limit(roots, limit), length)
}

/// An empty `List[T, limit]` of composites.
pub fn empty_list(limit: u64) -> Value {
    let root = list_root(Vec::new(), limit);
    Value { encoding: Encoding::Elements(Vec::new()), variable_size: true, root }
}

/// `ProgressiveList[T]` from its encoding, its chunks and its length (EIP-7916).
pub fn progressive_list(element: Element, data: Vec<u8>, chunks: &[B256], length: usize) -> Value {
    let root = mix_in_length(merkleize_progressive(chunks), length);
    Value { encoding: Encoding::Bytes(Kind::List(element), data), variable_size: true, root }
}

/// An empty `ProgressiveList[T]`.
pub fn empty_progressive_list() -> Value {
    let root = mix_in_length(B256::ZERO, 0);
    Value { encoding: Encoding::Elements(Vec::new()), variable_size: true, root }
}

fn little_endian(values: &[u64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests;

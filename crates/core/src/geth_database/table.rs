//! A leveldb table. Source: leveldb `doc/table_format.md`, `table/block_builder.cc`.

use super::batch::PUT;
use super::filter::{self, Filters};
use super::{checksum, length_in_table, put_bytes, put_varint};

/// A block ends with the entry that reaches this length, as in goleveldb.
const BLOCK: usize = 4 << 10;
/// Entries of a data block between two complete keys.
const RESTART: usize = 16;
/// The end of a table: two block handles, and a magic number.
const FOOTER: usize = 48;
/// The last bytes of a table.
pub(super) const MAGIC: [u8; 8] = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];
/// The number that every entry of the tables has. No key is in them twice.
pub(super) const SEQUENCE: u64 = 1;

/// An internal key: the key, and number and kind of its entry.
pub(super) fn internal_key(key: &[u8]) -> Vec<u8> {
    [key, &SUFFIX].concat()
}

/// The end of an internal key.
const SUFFIX: [u8; 8] = ((SEQUENCE << 8) | PUT as u64).to_le_bytes();

/// A table to which keys and values are added in the order of the keys.
#[derive(Debug)]
pub(super) struct Builder {
    out: Output,
    filters: Filters,
    index: Block,
    block: Block,
    /// The internal key of the last entry.
    key: Vec<u8>,
    first: Vec<u8>,
    /// Bytes of keys and values.
    pairs: usize,
}

/// The end of a table.
#[derive(Debug)]
pub(super) struct Encoded {
    /// All bytes, or those that were not taken before.
    pub(super) bytes: Vec<u8>,
    /// Bytes of the table.
    pub(super) size: u64,
    /// Its first key.
    pub(super) first: Vec<u8>,
    /// Its last key.
    pub(super) last: Vec<u8>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            out: Output::default(),
            filters: Filters::default(),
            index: Block::of_index(),
            block: Block::default(),
            key: Vec::new(),
            first: Vec::new(),
            pairs: 0,
        }
    }
}

impl Builder {
    /// Takes the bytes that will not change; the next ones use the memory of `buffer`.
    pub(super) fn take(&mut self, mut buffer: Vec<u8>) -> Vec<u8> {
        self.out.taken = self.out.length();
        buffer.clear();
        std::mem::replace(&mut self.out.bytes, buffer)
    }

    /// Bytes of the keys and values that were added.
    pub(super) fn pairs(&self) -> usize {
        self.pairs
    }

    /// Adds a key, which is greater than all others, and its value.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        if self.key.is_empty() {
            self.first = key.to_vec();
        }
        self.key.clear();
        self.key.extend_from_slice(key);
        self.key.extend_from_slice(&SUFFIX);
        self.filters.add(key);
        self.block.add(&self.key, value);
        self.pairs += key.len() + value.len();
        if self.block.length() >= BLOCK {
            self.end_block();
        }
    }

    /// Writes the data block, and its entry of the index: the last key, and the block's place.
    fn end_block(&mut self) {
        let handle = self.out.put_block(self.block.finish());
        self.block.clear();
        self.index.add(&self.key, &handle);
        self.filters.end_block(self.out.length());
    }

    /// The table.
    pub(super) fn finish(mut self) -> Encoded {
        if self.block.count > 0 {
            self.end_block();
        }
        let Self { mut out, filters, mut index, mut key, first, .. } = self;
        let filters = out.put_block(&filters.finish());
        let mut meta = Block::default();
        meta.add(filter::NAME, &filters);
        let meta = out.put_block(meta.finish());
        let index = out.put_block(index.finish());
        let start = out.bytes.len();
        out.bytes.extend_from_slice(&meta);
        out.bytes.extend_from_slice(&index);
        out.bytes.resize(start + FOOTER - MAGIC.len(), 0);
        out.bytes.extend_from_slice(&MAGIC);
        key.truncate(key.len().saturating_sub(SUFFIX.len()));
        Encoded { size: out.length(), bytes: out.bytes, first, last: key }
    }
}

/// Bytes of a table.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    /// Bytes of the table before them.
    taken: u64,
}

impl Output {
    /// The bytes after the first `taken` ones.
    pub(super) fn after(taken: u64) -> Self {
        Self { bytes: Vec::new(), taken }
    }

    /// Bytes of the table up to here.
    pub(super) fn length(&self) -> u64 {
        self.taken + self.bytes.len() as u64
    }

    /// Writes a block without compression: hashes do not shrink. Returns its handle.
    pub(super) fn put_block(&mut self, block: &[u8]) -> Vec<u8> {
        let mut handle = Vec::new();
        put_varint(&mut handle, self.length());
        put_varint(&mut handle, block.len() as u64);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(block);
        self.bytes.push(0);
        let checksum = checksum::masked(&self.bytes[start..]);
        self.bytes.extend_from_slice(&checksum.to_le_bytes());
        handle
    }
}

/// Entries that share the start of their keys.
#[derive(Debug)]
pub(super) struct Block {
    /// Entries between two complete keys.
    restart: usize,
    bytes: Vec<u8>,
    restarts: Vec<u32>,
    count: usize,
    last: Vec<u8>,
}

impl Default for Block {
    fn default() -> Self {
        Self::new(RESTART)
    }
}

impl Block {
    fn new(restart: usize) -> Self {
        Self { restart, bytes: Vec::new(), restarts: Vec::new(), count: 0, last: Vec::new() }
    }

    /// A block whose keys are complete.
    pub(super) fn of_index() -> Self {
        Self::new(1)
    }

    /// Starts the next block.
    fn clear(&mut self) {
        self.bytes.clear();
        self.restarts.clear();
        self.count = 0;
        self.last.clear();
    }

    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        let shared = if self.count.is_multiple_of(self.restart) {
            self.restarts.push(length_in_table(self.bytes.len()));
            0
        } else {
            self.last.iter().zip(key).take_while(|(one, other)| one == other).count()
        };
        put_varint(&mut self.bytes, shared as u64);
        put_varint(&mut self.bytes, (key.len() - shared) as u64);
        put_varint(&mut self.bytes, value.len() as u64);
        self.bytes.extend_from_slice(&key[shared..]);
        self.bytes.extend_from_slice(value);
        self.last.truncate(shared);
        self.last.extend_from_slice(&key[shared..]);
        self.count += 1;
    }

    /// Bytes of the finished block.
    fn length(&self) -> usize {
        self.bytes.len() + 4 * self.restarts.len() + 4
    }

    pub(super) fn finish(&mut self) -> &[u8] {
        let count = length_in_table(self.restarts.len());
        for number in self.restarts.iter().chain([&count]) {
            self.bytes.extend_from_slice(&number.to_le_bytes());
        }
        &self.bytes
    }
}

/// A table of the manifest.
#[derive(Debug)]
pub(super) struct Table {
    /// Number of its file.
    pub(super) number: u64,
    /// Bytes.
    pub(super) size: u64,
    /// Its first key.
    pub(super) first: Vec<u8>,
    /// Its last key.
    pub(super) last: Vec<u8>,
}

/// `MANIFEST-000001`: a database of these tables, which are sorted and do not overlap; geth writes
/// its first log under the number `log`. Source: leveldb `db/version_edit.cc`.
pub(super) fn manifest(tables: &[Table], log: u64) -> Vec<u8> {
    let size: u64 = tables.iter().map(|table| table.size).sum();
    let mut edit = Vec::new();
    put_varint(&mut edit, 1);
    put_bytes(&mut edit, b"leveldb.BytewiseComparator");
    // Number of the log, of the next file, and of the last entry.
    for (field, value) in [(2, log), (3, log + 1), (4, SEQUENCE)] {
        put_varint(&mut edit, field);
        put_varint(&mut edit, value);
    }
    let level = level(size);
    for table in tables {
        for number in [7, level, table.number, table.size] {
            put_varint(&mut edit, number);
        }
        put_bytes(&mut edit, &internal_key(&table.first));
        put_bytes(&mut edit, &internal_key(&table.last));
    }
    super::log::of_record(&edit)
}

/// The level for tables of `size` bytes: one that they fill at most by half, so that nothing is
/// compacted after a start. goleveldb allows a level 10 MiB, times 10 for each level above it.
fn level(size: u64) -> u64 {
    let mut level = 1;
    let mut limit = 100 << 20;
    while size > limit / 2 {
        (level, limit) = (level + 1, limit * 10);
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_has_room_for_the_tables() {
        let sizes = [0, 50 << 20, (50 << 20) + 1, 500 << 20, (500 << 20) + 1, 4 << 40];
        assert_eq!(sizes.map(level), [1, 1, 2, 2, 3, 6]);
    }
}

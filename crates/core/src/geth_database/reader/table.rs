//! Reads a table: leveldb's format, and those of pebble whose blocks are leveldb's. Sources: leveldb
//! `doc/table_format.md`, pebble `sstable/table.go`, `sstable/properties.go`.

use std::sync::Arc;

use super::super::{checksum, put_varint};
use super::block::{Block, Cursor, Invalid};
use super::bytes::{Bytes, before, order, split};
use super::entries::Entries;
use super::error::{Error, at, corrupt};
use super::files::ReadAt;
use super::footer::Footer;
use super::memory::{Kind, Tombstone};

/// Compression and checksum after a block.
pub(super) const TRAILER: usize = 5;
/// The type of an index whose entries name blocks of the index.
const TWO_LEVELS: u32 = 2;

/// Where a block is in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Handle {
    pub(super) offset: u64,
    pub(super) length: usize,
}

impl Handle {
    pub(super) fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(Self { offset: bytes.varint()?, length: bytes.length()? })
    }

    pub(super) fn encode(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, self.offset);
        put_varint(&mut bytes, self.length as u64);
        bytes
    }
}

/// A table whose index is in memory.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    /// Number of its file.
    pub(super) number: u64,
    pub(super) file: Box<dyn ReadAt>,
    pub(super) size: u64,
    pub(super) footer: Footer,
    pub(super) index: Arc<Block>,
    pub(super) has_two_levels: bool,
    /// The ranges of keys that it deletes.
    pub(super) tombstones: Vec<Tombstone>,
}

/// Blocks that are kept in memory.
pub(super) trait Blocks: std::fmt::Debug {
    /// The block of `table` at `handle`.
    fn block(&self, table: &Table, handle: Handle) -> Result<Arc<Block>, Error>;
}

impl Table {
    /// Reads the index of the table `name`.
    pub(super) fn open(name: String, number: u64, file: Box<dyn ReadAt>) -> Result<Self, Error> {
        let size = file.length().map_err(at(&name))?;
        let footer = Footer::read(&name, &*file, size)?;
        let bad = || corrupt(&name, footer.start, "a damaged footer");
        let empty = Block::new(vec![0; 4]).ok_or_else(bad)?;
        let (meta, index, is_leveldb) = (footer.meta, footer.index, footer.is_leveldb);
        let mut table = Self {
            name,
            number,
            file,
            size,
            footer,
            index: Arc::new(empty),
            has_two_levels: false,
            tombstones: Vec::new(),
        };
        table.index = Arc::new(table.read(index)?);
        if !is_leveldb {
            table.read_meta(meta)?;
        }
        Ok(table)
    }

    /// Reads the properties, and the deleted ranges.
    fn read_meta(&mut self, meta: Handle) -> Result<(), Error> {
        let mut names = Cursor::new(Arc::new(self.read(meta)?));
        while self.check(meta, names.advance())? {
            let handle = Handle::read(&mut Bytes(names.value()));
            let handle = handle.ok_or_else(|| self.damaged(meta))?;
            match &names.key[..] {
                b"rocksdb.properties" => {
                    let mut properties = Cursor::new(Arc::new(self.read(handle)?));
                    while self.check(handle, properties.advance())? {
                        if properties.key == b"rocksdb.block.based.table.index.type" {
                            self.has_two_levels =
                                Bytes(properties.value()).u32() == Some(TWO_LEVELS);
                        }
                    }
                }
                b"rocksdb.range_del" | b"rocksdb.range_del2" => {
                    let mut ranges = Cursor::new(Arc::new(self.read(handle)?));
                    while self.check(handle, ranges.advance())? {
                        let (start, trailer) =
                            split(&ranges.key).ok_or_else(|| self.damaged(handle))?;
                        self.tombstones.push(Tombstone {
                            start: start.to_vec(),
                            end: ranges.value().to_vec(),
                            sequence: trailer >> 8,
                        });
                    }
                }
                b"pebble.range_key" => {
                    let what = "table with range keys".to_owned();
                    return Err(Error::Unknown { file: self.name.clone(), what });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The length of a block with its trailer, which is in the file.
    pub(super) fn length_of(&self, handle: Handle) -> Result<usize, Error> {
        let length = handle.length.checked_add(TRAILER).ok_or_else(|| self.damaged(handle))?;
        let end = handle.offset.checked_add(length as u64);
        // Before memory is taken for it.
        let is_in_file = end.is_some_and(|end| end <= self.size);
        is_in_file.then_some(length).ok_or_else(|| self.damaged(handle))
    }

    /// Reads a block from the file.
    pub(super) fn read(&self, handle: Handle) -> Result<Block, Error> {
        let damaged = || self.damaged(handle);
        let length = self.length_of(handle)?;
        let mut bytes = vec![0; length];
        self.file.read_at(handle.offset, &mut bytes).map_err(at(&self.name))?;
        let sum = bytes.split_off(length - 4);
        if checksum::masked(&bytes).to_le_bytes() != sum[..] {
            return Err(self.with_other_checksum(handle));
        }
        let compression = bytes.pop();
        let bytes = match compression {
            Some(0) => bytes,
            Some(1) => decompress(&bytes).ok_or_else(damaged)?,
            _ => {
                let what = format!("compression {}", compression.unwrap_or_default());
                return Err(Error::Unknown { file: self.name.clone(), what });
            }
        };
        Block::new(bytes).ok_or_else(damaged)
    }

    pub(super) fn with_other_checksum(&self, handle: Handle) -> Error {
        corrupt(&self.name, handle.offset, "a block with another checksum")
    }

    fn damaged(&self, handle: Handle) -> Error {
        corrupt(&self.name, handle.offset, "a block that is not valid")
    }

    fn check<T>(&self, handle: Handle, result: Result<T, Invalid>) -> Result<T, Error> {
        result.map_err(|Invalid| self.damaged(handle))
    }

    /// The newest entry of `key`: its sequence number, kind and value.
    pub(super) fn get(
        self: &Arc<Self>,
        key: &[u8],
        blocks: &dyn Blocks,
    ) -> Result<Option<(u64, Kind, Vec<u8>)>, Error> {
        let mut entries = Entries::new(Arc::clone(self));
        if !entries.seek(&before(key), blocks)? {
            return Ok(None);
        }
        let (found, sequence, kind) = entries.entry()?;
        if found != key {
            return Ok(None);
        }
        Ok(Some((sequence, kind, entries.value()?)))
    }
}

/// Bytes that snappy compressed.
pub(super) fn decompress(bytes: &[u8]) -> Option<Vec<u8>> {
    /// No more than this comes out of a byte: three bytes describe a copy of 64.
    const RATIO: usize = 32;
    let length = snap::raw::decompress_len(bytes).ok()?;
    if length > bytes.len().saturating_mul(RATIO) {
        return None;
    }
    snap::raw::Decoder::new().decompress_vec(bytes).ok()
}

/// A table of a manifest.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) number: u64,
    /// Its first and last internal keys.
    pub(super) first: Vec<u8>,
    pub(super) last: Vec<u8>,
}

impl Listed {
    /// Whether `key` is between its first and last keys.
    pub(super) fn may_have(&self, key: &[u8]) -> bool {
        let first = split(&self.first).map_or(&self.first[..], |(key, _)| key);
        first <= key && self.ends_after(key)
    }

    /// Whether its last key is at or after `key`.
    pub(super) fn ends_after(&self, key: &[u8]) -> bool {
        order(&before(key), &self.last).is_le()
    }
}

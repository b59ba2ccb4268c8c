//! A copy of a database without one large value, such as the alloc that geth keeps of its genesis.
//!
//! Only the table with the value changes. Its block is rewritten with an empty value, and everything after
//! it moves towards the start of the file; so the index, the filters, the footer and the size in the
//! manifest are rewritten, too. All other blocks stay as they are; the bytes of the old index and filters
//! stay, but nothing refers to them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use alloy_primitives::B256;

use super::super::filter::{self, Filters};
use super::super::schema;
use super::super::table::{Block, Output};
use super::block::Cursor;
use super::bytes::{Bytes, before, split};
use super::entries::{Entries, index_error};
use super::error::{Error, at};
use super::manifest::resized;
use super::table::{Blocks, Handle, TRAILER, Table};
use super::{Database, candidates, files};

/// A part of a copied file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// These bytes of the original.
    Same(Range<u64>),
    /// Other bytes.
    New(Vec<u8>),
}

impl Database<'_> {
    /// How to copy the database without the alloc of its block 0 `genesis`, if that is large: geth would read
    /// all of it at each start, with the keys beside it. Returns what [`Database::without_large`] does.
    ///
    /// # Errors
    /// A table is damaged, or cannot be read.
    pub fn without_alloc(&self, genesis: &B256) -> Result<BTreeMap<String, Vec<Piece>>, Error> {
        self.without_large(&schema::genesis_alloc(genesis))
    }

    /// How to copy the database so that the value of `key` is empty where it is large: the pieces of the
    /// files that differ from the original, by name.
    ///
    /// # Errors
    /// A table is damaged, or cannot be read.
    pub fn without_large(&self, key: &[u8]) -> Result<BTreeMap<String, Vec<Piece>>, Error> {
        let (mut changed, mut sizes) = (BTreeMap::new(), BTreeMap::new());
        for (level, tables) in &self.levels {
            for listed in candidates(*level, tables, key) {
                let table = self.cache.table(listed.number)?;
                let Some(large) = large_block(&table, key, &self.cache)? else { continue };
                let (pieces, size) = Shortened::new(&table, large, &self.cache)?.into_pieces()?;
                if size < table.size {
                    sizes.insert(listed.number, size);
                    changed.insert(table.name.clone(), pieces);
                }
            }
        }
        if !sizes.is_empty() {
            let name = &self.manifest;
            let log = files::read(self.cache.files, name).map_err(at(name))?;
            changed.insert(name.clone(), vec![Piece::New(resized(name, &log, &sizes)?)]);
        }
        Ok(changed)
    }
}

/// The block in which `key` has a large value.
fn large_block(
    table: &Arc<Table>,
    key: &[u8],
    blocks: &dyn Blocks,
) -> Result<Option<Handle>, Error> {
    let mut entries = Entries::new(Arc::clone(table));
    if !entries.seek(&before(key), blocks)? || entries.entry()?.0 != key {
        return Ok(None);
    }
    entries.large_block()
}

/// A table whose block `large` becomes `block`.
struct Shortened<'a> {
    table: &'a Table,
    blocks: &'a dyn Blocks,
    large: Handle,
    /// With its trailer.
    block: Vec<u8>,
    /// Bytes that the table has less before the next block.
    removed: u64,
}

impl<'a> Shortened<'a> {
    fn new(table: &'a Table, large: Handle, blocks: &'a dyn Blocks) -> Result<Self, Error> {
        if large.offset + table.length_of(large)? as u64 > table.footer.start {
            return Err(index_error(&table.name));
        }
        let mut block = Block::default();
        let mut entries = Cursor::new(blocks.block(table, large)?);
        while entries.advance().map_err(|_| index_error(&table.name))? {
            block.add(&entries.key, entries.value());
        }
        let mut out = Output::default();
        out.put_block(block.finish());
        let removed = (table.length_of(large)? as u64).saturating_sub(out.length());
        Ok(Self { table, blocks, large, block: out.bytes, removed })
    }

    /// The table, and its size.
    fn into_pieces(self) -> Result<(Vec<Piece>, u64), Error> {
        let footer = &self.table.footer;
        let after = self.large.offset + self.table.length_of(self.large)? as u64;
        let mut end = Output::after(footer.start - self.removed);
        let index = self.index(self.top(), self.table.has_two_levels, &mut end)?;
        let meta = self.meta(&mut end)?;
        end.bytes.extend(footer.with(&meta, &index));
        let size = end.length();
        let pieces = vec![
            Piece::Same(0..self.large.offset),
            Piece::New(self.block),
            Piece::Same(after..footer.start),
            Piece::New(end.bytes),
        ];
        Ok((pieces, size))
    }

    fn top(&self) -> Cursor {
        Cursor::new(Arc::clone(&self.table.index))
    }

    /// Where a block of the original is.
    ///
    /// # Errors
    /// It is a part of the large one.
    fn moved(&self, handle: Handle) -> Result<Handle, Error> {
        let Handle { offset, length } = handle;
        if offset == self.large.offset {
            return Ok(Handle { offset, length: self.block.len() - TRAILER });
        }
        if offset < self.large.offset {
            return Ok(handle);
        }
        let moved = offset.checked_sub(self.removed).filter(|moved| *moved > self.large.offset);
        let offset = moved.ok_or_else(|| index_error(&self.table.name))?;
        Ok(Handle { offset, length })
    }

    /// Writes an index again; returns its handle.
    fn index(&self, mut from: Cursor, is_upper: bool, out: &mut Output) -> Result<Vec<u8>, Error> {
        let mut index = Block::of_index();
        while self.advance(&mut from)? {
            let (handle, rest) = self.handle(&from)?;
            let mut value = if is_upper {
                let below = Cursor::new(Arc::new(self.table.read(handle)?));
                self.index(below, false, out)?
            } else {
                self.moved(handle)?.encode()
            };
            // pebble may have properties of the block there.
            value.extend_from_slice(rest);
            index.add(&from.key, &value);
        }
        Ok(out.put_block(index.finish()))
    }

    /// Writes the names of the other blocks again; returns its handle.
    fn meta(&self, out: &mut Output) -> Result<Vec<u8>, Error> {
        let mut meta = Block::default();
        let mut names = Cursor::new(Arc::new(self.table.read(self.table.footer.meta)?));
        while self.advance(&mut names)? {
            let handle = match &names.key[..] {
                filter::NAME => out.put_block(&self.filters()?),
                _ => self.moved(self.handle(&names)?.0)?.encode(),
            };
            meta.add(&names.key, &handle);
        }
        Ok(out.put_block(meta.finish()))
    }

    /// leveldb's filters, which are those of ranges of the file.
    fn filters(&self) -> Result<Vec<u8>, Error> {
        let (mut filters, mut index) = (Filters::default(), self.top());
        while self.advance(&mut index)? {
            let (handle, _) = self.handle(&index)?;
            let mut entries = Cursor::new(self.blocks.block(self.table, handle)?);
            while self.advance(&mut entries)? {
                let (key, _) = split(&entries.key).ok_or_else(|| self.invalid())?;
                filters.add(key);
            }
            let Handle { offset, length } = self.moved(handle)?;
            filters.end_block(offset + (length + TRAILER) as u64);
        }
        Ok(filters.finish())
    }

    fn advance(&self, cursor: &mut Cursor) -> Result<bool, Error> {
        cursor.advance().map_err(|_| self.invalid())
    }

    /// The handle that is the value of an entry, and the bytes after it.
    fn handle<'c>(&self, cursor: &'c Cursor) -> Result<(Handle, &'c [u8]), Error> {
        let mut value = Bytes(cursor.value());
        let handle = Handle::read(&mut value).ok_or_else(|| self.invalid())?;
        Ok((handle, value.0))
    }

    fn invalid(&self) -> Error {
        index_error(&self.table.name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::filter::tests::may_have;
    use super::super::large::tests::database;
    use super::super::tests::InMemory;
    use super::*;

    const TABLE: &str = "000002.ldb";

    /// A copy of `files`, with these pieces of some.
    fn copy(files: &InMemory, changed: &BTreeMap<String, Vec<Piece>>) -> InMemory {
        let mut copied = files.clone();
        for (name, pieces) in changed {
            let original = &files.0[name];
            let place = |at: u64| usize::try_from(at).unwrap();
            let bytes = |piece: &Piece| match piece {
                Piece::Same(range) => original[place(range.start)..place(range.end)].to_vec(),
                Piece::New(bytes) => bytes.clone(),
            };
            copied.0.insert(name.clone(), pieces.iter().flat_map(bytes).collect());
        }
        copied
    }

    #[test]
    fn a_copy_has_all_but_the_large_value() {
        let files = database();
        let original = Database::open(&files).unwrap();
        let copied = copy(&files, &original.without_large(b"ethereum-genesis").unwrap());
        assert!(copied.0[TABLE].len() < 30_000, "{}", copied.0[TABLE].len());
        let copied = Database::open(&copied).unwrap();
        let (mut one, mut other) = (original.range(b"").unwrap(), copied.range(b"").unwrap());
        let mut count = 0;
        while let Some((key, value)) = one.next().unwrap() {
            let expected = if key == b"ethereum-genesis" { Vec::new() } else { value };
            assert!(other.next().unwrap().unwrap() == (key, expected));
            count += 1;
        }
        assert!(other.next().unwrap().is_none() && count == 122);
        for (database, key) in [(&copied, "ethereum-genesis"), (&original, "head07")] {
            assert!(database.without_large(key.as_bytes()).unwrap().is_empty(), "{key}");
        }
    }

    #[test]
    fn the_filters_have_every_key_where_its_block_is_now() {
        let files = database();
        let original = Database::open(&files).unwrap();
        let copied = copy(&files, &original.without_large(b"ethereum-genesis").unwrap());
        let database = Database::open(&copied).unwrap();
        let table = database.cache.table(2).unwrap();
        let read = |handle| Cursor::new(Arc::new(table.read(handle).unwrap()));
        let named = |cursor: &Cursor| Handle::read(&mut Bytes(cursor.value())).unwrap();
        let mut names = read(table.footer.meta);
        assert!(names.advance().unwrap() && names.key == filter::NAME);
        let Handle { offset, length } = named(&names);
        let start = usize::try_from(offset).unwrap();
        let filters = &copied.0[TABLE][start..start + length];
        let (mut index, mut found, mut others) = (Cursor::new(Arc::clone(&table.index)), 0, 0);
        while index.advance().unwrap() {
            let handle = named(&index);
            let mut entries = read(handle);
            while entries.advance().unwrap() {
                let (key, _) = split(&entries.key).unwrap();
                assert!(may_have(filters, handle.offset, key), "{key:?}");
                others += usize::from(may_have(filters, handle.offset, &[key, b"?"].concat()));
                found += 1;
            }
        }
        assert_eq!(found, 122);
        assert!(others < 12, "{others}");
    }
}

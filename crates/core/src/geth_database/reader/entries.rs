//! The entries of a table.

use std::sync::Arc;

use super::block::{Cursor, Invalid};
use super::bytes::{Bytes, split};
use super::error::{Error, corrupt};
use super::memory::Kind;
use super::table::{Blocks, Handle, Table};

/// The entries of a table in order.
#[derive(Debug)]
pub(super) struct Entries {
    table: Arc<Table>,
    /// The upper level of the index, if it has two.
    top: Option<Cursor>,
    index: Option<Cursor>,
    data: Option<Cursor>,
}

impl Entries {
    pub(super) fn new(table: Arc<Table>) -> Self {
        let index = Cursor::new(Arc::clone(&table.index));
        let (top, index) =
            if table.has_two_levels { (Some(index), None) } else { (None, Some(index)) };
        Self { table, top, index, data: None }
    }

    /// Moves to the first entry whose internal key is at least `target`; `false` at the end.
    pub(super) fn seek(&mut self, target: &[u8], blocks: &dyn Blocks) -> Result<bool, Error> {
        if let Some(top) = &mut self.top {
            if !top.seek(target).map_err(|Invalid| index_error(&self.table.name))? {
                return Ok(false);
            }
            self.index = Some(named(&self.table, top, blocks)?);
        }
        let Some(index) = &mut self.index else { return Ok(false) };
        if !index.seek(target).map_err(|Invalid| index_error(&self.table.name))? {
            return self.next_block(blocks);
        }
        let mut data = named(&self.table, index, blocks)?;
        let found = data.seek(target).map_err(|Invalid| index_error(&self.table.name))?;
        self.data = Some(data);
        if found { Ok(true) } else { self.next_block(blocks) }
    }

    /// Moves to the next entry; `false` at the end.
    pub(super) fn advance(&mut self, blocks: &dyn Blocks) -> Result<bool, Error> {
        if let Some(data) = &mut self.data
            && data.advance().map_err(|Invalid| index_error(&self.table.name))?
        {
            return Ok(true);
        }
        self.next_block(blocks)
    }

    /// Moves to the first entry of the next block that has one.
    fn next_block(&mut self, blocks: &dyn Blocks) -> Result<bool, Error> {
        let wrong = |Invalid| index_error(&self.table.name);
        loop {
            if let Some(index) = &mut self.index
                && index.advance().map_err(wrong)?
            {
                let mut data = named(&self.table, index, blocks)?;
                let found = data.advance().map_err(wrong)?;
                self.data = Some(data);
                if found {
                    return Ok(true);
                }
                continue;
            }
            let Some(top) = &mut self.top else { return Ok(false) };
            if !top.advance().map_err(wrong)? {
                return Ok(false);
            }
            self.index = Some(named(&self.table, top, blocks)?);
        }
    }

    /// The key, sequence number and kind of the current entry.
    pub(super) fn entry(&self) -> Result<(&[u8], u64, Kind), Error> {
        let internal = self.data.as_ref().map_or(&[][..], |data| &data.key);
        let wrong = || index_error(&self.table.name);
        let (key, trailer) = split(internal).ok_or_else(wrong)?;
        let kind = Kind::of(trailer.to_le_bytes()[0]).ok_or_else(|| Error::Unknown {
            file: self.table.name.clone(),
            what: format!("entry of kind {}", trailer.to_le_bytes()[0]),
        })?;
        Ok((key, trailer >> 8, kind))
    }

    /// The block of the current entry, if its value is left out of the block.
    pub(super) fn large_block(&self) -> Result<Option<Handle>, Error> {
        let (Some(data), Some(index)) = (&self.data, &self.index) else { return Ok(None) };
        data.left_out().map(|_| handle_at(&self.table, index)).transpose()
    }

    /// The value of the current entry. One that is left out of its block is read.
    pub(super) fn value(&self) -> Result<Vec<u8>, Error> {
        let (Some(data), Some(index)) = (&self.data, &self.index) else { return Ok(Vec::new()) };
        let Some(range) = data.left_out() else { return Ok(data.value().to_vec()) };
        let whole = self.table.read(handle_at(&self.table, index)?)?;
        whole.into_bytes(range).ok_or_else(|| index_error(&self.table.name))
    }
}

/// The block that the entry of an index names, before its first entry.
fn named(table: &Table, index: &Cursor, blocks: &dyn Blocks) -> Result<Cursor, Error> {
    Ok(Cursor::new(blocks.block(table, handle_at(table, index)?)?))
}

fn handle_at(table: &Table, index: &Cursor) -> Result<Handle, Error> {
    Handle::read(&mut Bytes(index.value())).ok_or_else(|| index_error(&table.name))
}

pub(super) fn index_error(name: &str) -> Error {
    corrupt(name, 0, "a block or an index with entries that are not valid")
}

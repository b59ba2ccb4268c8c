//! A block of a table. Sources: leveldb `doc/table_format.md`, pebble `sstable/block.go`.

use std::ops::Range;
use std::sync::Arc;

use super::bytes::{Bytes, order};

/// The entries of a block, which share the start of their keys.
#[derive(Debug)]
pub(super) struct Block {
    bytes: Vec<u8>,
    /// Where the entries end, and the offsets of complete keys start.
    entries: usize,
    restarts: usize,
    /// Where the last value is in the whole block, if it is left out.
    left_out: Option<Range<usize>>,
}

/// A block that is not valid.
#[derive(Debug)]
pub(super) struct Invalid;

impl Block {
    pub(super) fn new(bytes: Vec<u8>) -> Option<Self> {
        let count = u32::from_le_bytes(*bytes.last_chunk()?);
        let restarts = usize::try_from(count).ok()?;
        let length = restarts.checked_add(1)?.checked_mul(4)?;
        let entries = bytes.len().checked_sub(length)?;
        Some(Self { bytes, entries, restarts, left_out: None })
    }

    /// A block of `size` bytes without its last value, from its start; `None` if the value is not known to
    /// be the last one.
    pub(super) fn without_last_value(mut start: Vec<u8>, size: usize) -> Option<Self> {
        /// Entries from one complete key to the next: the default of both engines, which geth leaves.
        const INTERVAL: usize = 16;
        let (mut at, mut count) = (0, 0_usize);
        loop {
            let mut rest = Bytes(start.get(at..)?);
            let (_, own, length) = (rest.length()?, rest.length()?, rest.length()?);
            rest.take(own)?;
            let value = start.len() - rest.0.len();
            count += 1;
            at = value.checked_add(length)?;
            if at > start.len() {
                // Offsets of complete keys, and their number, follow the last entry.
                let is_last = size.checked_sub(at)? == 4 * (count.div_ceil(INTERVAL) + 1);
                start.truncate(value);
                let left_out = Some(value..at);
                return is_last.then_some(Self {
                    bytes: start,
                    entries: value,
                    restarts: 0,
                    left_out,
                });
            }
        }
    }

    /// The bytes at `range`.
    pub(super) fn into_bytes(mut self, range: &Range<usize>) -> Option<Vec<u8>> {
        self.bytes.get(range.clone())?;
        self.bytes.truncate(range.end);
        self.bytes.drain(..range.start);
        Some(self.bytes)
    }

    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The offset of a complete key.
    fn restart(&self, index: usize) -> Option<usize> {
        let at = self.entries + 4 * index;
        let offset = usize::try_from(Bytes(self.bytes.get(at..)?).u32()?).ok()?;
        (offset <= self.entries).then_some(offset)
    }
}

/// A position in a block: before its first entry, or at one.
#[derive(Debug)]
pub(super) struct Cursor {
    block: Arc<Block>,
    /// Where the next entry starts.
    next: usize,
    pub(super) key: Vec<u8>,
    value: Range<usize>,
    /// Whether the value is left out of the block.
    is_left_out: bool,
}

impl Cursor {
    /// Before the first entry.
    pub(super) fn new(block: Arc<Block>) -> Self {
        Self { block, next: 0, key: Vec::new(), value: 0..0, is_left_out: false }
    }

    /// The value; empty if it is left out.
    pub(super) fn value(&self) -> &[u8] {
        &self.block.bytes[self.value.clone()]
    }

    /// Where the value is in the whole block, if it is left out.
    pub(super) fn left_out(&self) -> Option<&Range<usize>> {
        self.block.left_out.as_ref().filter(|_| self.is_left_out)
    }

    /// Moves to the next entry; `false` at the end.
    pub(super) fn advance(&mut self) -> Result<bool, Invalid> {
        if self.next >= self.block.entries {
            return Ok(false);
        }
        self.read().map(|()| true).ok_or(Invalid)
    }

    fn read(&mut self) -> Option<()> {
        let entries = &self.block.bytes[..self.block.entries];
        let mut rest = Bytes(entries.get(self.next..)?);
        let (shared, own, length) = (rest.length()?, rest.length()?, rest.length()?);
        if shared > self.key.len() {
            return None;
        }
        let own = rest.take(own)?;
        self.is_left_out = rest.is_empty() && self.block.left_out.is_some();
        let length = if self.is_left_out { 0 } else { length };
        rest.take(length)?;
        let end = entries.len() - rest.0.len();
        self.key.truncate(shared);
        self.key.extend_from_slice(own);
        self.value = end - length..end;
        self.next = end;
        Some(())
    }

    /// Moves to the first entry whose key is at least `target` in the order of internal keys; `false`
    /// at the end.
    pub(super) fn seek(&mut self, target: &[u8]) -> Result<bool, Invalid> {
        // The last complete key below the target: all entries before it are below, too.
        let (mut low, mut high) = (0, self.block.restarts);
        while low + 1 < high {
            let middle = usize::midpoint(low, high);
            self.restart(middle)?;
            self.read().ok_or(Invalid)?;
            if order(&self.key, target).is_lt() { low = middle } else { high = middle }
        }
        self.restart(low)?;
        while self.advance()? {
            if order(&self.key, target).is_ge() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Moves before the complete key with this index.
    fn restart(&mut self, index: usize) -> Result<(), Invalid> {
        self.key.clear();
        self.next = if index == 0 { 0 } else { self.block.restart(index).ok_or(Invalid)? };
        Ok(())
    }
}

//! A write batch of leveldb and pebble: changes that apply together. Source: leveldb
//! `db/write_batch.cc`.

use super::put_bytes;

/// The kind of an entry that removes a key.
const DELETE: u8 = 0;
/// The kind of an entry that sets a value.
pub(super) const PUT: u8 = 1;

/// Changes to a database.
#[derive(Debug, Default)]
pub(super) struct Batch {
    count: u32,
    changes: Vec<u8>,
}

impl Batch {
    /// Sets the value of `key`.
    pub(super) fn put(&mut self, key: &[u8], value: &[u8]) {
        self.count += 1;
        self.changes.push(PUT);
        put_bytes(&mut self.changes, key);
        put_bytes(&mut self.changes, value);
    }

    /// Removes `key`.
    pub(super) fn delete(&mut self, key: &[u8]) {
        self.count += 1;
        self.changes.push(DELETE);
        put_bytes(&mut self.changes, key);
    }

    /// The number of changes.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Bytes of the changes.
    pub(super) fn size(&self) -> usize {
        self.changes.len()
    }

    /// The bytes of the batch, whose first change has the number `sequence`.
    pub(super) fn encode(&self, sequence: u64) -> Vec<u8> {
        [&sequence.to_le_bytes()[..], &self.count.to_le_bytes(), &self.changes].concat()
    }
}

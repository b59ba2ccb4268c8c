//! The entries that are in no table yet: those of the write-ahead logs. Sources: leveldb
//! `db/write_batch.cc`, pebble `batch.go`.

use std::collections::BTreeMap;

use super::bytes::Bytes;
use super::error::{Error, corrupt};
use super::records::{End, Records};

/// What an entry does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Delete,
    Set,
    /// Deletes the keys from its own, to its value.
    DeleteRange,
}

impl Kind {
    /// The kinds that geth writes. Source: pebble `internal/base/internal.go`.
    pub(super) fn of(byte: u8) -> Option<Self> {
        match byte {
            // A deletion; of a single entry; with the size of the value.
            0 | 7 | 23 => Some(Self::Delete),
            // A value; after a deletion.
            1 | 18 => Some(Self::Set),
            15 => Some(Self::DeleteRange),
            _ => None,
        }
    }
}

/// A deleted range of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tombstone {
    pub(super) start: Vec<u8>,
    /// The first key after it.
    pub(super) end: Vec<u8>,
    pub(super) sequence: u64,
}

impl Tombstone {
    /// Whether it deletes the entry of `key` with this number.
    pub(super) fn deletes(&self, key: &[u8], sequence: u64) -> bool {
        sequence < self.sequence && *self.start <= *key && *key < *self.end
    }
}

/// An entry of the logs.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) sequence: u64,
    /// `None` if it deletes the key.
    pub(super) value: Option<Vec<u8>>,
}

/// The entries of the write-ahead logs.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) entries: BTreeMap<Vec<u8>, Entry>,
    pub(super) tombstones: Vec<Tombstone>,
    /// The last sequence number.
    pub(super) sequence: u64,
}

impl Memory {
    /// Adds the entries of the log `name`; returns how it ends.
    pub(super) fn replay(&mut self, name: &str, number: u64, log: &[u8]) -> Result<End, Error> {
        let mut records = Records::new(log, number);
        while let Some(batch) = records.next() {
            self.apply(&batch).map_err(|problem| match problem {
                Problem::Damaged(what) => corrupt(name, records.start as u64, what),
                Problem::Kind(kind) => {
                    Error::Unknown { file: name.to_owned(), what: format!("entry of kind {kind}") }
                }
            })?;
        }
        Ok(records.end)
    }

    fn apply(&mut self, batch: &[u8]) -> Result<(), Problem> {
        /// Data without an entry and a sequence number.
        const LOG_DATA: u8 = 3;
        let mut batch = Bytes(batch);
        let short = || Problem::Damaged("a batch that ends early");
        let mut sequence = batch.u64().ok_or_else(short)?;
        let count = batch.u32().ok_or_else(short)?;
        let mut found = 0;
        while !batch.is_empty() {
            let kind = batch.byte().ok_or_else(short)?;
            let key = batch.string().ok_or_else(short)?.to_vec();
            if kind == LOG_DATA {
                continue;
            }
            let value = match Kind::of(kind).ok_or(Problem::Kind(kind))? {
                Kind::Delete => {
                    if kind == 23 {
                        batch.string().ok_or_else(short)?;
                    }
                    None
                }
                Kind::Set => Some(batch.string().ok_or_else(short)?.to_vec()),
                Kind::DeleteRange => {
                    let end = batch.string().ok_or_else(short)?.to_vec();
                    self.tombstones.push(Tombstone { start: key, end, sequence });
                    (found, sequence) = (found + 1, sequence.wrapping_add(1));
                    continue;
                }
            };
            self.entries.insert(key, Entry { sequence, value });
            (found, sequence) = (found + 1, sequence.wrapping_add(1));
        }
        if found != count {
            return Err(Problem::Damaged("a batch with another number of entries"));
        }
        self.sequence = self.sequence.max(sequence.saturating_sub(1));
        Ok(())
    }
}

/// Why a batch cannot be read.
enum Problem {
    Damaged(&'static str),
    Kind(u8),
}

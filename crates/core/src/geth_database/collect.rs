//! Collects the parts of a state, and writes the database.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use alloy_primitives::B256;
use rayon::prelude::*;

use super::BakedDatabase;
use super::disk::{Disk, DiskFile};
use super::names::{CURRENT, CURRENT_TEXT, MANIFEST, table_name};
use super::sort::{self, PARTS, Sorted};
use super::table::{self, Builder, Encoded, Table};
use super::{DATABASE_VERSION, ENGINE, SCHEME, schema, snapshot};
use crate::el::alloc::{Account, EMPTY_CODE_HASH, Slot};
use crate::el::state_sink::StateSink;
use crate::el::trie::Leaf;
use crate::file::FileDigest;
use crate::sort::Parts;

/// Bytes of entries in memory; more go to a temporary file.
const MEMORY: usize = 6 << 20;
/// Bytes of entries that are sorted at a time: this many, and the rest of a part.
const SORTED: u64 = 1 << 20;
/// Bytes of keys and values in a table.
const TABLE: usize = 8 << 20;
/// Number of the first table. The manifest is number 1.
const FIRST_TABLE: u64 = 2;

/// Collects the keys and values of a state, sorted in temporary files of `disk`.
#[derive(Debug)]
pub struct Collector<'a> {
    disk: &'a dyn Disk,
    entries: Parts<'a>,
    replaced: AtomicBool,
    /// Whether the code of accounts without code was collected.
    has_empty_code: AtomicBool,
    generated: Generated,
}

/// Counts of the flat snapshot.
#[derive(Debug, Default)]
struct Generated {
    accounts: AtomicU64,
    slots: AtomicU64,
    /// Bytes of keys and values.
    bytes: AtomicU64,
}

impl<'a> Collector<'a> {
    /// A collector without entries.
    pub fn new(disk: &'a dyn Disk) -> Self {
        Self::with_memory(disk, MEMORY)
    }

    fn with_memory(disk: &'a dyn Disk, memory: usize) -> Self {
        Self {
            disk,
            entries: Parts::new(disk, PARTS, memory / PARTS),
            replaced: AtomicBool::new(false),
            has_empty_code: AtomicBool::new(false),
            generated: Generated::default(),
        }
    }

    fn add(&self, key: &[u8], value: &[u8]) {
        let length = sort::length(key, value);
        self.entries.add(sort::part_of(key), length, |out| sort::put(out, key, value));
    }

    /// Whether entries of an account were collected that a later account of the file replaced: they
    /// are not part of the state, so the database cannot be written.
    pub fn has_replaced(&self) -> bool {
        self.replaced.load(Ordering::Relaxed)
    }

    /// Writes the database of the collected state, which has `state_root`.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn finish(self, state_root: B256) -> io::Result<BakedDatabase> {
        self.add(schema::DATABASE_VERSION, &alloy_rlp::encode(DATABASE_VERSION));
        self.add(schema::SNAPSHOT_ROOT, &state_root[..]);
        let Generated { accounts, slots, bytes } = &self.generated;
        let generator = snapshot::generator([accounts, slots, bytes].map(load));
        self.add(schema::SNAPSHOT_GENERATOR, &generator);
        let Self { disk, entries, .. } = self;
        let (tables, mut files) = write_tables(entries, disk)?;
        let log = FIRST_TABLE + tables.len() as u64;
        files.push(disk.put(MANIFEST, &table::manifest(&tables, log))?);
        files.push(disk.put(CURRENT, CURRENT_TEXT)?);
        Ok(BakedDatabase {
            engine: ENGINE.to_owned(),
            scheme: SCHEME.to_owned(),
            version: DATABASE_VERSION,
            state_root,
            sequence: table::SEQUENCE,
            log,
            files,
            chain: None,
        })
    }
}

fn load(number: &AtomicU64) -> u64 {
    number.load(Ordering::Relaxed)
}

/// Bytes of a table, in order.
struct Piece {
    bytes: Vec<u8>,
    /// The table, if they are its last ones.
    complete: Option<Table>,
}

/// Sorts, encodes and writes side by side: while some parts are sorted, the ones before them are encoded,
/// and what was encoded before those is written. Buffers are reused, so that the allocator keeps few.
fn write_tables(parts: Parts<'_>, disk: &dyn Disk) -> io::Result<(Vec<Table>, Vec<FileDigest>)> {
    let mut at = 0;
    let mut sorted = sort_next(&parts, &mut at, Vec::new())?;
    let (mut encoder, mut writer) = (Encoder::default(), Writer::new(disk));
    let (mut used, mut encoded) = (Vec::new(), Vec::new());
    while !sorted.is_empty() || !encoded.is_empty() {
        let is_last = at == parts.count();
        let write = || encoded.into_iter().map(|piece| writer.put(piece)).collect();
        let encode = || encoder.encode(&sorted, is_last);
        let ((next, now), written): (_, io::Result<Vec<_>>) =
            rayon::join(|| rayon::join(|| sort_next(&parts, &mut at, used), encode), write);
        encoder.buffers.extend(written?);
        used = mem::replace(&mut sorted, next?);
        encoded = now;
    }
    Ok((writer.tables, writer.files))
}

/// Makes tables of sorted entries.
#[derive(Default)]
struct Encoder {
    builder: Builder,
    /// Complete tables.
    count: u64,
    /// Memory to use again.
    buffers: Vec<Vec<u8>>,
}

impl Encoder {
    fn encode(&mut self, sorted: &[Sorted], is_last: bool) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (key, value) in sorted.iter().flat_map(Sorted::iter) {
            self.builder.add(key, value);
            if self.builder.pairs() >= TABLE {
                pieces.push(self.end());
            }
        }
        match self.builder.pairs() {
            0 => {}
            _ if is_last => pieces.push(self.end()),
            _ => {
                let buffer = self.buffers.pop().unwrap_or_default();
                pieces.push(Piece { bytes: self.builder.take(buffer), complete: None });
            }
        }
        pieces
    }

    /// Completes a table.
    fn end(&mut self) -> Piece {
        let mut next = Builder::default();
        next.take(self.buffers.pop().unwrap_or_default());
        let Encoded { bytes, size, first, last } = mem::replace(&mut self.builder, next).finish();
        let complete = Some(Table { number: FIRST_TABLE + self.count, size, first, last });
        self.count += 1;
        Piece { bytes, complete }
    }
}

/// Writes tables.
struct Writer<'a> {
    disk: &'a dyn Disk,
    /// The table that is not complete.
    open: Option<Box<dyn DiskFile + 'a>>,
    tables: Vec<Table>,
    files: Vec<FileDigest>,
}

impl<'a> Writer<'a> {
    fn new(disk: &'a dyn Disk) -> Self {
        Self { disk, open: None, tables: Vec::new(), files: Vec::new() }
    }

    /// Returns the buffer of the piece.
    fn put(&mut self, Piece { bytes, complete }: Piece) -> io::Result<Vec<u8>> {
        let mut file = match self.open.take() {
            Some(file) => file,
            None => self.disk.create(&table_name(FIRST_TABLE + self.tables.len() as u64))?,
        };
        file.put(&bytes)?;
        match complete {
            Some(table) => {
                self.files.push(file.finish()?);
                self.tables.push(table);
            }
            None => self.open = Some(file),
        }
        Ok(bytes)
    }
}

/// Sorts the next parts on all cores; none at the end.
fn sort_next(parts: &Parts<'_>, at: &mut usize, mut used: Vec<Sorted>) -> io::Result<Vec<Sorted>> {
    let (mut next, mut bytes) = (Vec::new(), 0);
    while *at < parts.count() && bytes < SORTED {
        bytes += parts.length(*at);
        next.push((*at, used.pop().unwrap_or_default()));
        *at += 1;
    }
    drop(used);
    let sort = |(part, mut sorted): (usize, Sorted)| {
        sorted.fill(|bytes| parts.take(part, bytes))?;
        Ok(sorted)
    };
    next.into_par_iter().map(sort).collect()
}

impl StateSink for Collector<'_> {
    fn node(&self, hash: &B256, rlp: &[u8]) {
        self.add(&hash[..], rlp);
    }

    fn code(&self, hash: &B256, code: &[u8]) {
        self.add(&[&[schema::CODE], &hash[..]].concat(), code);
    }

    fn account(&self, account: &Account) {
        let value = snapshot::account(account);
        self.generated.accounts.fetch_add(1, Ordering::Relaxed);
        self.generated.bytes.fetch_add(1 + 32 + value.len() as u64, Ordering::Relaxed);
        self.add(&[&[schema::ACCOUNT], &account.hashed_address[..]].concat(), &value);
        // geth sets the code of every account, even to none.
        if account.code_hash == EMPTY_CODE_HASH
            && !self.has_empty_code.swap(true, Ordering::Relaxed)
        {
            self.code(&EMPTY_CODE_HASH, &[]);
        }
    }

    fn slot(&self, hashed_address: &B256, slot: &Slot) {
        let mut value = Vec::with_capacity(33);
        slot.encode_value(&mut value);
        self.generated.slots.fetch_add(1, Ordering::Relaxed);
        self.generated.bytes.fetch_add(1 + 32 + 32 + value.len() as u64, Ordering::Relaxed);
        self.add(&[&[schema::SLOT], &hashed_address[..], &slot.hashed_slot[..]].concat(), &value);
    }

    /// geth stores them with `--cache.preimages`: a capture of the chain needs them.
    fn preimage(&self, hash: &B256, key: &[u8]) {
        self.add(&[schema::PREIMAGE, &hash[..]].concat(), key);
    }

    fn replaced(&self) {
        self.replaced.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;

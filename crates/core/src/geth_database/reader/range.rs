//! The entries of a database in order.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, btree_map};
use std::ops::Bound;

use super::Database;
use super::bytes::before;
use super::entries::Entries;
use super::error::Error;
use super::memory::{Entry, Kind};
use super::table::Listed;

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);
/// A key, its sequence number and its source.
type Head = (Vec<u8>, Reverse<u64>, usize);

/// The keys that start with a prefix, and their values, in order.
#[derive(Debug)]
pub struct Range<'a> {
    database: &'a Database<'a>,
    prefix: Vec<u8>,
    sources: Vec<Source<'a>>,
    /// The next key of each source, its newest entry first, and the index of the source.
    heads: BinaryHeap<Reverse<Head>>,
    last: Option<Vec<u8>>,
}

/// A source of entries in order.
#[derive(Debug)]
enum Source<'a> {
    Memory(btree_map::Range<'a, Vec<u8>, Entry>, Option<&'a Entry>),
    /// Tables that do not overlap: the current one, and those after it.
    Tables(Option<Entries>, std::slice::Iter<'a, Listed>),
}

impl<'a> Range<'a> {
    pub(super) fn new(database: &'a Database<'a>, prefix: &[u8]) -> Result<Self, Error> {
        let from = (Bound::Included(prefix.to_vec()), Bound::Unbounded);
        let mut sources = vec![Source::Memory(database.memory.entries.range(from), None)];
        for (level, tables) in &database.levels {
            if *level == 0 {
                let each = tables.chunks(1).map(|table| Source::Tables(None, table.iter()));
                sources.extend(each);
            } else {
                let first = tables.partition_point(|table| !table.ends_after(prefix));
                sources.push(Source::Tables(None, tables[first..].iter()));
            }
        }
        let mut range = Self {
            database,
            prefix: prefix.to_vec(),
            sources,
            heads: BinaryHeap::new(),
            last: None,
        };
        for index in 0..range.sources.len() {
            range.start(index)?;
        }
        Ok(range)
    }

    /// The next key and its value.
    ///
    /// # Errors
    /// A table is damaged, or cannot be read.
    #[expect(clippy::should_implement_trait, reason = "it can fail")]
    pub fn next(&mut self) -> Result<Option<Pair>, Error> {
        self.step(Self::value)
    }

    /// The next key. Its value is not read.
    ///
    /// # Errors
    /// A table is damaged, or cannot be read.
    pub fn next_key(&mut self) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.step(|_, _| Ok(()))?.map(|(key, ())| key))
    }

    /// Moves to the next key that is set, and reads `what` of its entry.
    fn step<T>(
        &mut self,
        what: impl Fn(&Self, usize) -> Result<T, Error>,
    ) -> Result<Option<(Vec<u8>, T)>, Error> {
        while let Some(Reverse((key, Reverse(sequence), index))) = self.heads.pop() {
            if !key.starts_with(&self.prefix) {
                return Ok(None);
            }
            let is_newest = self.last.as_ref() != Some(&key);
            let is_found =
                is_newest && self.is_set(index)? && !self.database.is_deleted(&key, sequence);
            let found = if is_found { Some(what(self, index)?) } else { None };
            self.advance(index)?;
            if is_newest {
                self.last = Some(key.clone());
            }
            if let Some(found) = found {
                return Ok(Some((key, found)));
            }
        }
        Ok(None)
    }

    /// Whether the current entry of a source sets a value.
    fn is_set(&self, index: usize) -> Result<bool, Error> {
        Ok(match &self.sources[index] {
            Source::Memory(_, current) => current.is_some_and(|entry| entry.value.is_some()),
            Source::Tables(Some(entries), _) => entries.entry()?.2 == Kind::Set,
            Source::Tables(None, _) => false,
        })
    }

    /// The value that the current entry of a source sets.
    fn value(&self, index: usize) -> Result<Vec<u8>, Error> {
        match &self.sources[index] {
            Source::Memory(_, current) => {
                Ok(current.and_then(|entry| entry.value.clone()).unwrap_or_default())
            }
            Source::Tables(Some(entries), _) => entries.value(),
            Source::Tables(None, _) => Ok(Vec::new()),
        }
    }

    /// Moves a source to its first entry of the range.
    fn start(&mut self, index: usize) -> Result<(), Error> {
        if let Source::Tables(entries @ None, tables) = &mut self.sources[index] {
            let cache = &self.database.cache;
            let Some(listed) = tables.next() else { return Ok(()) };
            let mut first = Entries::new(cache.table(listed.number)?);
            let found = first.seek(&before(&self.prefix), cache)?;
            *entries = Some(first);
            if found {
                return self.push(index);
            }
        }
        self.advance(index)
    }

    /// Moves a source to its next entry.
    fn advance(&mut self, index: usize) -> Result<(), Error> {
        let cache = &self.database.cache;
        match &mut self.sources[index] {
            Source::Memory(entries, current) => {
                let Some((key, entry)) = entries.next() else { return Ok(()) };
                *current = Some(entry);
                self.heads.push(Reverse((key.clone(), Reverse(entry.sequence), index)));
                Ok(())
            }
            Source::Tables(current, tables) => {
                let Some(entries) = current else { return Ok(()) };
                let mut found = entries.advance(cache)?;
                while !found {
                    let Some(listed) = tables.next() else { return Ok(()) };
                    *entries = Entries::new(cache.table(listed.number)?);
                    found = entries.advance(cache)?;
                }
                self.push(index)
            }
        }
    }

    fn push(&mut self, index: usize) -> Result<(), Error> {
        if let Source::Tables(Some(entries), _) = &self.sources[index] {
            let (key, sequence, _) = entries.entry()?;
            self.heads.push(Reverse((key.to_vec(), Reverse(sequence), index)));
        }
        Ok(())
    }
}

//! Reads the database of a stopped geth, in leveldb or pebble, without either of them. It never writes.
//!
//! ```text
//! CURRENT, or marker.manifest.…  names the manifest
//! MANIFEST-NNNNNN                the tables of each level, the number of the oldest log in use
//! NNNNNN.ldb or .sst             tables: entries in order, a key once per sequence number
//! NNNNNN.log                     the entries that are in no table yet
//! ```
//!
//! An entry of a lower level is newer. pebble also deletes ranges of keys. geth opens pebble with its
//! oldest format, whose tables are those of `RocksDB`; tables with blocks of values are refused.

mod block;
mod bytes;
mod cache;
mod entries;
mod error;
mod files;
mod footer;
mod freezer;
mod large;
mod manifest;
mod memory;
mod range;
mod records;
mod shortened;
mod table;

#[cfg(test)]
pub(super) mod tests;

pub use error::Error;
pub use files::{Files, ReadAt};
pub use freezer::Freezer;
pub use range::{Pair, Range};
pub use shortened::Piece;

use alloy_primitives::{B256, keccak256};

use self::cache::Cache;
use self::error::{at, corrupt};
use self::manifest::Manifest;
use self::memory::{Kind, Memory, Tombstone};
use self::records::{End, Records};
use self::table::Listed;
use super::Engine;
use super::log::Log;
use super::names::{self, CURRENT, Kind as NameKind};

/// An open database.
#[derive(Debug)]
pub struct Database<'a> {
    engine: Engine,
    cache: Cache<'a>,
    memory: Memory,
    /// By level, the newest first; the tables of level 0 overlap.
    levels: Vec<(u64, Vec<Listed>)>,
    /// The deleted ranges of tables and logs.
    tombstones: Vec<Tombstone>,
    files: Inventory,
    /// The name of the manifest.
    manifest: String,
}

/// The files that belong to a database.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// The manifest, what names it, and the tables.
    pub tables: Vec<String>,
    /// The logs in use, with their numbers, in order.
    pub logs: Vec<(u64, String)>,
    /// The last log up to its last complete record, if it ends in the middle of one, as after a kill.
    pub repaired: Option<(String, Vec<u8>)>,
    /// A number above those of all files.
    pub next_file: u64,
    /// A sequence number above those of all entries.
    pub next_sequence: u64,
}

impl<'a> Database<'a> {
    /// Opens the database in the directory `files`.
    ///
    /// # Errors
    /// A file is missing, damaged, or of another format.
    pub fn open(files: &'a dyn Files) -> Result<Self, Error> {
        let names = files.names().map_err(at("."))?;
        let is_pebble = names.iter().any(|name| name.starts_with("OPTIONS-"));
        let engine = if is_pebble { Engine::Pebble } else { Engine::LevelDb };
        let (manifest_name, mut own) = manifest_name(files, &names)?;
        let bytes = files::read(files, &manifest_name).map_err(at(&manifest_name))?;
        let manifest = Manifest::read(&manifest_name, &bytes)?;
        own.push(manifest_name.clone());
        let mut memory = Memory::default();
        let (mut logs, mut repaired) = (Vec::new(), None);
        for (number, name) in logs_in(&names) {
            if number < manifest.log && (number != manifest.previous_log || number == 0) {
                continue;
            }
            if repaired.is_some() {
                return Err(corrupt(&name, 0, "follows a log that is not complete"));
            }
            let bytes = files::read(files, &name).map_err(at(&name))?;
            if memory.replay(&name, number, &bytes)? == End::Torn {
                repaired = Some((name.clone(), repair(engine, number, &bytes)));
            }
            logs.push((number, name));
        }
        let last_file =
            names.iter().filter_map(|name| names::number(name)).max().unwrap_or_default();
        let mut inventory = Inventory {
            tables: own,
            logs,
            repaired,
            next_file: manifest.next_file.max(last_file.saturating_add(1)),
            next_sequence: manifest.sequence.max(memory.sequence).saturating_add(1),
        };
        let levels = manifest.into_levels();
        let mut tombstones = std::mem::take(&mut memory.tombstones);
        let cache = Cache::new(files);
        for listed in levels.iter().flat_map(|(_, tables)| tables) {
            let name = table_name(listed.number, &names);
            let name = name.ok_or_else(|| Error::Missing {
                file: format!("table {:06}", listed.number),
                by: manifest_name.clone(),
            })?;
            cache.name(listed.number, &name);
            inventory.tables.push(name);
            // Only pebble deletes ranges.
            if engine == Engine::Pebble {
                tombstones.extend(cache.table(listed.number)?.tombstones.iter().cloned());
            }
        }
        let manifest = manifest_name;
        Ok(Self { engine, cache, memory, levels, tombstones, files: inventory, manifest })
    }

    /// The storage engine.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The files that belong to the database.
    pub fn inventory(&self) -> &Inventory {
        &self.files
    }

    /// The value of a key.
    ///
    /// # Errors
    /// A table is damaged, or cannot be read.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        if let Some(entry) = self.memory.entries.get(key) {
            let value = entry.value.clone();
            return Ok(value.filter(|_| !self.is_deleted(key, entry.sequence)));
        }
        for (level, tables) in &self.levels {
            let mut newest: Option<(u64, Kind, Vec<u8>)> = None;
            for listed in candidates(*level, tables, key) {
                let found = self.cache.table(listed.number)?.get(key, &self.cache)?;
                if found.as_ref().map(|(sequence, ..)| *sequence)
                    > newest.as_ref().map(|(sequence, ..)| *sequence)
                {
                    newest = found;
                }
            }
            if let Some((sequence, kind, value)) = newest {
                let is_set = kind == Kind::Set && !self.is_deleted(key, sequence);
                return Ok(is_set.then_some(value));
            }
        }
        Ok(None)
    }

    /// Whether the database has the trie node with this hash, in the hash scheme.
    ///
    /// # Errors
    /// A table is damaged, or cannot be read.
    pub fn has_node(&self, hash: &B256) -> Result<bool, Error> {
        Ok(self.get(&hash[..])?.is_some_and(|node| keccak256(node) == *hash))
    }

    /// The keys that start with `prefix`, in order, with their values.
    ///
    /// # Errors
    /// A table is damaged, or cannot be read.
    pub fn range(&self, prefix: &[u8]) -> Result<Range<'_>, Error> {
        Range::new(self, prefix)
    }

    fn is_deleted(&self, key: &[u8], sequence: u64) -> bool {
        self.tombstones.iter().any(|tombstone| tombstone.deletes(key, sequence))
    }
}

/// The complete records of a log: a log must not follow one that is torn.
fn repair(engine: Engine, number: u64, bytes: &[u8]) -> Vec<u8> {
    let mut log = Log::new(engine, number);
    Records::new(bytes, number).for_each(|record| log.add(&record));
    log.into_bytes()
}

/// The tables of a level that may have `key`.
fn candidates<'t>(
    level: u64,
    tables: &'t [Listed],
    key: &'t [u8],
) -> impl Iterator<Item = &'t Listed> {
    // From level 1 on, tables do not overlap.
    let first = if level == 0 { 0 } else { tables.partition_point(|table| !table.ends_after(key)) };
    let last = if level == 0 { tables.len() } else { tables.len().min(first + 1) };
    tables[first..last].iter().filter(move |table| table.may_have(key))
}

/// The name of the manifest, and of the files that lead to it.
fn manifest_name(files: &dyn Files, names: &[String]) -> Result<(String, Vec<String>), Error> {
    const MARKER: &str = "marker.manifest.";
    let is_small = |name: &&String| name.starts_with("marker.") || name.starts_with("OPTIONS-");
    let mut own: Vec<String> = names.iter().filter(is_small).cloned().collect();
    // `marker.manifest.NNNNNN.NAME`: the highest number is in use.
    let markers = names.iter().filter_map(|name| {
        let (number, name) = name.strip_prefix(MARKER)?.split_once('.')?;
        Some((number.parse::<u64>().ok()?, name))
    });
    if let Some((_, name)) = markers.max() {
        if names.iter().any(|found| found == CURRENT) {
            own.push(CURRENT.to_owned());
        }
        return Ok((name.to_owned(), own));
    }
    let text = files::read(files, CURRENT).map_err(at(CURRENT))?;
    own.push(CURRENT.to_owned());
    let name = String::from_utf8(text).ok();
    let name = name.as_deref().and_then(|text| text.strip_suffix('\n'));
    let name = name.filter(|name| names.iter().any(|found| found == name));
    let name = name.ok_or_else(|| corrupt(CURRENT, 0, "does not name a manifest"))?;
    Ok((name.to_owned(), own))
}

/// The logs among the files, in order.
fn logs_in(names: &[String]) -> Vec<(u64, String)> {
    let log = |name: &String| match names::parse(name)? {
        (NameKind::Log, number) => Some((number, name.clone())),
        _ => None,
    };
    let mut found: Vec<_> = names.iter().filter_map(log).collect();
    found.sort_unstable();
    found
}

fn table_name(number: u64, names: &[String]) -> Option<String> {
    let name = [format!("{number:06}.ldb"), format!("{number:06}.sst")];
    name.into_iter().find(|name| names.contains(name))
}

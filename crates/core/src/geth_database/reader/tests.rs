//! The reader, on files of regenesis's own writers, on a table of a real geth, and on damaged files.

use std::collections::BTreeMap;
use std::io;

use alloy_primitives::{hex, keccak256};
use proptest::prelude::*;

use super::super::batch::Batch;
use super::super::table as written;
use super::entries::Entries;
use super::*;

/// A table of geth 1.17.4 with pebble, whose blocks are compressed: block 0 and the state of a new
/// `geth --dev --state.scheme=path`.
const PEBBLE: &[u8] = include_bytes!("../../../tests/geth/pebble.sst");
/// Keys that it has.
const PEBBLE_KEYS: usize = 160;
/// The state root of block 0, as that geth reported it.
const ROOT: [u8; 32] = hex!("3e4d95c86fdd592dde02f484e79a30d0c38ea8fb344ad01f91eec66787f04409");

/// Files in memory.
#[derive(Debug, Clone, Default)]
pub(in crate::geth_database) struct InMemory(
    pub(in crate::geth_database) BTreeMap<String, Vec<u8>>,
);

#[derive(Debug)]
struct Open(Vec<u8>);

impl Files for InMemory {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.0.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn ReadAt>> {
        let bytes = self.0.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Open(bytes.clone())))
    }
}

impl ReadAt for Open {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let found = self.0.get(start..start.saturating_add(bytes.len()));
        bytes.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

fn pair(number: u32) -> (Vec<u8>, Vec<u8>) {
    (keccak256(number.to_be_bytes()).to_vec(), number.to_be_bytes().repeat(9))
}

/// The pairs of the tables, sorted.
fn pairs(count: u32) -> BTreeMap<Vec<u8>, Vec<u8>> {
    (0..count).map(pair).collect()
}

/// A database of two tables with `count` pairs; a log in `engine`'s format removes the first 10 pairs,
/// sets the next 10 to `b"new"`, and adds `b"added"`.
fn database(count: u32, engine: Engine) -> InMemory {
    let mut files = InMemory::default();
    let pairs: Vec<_> = pairs(count).into_iter().collect();
    let mut tables = Vec::new();
    for (number, half) in (2..).zip(pairs.chunks(pairs.len().div_ceil(2))) {
        let mut table = written::Builder::default();
        half.iter().for_each(|(key, value)| table.add(key, value));
        let written::Encoded { bytes, size, first, last } = table.finish();
        tables.push(written::Table { number, size, first, last });
        files.0.insert(format!("{number:06}.ldb"), bytes);
    }
    files.0.insert("MANIFEST-000001".to_owned(), written::manifest(&tables, 4));
    files.0.insert("CURRENT".to_owned(), b"MANIFEST-000001\n".to_vec());
    let mut batch = Batch::default();
    (0..10).for_each(|number| batch.delete(&pair(number).0));
    (10..20).for_each(|number| batch.put(&pair(number).0, b"new"));
    batch.put(b"added", &vec![7; 100_000]);
    let mut log = Log::new(engine, 4);
    log.add(&batch.encode(100));
    files.0.insert("000004.log".to_owned(), log.into_bytes());
    files
}

fn all(database: &Database<'_>, prefix: &[u8]) -> Result<Vec<Pair>, Error> {
    let (mut range, mut found) = (database.range(prefix)?, Vec::new());
    while let Some(pair) = range.next()? {
        found.push(pair);
    }
    Ok(found)
}

#[test]
fn the_log_is_newer_than_the_tables() {
    for engine in [Engine::LevelDb, Engine::Pebble] {
        let files = database(3000, engine);
        let database = Database::open(&files).unwrap();
        assert_eq!(database.get(&pair(3).0).unwrap(), None);
        assert_eq!(database.get(&pair(12).0).unwrap().unwrap(), b"new");
        assert_eq!(database.get(&pair(500).0).unwrap().unwrap(), pair(500).1);
        assert_eq!(database.get(b"added").unwrap().unwrap().len(), 100_000);
        assert_eq!(database.get(b"other").unwrap(), None);
        let mut expected = pairs(3000);
        (0..10).for_each(|number| drop(expected.remove(&pair(number).0)));
        (10..20).for_each(|number| drop(expected.insert(pair(number).0, b"new".to_vec())));
        expected.insert(b"added".to_vec(), vec![7; 100_000]);
        assert!(all(&database, b"").unwrap().into_iter().eq(expected.clone()));
        for first in 0..=255 {
            let with_prefix = expected.iter().filter(|(key, _)| key[0] == first);
            let with_prefix = with_prefix.map(|(key, value)| (key.clone(), value.clone()));
            assert!(all(&database, &[first]).unwrap().into_iter().eq(with_prefix), "{first}");
        }
        let inventory = database.inventory();
        assert_eq!((inventory.next_file, inventory.next_sequence), (5, 121));
        assert_eq!((inventory.tables.len(), inventory.logs.len()), (4, 1));
    }
}

#[test]
fn a_log_that_ends_in_a_record_is_used_up_to_it() {
    let mut files = database(100, Engine::LevelDb);
    let log = files.0.get_mut("000004.log").unwrap();
    let complete = log.clone();
    let mut more = Log::new(Engine::LevelDb, 4);
    more.add(&{
        let mut batch = Batch::default();
        batch.put(b"late", b"value");
        batch.encode(200)
    });
    // The second record starts in the same block of the log.
    log.extend_from_slice(&more.into_bytes()[..20]);
    let database = Database::open(&files).unwrap();
    assert_eq!(database.get(b"late").unwrap(), None);
    assert_eq!(database.get(b"added").unwrap().unwrap().len(), 100_000);
    let (name, repaired) = database.inventory().repaired.clone().unwrap();
    assert_eq!((&*name, repaired), ("000004.log", complete));
    // Another log after it would be of a later time than what is lost.
    let mut later = files.clone();
    later.0.insert("000005.log".to_owned(), Vec::new());
    let error = Database::open(&later).unwrap_err().to_string();
    assert_eq!(error, "000005.log: offset 0: follows a log that is not complete");
}

/// pebble writes over old logs: after the last record, a header of another log ends it.
#[test]
fn a_log_of_pebble_ends_at_a_header_of_another_log() {
    let mut files = database(100, Engine::Pebble);
    let log = files.0.get_mut("000004.log").unwrap();
    log.extend_from_slice(&[0, 0, 0, 0, 0, 0, 5, 5, 0, 0, 0]);
    log.extend_from_slice(&[0xab; 300]);
    files.0.insert("000005.log".to_owned(), Vec::new());
    let database = Database::open(&files).unwrap();
    assert_eq!(database.get(b"added").unwrap().unwrap().len(), 100_000);
    assert_eq!(database.inventory().repaired, None);
}

#[test]
fn errors_name_file_and_offset() {
    let mut files = database(3000, Engine::LevelDb);
    files.0.get_mut("000002.ldb").unwrap()[5000] ^= 1;
    let database = Database::open(&files).unwrap();
    let error = all(&database, b"").unwrap_err().to_string();
    let (start, end) = ("000002.ldb: offset 4", ": a block with another checksum");
    assert!(error.starts_with(start) && error.ends_with(end), "{error}");
    files.0.remove("000003.ldb");
    let error = Database::open(&files).unwrap_err().to_string();
    assert_eq!(error, "table 000003 is missing, and MANIFEST-000001 names it");
}

/// The entries of a table.
fn entries(bytes: &[u8]) -> Result<Vec<Pair>, Error> {
    let files = InMemory([("000015.sst".to_owned(), bytes.to_vec())].into());
    let cache = Cache::new(&files);
    cache.name(15, "000015.sst");
    let (mut table, mut found) = (Entries::new(cache.table(15)?), Vec::new());
    while table.advance(&cache)? {
        found.push((table.entry()?.0.to_vec(), table.value()?));
    }
    Ok(found)
}

#[test]
fn a_table_of_pebble_has_the_state_of_its_block() {
    let found = entries(PEBBLE).unwrap();
    assert!(found.is_sorted_by(|one, other| one.0 < other.0));
    assert_eq!(found.len(), PEBBLE_KEYS);
    let get = |key: &[u8]| &found.iter().find(|(found, _)| found == key).unwrap().1[..];
    // Codes have the hashes in their keys, which only pebble's compression could change.
    let codes: Vec<_> = found.iter().filter(|(key, _)| key[0] == b'c' && key.len() == 33).collect();
    assert!(codes.len() > 3 && codes.iter().all(|(key, code)| key[1..] == keccak256(code)[..]));
    assert_eq!(get(b"DatabaseVersion"), hex!("09"));
    assert_eq!(keccak256(get(b"A")), ROOT);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_never_panic(
        file in 0_usize..5,
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 1..20),
        cut in any::<bool>(),
    ) {
        let mut files = database(300, Engine::LevelDb);
        let name = files.0.keys().nth(file % 5).cloned().unwrap();
        let found = files.0.get_mut(&name).unwrap();
        let at = at.index(found.len());
        if cut {
            found.truncate(at);
        } else {
            found.iter_mut().skip(at).zip(&bytes).for_each(|(byte, other)| *byte ^= other);
        }
        if let Ok(database) = Database::open(&files) {
            let _ = all(&database, b"");
            let _ = database.get(&pair(40).0);
        }
        let mut table = PEBBLE.to_vec();
        let at = at % table.len();
        table.iter_mut().skip(at).zip(&bytes).for_each(|(byte, other)| *byte ^= other);
        let _ = entries(&table);
    }

    /// Past the checksums.
    #[test]
    fn arbitrary_blocks_and_records_never_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        target in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        if let Some(block) = block::Block::new(bytes.clone()) {
            let mut cursor = block::Cursor::new(std::sync::Arc::new(block));
            let _ = cursor.seek(&target);
            while matches!(cursor.advance(), Ok(true)) {}
        }
        for engine in [Engine::LevelDb, Engine::Pebble] {
            let mut log = Log::new(engine, 4);
            log.add(&bytes);
            let log = log.into_bytes();
            let _ = Memory::default().replay("log", 4, &log);
            let _ = Manifest::read("manifest", &log);
        }
    }
}

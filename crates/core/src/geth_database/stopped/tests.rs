use std::io;

use alloy_primitives::{B256, keccak256};
use proptest::prelude::*;

use super::super::batch::Batch;
use super::super::disk::tests::Memory;
use super::super::log::Log;
use super::super::reader::Database;
use super::super::reader::tests::InMemory;
use super::super::{Collector, Engine, Stamp, log_name, stamp};
use super::journal::Journal;
use super::*;
use crate::el::alloc::State;
use crate::el::genesis;
use crate::progress::Silent;

/// The number of accounts; every third one has code and 20 slots.
const ACCOUNTS: u64 = 40;

/// The database of a chain with block 0 alone, and the root of its state.
fn chain() -> (InMemory, B256) {
    let entry = |number: u64| {
        let address = hex::encode(&keccak256(number.to_be_bytes())[..20]);
        if !number.is_multiple_of(3) {
            return format!("\"{address}\": {{\"balance\": \"{number}\"}}");
        }
        let slot = |slot: u64| format!("\"0x{slot:064x}\": \"0x{number:064x}\"");
        let slots: Vec<_> = (1..=20).map(slot).collect();
        let (code, slots) = (format!("0x60{number:02x}"), slots.join(","));
        format!(
            "\"{address}\": {{\"balance\": \"1\", \"code\": \"{code}\", \"storage\": {{{slots}}}}}"
        )
    };
    let entries: Vec<_> = (1..=ACCOUNTS).map(entry).collect();
    let text = format!("{{\"alloc\": {{{}}}}}", entries.join(","));
    let disk = Memory::default();
    let collector = Collector::new(&disk);
    let mut state = State::with_sink(Some(&collector));
    genesis::read_into(text.as_bytes(), &mut state, &|_| ()).unwrap();
    let root = state.root();
    let database = collector.finish(root).unwrap();
    let header = Header { state_root: root, ..Header::of_empty_body() };
    let (config, engine) = (br#"{"chainId":1337}"#, Engine::LevelDb);
    let (sequence, log) = (database.sequence + 1, database.log);
    let bytes = stamp(&Stamp { header: &header, config, sequence, engine, log });
    let mut files = disk.files.into_inner().unwrap();
    files.insert(log_name(log), bytes);
    (InMemory(files), root)
}

/// Adds a log with one batch.
fn add(files: &mut InMemory, number: u64, change: impl FnOnce(&mut Batch)) {
    let (mut batch, mut log) = (Batch::default(), Log::new(Engine::LevelDb, number));
    change(&mut batch);
    log.add(&batch.encode(number << 32));
    files.0.insert(log_name(number), log.into_bytes());
}

fn proven(files: &InMemory) -> Result<Proven, Error> {
    let database = Database::open(files)?;
    let chain = Chain::open(&database, None, None)?;
    prove(&mut chain.rebase(chain.latest()?)?, &Silent)
}

#[test]
fn every_hash_of_a_state_is_computed() {
    let (files, root) = chain();
    let contracts = ACCOUNTS / 3;
    let expected = Proven { accounts: ACCOUNTS, contracts, slots: contracts * 20 };
    assert_eq!(proven(&files).unwrap(), expected);
    let database = Database::open(&files).unwrap();
    let mut entries = database.range(b"").unwrap();
    let (mut nodes, mut codes) = (0, 0);
    while let Some((key, value)) = entries.next().unwrap() {
        let is_node = key.len() == 32 && keccak256(&value)[..] == key[..];
        let is_code = key.len() == 33 && key[0] == b'c' && !value.is_empty();
        if !(is_node || is_code) {
            continue;
        }
        (nodes, codes) = (nodes + u64::from(is_node), codes + u64::from(is_code));
        let mut damaged = files.clone();
        add(&mut damaged, 100, |batch| match nodes % 2 {
            0 => batch.delete(&key),
            _ => batch.put(&key, &[&value[..], &[0]].concat()),
        });
        let error = proven(&damaged).unwrap_err();
        if key[..] == root[..] && nodes % 2 == 0 {
            assert!(matches!(error, Error::NoStates { head: 0 }), "{error}");
        } else {
            let hash = hex::encode(&key[key.len() - 32..]);
            assert!(error.to_string().contains(&hash), "{error}");
        }
    }
    assert!(nodes > 50 && codes == contracts, "{nodes} nodes, {codes} codes");
}

#[test]
fn the_old_chain_is_deleted_and_the_state_stays() {
    let (mut files, root) = chain();
    let header = Header { state_root: root, number: 1, ..Header::of_empty_body() };
    let rlp = alloy_rlp::encode(&header);
    let hash = keccak256(&rlp);
    add(&mut files, 100, |batch| {
        batch.put(&schema::header_of(1, &hash), &rlp);
        batch.put(&schema::canonical_hash_of(1), &hash[..]);
        batch.put(&schema::number(&hash), &1_u64.to_be_bytes());
        schema::HEADS.iter().for_each(|key| batch.put(key, &hash[..]));
        batch.put(&[b"l", &hash[..]].concat(), &[1]);
        batch.put(b"fm-R", &[1]);
        batch.put(b"unclean-shutdown", &[0xc0]);
        batch.put(b"LastFinalized", &hash[..]);
    });
    let database = Database::open(&files).unwrap();
    let chain = Chain::open(&database, None, None).unwrap();
    assert_eq!((chain.head.header.number, chain.head.hash), (1, hash));
    assert_eq!(chain.number_of(None).unwrap(), 1);
    assert!(matches!(chain.with_state(2), Err(Error::AfterHead { number: 2, head: 1 })));
    let rebased = chain.rebase(chain.with_state(1).unwrap()).unwrap();
    let mut log = Vec::new();
    let mut sink = |bytes: &[u8]| io::Write::write_all(&mut log, bytes);
    let changes = rebased.changes(&mut sink).unwrap();
    assert_eq!((&*rebased.log_name(), changes.next_log), ("000101.log", 102));
    let mut stamped = files.clone();
    stamped.0.insert(rebased.log_name(), log);
    let new = Header { state_root: root, timestamp: 9, ..Header::of_empty_body() };
    let (config, engine) = (br#"{"chainId":1337}"#, Engine::LevelDb);
    let (sequence, log) = (changes.sequence + 1, changes.next_log);
    let bytes = stamp(&Stamp { header: &new, config, sequence, engine, log });
    stamped.0.insert(log_name(log), bytes);
    let database = Database::open(&stamped).unwrap();
    let chain = Chain::open(&database, None, None).unwrap();
    assert_eq!((chain.head.header.number, chain.genesis), (0, new.hash()));
    assert!(chain.block(1).unwrap().is_none());
    for key in [&b"l"[..], b"fm-", b"unclean-shutdown", b"LastFinalized"] {
        let mut range = database.range(key).unwrap();
        while let Some((found, _)) = range.next().unwrap() {
            assert_eq!(found.len(), 32, "{found:?} is left");
        }
    }
    prove(&mut chain.rebase(chain.latest().unwrap()).unwrap(), &Silent).unwrap();
}

/// The changes to the flat snapshot that are kept after the proof; `None` if it is left out.
fn flat(files: &InMemory) -> Option<Parts> {
    let database = Database::open(files).unwrap();
    let chain = Chain::open(&database, None, None).unwrap();
    let mut rebased = chain.rebase(chain.latest().unwrap()).unwrap();
    prove(&mut rebased, &Silent).unwrap();
    rebased.flat().cloned()
}

/// The accounts and slots of the flat snapshot.
fn flat_entries(files: &InMemory) -> Vec<(Vec<u8>, Vec<u8>)> {
    let database = Database::open(files).unwrap();
    let mut found = Vec::new();
    for (prefix, length) in [(b"a", 33), (b"o", 65)] {
        let mut entries = database.range(prefix).unwrap();
        while let Some((key, value)) = entries.next().unwrap() {
            if key.len() == length {
                found.push((key, value));
            }
        }
    }
    found
}

#[test]
fn a_flat_snapshot_that_differs_from_the_trie_is_left_out() {
    let (files, _) = chain();
    assert_eq!(flat(&files), Some(Parts::new()));
    let entries = flat_entries(&files);
    assert_eq!(entries.len() as u64, ACCOUNTS + ACCOUNTS / 3 * 20);
    let mut changed: Vec<Vec<u8>> = Vec::new();
    for (key, value) in entries.iter().step_by(7) {
        for change in 0..3 {
            let mut forged = files.clone();
            add(&mut forged, 100, |batch| match change {
                0 => batch.delete(key),
                1 => batch.put(key, &[&value[..], &[0]].concat()),
                _ => {
                    let mut other = key.clone();
                    other[key.len() - 1] ^= 1;
                    batch.put(&other, value);
                }
            });
            assert_eq!(flat(&forged), None, "{change} of {key:?}");
        }
        changed.push(key.clone());
    }
    assert!([33, 65].map(|length| changed.iter().any(|key| key.len() == length)) == [true; 2]);
    let mut unfinished = files.clone();
    add(&mut unfinished, 100, |batch| batch.put(b"SnapshotGenerator", &[0xc3, 0x80, 0x80, 0x80]));
    assert_eq!(flat(&unfinished), None);
}

#[test]
fn the_journal_of_the_flat_snapshot_is_applied() {
    let (files, root) = chain();
    let (key, value) = flat_entries(&files).swap_remove(0);
    let base = B256::repeat_byte(1);
    let journal = |version: u8, account: &[u8]| {
        let item = |bytes: &[u8]| alloy_rlp::encode(bytes);
        let list = |payload: Vec<u8>| {
            let mut out = Vec::new();
            alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut out);
            [out, payload].concat()
        };
        let accounts = list(list([item(&key[1..]), item(account)].concat()));
        let destructs = if version == 0 { &[0xc0][..] } else { &[] };
        let version = alloy_rlp::encode(version);
        [&version[..], &item(&base[..]), &item(&root[..]), destructs, &accounts, &[0xc0]].concat()
    };
    let with = |journal: &[u8]| {
        let mut files = files.clone();
        add(&mut files, 100, |batch| {
            batch.put(&key, &[0xc0]);
            batch.put(schema::SNAPSHOT_ROOT, &base[..]);
            batch.put(schema::SNAPSHOT_JOURNAL, journal);
        });
        flat(&files)
    };
    let expected = Parts::from([(key.clone(), Some(value.clone()))]);
    assert_eq!(with(&journal(1, &value)), Some(expected.clone()));
    assert_eq!(with(&journal(0, &value)), Some(expected));
    for other in [journal(1, &[0xc0]), journal(1, &[]), journal(2, &value), vec![], vec![1, 2]] {
        assert_eq!(with(&other), None, "{other:?}");
    }
}

#[test]
fn what_is_not_a_chain_of_geth_is_refused() {
    let open = |files: &InMemory| {
        let database = Database::open(files).unwrap();
        Chain::open(&database, None, None).map(drop).unwrap_err().to_string()
    };
    let (files, _) = chain();
    let with = |change: &dyn Fn(&mut Batch)| {
        let mut files = files.clone();
        add(&mut files, 100, change);
        open(&files)
    };
    let version = with(&|batch| batch.put(b"DatabaseVersion", &[8]));
    assert_eq!(version, "the database has version 8, expected 9");
    let none = with(&|batch| batch.delete(b"LastBlock"));
    assert_eq!(none, "the database has no complete chain of geth");
    let syncing = with(&|batch| batch.put(b"SnapSyncStatus", &[1]));
    assert!(syncing.contains("synchronised"), "{syncing}");
    let short = with(&|batch| batch.put(b"LastBlock", &[1]));
    assert_eq!(short, "the value of LastBlock in the database is not valid");
}

proptest! {
    #[test]
    fn arbitrary_journals_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let start = [&[3, 0xa0][..], &[7; 32], &[0xa0], &[8; 32], &[1]].concat();
        for bytes in [bytes.clone(), [&start[..], &bytes].concat()] {
            if let Ok(journal) = Journal::read(bytes) {
                let roots: Vec<_> = journal.roots().collect();
                for root in roots {
                    let _ = journal.changes_to(&root);
                }
            }
        }
    }
}

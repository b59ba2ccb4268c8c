use std::collections::BTreeMap;

use alloy_primitives::{U256, keccak256};

use super::super::disk::tests::Memory;
use super::super::{is_name, is_written};
use super::*;
use crate::el::alloc::State;
use crate::el::genesis;
use crate::el::trie::EMPTY_ROOT_HASH;

/// The files of a database of `count` entries, and the number of temporary files.
fn write(count: u64, memory: usize) -> (BakedDatabase, BTreeMap<String, Vec<u8>>, u64) {
    let disk = Memory::default();
    let collector = Collector::with_memory(&disk, memory);
    (0..count).into_par_iter().for_each(|number| {
        let hash = keccak256(number.to_be_bytes());
        collector.node(&hash, &number.to_be_bytes().repeat(20));
        // Equal nodes come more than once.
        collector.node(&keccak256([]), b"again");
        collector.account(&Account {
            hashed_address: hash,
            nonce: number,
            balance: U256::from(number),
            storage_root: EMPTY_ROOT_HASH,
            code_hash: EMPTY_CODE_HASH,
        });
    });
    let database = collector.finish(B256::repeat_byte(7)).unwrap();
    (database, disk.files.into_inner().unwrap(), disk.scratches.into_inner())
}

#[test]
fn files_do_not_depend_on_the_memory() {
    let (database, files, scratches) = write(60_000, usize::MAX);
    let (again, spilled, runs) = write(60_000, 1 << 20);
    assert_eq!((scratches, &again, &spilled), (0, &database, &files));
    assert_eq!(runs, 1);
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["000002.ldb", "000003.ldb", "CURRENT", "MANIFEST-000001"]);
    assert_eq!(database.log, 4);
    let recorded: Vec<_> = database.files.iter().map(|file| (&file.path[..], file.size)).collect();
    let written = |name| (name, files[name].len() as u64);
    assert_eq!(recorded, ["000002.ldb", "000003.ldb", "MANIFEST-000001", "CURRENT"].map(written));
}

#[test]
fn an_account_that_comes_twice_is_noticed() {
    let twice = |second: &str| {
        let entry = |address: &str| format!("\"{address}\": {{\"balance\": \"1\"}}");
        let (one, two) = (entry(&"01".repeat(20)), entry(&second.repeat(20)));
        let text = format!("{{\"alloc\": {{{one}, {two}}}}}");
        let disk = Memory::default();
        let collector = Collector::new(&disk);
        let mut state = State::with_sink(Some(&collector));
        genesis::read_into(text.as_bytes(), &mut state, &|_| ()).unwrap();
        collector.has_replaced()
    };
    assert!(twice("01") && !twice("02"));
}

#[test]
fn files_that_were_written_are_recognised() {
    let (_, files, _) = write(1000, usize::MAX);
    for (name, bytes) in files {
        assert!(is_name(&name) && is_written(&name, &bytes), "{name}");
        assert!(!is_written(&name, &bytes[..bytes.len() - 1]) || name.starts_with('M'), "{name}");
        assert!(!is_written(&name, b"mine"), "{name}");
    }
    let others = ["LOCK", "000002.log", "2.ldb", "00000x.ldb", "MANIFEST-x", "../CURRENT"];
    assert!(others.iter().all(|name| !is_name(name)));
}

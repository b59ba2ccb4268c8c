//! A genesis with accounts that are difficult to capture.

use std::fmt::Write;
use std::path::PathBuf;

use alloy_primitives::{Address, B256, keccak256};

use super::node::FUNDED;
use crate::support::repository;

/// Stores the second word of calldata in the slot named by the first.
pub const STORE: &str = "0xc0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0";
/// Self-destructs, which only moves its balance since Cancun.
pub const DESTRUCTIBLE: &str = "0xd0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0";
/// Has [`SLOTS`] slots.
pub const STORAGE: &str = "0xb2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2";
/// Has more slots than one page of an answer.
pub const LARGE: &str = "0xb1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1";
/// Has neither balance nor nonce nor code: EIP-161 does not apply at genesis.
pub const EMPTY: &str = "0xe0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0";

/// Slots of [`STORAGE`].
pub const SLOTS: u64 = 20_500;
/// Slots of [`LARGE`].
pub const LARGE_SLOTS: u64 = 62_000;

/// Slot number `i` of [`STORAGE`] and [`LARGE`].
pub fn slot(i: u64) -> B256 {
    keccak256(format!("slot{i}"))
}

fn slots(count: u64) -> String {
    let slot = |i| format!("\"{}\": \"{}\"", slot(i), keccak256(format!("value{i}")));
    (0..count).map(slot).collect::<Vec<_>>().join(",")
}

/// Address number `i` of the many.
pub fn many(i: u64) -> Address {
    Address::from_word(keccak256(i.to_be_bytes()))
}

/// Writes the genesis with `accounts` plain accounts.
pub fn write(accounts: u64) -> (tempfile::TempDir, PathBuf) {
    let sample = repository().join("sample/el/genesis.template.json");
    let sample = std::fs::read_to_string(sample).unwrap();
    let mut alloc = String::new();
    let mut add = |address: &str, rest: &str| {
        write!(alloc, "\"{address}\": {{\"balance\": {rest}}},").unwrap();
    };
    for i in 0..accounts {
        add(&many(i).to_string(), &format!("\"{}\"", 1_000_000_000 + i));
    }
    for i in 0..5 {
        add(&Address::from_word(B256::repeat_byte(0xe1 + i)).to_string(), "\"0\"");
    }
    add(EMPTY, "\"0\"");
    add(STORE, "\"0\", \"nonce\": \"1\", \"code\": \"0x6020356000355500\"");
    add(DESTRUCTIBLE, "\"7\", \"nonce\": \"1\", \"code\": \"0x33ff\"");
    let storage = |count| {
        format!("\"1\", \"nonce\": 1, \"code\": \"0x00\", \"storage\": {{{}}}", slots(count))
    };
    add(STORAGE, &storage(SLOTS));
    add(LARGE, &storage(LARGE_SLOTS));
    assert!(sample.contains(&FUNDED.to_lowercase()) || sample.contains(FUNDED));
    let text = sample
        .replace("\"TIMESTAMP_PLACEHOLDER\"", "\"1700000000\"")
        .replace("\"alloc\": {", &format!("\"alloc\": {{{alloc}"));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("genesis.json");
    std::fs::write(&path, text).unwrap();
    (directory, path)
}

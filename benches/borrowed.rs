//! The code in use beside its alternative, on the same input: `cargo bench --bench borrowed`.
//! Prints the median of each and their ratio. The results are in
//! `docs/decisions/0014-trie-and-hex.md`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a tool, outside the library"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use alloy_primitives::{B256, U256, keccak256};
use alloy_trie::{HashBuilder, Nibbles};
use regenesis::el::alloc::{Account, EMPTY_CODE_HASH};
use regenesis::el::trie::{self, EMPTY_ROOT_HASH, Leaf};

const RUNS: usize = 11;

/// The median time of [`RUNS`] runs, and the last result.
fn median<T>(mut run: impl FnMut() -> T) -> (Duration, T) {
    let mut times = Vec::new();
    let mut last = None;
    for _ in 0..RUNS {
        let start = Instant::now();
        last = Some(black_box(run()));
        times.push(start.elapsed());
    }
    times.sort_unstable();
    (times[RUNS / 2], last.unwrap())
}

fn print(what: &str, ours: (&str, Duration), theirs: (&str, Duration)) {
    let ratio = theirs.1.as_secs_f64() / ours.1.as_secs_f64();
    println!(
        "{what:32} {} {:>10.2?}   {} {:>10.2?}   {ratio:.2}",
        ours.0, ours.1, theirs.0, theirs.1
    );
}

/// `count` accounts with a balance and a nonce, in the order of the trie.
fn accounts(count: u64) -> Vec<Account> {
    let account = |i: u64| Account {
        hashed_address: keccak256(i.to_be_bytes()),
        nonce: i,
        balance: U256::from(i) << 64,
        storage_root: EMPTY_ROOT_HASH,
        code_hash: EMPTY_CODE_HASH,
    };
    let mut accounts: Vec<Account> = (0..count).map(account).collect();
    accounts.sort_by_key(|account| account.hashed_address);
    accounts
}

fn hash_builder(accounts: &[Account]) -> B256 {
    let mut builder = HashBuilder::default();
    let mut value = Vec::new();
    for account in accounts {
        value.clear();
        account.encode_value(&mut value);
        builder.add_leaf(Nibbles::unpack(account.hashed_address), &value);
    }
    builder.root()
}

fn main() {
    for count in [256, 10_000, 100_000, 1_000_000] {
        let accounts = accounts(count);
        let (theirs, expected) = median(|| hash_builder(&accounts));
        let (parallel, root) = median(|| trie::root(&accounts));
        assert_eq!(root, expected);
        let theirs = ("alloy_trie::HashBuilder", theirs);
        print(&format!("trie, in memory, {count}"), ("root", parallel), theirs);
    }
    for size in [20, 32, 24_576] {
        let bytes: Vec<u8> = (0..size).map(|i| u8::try_from(i * 37 % 251).unwrap()).collect();
        let text = hex::encode(&bytes);
        let rounds = 50_000_000 / (size + 500);
        let mut out = vec![0; size];
        let mut time = |decode: &dyn Fn(&[u8], &mut [u8])| {
            let (time, ()) = median(|| {
                for _ in 0..rounds {
                    decode(black_box(text.as_bytes()), black_box(&mut out));
                }
            });
            time / u32::try_from(rounds).unwrap()
        };
        let plain = time(&|text, out| hex::decode_to_slice(text, out).unwrap());
        let of_alloy =
            time(&|text, out| alloy_primitives::hex::decode_to_slice(text, out).unwrap());
        print(&format!("hex, {size} bytes"), ("const-hex", of_alloy), ("hex", plain));
    }
}

//! The stages of `init`, each alone, beside a general library's time for the same: `cargo bench`.
//! Whole runs, beside other programs: `scripts/bench.sh`.
#![expect(clippy::unwrap_used, reason = "a tool, outside the library")]

mod snapshot;

use divan::{Bencher, black_box};
use regenesis::cl::config::Config;
use regenesis::cl::preset::{Preset, Revision};
use regenesis::cl::state::genesis_state;
use regenesis::el::alloc::State;
use regenesis::el::block::Block;
use regenesis::el::genesis::{self, Document};
use regenesis::el::header::{Header, make_genesis_header};
use regenesis::keys::{Entropy, Kdf, Keystore, password};
use regenesis::snapshot::mnemonics;
use regenesis::snapshot::validators::{self, KeyCheck, Registry, derive};
use snapshot::{CONFIG, FULL, MNEMONICS, Size, write_genesis};

const ACCOUNTS: [u64; 3] = [256, 10_000, 100_000];
const VALIDATORS: [u64; 3] = [1, 64, 1000];

fn main() {
    divan::main();
}

fn genesis_json(accounts: u64) -> Vec<u8> {
    let mut json = Vec::new();
    let size = Size { accounts, validators: 64, accounts_per_contract: FULL };
    write_genesis(&mut json, size).unwrap();
    json
}

fn read(json: &[u8]) -> (Document, State<'static>) {
    genesis::read(json, &|_| ()).unwrap()
}

fn registry(validators: u64) -> Registry {
    let text = MNEMONICS.replace("count: 64", &format!("count: {validators}"));
    derive(&mnemonics::parse(text.as_bytes()).unwrap(), &|_| ()).unwrap()
}

fn header() -> Header {
    let (document, state) = read(&genesis_json(256));
    let mut document = document;
    document.set_timestamp(1_700_000_000);
    make_genesis_header(&document.genesis().unwrap(), state.root(), 1_700_000_000)
}

/// Reads the JSON, and hashes every account's code and storage as it comes.
#[divan::bench(args = ACCOUNTS, sample_count = 10)]
fn parse(bencher: Bencher<'_, '_>, accounts: u64) {
    let json = genesis_json(accounts);
    bencher
        .counter(divan::counter::BytesCount::new(json.len()))
        .bench_local(|| read(black_box(&json)));
}

/// `serde_json` reads the same text to a tree, and hashes nothing.
#[divan::bench(args = ACCOUNTS, sample_count = 10)]
fn parse_by_serde_json(bencher: Bencher<'_, '_>, accounts: u64) {
    let json = genesis_json(accounts);
    bencher
        .counter(divan::counter::BytesCount::new(json.len()))
        .bench_local(|| serde_json::from_slice::<serde_json::Value>(black_box(&json)).unwrap());
}

/// The trie over the accounts.
#[divan::bench(args = ACCOUNTS, sample_count = 10)]
fn state_root(bencher: Bencher<'_, '_>, accounts: u64) {
    let (_, state) = read(&genesis_json(accounts));
    bencher.bench_local(|| black_box(&state).root());
}

/// EIP-2333 from the mnemonic's seed: two keys a validator, and its public key.
#[divan::bench(args = VALIDATORS, sample_count = 10)]
fn derive_keys(validators: u64) -> Registry {
    registry(validators)
}

/// EIP-2335, `light`, on one core.
#[divan::bench(args = VALIDATORS, sample_count = 10)]
fn seal(bencher: Bencher<'_, '_>, validators: u64) {
    let (registry, entropy) = (registry(validators), Entropy::new([0; 32]));
    bencher.bench_local(|| {
        for key in &registry.signing_keys {
            let password = password(&entropy, &key.pubkey);
            let (secret, pubkey, path) = (&key.secret, &key.pubkey, &key.path);
            let sealed = Keystore::seal(secret, pubkey, path, &password, Kdf::Light, &entropy);
            black_box(sealed.unwrap().to_json());
        }
    });
}

/// The genesis state with its roots.
#[divan::bench(args = VALIDATORS, sample_count = 10)]
fn state(bencher: Bencher<'_, '_>, validators: u64) {
    let config = Config::parse(CONFIG.as_bytes()).unwrap();
    let preset = Preset::of(&config, Revision::default()).unwrap();
    let (registry, block) = (registry(validators), Block::genesis(header()));
    bencher.bench_local(|| {
        genesis_state(&config, &preset, black_box(&registry.validators), &block, None, 1).unwrap()
    });
}

/// Its encoding.
#[divan::bench(args = VALIDATORS, sample_count = 10)]
fn encode(bencher: Bencher<'_, '_>, validators: u64) {
    let config = Config::parse(CONFIG.as_bytes()).unwrap();
    let preset = Preset::of(&config, Revision::default()).unwrap();
    let block = Block::genesis(header());
    let registry = registry(validators);
    let state = genesis_state(&config, &preset, &registry.validators, &block, None, 1).unwrap();
    bencher.bench_local(|| black_box(&state).ssz.encode(&mut std::io::sink()).unwrap());
}

/// A list of 30,000 validators: as `init` checks it, and as `verify` does.
#[divan::bench(args = [KeyCheck::Sample, KeyCheck::All], sample_count = 5, sample_size = 1)]
fn listed(bencher: Bencher<'_, '_>, check: KeyCheck) {
    let (key, credentials) = (hex::encode(registry(1).validators[0].pubkey), "00".repeat(32));
    let list = format!("{key}:{credentials}\n").repeat(30_000);
    bencher.bench_local(|| validators::parse(black_box(list.as_bytes()), check).unwrap());
}

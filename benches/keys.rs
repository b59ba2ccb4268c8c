//! The key tree of EIP-2333, ours beside blst's: `cargo bench --bench keys`.
#![expect(clippy::unwrap_used, reason = "a tool, outside the library")]

use blst::min_pk;
use divan::{Bencher, black_box};
use regenesis::keys::{Accounts, Mnemonic, derive_child_sk, derive_master_sk};

const SEED: [u8; 64] = [7; 64];
const PHRASE: &str = "test test test test test test test test test test test junk";

fn main() {
    divan::main();
}

/// One child key.
#[divan::bench]
fn child(bencher: Bencher<'_, '_>) {
    let master = derive_master_sk(&SEED).unwrap();
    bencher.bench_local(|| derive_child_sk(black_box(&master), 5));
}

/// One child key, by blst.
#[divan::bench]
fn child_by_blst(bencher: Bencher<'_, '_>) {
    let master = min_pk::SecretKey::derive_master_eip2333(&SEED).unwrap();
    bencher.bench_local(|| black_box(&master).derive_child_eip2333(5));
}

/// A validator: its withdrawal key and its signing key, with both public keys.
#[divan::bench]
fn validator(bencher: Bencher<'_, '_>) {
    let accounts = Accounts::of(&Mnemonic::parse(PHRASE).unwrap()).unwrap();
    bencher.bench_local(|| {
        let withdrawal = black_box(&accounts).withdrawal_key(5);
        (withdrawal.public_key(), Accounts::signing_key(&withdrawal).public_key())
    });
}

/// A validator, by blst.
#[divan::bench]
fn validator_by_blst(bencher: Bencher<'_, '_>) {
    let seed = Mnemonic::parse(PHRASE).unwrap().to_seed();
    let master = min_pk::SecretKey::derive_master_eip2333(&*seed).unwrap();
    let coin_type = master.derive_child_eip2333(12381).derive_child_eip2333(3600);
    bencher.bench_local(|| {
        let withdrawal = black_box(&coin_type).derive_child_eip2333(5).derive_child_eip2333(0);
        let signing = withdrawal.derive_child_eip2333(0);
        (withdrawal.sk_to_pk().compress(), signing.sk_to_pk().compress())
    });
}

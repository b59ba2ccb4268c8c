//! Random accounts, their root from an independent trie, and the many
//! spellings of the same accounts.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_trie::TrieAccount;
use alloy_trie::root::{state_root_unhashed, storage_root_unhashed};
use proptest::prelude::*;

use crate::support::json::Json;
use crate::support::rng::Rng;
use crate::support::spelling::{address, key, number_64, number_256, storage_word};

#[derive(Debug, Clone)]
pub struct Account {
    balance: U256,
    nonce: u64,
    code: Vec<u8>,
    storage: BTreeMap<B256, U256>,
}

pub type Accounts = BTreeMap<Address, Account>;

/// Addresses with few distinct bytes, and values of all lengths: long common paths, embedded nodes, zeros.
fn word() -> impl Strategy<Value = U256> {
    prop_oneof![
        any::<u8>().prop_map(U256::from),
        any::<u64>().prop_map(U256::from),
        any::<[u8; 32]>().prop_map(U256::from_be_bytes),
        Just(U256::MAX),
    ]
}

fn account() -> impl Strategy<Value = Account> {
    let storage = prop::collection::btree_map(word().prop_map(B256::from), word(), 0..12);
    let nonce = prop_oneof![Just(0), any::<u64>()];
    (word(), nonce, prop::collection::vec(any::<u8>(), 0..80), storage)
        .prop_map(|(balance, nonce, code, storage)| Account { balance, nonce, code, storage })
}

pub fn accounts() -> impl Strategy<Value = Accounts> {
    let address = any::<[u8; 20]>().prop_map(Address::from);
    prop::collection::btree_map(address, account(), 1..12)
}

/// The state root from alloy's trie. Slots with value zero do not count; empty accounts do.
pub fn state_root(accounts: &Accounts) -> B256 {
    state_root_unhashed(accounts.iter().map(|(address, account)| {
        let slots = account.storage.iter().filter(|(_, value)| !value.is_zero());
        let storage_root = storage_root_unhashed(slots.map(|(slot, value)| (*slot, *value)));
        let code_hash = keccak256(&account.code);
        (*address, TrieAccount::new(account.nonce, account.balance, storage_root, code_hash))
    }))
}

/// An alloc in geth's spelling.
pub fn plain(accounts: &Accounts) -> String {
    let entries = accounts.iter().map(|(address, account)| {
        let entry = serde_json::json!({
            "balance": format!("{:#x}", account.balance),
            "nonce": format!("{:#x}", account.nonce),
            "code": format!("0x{}", hex::encode(&account.code)),
            "storage": account.storage.iter().map(|(slot, value)| (*slot, B256::from(*value))).collect::<BTreeMap<_, _>>(),
        });
        (format!("{address:#x}"), entry)
    });
    entries.collect::<serde_json::Value>().to_string()
}

/// The same alloc in random order and spelling, with unknown keys.
pub fn spelled(accounts: &Accounts, rng: &mut Rng) -> String {
    let entries = accounts.iter().map(|(name, account)| {
        let entry = account.spelled(rng);
        (address(rng, &hex::encode(name)), entry)
    });
    object(entries.collect(), rng).text(rng)
}

impl Account {
    fn spelled(&self, rng: &mut Rng) -> Json {
        let mut members = vec![
            (key(rng, "balance"), number_256(rng, self.balance)),
            ("x-unknown".to_owned(), Json::raw(r#"[{"balance": -1.5e3}, "}", null]"#)),
        ];
        if self.nonce != 0 || rng.one_in(2) {
            members.push((key(rng, "nonce"), number_64(rng, self.nonce)));
        }
        if !self.code.is_empty() || rng.one_in(2) {
            let digits = rng.mix_case(&hex::encode(&self.code));
            members.push((key(rng, "code"), Json::quoted(format!("0x{digits}"))));
        }
        if !self.storage.is_empty() || rng.one_in(2) {
            let slots = self.storage.iter().map(|(slot, value)| {
                let value = Json::quoted(word_spelled(rng, (*value).into()));
                (word_spelled(rng, *slot), value)
            });
            let slots = slots.collect();
            members.push((key(rng, "storage"), object(slots, rng)));
        }
        object(members, rng)
    }
}

fn word_spelled(rng: &mut Rng, word: B256) -> String {
    let zeros = word.iter().take_while(|byte| **byte == 0).count();
    storage_word(rng, &hex::encode(&word[zeros..]))
}

fn object(mut members: Vec<(String, Json)>, rng: &mut Rng) -> Json {
    rng.shuffle(&mut members);
    Json::Object(members)
}

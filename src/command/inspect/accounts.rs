//! The accounts of a snapshot: their number, and those that a user most likely put there.

use std::cmp::Reverse;

use alloy_primitives::U256;
use serde::Serialize;

use crate::capture::account::Account;
use crate::el::system_contracts::system_contract;

/// How many contracts, and how many other accounts, are listed.
const LISTED: usize = 10;

#[derive(Debug, Default, Serialize)]
pub(super) struct Accounts {
    pub(super) all: u64,
    /// With code.
    pub(super) contracts: u64,
    /// Contracts that a hardfork requires, such as the deposit contract.
    pub(super) system_contracts: u64,
    /// Empty by EIP-161.
    pub(super) empty: u64,
    pub(super) storage_slots: u64,
    /// Accounts without code that have ETH.
    pub(super) funded: u64,
    /// Other contracts: those with the most slots, code and ETH first.
    pub(super) largest: Vec<Contract>,
    /// Accounts without code: those with the most ETH first.
    pub(super) richest: Vec<Funded>,
}

#[derive(Debug, Serialize)]
pub(super) struct Contract {
    pub(super) address: String,
    /// Wei.
    pub(super) balance: U256Text,
    pub(super) nonce: u64,
    /// Bytes.
    pub(super) code_size: u64,
    pub(super) storage_slots: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Funded {
    pub(super) address: String,
    /// Wei.
    pub(super) balance: U256Text,
    pub(super) nonce: u64,
}

/// A number that JSON has as a text of decimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct U256Text(pub(super) U256);

impl Serialize for U256Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Accounts {
    pub(super) fn add(&mut self, account: &Account) {
        let storage_slots = account.storage.len() as u64;
        self.all += 1;
        self.empty += u64::from(account.is_empty());
        self.storage_slots += storage_slots;
        let address = account.address.unwrap_or_default();
        let (balance, nonce) = (U256Text(account.balance), account.nonce);
        if account.code.is_empty() {
            if !account.balance.is_zero() {
                self.funded += 1;
                let funded = || Funded { address: address.to_string(), balance, nonce };
                insert(&mut self.richest, Reverse(balance), |one| Reverse(one.balance), funded);
            }
            return;
        }
        self.contracts += 1;
        if system_contract(address) {
            self.system_contracts += 1;
            return;
        }
        let code_size = account.code.len() as u64;
        let address = address.to_string();
        let contract = || Contract { address, balance, nonce, code_size, storage_slots };
        let key = Reverse((storage_slots, code_size, balance));
        let of = |one: &Contract| Reverse((one.storage_slots, one.code_size, one.balance));
        insert(&mut self.largest, key, of, contract);
    }
}

/// Adds an item to a short list in the order of its key, unless the list is full of earlier ones.
fn insert<T, K: Ord>(list: &mut Vec<T>, key: K, of: impl Fn(&T) -> K, item: impl FnOnce() -> T) {
    let place = list.partition_point(|known| of(known) <= key);
    if place < LISTED {
        list.insert(place, item());
        list.truncate(LISTED);
    }
}

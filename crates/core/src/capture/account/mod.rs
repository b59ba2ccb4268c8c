//! An account as nodes and tools dump it, and as an alloc has it.
//!
//! Every dialect has `balance`, `nonce`, `code` and `storage`. geth's dumps also have the roots and
//! hashes that the account has in the trie, which show what a dump omits. Numbers are JSON numbers,
//! decimal strings or hex, hex with or without `0x`, padded or not.

mod parse;
mod write;

use alloy_primitives::{Address, B256, U256, keccak256};

use crate::el::alloc::{self, EMPTY_CODE_HASH, Slot};
use crate::el::trie;
pub(super) use parse::{address, bytes, word};
pub use write::{write_slot, write_tail};

/// A storage slot and its value.
pub type StorageSlot = (B256, U256);

/// An account of a dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its address; `None` if the node knows the hash alone.
    pub address: Option<Address>,
    /// `keccak256(address)`.
    pub hashed_address: B256,
    /// Number of transactions sent, or of contracts created.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// The code.
    pub code: Vec<u8>,
    /// Slots that are not zero, each once, in any order.
    pub storage: Vec<StorageSlot>,
    /// Slots that the dump lists with the value 0.
    pub zero_slots: Vec<B256>,
    /// `keccak256(code)`, if the dump has it.
    pub code_hash: Option<B256>,
    /// Root of the storage trie, if the dump has it.
    pub storage_root: Option<B256>,
}

/// A part of an account that a dump omits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Its address: the node has no preimage of the hash.
    Address,
    /// Its code.
    Code,
    /// Slots of its storage: the node has no preimages of their hashes.
    Storage,
}

impl Account {
    /// The part that the dump omits, if its hashes show it.
    pub fn missing(&self) -> Option<Missing> {
        if self.address.is_none() {
            return Some(Missing::Address);
        }
        if self.code_hash.is_some_and(|hash| hash != self.computed_code_hash()) {
            return Some(Missing::Code);
        }
        if self.storage_root.is_some_and(|root| root != storage_root(&self.storage)) {
            return Some(Missing::Storage);
        }
        None
    }

    /// `keccak256(code)`.
    pub(super) fn computed_code_hash(&self) -> B256 {
        if self.code.is_empty() { EMPTY_CODE_HASH } else { keccak256(&self.code) }
    }

    /// Whether EIP-161 calls it empty.
    pub fn is_empty(&self) -> bool {
        self.nonce == 0 && self.balance.is_zero() && self.code.is_empty()
    }
}

/// Root of the trie of `storage`.
pub fn storage_root(storage: &[StorageSlot]) -> B256 {
    let hashed = |(slot, value): &StorageSlot| Slot { hashed_slot: keccak256(slot), value: *value };
    alloc::storage_root(storage.iter().map(hashed).collect())
}

/// Root of the trie of `storage` and of slots of value 0. A trie has no such slots, but anvil (1.4 to
/// 1.7) keeps cleared slots in its own.
pub fn storage_root_with_zeros(storage: &[StorageSlot], zero_slots: &[B256]) -> B256 {
    let zeros = zero_slots.iter().map(|slot| (*slot, U256::ZERO));
    let hashed = |(slot, value): StorageSlot| Slot { hashed_slot: keccak256(slot), value };
    let mut slots: Vec<_> = storage.iter().copied().chain(zeros).map(hashed).collect();
    slots.sort_unstable_by_key(|slot| slot.hashed_slot);
    trie::root(&slots)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{address, b256};

    const A: &str = "0x1111111111111111111111111111111111111111";

    fn parse(key: &str, value: &str) -> Result<Account, String> {
        Account::parse(key.as_bytes(), value.as_bytes()).map_err(|error| error.to_string())
    }

    fn entry(account: &Account) -> String {
        let mut out = Vec::new();
        account.write_entry(account.address.unwrap(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The same account as geth, anvil, forge and users write it.
    #[test]
    fn dialects_agree() {
        let geth = parse(
            A,
            r#"{"balance":"256","nonce":7,"code":"0x6000","storage":{"0x0000000000000000000000000000000000000000000000000000000000000001":"ff",
            "0x0000000000000000000000000000000000000000000000000000000000000002":"00"}}"#,
        );
        let anvil = r#"{"nonce":7,"balance":"0x100","code":"0x6000","storage":{"0x1":"0xff"}}"#;
        let forge = r#"{"nonce":"0x7","balance":"0x100","code":"0x6000","storage":{"0x0000000000000000000000000000000000000000000000000000000000000001":"0x00000000000000000000000000000000000000000000000000000000000000ff"}}"#;
        let hand = r#"{"Nonce":"7","BALANCE":256,"code":"6000","storage":{"01":"0XFF"},"x":null}"#;
        let mut geth = geth.unwrap();
        // Slots of value 0 in a dump are kept apart.
        assert_eq!(std::mem::take(&mut geth.zero_slots), [B256::with_last_byte(2)]);
        for other in [anvil, forge, hand] {
            assert_eq!(parse(&A[2..], other).unwrap(), geth);
        }
        assert_eq!(geth.address, Some(address!("1111111111111111111111111111111111111111")));
        let written = entry(&geth);
        let (key, value) = written.split_once(": ").unwrap();
        assert_eq!(parse(key.trim_matches('"'), value).unwrap(), geth);
    }

    #[test]
    fn omitted_parts_are_noticed() {
        // From geth 1.17.4's debug_accountRange of `{A: {balance: 1, code: 0x00, slots 1, 2}}`.
        let complete = r#"{"balance":"0","nonce":0,"root":"0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421","codeHash":"0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470","key":"0xe2c07404b8c1df4c46226425cac68c28d27a766bbddce62309f36724839b22c0"}"#;
        assert_eq!(parse(A, complete).unwrap().missing(), None);
        let by_hash = "pre(0xe2c07404b8c1df4c46226425cac68c28d27a766bbddce62309f36724839b22c0)";
        let unknown = parse(by_hash, complete).unwrap();
        assert_eq!(unknown.missing(), Some(Missing::Address));
        assert_eq!(
            unknown.hashed_address,
            keccak256(address!("1111111111111111111111111111111111111111"))
        );
        let codeless = complete.replace("0xc5d2", "0x00d2");
        assert_eq!(parse(A, &codeless).unwrap().missing(), Some(Missing::Code));
        let slotless = complete.replace("0x56e8", "0x00e8");
        assert_eq!(parse(A, &slotless).unwrap().missing(), Some(Missing::Storage));
        // anvil's dumps have no roots: nothing is known to be missing.
        assert_eq!(parse(A, r#"{"balance":"0x0"}"#).unwrap().missing(), None);
    }

    #[test]
    fn storage_roots_match_the_trie() {
        assert_eq!(storage_root(&[]), alloy_trie::EMPTY_ROOT_HASH);
        // From geth 1.17.4: slot 0 = 1.
        let one = [(B256::ZERO, U256::from(1))];
        let root = b256!("821e2556a290c86405f8160a2d662042a431ba456b9db265c79bb837c04be5f0");
        assert_eq!(storage_root(&one), root);
    }

    #[test]
    fn errors_name_the_field() {
        for (key, value, what) in [
            (A, "7", "is 7, expected an account"),
            (A, "{}", "balance is missing"),
            (A, r#"{"balance":"x"}"#, "balance is \"x\""),
            (A, r#"{"balance":"1","code":"0x1"}"#, "code is 0x1, expected an even number"),
            (A, r#"{"balance":"1","code":"0xzz"}"#, "hex digits only"),
            (A, r#"{"balance":"1","storage":{"0xg":"1"}}"#, "storage.0xg is 0xg"),
            (A, r#"{"balance":"1","storage":{"1":5}}"#, "storage.1 is 5, expected a text"),
            (A, r#"{"balance":"1","storage":{"1":"5","0x01":"6"}}"#, "every slot once"),
            (A, r#"{"balance":"1","storage":[]}"#, "an object of slots"),
            (A, r#"{"balance":"1","key":"0x00"}"#, "the hash of the address"),
            ("0x12", r#"{"balance":"1"}"#, "an address of 40 hex digits"),
            ("", r#"{"balance":"1"}"#, "address is missing"),
            (A, r#"{"balance":"1""#, "not valid JSON"),
        ] {
            let error = parse(key, value).unwrap_err();
            assert!(error.contains(what), "{key} {value}: {error}");
        }
    }
}

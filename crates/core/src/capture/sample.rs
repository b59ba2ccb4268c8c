//! A random sample of a genesis, compared with a node's state.

use std::collections::BTreeMap;

use alloy_primitives::{B256, U256, keccak256};
use serde_json::{Value, json};

use super::account::{Account, storage_root, word};
use super::block::{hash, number};
use crate::rpc::{self, Rpc, value};

/// Most accounts with code or storage, and most accounts without.
const MOST: usize = 32;
/// Most slots of an account.
const SLOTS: usize = 8;
/// Longest answer with code or a proof.
const LIMIT: u64 = 16 << 20;

/// The drawn accounts.
#[derive(Debug)]
pub struct Sample {
    seed: B256,
    plain: BTreeMap<B256, Account>,
    contracts: BTreeMap<B256, Account>,
}

/// Number of compared items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Compared {
    /// Accounts, with balance, nonce, hash of the code and root of the storage.
    pub accounts: u64,
    /// Codes.
    pub codes: u64,
    /// Slots.
    pub slots: u64,
}

/// Why a comparison fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The node refuses, or cannot be reached.
    #[error(transparent)]
    Rpc(#[from] rpc::Error),
    /// The node answers in another form.
    #[error(transparent)]
    Answer(Box<super::Error>),
    /// The node's state differs.
    #[error("{0}")]
    Differs(String),
}

impl From<super::Error> for Error {
    fn from(error: super::Error) -> Self {
        Self::Answer(Box::new(error))
    }
}

impl Sample {
    /// The `seed` determines which accounts are drawn.
    pub fn new(seed: B256) -> Self {
        Self { seed, plain: BTreeMap::new(), contracts: BTreeMap::new() }
    }

    /// Accounts with the lowest values are drawn.
    fn lot(&self, hashed_address: &B256) -> B256 {
        keccak256([self.seed, *hashed_address].concat())
    }

    /// Offers an account for the sample. The later of two entries for one address counts.
    pub fn show(&mut self, mut account: Account) {
        let lot = self.lot(&account.hashed_address);
        let is_contract = !account.code.is_empty() || !account.storage.is_empty();
        let (drawn, other) = if is_contract {
            (&mut self.contracts, &mut self.plain)
        } else {
            (&mut self.plain, &mut self.contracts)
        };
        other.remove(&lot);
        if drawn.len() == MOST && drawn.last_key_value().is_some_and(|(last, _)| *last < lot) {
            return;
        }
        account.storage_root = Some(storage_root(&account.storage));
        account.code_hash = Some(account.computed_code_hash());
        let seed = self.seed;
        account.storage.sort_unstable_by_key(|(slot, _)| keccak256([seed, *slot].concat()));
        account.storage.truncate(SLOTS);
        drawn.insert(lot, account);
        if drawn.len() > MOST {
            drawn.pop_last();
        }
    }

    /// Compares the drawn accounts with the node's state at `block`.
    ///
    /// # Errors
    /// Something differs, or the node does not answer.
    pub fn compare(&self, rpc: &dyn Rpc, block: &str) -> Result<Compared, Error> {
        let mut compared = Compared::default();
        for account in self.contracts.values().chain(self.plain.values()) {
            compare(rpc, block, account, &mut compared)?;
        }
        Ok(compared)
    }
}

fn compare(
    rpc: &dyn Rpc,
    block: &str,
    account: &Account,
    compared: &mut Compared,
) -> Result<(), Error> {
    let address = account.address.unwrap_or_default();
    let slots: Vec<_> = account.storage.iter().map(|(slot, _)| slot).collect();
    let proof = value(rpc, "eth_getProof", &json!([address, slots, block]), LIMIT)?;
    let same = |what: &str, ours: String, theirs: String| {
        if ours == theirs {
            return Ok(());
        }
        let what = format!("{what} is {ours} in the genesis, but {theirs} on the chain");
        Err(Error::Differs(format!("{address}: {what}")))
    };
    let balance: U256 = number(&proof, "balance")?;
    let nonce: u64 = number(&proof, "nonce")?;
    same("balance", account.balance.to_string(), balance.to_string())?;
    same("nonce", account.nonce.to_string(), nonce.to_string())?;
    for (what, ours, key) in [
        ("hash of the code", account.code_hash, "codeHash"),
        ("root of the storage", account.storage_root, "storageHash"),
    ] {
        same(what, ours.unwrap_or_default().to_string(), hash(&proof, key)?.to_string())?;
    }
    for (index, (slot, ours)) in account.storage.iter().enumerate() {
        let text = proof["storageProof"][index]["value"].as_str().unwrap_or_default();
        let theirs = word(text.as_bytes()).unwrap_or_default();
        same(&format!("slot {slot}"), B256::from(*ours).to_string(), theirs.to_string())?;
        compared.slots += 1;
    }
    if !account.code.is_empty() {
        let code = value(rpc, "eth_getCode", &json!([address, block]), LIMIT)?;
        let ours = Value::from(format!("0x{}", hex::encode(&account.code)));
        if code != ours {
            return Err(Error::Differs(format!("{address}: the chain has different code")));
        }
        compared.codes += 1;
    }
    compared.accounts += 1;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, b256};
    use std::io::Read;

    /// A node with these accounts.
    struct Node(Vec<Account>);

    impl Rpc for Node {
        fn call(&self, method: &str, params: &Value, _: u64) -> Result<Vec<u8>, rpc::Error> {
            let address: Address = params[0].as_str().unwrap().parse().unwrap();
            let account = self.0.iter().find(|account| account.address == Some(address)).unwrap();
            let value = |slot: &Value| {
                let slot: B256 = slot.as_str().unwrap().parse().unwrap();
                let found = account.storage.iter().find(|(known, _)| *known == slot).unwrap().1;
                json!({"value": format!("{found:#x}")})
            };
            let answer = match method {
                "eth_getCode" => json!(format!("0x{}", hex::encode(&account.code))),
                _ => json!({
                    "balance": format!("{:#x}", account.balance), "nonce": format!("{:#x}", account.nonce),
                    "codeHash": account.computed_code_hash(), "storageHash": storage_root(&account.storage),
                    "storageProof": params[1].as_array().unwrap().iter().map(value).collect::<Vec<_>>(),
                }),
            };
            Ok(answer.to_string().into_bytes())
        }

        fn batch_of_each(
            &self,
            _: &[(&str, Value)],
            _: u64,
        ) -> Result<Vec<Result<Vec<u8>, rpc::Error>>, rpc::Error> {
            unreachable!("no call is in a batch")
        }

        fn stream(&self, _: &str, _: &Value) -> Result<Box<dyn Read + Send>, rpc::Error> {
            unreachable!("no answer is streamed")
        }
    }

    fn accounts() -> Vec<Account> {
        let account = |i: u64| {
            let address = Address::from_word(keccak256(i.to_be_bytes()));
            let storage: Vec<_> =
                (0..i % 20).map(|slot| format!("\"{slot:#x}\": \"0x7\"")).collect();
            let code = if i.is_multiple_of(3) { "0x6000" } else { "0x" };
            let text = format!(
                r#"{{"balance": "{i}", "nonce": {i}, "code": "{code}", "storage": {{{}}}}}"#,
                if i < 100 { storage.join(",") } else { String::new() }
            );
            Account::parse(address.to_string().as_bytes(), text.as_bytes()).unwrap()
        };
        (0..400).map(account).collect()
    }

    const SEED: B256 = b256!("0101010101010101010101010101010101010101010101010101010101010101");

    #[test]
    fn equal_accounts_are_counted() {
        let mut sample = Sample::new(SEED);
        accounts().into_iter().for_each(|account| sample.show(account));
        let compared = sample.compare(&Node(accounts()), "0x0").unwrap();
        assert_eq!(compared.accounts, 64);
        assert!(compared.codes > 10 && compared.slots > 50, "{compared:?}");
        let mut other = Sample::new(B256::ZERO);
        accounts().into_iter().for_each(|account| other.show(account));
        assert_ne!(other.plain.keys().next(), sample.plain.keys().next());
    }

    #[test]
    fn differences_are_named() {
        let mut sample = Sample::new(SEED);
        accounts().into_iter().for_each(|account| sample.show(account));
        let drawn = sample.contracts.values().find(|a| !a.code.is_empty() && !a.storage.is_empty());
        let (drawn, slot) = drawn.map(|account| (account.address, account.storage[0].0)).unwrap();
        let changed = |change: &dyn Fn(&mut Account)| {
            let mut accounts = accounts();
            change(accounts.iter_mut().find(|account| account.address == drawn).unwrap());
            sample.compare(&Node(accounts), "0x0").unwrap_err().to_string()
        };
        assert!(changed(&|account| account.balance += U256::from(1)).contains("balance is"));
        assert!(changed(&|account| account.nonce += 1).contains("nonce is"));
        assert!(changed(&|account| account.code.push(0)).contains("hash of the code is"));
        let other_slot = changed(&|account| {
            let found = account.storage.iter_mut().find(|(known, _)| *known == slot).unwrap();
            found.1 = U256::from(8);
        });
        assert!(other_slot.contains("root of the storage is"), "{other_slot}");
    }

    #[test]
    fn the_later_of_two_entries_counts() {
        let mut sample = Sample::new(SEED);
        let first = accounts().swap_remove(5);
        let mut later = first.clone();
        (later.code, later.storage) = (Vec::new(), Vec::new());
        sample.show(first);
        sample.show(later.clone());
        assert_eq!(sample.compare(&Node(vec![later]), "0x0").unwrap().accounts, 1);
    }
}

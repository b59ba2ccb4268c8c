//! Changes to a captured state, applied after it was proven.

mod arguments;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use alloy_primitives::{Address, B256, U256, keccak256};

use super::Error;
use super::account::{self, Account};
use super::alloc_writer::AllocWriter;
use super::file::{self, Sink};
use crate::el::system_contracts::SystemContract;
use arguments::DECIMALS;
pub use arguments::{Code, Fund, SetCode, SetNonce, SetStorage};

/// Changes by account. Accounts of other files are merged first, then code, nonces and slots are set, then
/// funds are added.
#[derive(Debug, Default)]
pub struct Overlay {
    merged: BTreeMap<Address, Account>,
    /// The merged files, and the number of accounts of each.
    files: Vec<(String, u64)>,
    codes: BTreeMap<Address, Vec<u8>>,
    nonces: BTreeMap<Address, u64>,
    slots: BTreeMap<Address, BTreeMap<B256, U256>>,
    funds: BTreeMap<Address, U256>,
    prune_empty: bool,
    add_system_contracts: bool,
    contracts: BTreeMap<Address, (SystemContract, Account)>,
}

impl Overlay {
    /// Whether there is no change.
    pub fn is_none(&self) -> bool {
        self.files.is_empty()
            && self.codes.is_empty()
            && self.nonces.is_empty()
            && self.slots.is_empty()
            && self.funds.is_empty()
            && !self.prune_empty
            && !self.add_system_contracts
    }

    /// Removes accounts that are empty (EIP-161) and have no storage.
    pub fn prune_empty(&mut self) {
        self.prune_empty = true;
    }

    /// Adds the system contracts that the forks require and the state lacks, after the other changes.
    pub fn add_system_contracts(&mut self) {
        self.add_system_contracts = true;
    }

    /// Sets the contracts that the forks of the chain require.
    pub(super) fn require(&mut self, contracts: Vec<SystemContract>) -> Result<(), Error> {
        if !self.add_system_contracts {
            return Ok(());
        }
        for contract in contracts {
            let account = account_of(&contract)?;
            self.contracts.insert(contract.address, (contract, account));
        }
        Ok(())
    }

    /// Starts the accounts of another file.
    pub fn merge_file(&mut self, name: String) {
        self.files.push((name, 0));
    }

    /// Adds an account of that file, which replaces an existing one.
    ///
    /// # Errors
    /// The account is incomplete.
    pub fn merge(&mut self, account: Account) -> Result<(), Error> {
        let (Some(address), None) = (account.address, account.missing()) else {
            return Err(Error::Change(format!(
                "account {} is incomplete in the file to merge",
                account.hashed_address
            )));
        };
        if let Some((_, count)) = self.files.last_mut() {
            *count += 1;
        }
        self.merged.insert(address, account);
        Ok(())
    }

    /// Sets the code of an account.
    ///
    /// # Errors
    /// The code was set before, or the text is not hex, or empty.
    pub fn set_code(&mut self, address: Address, hex: &str) -> Result<(), Error> {
        let code = account::bytes(hex.trim().as_bytes())
            .map_err(|error| Error::Change(format!("the code for {address} {error}")))?;
        if code.is_empty() {
            return Err(Error::Change(format!("the code for {address} is empty")));
        }
        match self.codes.insert(address, code) {
            None => Ok(()),
            Some(_) => Err(Error::Change(format!("the code of {address} is set twice"))),
        }
    }

    /// Sets the nonce of an account.
    ///
    /// # Errors
    /// It was set before.
    pub fn set_nonce(&mut self, SetNonce { address, nonce }: SetNonce) -> Result<(), Error> {
        if self.nonces.contains_key(&address) {
            return Err(Error::Change(format!("the nonce of {address} is set twice")));
        }
        self.nonces.insert(address, nonce);
        Ok(())
    }

    /// Sets a slot of an account; the value 0 removes it.
    ///
    /// # Errors
    /// It was set before.
    pub fn set_storage(&mut self, change: SetStorage) -> Result<(), Error> {
        let SetStorage { address, slot, value } = change;
        let slots = self.slots.entry(address).or_default();
        if slots.contains_key(&slot) {
            return Err(Error::Change(format!("the slot {slot} of {address} is set twice")));
        }
        slots.insert(slot, value);
        Ok(())
    }

    /// Adds to a balance.
    ///
    /// # Errors
    /// The sum is more than a balance can have.
    pub fn fund(&mut self, fund: Fund) -> Result<(), Error> {
        let funds = self.funds.entry(fund.address).or_default();
        *funds = funds.checked_add(fund.wei).ok_or_else(|| overflow(fund.address))?;
        Ok(())
    }

    /// Writes the accounts that `read` passes on, with the changes, to `out`; returns a description of
    /// the changes.
    ///
    /// # Errors
    /// Those of `read`, or a balance overflows.
    pub fn apply<W: Write>(
        self,
        read: impl FnOnce(&mut Sink<'_>) -> Result<(), Error>,
        out: &mut AllocWriter<W>,
    ) -> Result<Vec<String>, Error> {
        let mut left: BTreeSet<Address> = [].into();
        left.extend(self.merged.keys());
        left.extend(self.codes.keys());
        left.extend(self.nonces.keys());
        left.extend(self.slots.keys());
        left.extend(self.funds.keys());
        left.extend(self.contracts.keys());
        let named = left.clone();
        let mut pruned = 0_u64;
        let mut added = Vec::new();
        let mut add = |account: &Account| {
            if self.prune_empty && account.is_empty() && account.storage.is_empty() {
                pruned += 1;
                return Ok(());
            }
            out.add(account.address.unwrap_or_default(), account)
        };
        read(&mut |account| {
            if account.address.is_some_and(|address| left.remove(&address)) {
                return add(&self.changed(account, &mut added)?);
            }
            // geth takes the last entry, which would undo the change.
            if let Some(twice) = account.address.filter(|address| named.contains(address)) {
                return Err(Error::Change(format!(
                    "{twice} is in the alloc twice: remove one entry"
                )));
            }
            add(&account)
        })?;
        for address in &left {
            let account = self.changed(unused(*address), &mut added)?;
            // An account with nothing in it does not exist (EIP-161), and would change the state root.
            if !(account.is_empty() && account.storage.is_empty()) {
                add(&account)?;
            }
        }
        Ok(self.describe(pruned, added))
    }

    /// The account with its changes; appends the name of the system contract that it becomes to `added`.
    fn changed(&self, account: Account, added: &mut Vec<&'static str>) -> Result<Account, Error> {
        let address = account.address.unwrap_or_default();
        let mut account = self.merged.get(&address).cloned().unwrap_or(account);
        if let Some(code) = self.codes.get(&address) {
            account.code.clone_from(code);
        }
        if let Some(nonce) = self.nonces.get(&address) {
            account.nonce = *nonce;
        }
        for (slot, value) in self.slots.get(&address).into_iter().flatten() {
            account.storage.retain(|(known, _)| known != slot);
            if !value.is_zero() {
                account.storage.push((*slot, *value));
            }
        }
        if let Some((contract, known)) =
            self.contracts.get(&address).filter(|_| account.code.is_empty())
        {
            added.push(contract.name);
            let balance = account.balance;
            account = Account { balance, ..known.clone() };
        }
        if let Some(wei) = self.funds.get(&address) {
            let balance = account.balance.checked_add(*wei);
            account.balance = balance.ok_or_else(|| overflow(address))?;
        }
        Ok(account)
    }

    /// Descriptions of the changes that do not depend on the state.
    pub fn changes(&self) -> Vec<String> {
        self.describe(0, Vec::new())
    }

    fn describe(&self, pruned: u64, added: Vec<&'static str>) -> Vec<String> {
        let merged = self.files.iter().map(|(name, count)| format!("{count} accounts of {name}"));
        let codes = self.codes.iter().map(|(a, code)| format!("code of {a}: {} bytes", code.len()));
        let nonces =
            self.nonces.iter().map(|(address, nonce)| format!("nonce of {address}: {nonce}"));
        let slots = self.slots.iter().flat_map(|(address, slots)| {
            slots.iter().map(move |(slot, value)| format!("slot {slot} of {address}: {value:#x}"))
        });
        let funds =
            self.funds.iter().map(|(address, wei)| format!("{} ETH to {address}", ether(*wei)));
        let pruned = (pruned > 0).then(|| format!("without {pruned} empty accounts"));
        let added = added.into_iter().map(|name| format!("system contract: {name}"));
        merged
            .chain(codes)
            .chain(nonces)
            .chain(slots)
            .chain(funds)
            .chain(pruned)
            .chain(added)
            .collect()
    }
}

fn overflow(address: Address) -> Error {
    Error::Change(format!("{address} would have more ETH than a balance can have"))
}

/// The account of a system contract.
fn account_of(contract: &SystemContract) -> Result<Account, Error> {
    let entry = contract.entry();
    let mut account = None;
    file::read_entries(Box::new(std::io::Cursor::new(entry.into_bytes())), &mut |found| {
        account = Some(found);
        Ok(())
    })?;
    Ok(account.unwrap_or_else(|| unused(contract.address)))
}

/// The account of an unused address.
fn unused(address: Address) -> Account {
    Account {
        address: Some(address),
        hashed_address: keccak256(address),
        nonce: 0,
        balance: U256::ZERO,
        code: Vec::new(),
        storage: Vec::new(),
        zero_slots: Vec::new(),
        code_hash: None,
        storage_root: None,
    }
}

/// Wei as ETH, without trailing zeros.
pub fn ether(wei: U256) -> String {
    let digits = format!("{wei:0>width$}", wei = wei.to_string(), width = DECIMALS + 1);
    let (integer, fraction) = digits.split_at(digits.len() - DECIMALS);
    match fraction.trim_end_matches('0') {
        "" => integer.to_owned(),
        fraction => format!("{integer}.{fraction}"),
    }
}

#[cfg(test)]
mod tests;

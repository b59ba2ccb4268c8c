//! Changes that are made to a captured state on purpose, after it was proven.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::str::FromStr;

use alloy_primitives::{Address, U256, keccak256};

use super::Error;
use super::account::{self, Account};
use super::collect::Alloc;
use super::file::Sink;

/// Digits of an ETH behind the point.
const DECIMALS: usize = 18;

/// `ADDR=ETH`: what is added to a balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fund {
    /// Whose.
    pub address: Address,
    /// How much.
    pub wei: U256,
}

impl FromStr for Fund {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str =
            "expected ADDR=ETH, such as 0x70997970C51812dc3A010C7d01b50e0d17dc79C8=1.5";
        let (address, ether) = text.split_once('=').ok_or(EXPECTED)?;
        let address = account::address(address.trim().as_bytes()).ok_or(EXPECTED)?;
        let (whole, fraction) = ether.trim().split_once('.').unwrap_or((ether.trim(), ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > DECIMALS {
            return Err(EXPECTED);
        }
        let wei = format!("{whole}{fraction:0<DECIMALS$}");
        let wei = wei.parse().map_err(|_| "more ETH than a balance can hold")?;
        Ok(Self { address, wei })
    }
}

/// Where code is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// In the argument, as hex.
    Hex(String),
    /// In a file, as hex.
    File(String),
}

/// `ADDR=HEX` or `ADDR=@FILE`: the code that an account gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetCode {
    /// Whose.
    pub address: Address,
    /// The code.
    pub code: Code,
}

impl FromStr for SetCode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected ADDR=HEX or ADDR=@FILE";
        let (address, code) = text.split_once('=').ok_or(EXPECTED)?;
        let address = account::address(address.trim().as_bytes()).ok_or(EXPECTED)?;
        let code = match code.strip_prefix('@') {
            Some(file) => Code::File(file.to_owned()),
            None => Code::Hex(code.to_owned()),
        };
        Ok(Self { address, code })
    }
}

/// Changes, by account. The accounts of other files come first, then code, then funds.
#[derive(Debug, Default)]
pub struct Overlay {
    merged: BTreeMap<Address, Account>,
    /// The files that were merged, and how many accounts each has.
    files: Vec<(String, u64)>,
    codes: BTreeMap<Address, Vec<u8>>,
    funds: BTreeMap<Address, U256>,
    prune_empty: bool,
}

impl Overlay {
    /// Whether nothing is to be changed.
    pub fn is_none(&self) -> bool {
        self.files.is_empty() && self.codes.is_empty() && self.funds.is_empty() && !self.prune_empty
    }

    /// Drops accounts that EIP-161 calls empty, unless they have storage.
    pub fn prune_empty(&mut self) {
        self.prune_empty = true;
    }

    /// Begins the accounts of another file.
    pub fn merge_file(&mut self, name: String) {
        self.files.push((name, 0));
    }

    /// Adds an account of that file, in place of one that is there.
    ///
    /// # Errors
    /// It is not whole.
    pub fn merge(&mut self, account: Account) -> Result<(), Error> {
        let (Some(address), None) = (account.address, account.missing()) else {
            return Err(Error::Change(format!(
                "account {} is not whole in the file to merge",
                account.hashed_address
            )));
        };
        if let Some((_, count)) = self.files.last_mut() {
            *count += 1;
        }
        self.merged.insert(address, account);
        Ok(())
    }

    /// Gives an account code.
    ///
    /// # Errors
    /// It was given other code before, or the text is no hex.
    pub fn set_code(&mut self, address: Address, hex: &str) -> Result<(), Error> {
        let code = account::bytes(hex.trim().as_bytes())
            .map_err(|error| Error::Change(format!("the code for {address} {error}")))?;
        match self.codes.insert(address, code) {
            None => Ok(()),
            Some(_) => Err(Error::Change(format!("two codes are given for {address}"))),
        }
    }

    /// Adds to a balance.
    ///
    /// # Errors
    /// More than a balance can hold.
    pub fn fund(&mut self, fund: Fund) -> Result<(), Error> {
        let funds = self.funds.entry(fund.address).or_default();
        *funds = funds.checked_add(fund.wei).ok_or_else(|| overflow(fund.address))?;
        Ok(())
    }

    /// Writes the accounts that `read` hands on to `out`, changed; returns what was changed.
    ///
    /// # Errors
    /// What `read` says, or a balance overflows.
    pub fn apply<W: Write>(
        self,
        read: impl FnOnce(&mut Sink<'_>) -> Result<(), Error>,
        out: &mut Alloc<W>,
    ) -> Result<Vec<String>, Error> {
        let mut left: BTreeSet<Address> = [].into();
        left.extend(self.merged.keys());
        left.extend(self.codes.keys());
        left.extend(self.funds.keys());
        let mut pruned = 0_u64;
        let mut add = |account: &Account| {
            if self.prune_empty && account.is_empty() && account.storage.is_empty() {
                pruned += 1;
                return Ok(());
            }
            out.add(account.address.unwrap_or_default(), account)
        };
        read(&mut |account| {
            if account.address.is_some_and(|address| left.remove(&address)) {
                return add(&self.changed(account)?);
            }
            add(&account)
        })?;
        for address in &left {
            add(&self.changed(nothing(*address))?)?;
        }
        Ok(self.describe(pruned))
    }

    fn changed(&self, account: Account) -> Result<Account, Error> {
        let address = account.address.unwrap_or_default();
        let mut account = self.merged.get(&address).cloned().unwrap_or(account);
        if let Some(code) = self.codes.get(&address) {
            account.code.clone_from(code);
        }
        if let Some(wei) = self.funds.get(&address) {
            let balance = account.balance.checked_add(*wei);
            account.balance = balance.ok_or_else(|| overflow(address))?;
        }
        Ok(account)
    }

    fn describe(&self, pruned: u64) -> Vec<String> {
        let merged = self.files.iter().map(|(name, count)| format!("{count} accounts of {name}"));
        let codes = self.codes.iter().map(|(a, code)| format!("code of {a}: {} bytes", code.len()));
        let funds =
            self.funds.iter().map(|(address, wei)| format!("{} ETH to {address}", ether(*wei)));
        let pruned = (pruned > 0).then(|| format!("without {pruned} empty accounts"));
        merged.chain(codes).chain(funds).chain(pruned).collect()
    }
}

fn overflow(address: Address) -> Error {
    Error::Change(format!("{address} would have more ETH than a balance can hold"))
}

/// The account of an address that nobody has used.
fn nothing(address: Address) -> Account {
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

/// Wei as ETH, without zeros at the end.
fn ether(wei: U256) -> String {
    let digits = format!("{wei:0>width$}", wei = wei.to_string(), width = DECIMALS + 1);
    let (whole, fraction) = digits.split_at(digits.len() - DECIMALS);
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests;

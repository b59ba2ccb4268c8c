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
mod tests {
    use super::super::collect::Counts;
    use super::super::file::read_entries;
    use super::*;

    const A: &str = "0x1111111111111111111111111111111111111111";
    const B: &str = "0x2222222222222222222222222222222222222222";
    const C: &str = "0x3333333333333333333333333333333333333333";

    #[test]
    fn amounts_are_exact() {
        let wei = |text: &str| format!("{A}={text}").parse::<Fund>().map(|fund| fund.wei);
        for (text, expected) in [
            ("1", "1000000000000000000"),
            ("0.000000000000000001", "1"),
            ("1000000.5", "1000000500000000000000000"),
            ("0", "0"),
        ] {
            let found = wei(text).unwrap();
            assert_eq!(found.to_string(), expected);
            assert_eq!(ether(found), text);
        }
        let most =
            "115792089237316195423570985008687907853269984665640564039457.584007913129639935";
        assert_eq!(wei(most), Ok(U256::MAX));
        assert_eq!(ether(U256::MAX), most);
        for text in ["", "1.", "-1", "1e3", "0x1", ".5", "1.0000000000000000000", "1,5", "1 ETH"] {
            // A point without digits behind it is taken for none.
            assert_eq!(wei(text).is_ok(), text == "1.", "{text}");
        }
        assert!(wei(&format!("{most}9")).is_err() && wei(&"9".repeat(70)).is_err());
        for text in ["", A, "1=1", &format!("{A}11=1")] {
            assert!(text.parse::<Fund>().is_err(), "{text}");
        }
    }

    fn applied(overlay: Overlay, alloc: &'static str) -> (String, Counts, Vec<String>) {
        let mut out = Alloc::new(Vec::new(), Counts::default());
        let changes =
            overlay.apply(|sink| read_entries(Box::new(alloc.as_bytes()), sink), &mut out).unwrap();
        let counts = out.counts;
        let text = String::from_utf8(std::mem::take(out.out())).unwrap();
        (text, counts, changes)
    }

    const ALLOC: &str = r#""0x1111111111111111111111111111111111111111": {"balance": "0x5", "nonce": "0x1", "code": "0x00", "storage": {"0x01": "0x02"}},
        "0x2222222222222222222222222222222222222222": {"balance": "0x0"}"#;

    #[test]
    fn accounts_are_changed_added_and_dropped() {
        let mut overlay = Overlay::default();
        assert!(overlay.is_none());
        overlay.fund(format!("{A}=0.000000000000000003").parse().unwrap()).unwrap();
        overlay.set_code(A.parse().unwrap(), "0x6001\n").unwrap();
        overlay.merge_file("more.json".to_owned());
        overlay
            .merge(Account::parse(C.as_bytes(), br#"{"balance":"7","nonce":2}"#).unwrap())
            .unwrap();
        overlay.fund(format!("{C}=1").parse().unwrap()).unwrap();
        overlay.prune_empty();
        let (text, counts, changes) = applied(overlay, ALLOC);
        let json: serde_json::Value = serde_json::from_str(&format!("{{{text}}}")).unwrap();
        assert_eq!(json[A]["balance"], "0x8");
        assert_eq!(json[A]["code"], "0x6001");
        assert_eq!(json[A]["nonce"], "0x1");
        assert_eq!(json[A]["storage"].as_object().unwrap().len(), 1);
        assert_eq!(json.get(B), None);
        assert_eq!(json[C]["balance"], "0xde0b6b3a7640007");
        assert_eq!(counts, Counts { accounts: 2, contracts: 1, storage_slots: 1 });
        let expected = [
            "1 accounts of more.json".to_owned(),
            format!("code of {A}: 2 bytes"),
            format!("0.000000000000000003 ETH to {A}"),
            format!("1 ETH to {C}"),
            "without 1 empty accounts".to_owned(),
        ];
        assert_eq!(changes, expected);
    }

    #[test]
    fn a_merged_account_replaces_the_whole_one() {
        let mut overlay = Overlay::default();
        overlay.merge_file("more.json".to_owned());
        overlay.merge(Account::parse(A.as_bytes(), br#"{"balance":"7"}"#).unwrap()).unwrap();
        let (text, counts, _) = applied(overlay, ALLOC);
        let json: serde_json::Value = serde_json::from_str(&format!("{{{text}}}")).unwrap();
        assert_eq!(json[A], serde_json::json!({"balance": "0x7"}));
        assert_eq!(json[B], serde_json::json!({"balance": "0x0"}));
        assert_eq!(counts, Counts { accounts: 2, contracts: 0, storage_slots: 0 });
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut overlay = Overlay::default();
        let address: Address = A.parse().unwrap();
        for hex in ["0x1", "xyz", "{}"] {
            assert!(overlay.set_code(address, hex).is_err(), "{hex}");
        }
        overlay.set_code(address, "00").unwrap();
        assert!(overlay.set_code(address, "01").is_err());
        let most = Fund { address, wei: U256::MAX };
        overlay.fund(most).unwrap();
        assert!(overlay.fund(most).is_err());
        let mut out = Alloc::new(Vec::new(), Counts::default());
        let read = |sink: &mut Sink<'_>| read_entries(Box::new(ALLOC.as_bytes()), sink);
        assert!(overlay.apply(read, &mut out).unwrap_err().to_string().contains("more ETH"));
    }
}

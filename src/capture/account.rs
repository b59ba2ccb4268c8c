//! An account as nodes and tools dump it, and as an alloc has it.
//!
//! Every dialect has `balance`, `nonce`, `code` and `storage`; geth's dumps also have the roots and
//! hashes that the account has in the trie, so that what a dump leaves out is noticed at once.
//! Numbers come as JSON numbers, decimal strings or hex, hex with or without `0x`, padded or not.

use std::io::{self, Write};

use alloy_primitives::{Address, B256, U256, keccak256};

use crate::el::alloc::{self, EMPTY_CODE_HASH, Slot};
use crate::el::error::{Error, Problem, invalid};
use crate::el::json::{Cursor, fold};
use crate::el::number::{hex_or_decimal_64, hex_or_decimal_256};

/// A storage slot and its value.
pub type StorageSlot = (B256, U256);

/// An account of a dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Where it is; `None` if the node knows the hash alone.
    pub address: Option<Address>,
    /// `keccak256(address)`.
    pub hashed_address: B256,
    /// Transactions sent, or contracts created.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// The code.
    pub code: Vec<u8>,
    /// Slots that are not zero, each once, in no order.
    pub storage: Vec<StorageSlot>,
    /// `keccak256(code)`, if the dump says it.
    pub code_hash: Option<B256>,
    /// Root of the storage trie, if the dump says it.
    pub storage_root: Option<B256>,
}

/// What a dump leaves out of an account.
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
    /// Reads an entry of a dump: its key (empty where an entry names its address itself) and its
    /// value.
    ///
    /// # Errors
    /// The entry is not an account, or contradicts itself.
    pub fn parse(key: &[u8], value: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let mut cursor = Cursor::within(value, 0, 2);
        if cursor.peek() != Some(b'{') {
            return Err(invalid(cursor.value()?, "an account: {\"balance\": …}").into());
        }
        cursor.object(|name, cursor| fields.read(name, cursor))?;
        cursor.end()?;
        match key {
            [] => {}
            [b'p', b'r', b'e', b'(', hash @ .., b')'] => set(&mut fields.hash, word(hash)?),
            key => {
                let expected = "an address of 40 hex digits, or pre(0x…)";
                set(&mut fields.address, address(key).ok_or_else(|| invalid(key, expected))?);
            }
        }
        let hashed_address = match (fields.address, fields.hash) {
            (Some(address), None) => keccak256(address),
            (None, Some(hash)) => hash,
            (Some(address), Some(hash)) if keccak256(address) == hash => hash,
            (Some(_), Some(hash)) => {
                let fault = invalid(hash.to_string().as_bytes(), "the hash of the address");
                return Err(Error::from(fault).under("key"));
            }
            (None, None) => return Err(Error::from(Problem::Missing).under("address")),
        };
        Ok(Self {
            address: fields.address,
            hashed_address,
            nonce: fields.nonce,
            balance: fields
                .balance
                .ok_or_else(|| Error::from(Problem::Missing).under("balance"))?,
            code: fields.code,
            storage: slots(fields.storage)?,
            code_hash: fields.code_hash,
            storage_root: fields.storage_root,
        })
    }

    /// What the dump leaves out, as far as it says enough to tell.
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

    fn computed_code_hash(&self) -> B256 {
        if self.code.is_empty() { EMPTY_CODE_HASH } else { keccak256(&self.code) }
    }

    /// Whether EIP-161 calls it empty.
    pub fn is_empty(&self) -> bool {
        self.nonce == 0 && self.balance.is_zero() && self.code.is_empty()
    }

    /// Writes its entry of an alloc, `"0x…": {…}`, with `address` as the key.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub fn write_entry(&self, address: Address, out: &mut impl Write) -> io::Result<()> {
        self.write_head(address, out)?;
        for (index, slot) in self.storage.iter().enumerate() {
            write_slot(*slot, index == 0, out)?;
        }
        write_tail(self.storage.is_empty(), out)
    }

    /// Writes the entry's begin, up to its storage.
    ///
    /// # Errors
    /// As [`Account::write_entry`].
    pub fn write_head(&self, address: Address, out: &mut impl Write) -> io::Result<()> {
        write!(out, "\"0x{}\": {{\"balance\": \"{:#x}\"", hex::encode(address), self.balance)?;
        if self.nonce != 0 {
            write!(out, ", \"nonce\": \"{:#x}\"", self.nonce)?;
        }
        if !self.code.is_empty() {
            write!(out, ", \"code\": \"0x{}\"", hex::encode(&self.code))?;
        }
        Ok(())
    }
}

/// Writes a slot behind an entry's head.
///
/// # Errors
/// `out` cannot be written.
pub fn write_slot((slot, value): StorageSlot, first: bool, out: &mut impl Write) -> io::Result<()> {
    out.write_all(if first { b", \"storage\": {" } else { b", " })?;
    let value = B256::from(value);
    write!(out, "\"0x{}\": \"0x{}\"", hex::encode(slot), hex::encode(value))
}

/// Writes the end of an entry, which has no slots if `bare`.
///
/// # Errors
/// `out` cannot be written.
pub fn write_tail(bare: bool, out: &mut impl Write) -> io::Result<()> {
    out.write_all(if bare { b"}" } else { b"}}" })
}

/// Root of the trie of `storage`.
pub fn storage_root(storage: &[StorageSlot]) -> B256 {
    let hashed = |(slot, value): &StorageSlot| Slot { hashed_slot: keccak256(slot), value: *value };
    alloc::storage_root(storage.iter().map(hashed).collect())
}

#[derive(Default)]
struct Fields {
    address: Option<Address>,
    hash: Option<B256>,
    nonce: u64,
    balance: Option<U256>,
    code: Vec<u8>,
    storage: Vec<StorageSlot>,
    code_hash: Option<B256>,
    storage_root: Option<B256>,
}

/// Sets what was not said before.
fn set<T>(field: &mut Option<T>, value: T) {
    field.get_or_insert(value);
}

impl Fields {
    fn read(&mut self, name: &[u8], cursor: &mut Cursor<'_>) -> Result<(), Error> {
        if *fold(name) == *b"storage" && cursor.peek() == Some(b'{') {
            return cursor.object(|slot, cursor| {
                let slot = word(slot)?;
                let value = word(text(cursor.value()?)?)?;
                self.storage.push((slot, value.into()));
                Ok(())
            });
        }
        let raw = cursor.value()?;
        if raw == b"null" {
            return Ok(());
        }
        match &*fold(name) {
            b"balance" => self.balance = Some(hex_or_decimal_256(raw)?),
            b"nonce" => self.nonce = hex_or_decimal_64(raw)?,
            b"code" => self.code = bytes(text(raw)?)?,
            b"codehash" => self.code_hash = Some(word(text(raw)?)?),
            b"root" => self.storage_root = Some(word(text(raw)?)?),
            b"key" => set(&mut self.hash, word(text(raw)?)?),
            b"address" => {
                let expected = "an address of 40 hex digits";
                set(&mut self.address, address(text(raw)?).ok_or_else(|| invalid(raw, expected))?);
            }
            b"storage" => return Err(invalid(raw, "an object of slots").into()),
            _ => {}
        }
        Ok(())
    }
}

/// The slots that are not zero.
fn slots(mut storage: Vec<StorageSlot>) -> Result<Vec<StorageSlot>, Error> {
    storage.sort_unstable_by_key(|(slot, _)| *slot);
    if let Some(pair) = storage.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let slot = pair[0].0.to_string();
        return Err(Error::from(invalid(slot.as_bytes(), "every slot once")).under("storage"));
    }
    storage.retain(|(_, value)| !value.is_zero());
    Ok(storage)
}

fn text(raw: &[u8]) -> Result<&[u8], Problem> {
    match raw {
        [b'"', text @ .., b'"'] => Ok(text),
        _ => Err(invalid(raw, "a text in quotes")),
    }
}

fn digits(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"0x").or(text.strip_prefix(b"0X")).unwrap_or(text)
}

/// An address: 40 hex digits.
pub(super) fn address(text: &[u8]) -> Option<Address> {
    let mut address = Address::ZERO;
    let digits = digits(text);
    let right = digits.len() == 40 && faster_hex::hex_decode(digits, &mut address.0.0).is_ok();
    right.then_some(address)
}

/// At most 64 hex digits, padded on the left.
pub(super) fn word(text: &[u8]) -> Result<B256, Problem> {
    let mut word = [b'0'; 64];
    let mut bytes = B256::ZERO;
    let digits = digits(text);
    if digits.len() > 64 {
        return Err(invalid(text, "at most 64 hex digits"));
    }
    word[64 - digits.len()..].copy_from_slice(digits);
    faster_hex::hex_decode(&word, &mut bytes.0).map_err(|_| invalid(text, "hex digits only"))?;
    Ok(bytes)
}

fn bytes(text: &[u8]) -> Result<Vec<u8>, Problem> {
    let digits = digits(text);
    let mut bytes = vec![0; digits.len() / 2];
    if !digits.len().is_multiple_of(2) {
        return Err(invalid(text, "an even number of hex digits"));
    }
    faster_hex::hex_decode(digits, &mut bytes).map_err(|_| invalid(text, "hex digits only"))?;
    Ok(bytes)
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

    /// The same account as geth, anvil, forge and people write it.
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
        let geth = geth.unwrap();
        for other in [anvil, forge, hand] {
            assert_eq!(parse(&A[2..], other).unwrap(), geth);
        }
        assert_eq!(geth.address, Some(address!("1111111111111111111111111111111111111111")));
        let written = entry(&geth);
        let (key, value) = written.split_once(": ").unwrap();
        assert_eq!(parse(key.trim_matches('"'), value).unwrap(), geth);
    }

    #[test]
    fn what_a_dump_leaves_out_is_noticed() {
        // From geth 1.17.4's debug_accountRange of `{A: {balance: 1, code: 0x00, slots 1, 2}}`.
        let whole = r#"{"balance":"0","nonce":0,"root":"0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421","codeHash":"0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470","key":"0xe2c07404b8c1df4c46226425cac68c28d27a766bbddce62309f36724839b22c0"}"#;
        assert_eq!(parse(A, whole).unwrap().missing(), None);
        let by_hash = "pre(0xe2c07404b8c1df4c46226425cac68c28d27a766bbddce62309f36724839b22c0)";
        let unknown = parse(by_hash, whole).unwrap();
        assert_eq!(unknown.missing(), Some(Missing::Address));
        assert_eq!(
            unknown.hashed_address,
            keccak256(address!("1111111111111111111111111111111111111111"))
        );
        let codeless = whole.replace("0xc5d2", "0x00d2");
        assert_eq!(parse(A, &codeless).unwrap().missing(), Some(Missing::Code));
        let slotless = whole.replace("0x56e8", "0x00e8");
        assert_eq!(parse(A, &slotless).unwrap().missing(), Some(Missing::Storage));
        // A root of anvil's is not said, and nothing is missing.
        assert_eq!(parse(A, r#"{"balance":"0x0"}"#).unwrap().missing(), None);
    }

    #[test]
    fn storage_roots_are_those_of_the_trie() {
        assert_eq!(storage_root(&[]), alloy_trie::EMPTY_ROOT_HASH);
        // From geth 1.17.4: slot 0 = 1.
        let one = [(B256::ZERO, U256::from(1))];
        let root = b256!("821e2556a290c86405f8160a2d662042a431ba456b9db265c79bb837c04be5f0");
        assert_eq!(storage_root(&one), root);
    }

    #[test]
    fn faults_are_named() {
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

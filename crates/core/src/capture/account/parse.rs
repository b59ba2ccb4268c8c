//! An account in any dialect.

use alloy_primitives::{Address, B256, U256, hex, keccak256};

use super::{Account, StorageSlot};
use crate::el::error::{Error, Problem, invalid};
use crate::el::json::{Cursor, fold};
use crate::el::number::{hex_or_decimal_64, hex_or_decimal_256};

impl Account {
    /// Reads an entry of a dump: its key (empty if the value has the address) and its value.
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
                let error = invalid(hash.to_string().as_bytes(), "the hash of the address");
                return Err(Error::from(error).under("key"));
            }
            (None, None) => return Err(Error::from(Problem::Missing).under("address")),
        };
        let (storage, zero_slots) = slots(fields.storage)?;
        Ok(Self {
            address: fields.address,
            hashed_address,
            nonce: fields.nonce,
            balance: fields
                .balance
                .ok_or_else(|| Error::from(Problem::Missing).under("balance"))?,
            code: fields.code,
            storage,
            zero_slots,
            code_hash: fields.code_hash,
            storage_root: fields.storage_root,
        })
    }
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

/// Sets a field that is not set yet.
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

/// The slots that are not zero, and the others.
fn slots(mut storage: Vec<StorageSlot>) -> Result<(Vec<StorageSlot>, Vec<B256>), Error> {
    storage.sort_unstable_by_key(|(slot, _)| *slot);
    if let Some(pair) = storage.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let slot = pair[0].0.to_string();
        return Err(Error::from(invalid(slot.as_bytes(), "every slot once")).under("storage"));
    }
    let zeros =
        storage.iter().filter(|(_, value)| value.is_zero()).map(|(slot, _)| *slot).collect();
    storage.retain(|(_, value)| !value.is_zero());
    Ok((storage, zeros))
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
pub(in super::super) fn address(text: &[u8]) -> Option<Address> {
    let mut address = Address::ZERO;
    let digits = digits(text);
    let right = digits.len() == 40 && hex::decode_to_slice(digits, &mut address.0.0).is_ok();
    right.then_some(address)
}

/// At most 64 hex digits, padded on the left.
pub(in super::super) fn word(text: &[u8]) -> Result<B256, Problem> {
    let mut word = [b'0'; 64];
    let mut bytes = B256::ZERO;
    let digits = digits(text);
    if digits.len() > 64 {
        return Err(invalid(text, "at most 64 hex digits"));
    }
    word[64 - digits.len()..].copy_from_slice(digits);
    hex::decode_to_slice(word, &mut bytes.0).map_err(|_| invalid(text, "hex digits only"))?;
    Ok(bytes)
}

/// Bytes of hex.
pub(in super::super) fn bytes(text: &[u8]) -> Result<Vec<u8>, Problem> {
    let digits = digits(text);
    let mut bytes = vec![0; digits.len() / 2];
    if !digits.len().is_multiple_of(2) {
        return Err(invalid(text, "an even number of hex digits"));
    }
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| invalid(text, "hex digits only"))?;
    Ok(bytes)
}

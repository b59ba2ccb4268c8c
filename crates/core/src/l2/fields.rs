//! Reads the members of `rollup.json`, with op-node's rules for their values.

use alloy_primitives::{Address, B256};
use serde_json::Value;

use super::error::{Error, Problem};
use super::rollup::error;
use crate::el::error::shorten;

/// The members of a document, by path.
pub(super) struct Fields<'a>(pub(super) &'a Value);

impl Fields<'_> {
    pub(super) fn value(&self, field: &str) -> Result<&Value, Error> {
        let value = field.split('.').try_fold(self.0, |value, key| value.get(key));
        value.filter(|v| !v.is_null()).ok_or_else(|| error(field, Problem::Missing))
    }

    pub(super) fn invalid(&self, field: &str, expected: &'static str) -> Error {
        let value = self.value(field).map(ToString::to_string).unwrap_or_default();
        error(field, Problem::Invalid { value: shorten(value.as_bytes()), expected })
    }

    pub(super) fn number(&self, field: &str) -> Result<u64, Error> {
        let value = self.value(field)?.as_u64();
        value.ok_or_else(|| self.invalid(field, "a whole number, without quotes"))
    }

    pub(super) fn at_least(&self, field: &str, least: u64) -> Result<u64, Error> {
        let expected = if least == 2 { "a number from 2" } else { "a number from 1" };
        let value = self.number(field)?;
        if value < least { Err(self.invalid(field, expected)) } else { Ok(value) }
    }

    pub(super) fn hash(&self, field: &str) -> Result<B256, Error> {
        let hash = self.value(field)?.as_str().and_then(|text| text.parse::<B256>().ok());
        let hash = hash.filter(|hash| !hash.is_zero());
        hash.ok_or_else(|| self.invalid(field, "a hash that is not 0: 0x and 64 hex digits"))
    }

    pub(super) fn address(&self, field: &str) -> Result<Address, Error> {
        let address = self.value(field)?.as_str().and_then(|text| text.parse().ok());
        address.ok_or_else(|| self.invalid(field, "an address: 0x and 40 hex digits"))
    }

    /// Checks that a value of `length` bytes is not zero.
    pub(super) fn not_zero(&self, field: &str, length: usize) -> Result<(), Error> {
        let digits = self.value(field)?.as_str().and_then(|text| text.strip_prefix("0x"));
        let bytes = digits.and_then(|digits| hex::decode(digits).ok());
        match bytes.filter(|bytes| bytes.len() == length && bytes.iter().any(|byte| *byte != 0)) {
            Some(_) => Ok(()),
            None if length == 20 => Err(self.invalid(field, "an address that is not 0")),
            None => Err(self.invalid(field, "32 bytes as hex that are not 0")),
        }
    }
}

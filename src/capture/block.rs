//! What a capture needs of a block, as nodes and anvil's dumps write it.

use std::str::FromStr;

use alloy_primitives::{B256, U256};
use serde_json::Value;

use super::Error;
use crate::el::chain_config::Hardfork;

/// A block whose state is captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its hash; anvil's dumps do not say it.
    pub hash: Option<B256>,
    /// Root of the state behind it.
    pub state_root: B256,
    /// Seconds since the epoch.
    pub timestamp: u64,
    /// Its gas limit.
    pub gas_limit: u64,
    /// Wei; before London none.
    pub base_fee_per_gas: Option<U256>,
    /// The latest hardfork that its fields tell of.
    pub hardfork: Option<Hardfork>,
}

impl Block {
    /// Reads the result of `eth_getBlockByNumber`.
    ///
    /// # Errors
    /// A field is missing, or is no hex.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        let block: Value = serde_json::from_slice(json)
            .map_err(|error| Error::Answer(format!("a block is not JSON: {error}")))?;
        Self::of(&block)
    }

    /// Reads an element of `blocks` in anvil's state.
    ///
    /// # Errors
    /// As [`Block::parse`].
    pub fn in_anvil_state(json: &[u8]) -> Result<Self, Error> {
        let block: Value = serde_json::from_slice(json)
            .map_err(|error| Error::Answer(format!("a block is not JSON: {error}")))?;
        Self::of(block.get("header").unwrap_or(&block))
    }

    fn of(block: &Value) -> Result<Self, Error> {
        let has = |key: &str| block.get(key).is_some_and(|value| !value.is_null());
        let hardfork = [
            ("blockAccessListHash", Hardfork::Amsterdam),
            ("requestsHash", Hardfork::Prague),
            ("parentBeaconBlockRoot", Hardfork::Cancun),
            ("withdrawalsRoot", Hardfork::Shanghai),
        ];
        let hardfork = hardfork.into_iter().find(|(key, _)| has(key)).map(|(_, fork)| fork);
        let base_fee_per_gas = has("baseFeePerGas").then(|| number(block, "baseFeePerGas"));
        Ok(Self {
            number: number(block, "number")?,
            hash: has("hash").then(|| hash(block, "hash")).transpose()?,
            state_root: hash(block, "stateRoot")?,
            timestamp: number(block, "timestamp")?,
            gas_limit: number(block, "gasLimit")?,
            base_fee_per_gas: base_fee_per_gas.transpose()?,
            hardfork,
        })
    }
}

fn text<'a>(block: &'a Value, key: &str) -> Result<&'a str, Error> {
    let missing = || Error::Answer(format!("a block has no {key}"));
    block.get(key).and_then(Value::as_str).ok_or_else(missing)
}

/// A field of a block, `0x` hex.
///
/// # Errors
/// It is missing, or another form.
pub fn number<T: TryFrom<U256>>(block: &Value, key: &str) -> Result<T, Error> {
    let text = text(block, key)?;
    let number = text.strip_prefix("0x").and_then(|hex| U256::from_str_radix(hex, 16).ok());
    let wrong = || Error::Answer(format!("a block has {key} {text:?}"));
    number.and_then(|number| number.try_into().ok()).ok_or_else(wrong)
}

/// A field of a block, 32 bytes.
///
/// # Errors
/// It is missing, or another form.
pub fn hash(block: &Value, key: &str) -> Result<B256, Error> {
    parsed(block, key)
}

/// A field of a block that is bytes, in hex.
///
/// # Errors
/// It is missing, or another form.
pub fn parsed<T: FromStr>(block: &Value, key: &str) -> Result<T, Error> {
    let text = text(block, key)?;
    text.parse().map_err(|_| Error::Answer(format!("a block has {key} {text:?}")))
}

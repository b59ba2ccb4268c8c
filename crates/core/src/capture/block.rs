//! The fields of a block that a capture needs, from nodes and from anvil's dumps.

use std::str::FromStr;

use alloy_primitives::{B256, Bytes, U256};
use serde_json::Value;

use super::Error;
use crate::el::header::Header;
use crate::el::quantity;
use crate::forks::Hardfork;

/// A block to capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its hash; anvil's dumps do not have it.
    pub hash: Option<B256>,
    /// Root of the state after it.
    pub state_root: B256,
    /// Seconds since the epoch.
    pub timestamp: u64,
    /// Its gas limit.
    pub gas_limit: u64,
    /// `extraData`; empty where a source omits it.
    pub extra_data: Bytes,
    /// Wei; `None` before London.
    pub base_fee_per_gas: Option<U256>,
    /// The latest hardfork that its fields imply.
    pub hardfork: Option<Hardfork>,
}

impl Block {
    /// The block with this header. Its hardfork is left to the chain config.
    pub(super) fn of_header(header: &Header, hash: B256) -> Self {
        Self {
            number: header.number,
            hash: Some(hash),
            state_root: header.state_root,
            timestamp: header.timestamp,
            gas_limit: header.gas_limit,
            extra_data: header.extra_data.clone(),
            base_fee_per_gas: header.base_fee_per_gas.map(U256::from),
            hardfork: None,
        }
    }

    /// Reads the result of `eth_getBlockByNumber`.
    ///
    /// # Errors
    /// A field is missing, or is not hex.
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
        let hardfork = Hardfork::ALL.iter().rfind(|fork| fork.header_field().is_some_and(has));
        let base_fee_per_gas = has("baseFeePerGas").then(|| number(block, "baseFeePerGas"));
        Ok(Self {
            number: number(block, "number")?,
            hash: has("hash").then(|| hash(block, "hash")).transpose()?,
            state_root: hash(block, "stateRoot")?,
            timestamp: number(block, "timestamp")?,
            gas_limit: number(block, "gasLimit")?,
            extra_data: if has("extraData") {
                parsed(block, "extraData")?
            } else {
                Bytes::default()
            },
            base_fee_per_gas: base_fee_per_gas.transpose()?,
            hardfork: hardfork.copied(),
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
/// It is missing, or has another form.
pub fn number<T: TryFrom<U256>>(block: &Value, key: &str) -> Result<T, Error> {
    let text = text(block, key)?;
    quantity(&block[key]).ok_or_else(|| Error::Answer(format!("a block has {key} {text:?}")))
}

/// A field of a block, 32 bytes.
///
/// # Errors
/// It is missing, or has another form.
pub fn hash(block: &Value, key: &str) -> Result<B256, Error> {
    parsed(block, key)
}

/// A field of a block, bytes in hex.
///
/// # Errors
/// It is missing, or has another form.
pub fn parsed<T: FromStr>(block: &Value, key: &str) -> Result<T, Error> {
    let text = text(block, key)?;
    text.parse().map_err(|_| Error::Answer(format!("a block has {key} {text:?}")))
}

//! Changes as arguments of a command write them.

use std::str::FromStr;

use alloy_primitives::{Address, B256, U256};

use super::account;

/// Decimals of an ETH.
pub(super) const DECIMALS: usize = 18;

/// `ADDR=ETH`: an amount to add to a balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fund {
    /// The account.
    pub address: Address,
    /// The amount.
    pub wei: U256,
}

impl FromStr for Fund {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str =
            "expected ADDR=ETH, such as 0x70997970C51812dc3A010C7d01b50e0d17dc79C8=1.5";
        let (address, ether) = text.split_once('=').ok_or(EXPECTED)?;
        let address = account::address(address.trim().as_bytes())
            .ok_or_else(|| wrong_length(address.trim()).unwrap_or_else(|| EXPECTED.to_owned()))?;
        let (integer, fraction) = ether.trim().split_once('.').unwrap_or((ether.trim(), ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if integer.is_empty() || !digits(integer) || !digits(fraction) || fraction.len() > DECIMALS
        {
            return Err(EXPECTED.to_owned());
        }
        let wei = format!("{integer}{fraction:0<DECIMALS$}");
        let wei = wei.parse().map_err(|_| "more ETH than a balance can have")?;
        Ok(Self { address, wei })
    }
}

/// The error of an address with missing or additional digits.
fn wrong_length(address: &str) -> Option<String> {
    let digits = address.strip_prefix("0x")?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let count = digits.len();
    (is_hex && count != 40).then(|| format!("the address has {count} hex digits, expected 40"))
}

/// Code, or the file that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// Hex in the argument.
    Hex(String),
    /// Hex in this file.
    File(String),
}

/// `ADDR=HEX` or `ADDR=@FILE`: the new code of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetCode {
    /// The account.
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

/// `ADDR:SLOT=VALUE`: the new value of a storage slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetStorage {
    /// The account.
    pub address: Address,
    /// The slot.
    pub slot: B256,
    /// Its value; 0 removes the slot.
    pub value: U256,
}

impl FromStr for SetStorage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str =
            "expected ADDR:SLOT=VALUE, the slot and the value as numbers or in hex with 0x";
        let (place, value) = text.split_once('=').ok_or(EXPECTED)?;
        let (address, slot) = place.split_once(':').ok_or(EXPECTED)?;
        let address = account::address(address.trim().as_bytes())
            .ok_or_else(|| wrong_length(address.trim()).unwrap_or_else(|| EXPECTED.to_owned()))?;
        let slot = word(slot).ok_or(EXPECTED)?.into();
        Ok(Self { address, slot, value: word(value).ok_or(EXPECTED)? })
    }
}

/// `ADDR=NUMBER`: the new nonce of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetNonce {
    /// The account.
    pub address: Address,
    /// The nonce.
    pub nonce: u64,
}

impl FromStr for SetNonce {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected ADDR=NUMBER";
        let (address, nonce) = text.split_once('=').ok_or(EXPECTED)?;
        let address = account::address(address.trim().as_bytes())
            .ok_or_else(|| wrong_length(address.trim()).unwrap_or_else(|| EXPECTED.to_owned()))?;
        let nonce = word(nonce).and_then(|nonce| u64::try_from(nonce).ok());
        // EIP-2681.
        let nonce =
            nonce.filter(|nonce| *nonce < u64::MAX).ok_or("expected a number below 2^64-1")?;
        Ok(Self { address, nonce })
    }
}

/// A decimal number, or hex with `0x`, of at most 256 bits.
fn word(text: &str) -> Option<U256> {
    let text = text.trim();
    match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) => {
            let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            all.then(|| U256::from_str_radix(digits, 16).ok()).flatten()
        }
        None => {
            let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            all.then(|| U256::from_str_radix(text, 10).ok()).flatten()
        }
    }
}

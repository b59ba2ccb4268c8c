//! `fund.json`: accounts of an L2 that get a balance before its genesis is hashed.

use std::collections::BTreeMap;
use std::ops::Range;

use alloy_primitives::{Address, U256};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{Error, Part, Problem};
use crate::el;
use crate::el::alloc::State;
use crate::el::edit::set_member;
use crate::el::error::shorten;

/// Balances in wei, by address.
pub type Fund = BTreeMap<Address, U256>;

/// Reads `{"0x…": "WEI"}`; the wei are decimal, or hex with 0x.
///
/// # Errors
/// The text has another form.
pub fn parse(text: &[u8]) -> Result<Fund, Error> {
    let error = |field: &str, problem| Error::new(Part::Fund, field, problem);
    let json: BTreeMap<String, Value> =
        serde_json::from_slice(text).map_err(|e| error("", Problem::Json(e.to_string())))?;
    let mut fund = Fund::new();
    for (key, value) in json {
        let invalid = |value: &str, expected| {
            let value = shorten(value.as_bytes());
            error(&key, Problem::Invalid { value, expected })
        };
        let address = key.parse::<Address>();
        let address = address.map_err(|_| invalid(&key, "an address: 0x and 40 hex digits"))?;
        let wei = value.as_str().and_then(amount);
        let wei = wei.ok_or_else(|| invalid(&value.to_string(), "an amount of wei in quotes"))?;
        if fund.insert(address, wei).is_some() {
            return Err(invalid(&key, "each address once"));
        }
    }
    Ok(fund)
}

/// Wei in decimal, or in hex with 0x.
fn amount(text: &str) -> Option<U256> {
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |digits| (digits, 16));
    let is_number = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    is_number.then(|| U256::from_str_radix(digits, u64::from(radix)).ok()).flatten()
}

/// How an alloc gets the balances.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funded {
    /// Entries to add, `"0x…": {…}` each.
    pub added: Vec<String>,
    /// Entries that the alloc has: bytes of the file, and the value for them.
    pub replaced: Vec<(Range<u64>, String)>,
}

impl Funded {
    /// Whether no account is funded.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.replaced.is_empty()
    }

    /// The number of funded accounts.
    pub fn len(&self) -> usize {
        self.added.len() + self.replaced.len()
    }
}

/// Sets the balances in `state`, which has watched the addresses. An account of the alloc keeps its
/// nonce, code and storage.
///
/// # Errors
/// None for a state that was read.
pub(super) fn apply(fund: &Fund, state: &mut State<'_>) -> Result<Funded, el::Error> {
    let (mut funded, mut entries) = (Funded::default(), Vec::new());
    for (address, wei) in fund {
        let balance = format!("\"{wei:#x}\"");
        match state.entry(*address) {
            None => {
                let entry = format!("\"{address:?}\": {{\"balance\": {balance}}}");
                funded.added.push(entry.clone());
                entries.push(entry);
            }
            Some(entry) => {
                let value = set_member(&entry.text, "balance", &balance)?;
                let value = String::from_utf8_lossy(&value).into_owned();
                entries.push(format!("\"{address:?}\": {value}"));
                funded.replaced.push((entry.range.clone(), value));
            }
        }
    }
    if !entries.is_empty() {
        state.add_entries(&entries)?;
    }
    Ok(funded)
}

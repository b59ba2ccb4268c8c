//! `config.yaml`: raw text values, and typed getters whose errors name the key.
//!
//! A new fork adds no field here: its keys follow from its name.

use alloy_primitives::{Address, U256};

use super::error::Error;
use crate::yaml::{self, Node, Value};

/// `FAR_FUTURE_EPOCH` of the specification: never.
pub const FAR_FUTURE_EPOCH: u64 = u64::MAX;
/// A day. Longer slots are a mistake, and epochs of them could overflow.
const MAX_SECONDS_PER_SLOT: u64 = 86_400;

/// A consensus config in the order of its file.
#[derive(Debug, Clone)]
pub struct Config {
    members: Vec<(String, usize, Node)>,
}

/// An entry of `BLOB_SCHEDULE` (EIP-7892).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobParameters {
    /// The epoch from which on it applies.
    pub epoch: u64,
    /// The maximum of blobs in a block.
    pub max_blobs_per_block: u64,
}

impl Config {
    /// Reads the keys of a config. The values are checked when they are read.
    ///
    /// # Errors
    /// Invalid YAML or a repeated key, with its line.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        match yaml::parse(text)?.value {
            Value::Mapping(members) => Ok(Self { members }),
            _ => Err(Error::NotAMapping),
        }
    }

    fn find(&self, key: &str) -> Option<&Node> {
        self.members.iter().find(|(name, ..)| name == key).map(|(_, _, node)| node)
    }

    /// The keys with their lines, from 1, in the file's order.
    pub fn keys(&self) -> impl Iterator<Item = (&str, usize)> {
        self.members.iter().map(|(key, line, _)| (key.as_str(), *line))
    }

    /// Whether the file has `key`.
    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// The text of a scalar, if the key is present.
    ///
    /// # Errors
    /// The value is a list or a mapping.
    pub fn text(&self, key: &str) -> Result<Option<&str>, Error> {
        match self.find(key) {
            None => Ok(None),
            Some(Node { value: Value::Scalar(text), .. }) => Ok(Some(text)),
            Some(_) => Err(self.invalid(key, "a single value")),
        }
    }

    /// The value of `key` on one line, whatever its kind is.
    pub fn on_one_line(&self, key: &str) -> Option<String> {
        self.find(key).map(on_one_line)
    }

    /// The error for an invalid value of `key`.
    pub fn invalid(&self, key: &str, expected: impl Into<String>) -> Error {
        let node = self.find(key);
        let value = match node.map(|node| &node.value) {
            Some(Value::Scalar(text)) => text.chars().take(100).collect(),
            Some(_) => "a list or mapping".to_owned(),
            None => String::new(),
        };
        Error::Invalid {
            line: node.map_or(1, |node| node.line),
            key: key.to_owned(),
            value,
            expected: expected.into(),
        }
    }

    pub(super) fn optional<T>(
        &self,
        key: &str,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        self.text(key)?
            .map(|text| read(text).ok_or_else(|| self.invalid(key, expected)))
            .transpose()
    }

    /// A 64-bit number, if the key is present.
    ///
    /// # Errors
    /// The value is not a decimal number below 2⁶⁴.
    pub fn optional_u64(&self, key: &str) -> Result<Option<u64>, Error> {
        let digits =
            |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok());
        let expected = if key.ends_with("_EPOCH") { "an epoch number" } else { "a 64-bit number" };
        self.optional(key, expected, |text| digits(text).flatten())
    }

    /// A 64-bit number.
    ///
    /// # Errors
    /// As [`Config::optional_u64`], or the key is missing.
    pub fn u64(&self, key: &str) -> Result<u64, Error> {
        self.optional_u64(key)?.ok_or_else(|| Error::Missing(key.to_owned()))
    }

    /// A 256-bit number, if the key is present.
    ///
    /// # Errors
    /// The value is not a decimal number below 2²⁵⁶.
    pub fn optional_u256(&self, key: &str) -> Result<Option<U256>, Error> {
        self.optional(key, "a number below 2^256", |text| {
            let decimal = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            decimal.then(|| U256::from_str_radix(text, 10).ok()).flatten()
        })
    }

    /// Checks that the value of `key`, if present, is `0x` and this number of hex digits.
    ///
    /// # Errors
    /// It has another form.
    pub fn check_hex(&self, key: &str, digits: usize) -> Result<(), Error> {
        let fits = |text: &str| {
            let hex = text.strip_prefix("0x")?;
            let all = hex.len() == digits && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
            all.then_some(())
        };
        self.optional(key, &format!("0x and {digits} hex digits"), fits).map(drop)
    }

    /// The execution address of the deposit contract.
    ///
    /// # Errors
    /// The key is missing, or its value is not 20 bytes of hex.
    pub fn deposit_contract_address(&self) -> Result<Address, Error> {
        let key = "DEPOSIT_CONTRACT_ADDRESS";
        let address = self.optional(key, "0x and 40 hex digits", fixed_hex)?;
        address.map(Address::new).ok_or_else(|| Error::Missing(key.to_owned()))
    }

    /// The duration of a slot in milliseconds: `SLOT_DURATION_MS`, or `SECONDS_PER_SLOT`.
    ///
    /// # Errors
    /// Both are missing or contradict each other. The slot is not a number of seconds, as block
    /// timestamps require, or is longer than a day.
    pub fn slot_duration_ms(&self) -> Result<u64, Error> {
        let (ms_key, seconds_key) = ("SLOT_DURATION_MS", "SECONDS_PER_SLOT");
        let ms = self.optional_u64(ms_key)?;
        let seconds = self.optional_u64(seconds_key)?;
        let duration = match (ms, seconds) {
            (None, None) => return Err(Error::Missing(ms_key.to_owned())),
            (Some(ms), Some(seconds)) if seconds.checked_mul(1000) != Some(ms) => {
                return Err(Error::Contradiction(format!(
                    "{ms_key} is {ms}, but {seconds_key} is {seconds}: they must be equal"
                )));
            }
            (Some(ms), _) => ms,
            (None, Some(seconds)) => seconds
                .checked_mul(1000)
                .ok_or_else(|| self.invalid(seconds_key, "a number of seconds"))?,
        };
        if duration % 1000 != 0 || !(1..=MAX_SECONDS_PER_SLOT).contains(&(duration / 1000)) {
            let key = if ms.is_some() { ms_key } else { seconds_key };
            let expected = "a whole number of seconds, from 1 to 86400";
            return Err(self.invalid(key, expected));
        }
        Ok(duration)
    }

    /// `BLOB_SCHEDULE`; empty if absent. Of entries with the same epoch the last one is in effect.
    ///
    /// # Errors
    /// An entry is not `{EPOCH, MAX_BLOBS_PER_BLOCK}`, or an epoch is before the one above it.
    pub fn blob_schedule(&self) -> Result<Vec<BlobParameters>, Error> {
        const KEY: &str = "BLOB_SCHEDULE";
        let expected = "a list of EPOCH and MAX_BLOBS_PER_BLOCK, epochs ascending";
        let error = |line| Error::Invalid {
            line,
            key: KEY.to_owned(),
            value: "another list".to_owned(),
            expected: expected.to_owned(),
        };
        let items = match self.find(KEY).map(|node| &node.value) {
            None => return Ok(Vec::new()),
            Some(Value::Sequence(items)) => items,
            Some(_) => return Err(self.invalid(KEY, expected)),
        };
        let mut schedule: Vec<BlobParameters> = Vec::new();
        for item in items {
            let Value::Mapping(members) = &item.value else { return Err(error(item.line)) };
            let field = |name: &str| {
                let node = members.iter().find(|(key, ..)| key == name).map(|(_, _, node)| node);
                match node.map(|node| &node.value) {
                    Some(Value::Scalar(text)) => text.parse().map_err(|_| error(item.line)),
                    _ => Err(error(item.line)),
                }
            };
            let entry = BlobParameters {
                epoch: field("EPOCH")?,
                max_blobs_per_block: field("MAX_BLOBS_PER_BLOCK")?,
            };
            if members.len() != 2 || schedule.last().is_some_and(|last| last.epoch > entry.epoch) {
                return Err(error(item.line));
            }
            schedule.push(entry);
        }
        Ok(schedule)
    }
}

pub(super) fn fixed_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes = hex::decode(text.strip_prefix("0x")?).ok()?;
    bytes.try_into().ok()
}

fn on_one_line(node: &Node) -> String {
    let all = |texts: Vec<String>| texts.join(", ");
    match &node.value {
        Value::Scalar(text) => text.clone(),
        Value::Sequence(items) => format!("[{}]", all(items.iter().map(on_one_line).collect())),
        Value::Mapping(members) => {
            let member =
                |(key, _, node): &(String, usize, Node)| format!("{key}: {}", on_one_line(node));
            format!("{{{}}}", all(members.iter().map(member).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::parse(text.as_bytes()).unwrap()
    }

    fn message<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn values_are_checked_when_they_are_read() {
        let config = config(
            "A: 12\nDEPOSIT_CONTRACT_ADDRESS: 0x00000000219ab540356cBB839Cbe05303d7705Fa\nELECTRA_FORK_EPOCH: soon\nB: 18446744073709551616\n",
        );
        assert_eq!(config.u64("A").unwrap(), 12);
        assert_eq!(message(config.u64("Z")), "Z is missing");
        assert_eq!(
            message(config.u64("ELECTRA_FORK_EPOCH")),
            "ELECTRA_FORK_EPOCH is \"soon\", expected an epoch number"
        );
        assert_eq!(config.u64("B").unwrap_err().line(), Some(4));
        assert!(config.deposit_contract_address().is_ok());
    }

    #[test]
    fn slot_durations_must_agree() {
        let slot = |text: &str| config(text).slot_duration_ms();
        assert_eq!(slot("SECONDS_PER_SLOT: 2\n").unwrap(), 2000);
        assert_eq!(slot("SLOT_DURATION_MS: 12000\n").unwrap(), 12000);
        assert!(
            message(slot("SECONDS_PER_SLOT: 2\nSLOT_DURATION_MS: 6000\n"))
                .contains("must be equal")
        );
        assert!(slot("SLOT_DURATION_MS: 500\n").is_err());
        assert!(slot("SECONDS_PER_SLOT: 0\n").is_err());
        assert!(slot("A: 1\n").is_err());
    }

    #[test]
    fn blob_schedule_ascends() {
        let entry = |epoch, max| format!("  - EPOCH: {epoch}\n    MAX_BLOBS_PER_BLOCK: {max}\n");
        let schedule = |a: String| config(&format!("BLOB_SCHEDULE:\n{a}")).blob_schedule();
        assert_eq!(schedule(entry(4, 9) + &entry(8, 12)).unwrap().len(), 2);
        assert!(schedule(entry(8, 9) + &entry(4, 12)).is_err());
        assert!(schedule("  - EPOCH: 3\n".into()).is_err());
        assert!(config("BLOB_SCHEDULE: []\n").blob_schedule().unwrap().is_empty());
    }
}

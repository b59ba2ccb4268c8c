//! `mnemonics.yaml` in eth-beacon-genesis' format: a list of
//! `mnemonic, name, start, count, balance, wd_address, wd_prefix, wd_key_path, status`.

use crate::cl::validator::{
    BLS_WITHDRAWAL_PREFIX, COMPOUNDING_WITHDRAWAL_PREFIX, ETH1_ADDRESS_WITHDRAWAL_PREFIX, Status,
};
use crate::keys::{Mnemonic, Path};
use crate::placeholder;
use crate::spelling;
use crate::yaml::{self, Node, Value, shown};

/// Maximum number of validators of an entry.
pub const MAX_COUNT: u64 = 1_000_000;
/// Maximum number of all entries together: their keys are held in memory.
const MAX_TOTAL: u64 = 4_000_000;

const KEYS: [&str; 9] = [
    "mnemonic",
    "name",
    "start",
    "count",
    "balance",
    "wd_address",
    "wd_prefix",
    "wd_key_path",
    "status",
];

/// Where withdrawals of a validator go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Withdrawal {
    /// To a BLS key: the one at this path, or each validator's own.
    Key(Option<Path>),
    /// To an address.
    Address {
        /// `0x01` or `0x02`.
        prefix: u8,
        /// Execution address.
        address: [u8; 20],
    },
}

/// An entry: a run of validators of one mnemonic.
#[derive(Debug)]
pub struct Entry {
    /// The phrase.
    pub mnemonic: Mnemonic,
    /// Name for `validator_names.yaml`.
    pub name: String,
    /// Index of the first account.
    pub start: u32,
    /// Number of accounts.
    pub count: u32,
    /// Gwei; `None`: 32 ETH.
    pub balance: Option<u64>,
    /// Where withdrawals go.
    pub withdrawal: Withdrawal,
    /// Whether they take part.
    pub status: Status,
}

/// An error in the file. It quotes no phrase.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Error {
    /// Line of the file, from 1.
    pub line: usize,
    /// The cause, and what was expected.
    pub what: String,
    /// The remedy.
    pub hint: &'static str,
}

/// The form of an entry, for hints.
const AN_ENTRY: &str = "an entry is `- mnemonic: \"…\"` and, indented below, `count: 64`";

impl Error {
    fn new(line: usize, what: impl Into<String>) -> Self {
        Self { line, what: what.into(), hint: AN_ENTRY }
    }
}

impl From<yaml::Error> for Error {
    fn from(error: yaml::Error) -> Self {
        Self { line: error.line, what: error.what, hint: error.hint }
    }
}

/// Reads the file.
///
/// # Errors
/// Broken YAML; a misspelt or missing key; a value out of range; a phrase that BIP-39 refuses.
pub fn parse(text: &[u8]) -> Result<Vec<Entry>, Error> {
    parse_with(text, &mut Vec::new())
}

/// Reads the file. Appends keys without effect to `ignored`, each once.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(text: &[u8], ignored: &mut Vec<String>) -> Result<Vec<Entry>, Error> {
    let document = yaml::parse(text)?;
    let Value::Sequence(items) = document.value else {
        return Err(Error::new(document.line, "is not a list of entries"));
    };
    let mut total = 0;
    let mut entries = Vec::with_capacity(items.len());
    for (number, item) in items.iter().enumerate() {
        let entry = entry(number, item, ignored)?;
        total += u64::from(entry.count);
        if total > MAX_TOTAL {
            let what = format!(
                "the counts up to this entry add up to {total}, expected at most {MAX_TOTAL}"
            );
            return Err(Error { hint: "request fewer validators", ..Error::new(item.line, what) });
        }
        entries.push(entry);
    }
    ignored.sort();
    ignored.dedup();
    Ok(entries)
}

struct Members<'a> {
    line: usize,
    members: &'a [(String, usize, Node)],
}

impl<'a> Members<'a> {
    /// The text of `key` and its line; absent, empty and `null` are the same.
    fn text(&self, key: &str) -> Result<Option<(&'a str, usize)>, Error> {
        let found = self.members.iter().find(|(name, ..)| name == key);
        match found.map(|(_, line, node)| (&node.value, *line)) {
            None => Ok(None),
            Some((Value::Scalar(text), line)) => {
                Ok((!matches!(text.as_str(), "" | "~" | "null")).then_some((text, line)))
            }
            Some((_, line)) => {
                Err(Error::new(line, format!("{key} is a list, expected a single value")))
            }
        }
    }

    fn read<T>(
        &self,
        key: &str,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some((text, line)) = self.text(key)? else { return Ok(None) };
        let fault = || {
            let error = Error::new(line, format!("{key} is {}, expected {expected}", shown(text)));
            Error { hint: placeholder::hint(text).unwrap_or(error.hint), ..error }
        };
        read(text).map(Some).ok_or_else(fault)
    }

    fn number(&self, key: &str, most: u64, expected: &str) -> Result<Option<u64>, Error> {
        self.read(key, expected, |text| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| digits && *number <= most)
        })
    }
}

fn entry(number: usize, item: &Node, ignored: &mut Vec<String>) -> Result<Entry, Error> {
    let Value::Mapping(members) = &item.value else {
        return Err(Error::new(item.line, "is not an entry"));
    };
    let unknown = members.iter().filter(|(key, ..)| !KEYS.contains(&key.as_str()));
    for (key, line, _) in unknown {
        if let Some(meant) = spelling::nearest(key, KEYS) {
            let what = format!("has the unknown key {}: did you mean {meant}?", shown(key));
            return Err(Error::new(*line, what));
        }
        if key.split_whitespace().count() != 1 || key.len() > 44 {
            // More likely a misplaced phrase than a key.
            let what = format!("has {} as a key, expected one of {}", shown(key), KEYS.join(", "));
            return Err(Error::new(*line, what));
        }
        ignored.push(shown(key));
    }
    let members = Members { line: item.line, members };
    let missing = |key: &str| Error::new(members.line, format!("{key} is missing"));
    let (phrase, line) = members.text("mnemonic")?.ok_or_else(|| missing("mnemonic"))?;
    let mnemonic = Mnemonic::parse(phrase).map_err(|error| {
        let hint = "a word is misspelt, missing or out of order: copy the phrase again";
        let hint = placeholder::variable(phrase).unwrap_or(hint);
        Error { line, what: format!("mnemonic: {error}"), hint }
    })?;
    let expected_count = format!("a number from 0 to {MAX_COUNT}");
    let count = members.number("count", MAX_COUNT, &expected_count)?;
    let count = count.ok_or_else(|| missing("count"))?;
    let last_start = u64::from(u32::MAX) - count;
    let expected_start = format!("an account index of at most {last_start}");
    let start = members.number("start", last_start, &expected_start)?.unwrap_or(0);
    let status = members.read("status", "0 (active), 1 (slashed) or 2 (exited)", |text| {
        [Status::Active, Status::Slashed, Status::Exited].into_iter().nth(text.parse().ok()?)
    })?;
    let balance = members.number("balance", u64::MAX, "gwei, a 64-bit number")?;
    let narrow = |number: u64| u32::try_from(number).expect("bounded above");
    Ok(Entry {
        mnemonic,
        name: match members.text("name")? {
            Some((name, _)) => name.to_owned(),
            None => format!("mnemonic-{number}"),
        },
        start: narrow(start),
        count: narrow(count),
        balance: balance.filter(|gwei| *gwei != 0),
        withdrawal: withdrawal(&members)?,
        status: status.unwrap_or_default(),
    })
}

fn withdrawal(members: &Members<'_>) -> Result<Withdrawal, Error> {
    let prefix =
        members.read("wd_prefix", "\"0x00\", \"0x01\" or \"0x02\"", |text| match text {
            "0x00" => Some(BLS_WITHDRAWAL_PREFIX),
            "0x01" => Some(ETH1_ADDRESS_WITHDRAWAL_PREFIX),
            "0x02" => Some(COMPOUNDING_WITHDRAWAL_PREFIX),
            _ => None,
        })?;
    let address = members.read("wd_address", "an address: 0x and 40 hex digits", |text| {
        let bytes = hex::decode(text.strip_prefix("0x")?).ok()?;
        <[u8; 20]>::try_from(bytes).ok()
    })?;
    let path = members.text("wd_key_path")?;
    let fault = |key: &str, what: &str| {
        let line = members.text(key).ok().flatten().map_or(members.line, |(_, line)| line);
        Err(Error { line, what: what.to_owned(), hint: "set both, or neither" })
    };
    match (prefix, address) {
        (Some(prefix @ 1..), Some(address)) => Ok(Withdrawal::Address { prefix, address }),
        (Some(1..), None) => {
            fault("wd_prefix", "wd_prefix 0x01 and 0x02 need a wd_address to pay to")
        }
        // eth-beacon-genesis would ignore the address and pay to a BLS key.
        (None, Some(_)) => {
            fault("wd_address", "wd_address needs a wd_prefix of \"0x01\" or \"0x02\"")
        }
        (None | Some(_), _) => {
            let parsed = path.map(|(text, line)| {
                text.parse::<Path>().map_err(|error| Error {
                    line,
                    what: format!("wd_key_path: {error}"),
                    hint: placeholder::variable(text)
                        .unwrap_or("an example of a path: m/12381/3600/0/0"),
                })
            });
            Ok(Withdrawal::Key(parsed.transpose()?))
        }
    }
}

//! The options of a new chain, each with the place that set it.

use std::collections::BTreeMap;
use std::fmt;

use crate::keys::SecretText;
use crate::yaml::shown;

/// The options: the names of the flags with `_`, and the keys of the TOML file.
pub const NAMES: [&str; 10] = [
    "chain_id",
    "slot_time",
    "validators",
    "mnemonic",
    "fund",
    "gas_limit",
    "base_fee",
    "predeploy",
    "preset",
    "fork",
];

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// By its flag, its variable, or an answer.
    Flag,
    /// In a file, on a line from 1.
    File(String, usize),
}

/// A value, which may be a mnemonic.
#[derive(Debug, Clone)]
pub struct Value {
    /// As it was written.
    pub text: SecretText,
    /// Where.
    pub place: Place,
}

/// The options that are set, by name.
#[derive(Debug, Clone, Default)]
pub struct Options(BTreeMap<&'static str, Vec<Value>>);

/// An option that is not valid. The message never contains a mnemonic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The option.
    pub name: &'static str,
    /// Where it was set; `None`: it is missing.
    pub place: Option<Place>,
    /// The problem.
    pub problem: String,
    /// The remedy.
    pub hint: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(Place::File(file, line)) => write!(f, "{file} line {line}: {}", self.name)?,
            _ => write!(f, "--{}", self.name.replace('_', "-"))?,
        }
        write!(f, " {}", self.problem)
    }
}

impl std::error::Error for Error {}

impl Options {
    /// Sets an option, and replaces its earlier values. Empty values, as compose files pass them, are
    /// not set.
    pub fn set(&mut self, name: &'static str, values: impl IntoIterator<Item = Value>) {
        let values = values.into_iter().filter(|value| !value.text.trim().is_empty());
        let values: Vec<_> = values.collect();
        if !values.is_empty() {
            self.0.insert(name, values);
        }
    }

    /// The names of the options that are set.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    /// All values of an option.
    pub fn all(&self, name: &'static str) -> &[Value] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// The only value of an option.
    ///
    /// # Errors
    /// It has several.
    pub fn one(&self, name: &'static str) -> Result<Option<&Value>, Error> {
        match self.all(name) {
            [] => Ok(None),
            [value] => Ok(Some(value)),
            [_, second, ..] => Err(Error {
                name,
                place: Some(second.place.clone()),
                problem: "is set twice".to_owned(),
                hint: "set it once".to_owned(),
            }),
        }
    }

    /// A number of the option, from `least` to `most`; `None` if it is not set.
    ///
    /// # Errors
    /// It is not such a number.
    pub fn number(
        &self,
        name: &'static str,
        least: u64,
        most: u64,
        what: &str,
    ) -> Result<Option<u64>, Error> {
        let Some(value) = self.one(name)? else { return Ok(None) };
        let text = value.text.trim().replace('_', "");
        let number = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten(),
        };
        number.filter(|number| (least..=most).contains(number)).map(Some).ok_or_else(|| {
            let range = match most {
                u64::MAX => format!("{least} or more"),
                _ => format!("from {least} to {most}"),
            };
            value.error(name, format!("expected {what}, {range}"))
        })
    }
}

impl Value {
    /// The error of a value that is not as `expected` says.
    pub fn error(&self, name: &'static str, expected: impl Into<String>) -> Error {
        self.problem(name, format!("is {}", shown(self.text.trim())), expected)
    }

    /// The error of a value with another `problem`.
    pub fn problem(
        &self,
        name: &'static str,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> Error {
        let (problem, hint) = (problem.into(), hint.into());
        Error { name, place: Some(self.place.clone()), problem, hint }
    }
}

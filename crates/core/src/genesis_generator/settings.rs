//! The variables that are set. Their values are checked when they are read.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use super::table::{self, Meaning, NEVER};
use super::values::Script;
use super::{Error, Origin};
use crate::keys::{Mnemonic, SecretText};
use crate::placeholder;
use crate::yaml::shown;

/// The variables that have an effect.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    set: BTreeMap<&'static str, (SecretText, Origin)>,
    /// Warnings about variables without effect.
    pub warnings: Vec<String>,
}

impl Settings {
    /// The generator's variables in `environment`, overridden by those of the file. An empty
    /// variable, as compose files pass it, is not set. Names that the generator does not read are
    /// warnings.
    ///
    /// # Errors
    /// A value is not supported.
    pub fn of(
        environment: impl IntoIterator<Item = (String, String)>,
        file: Script,
    ) -> Result<Self, Error> {
        let environment = environment.into_iter().filter(|(name, _)| table::is_known(name));
        let environment = environment.map(|(name, value)| (name, value, Origin::Environment));
        let assignments = file.assignments.into_iter();
        let assignments = assignments.map(|a| (a.name, a.value, Origin::File(a.line)));
        let (mut set, mut unread) = (BTreeMap::new(), BTreeMap::new());
        let mut warnings = Vec::new();
        for (name, value, origin) in environment.chain(assignments) {
            match table::find(&name) {
                Some(variable) if variable.meaning == Meaning::Unread => {
                    let is_default = value.is_empty() || value == variable.default;
                    if !is_default && !file.used.contains(&name) {
                        unread.insert(name, origin);
                    }
                }
                Some(variable) => {
                    set.remove(variable.name);
                    if NOTHING.contains(&value.as_str()) {
                        warnings.push(format!("{name} is {value}: treated as not set"));
                    } else if !value.is_empty() {
                        set.insert(variable.name, (value.into(), origin));
                    }
                }
                None if file.used.contains(&name) => {}
                None => {
                    unread.insert(name, origin);
                }
            }
        }
        warnings.extend(without_effect(&unread));
        let settings = Self { set, warnings };
        for (name, (value, _)) in &settings.set {
            let variable = table::find(name);
            if let Some((default, hint)) = variable.and_then(|v| match v.meaning {
                Meaning::Only(hint) => Some((v.default, hint)),
                _ => None,
            }) && **value != *default
            {
                let problem = format!("is {}, which is not supported", shown(value));
                return Err(settings.error(name, problem, hint));
            }
        }
        Ok(settings)
    }

    /// Whether it is set.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.set.contains_key(name)
    }

    pub(super) fn error(
        &self,
        name: &str,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> Error {
        let origin = self.set.get(name).map_or(Origin::Default, |(_, origin)| *origin);
        // Single quotes, and compose files' env_file, leave `$NAME` as it is.
        let variable = placeholder::variable(self.text(name));
        let hint = variable.map_or_else(|| hint.into(), str::to_owned);
        Error { name: name.to_owned(), origin, problem: problem.into(), hint }
    }

    pub(super) fn expected(&self, name: &str, expected: &str) -> Error {
        let hint = table::find(name).filter(|variable| !variable.default.is_empty());
        let hint = hint.map(|variable| shown(variable.default));
        let hint = hint.map_or_else(String::new, |default| format!("the default is {default}"));
        let text = self.text(name);
        let hint = placeholder::hint(text).map_or(hint, str::to_owned);
        self.error(name, format!("is {}, expected {expected}", shown(text)), hint)
    }

    /// Its value, or its default.
    pub fn text(&self, name: &str) -> &str {
        let default = || table::find(name).map_or("", |variable| variable.default);
        self.set.get(name).map_or_else(default, |(value, _)| value)
    }

    pub(super) fn number(&self, name: &str) -> Result<u64, Error> {
        let text = self.text(name);
        let number = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten(),
        };
        number.ok_or_else(|| self.expected(name, "a 64-bit number"))
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Error> {
        match self.text(name) {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.expected(name, "true or false")),
        }
    }

    pub(super) fn address(&self, name: &str) -> Result<Address, Error> {
        let text = self.text(name);
        let address = text.starts_with("0x").then(|| text.parse().ok()).flatten();
        address.ok_or_else(|| self.expected(name, "0x and 40 hex digits"))
    }

    /// An epoch; `None` for never. A fork that is not set has the default 0 only if all earlier
    /// forks are at 0: a file for an older release does not set it.
    pub(super) fn epoch(&self, name: &str) -> Result<Option<u64>, Error> {
        if !self.is_set(name) && self.text(name) == "0" {
            for earlier in forks().take_while(|earlier| *earlier != name) {
                if forks().any(|fork| fork == name) && self.epoch(earlier)? != Some(0) {
                    return Ok(None);
                }
            }
        }
        (self.text(name) != NEVER).then(|| self.number(name)).transpose()
    }

    pub(super) fn mnemonic(&self) -> Result<Mnemonic, Error> {
        const NAME: &str = "EL_AND_CL_MNEMONIC";
        let hint = "copy the phrase again: a word is misspelled, missing or out of place";
        Mnemonic::parse(self.text(NAME)).map_err(|error| self.error(NAME, error.to_string(), hint))
    }

    /// The path in `ADDITIONAL_PRELOADED_CONTRACTS`, unless it has the contracts themselves.
    ///
    /// # Errors
    /// It is a URL.
    pub fn contracts_file(&self) -> Result<Option<&str>, Error> {
        const NAME: &str = "ADDITIONAL_PRELOADED_CONTRACTS";
        let text = self.text(NAME).trim();
        if text.starts_with("http://") || text.starts_with("https://") {
            let hint = "download the file and set its path";
            return Err(self.error(NAME, "is a URL, expected a file", hint));
        }
        let inline = text.starts_with('{') || text == "[]";
        Ok((!inline).then_some(text))
    }
}

/// The text that templates render for an absent value: ethereum-package 1.0.0 to 2.0.0 does so for
/// the epoch of electra.
const NOTHING: [&str; 4] = ["<no value>", "<nil>", "None", "null"];

/// The epoch variables of the forks, in order.
fn forks() -> impl Iterator<Item = &'static str> {
    let forks = table::VARIABLES.iter().filter(|variable| variable.meaning == Meaning::Fork);
    forks.map(|variable| variable.name)
}

/// The warnings about names without effect: one for each misspelled name, one for all others.
fn without_effect(unread: &BTreeMap<String, Origin>) -> Vec<String> {
    let place = |origin: &Origin| match origin {
        Origin::File(line) => format!("line {line}"),
        _ => "the environment".to_owned(),
    };
    let (mut warnings, mut others) = (Vec::new(), Vec::new());
    for (name, origin) in unread {
        let (shown, place) = (name.chars().take(100).collect::<String>(), place(origin));
        match (table::find(name), table::nearest(name)) {
            (Some(variable), _) if !variable.releases.is_empty() => {
                others.push(format!("{shown} ({place}, read by {})", variable.releases));
            }
            (None, Some(nearest)) => warnings.push(format!(
                "{shown} ({place}) has no effect: no release of ethereum-genesis-generator reads \
                 it. Did you mean {nearest}?"
            )),
            _ => others.push(format!("{shown} ({place}, read by no release)")),
        }
    }
    if !others.is_empty() {
        warnings.push(format!(
            "the newest release of ethereum-genesis-generator does not read these, and they have \
             no effect: {}",
            others.join(", ")
        ));
    }
    warnings
}

//! ethereum-genesis-generator's environment: its variables alone make a whole network.
//!
//! ```text
//! environment, values.env ──▶ Settings ──▶ execution ──▶ genesis.json
//!                                      ──▶ consensus ──▶ config.yaml, mnemonics.yaml
//! ```
//!
//! What comes out are a snapshot's files, as its scripts write them; the rest of `init` is the
//! same as for every other snapshot. Source: ethereum-genesis-generator (1e01e5d).

mod alloc;
mod blobs;
mod consensus;
mod execution;
mod premine;
pub mod shadow;
pub mod table;
pub mod values;

use std::collections::BTreeMap;
use std::fmt;

use crate::keys::{Mnemonic, SecretText};
use crate::yaml::shown;
use alloy_primitives::Address;
use shadow::{Base, Fork};
use table::{Meaning, NEVER};
use values::Assignment;

/// Where a variable was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: it has its default.
    Default,
    /// In the environment of the process.
    Environment,
    /// In `values.env`, on this line.
    File(usize),
}

/// A variable that makes no sense. Quotes no phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The variable.
    pub name: String,
    /// Where it was set.
    pub origin: Origin,
    /// What is wrong with it.
    pub what: String,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.what)
    }
}

impl std::error::Error for Error {}

/// The variables, each known, and none of a kind that cannot be had.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    set: BTreeMap<&'static str, (SecretText, Origin)>,
}

impl Settings {
    /// Takes the variables of `environment` that are meant for the generator, and over them those
    /// of the file. An empty one, as compose files leave it, is not set.
    ///
    /// # Errors
    /// An unknown variable, or one whose value cannot be had here.
    pub fn of(
        environment: impl IntoIterator<Item = (String, String)>,
        file: Vec<Assignment>,
    ) -> Result<Self, Error> {
        let environment = environment.into_iter().filter(|(name, _)| table::is_theirs(name));
        let environment = environment.map(|(name, value)| (name, value, Origin::Environment));
        let file = file.into_iter().map(|a| (a.name, a.value, Origin::File(a.line)));
        let mut set = BTreeMap::new();
        for (name, value, origin) in environment.chain(file) {
            let Some(variable) = table::find(&name) else { return Err(unknown(name, origin)) };
            set.remove(variable.name);
            if !value.is_empty() {
                set.insert(variable.name, (value.into(), origin));
            }
        }
        let settings = Self { set };
        for (name, (value, _)) in &settings.set {
            let variable = table::find(name);
            if let Some((default, hint)) = variable.and_then(|v| match v.meaning {
                Meaning::Only(hint) => Some((v.default, hint)),
                _ => None,
            }) && **value != *default
            {
                let what = format!("is {}, which is not supported", shown(value));
                return Err(settings.fault(name, what, hint));
            }
        }
        Ok(settings)
    }

    /// Whether somebody set it.
    fn is_set(&self, name: &str) -> bool {
        self.set.contains_key(name)
    }

    fn fault(&self, name: &str, what: impl Into<String>, hint: impl Into<String>) -> Error {
        let origin = self.set.get(name).map_or(Origin::Default, |(_, origin)| *origin);
        Error { name: name.to_owned(), origin, what: what.into(), hint: hint.into() }
    }

    fn expected(&self, name: &str, expected: &str) -> Error {
        let hint = table::find(name).filter(|variable| !variable.default.is_empty());
        let hint = hint.map(|variable| shown(variable.default));
        let hint = hint.map_or_else(String::new, |default| format!("the default is {default}"));
        self.fault(name, format!("is {}, expected {expected}", shown(self.text(name))), hint)
    }

    /// What it is set to, or its default.
    pub fn text(&self, name: &str) -> &str {
        let default = || table::find(name).map_or("", |variable| variable.default);
        self.set.get(name).map_or_else(default, |(value, _)| value)
    }

    fn number(&self, name: &str) -> Result<u64, Error> {
        let text = self.text(name);
        let number = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten(),
        };
        number.ok_or_else(|| self.expected(name, "a 64-bit number"))
    }

    fn flag(&self, name: &str) -> Result<bool, Error> {
        match self.text(name) {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.expected(name, "true or false")),
        }
    }

    fn address(&self, name: &str) -> Result<Address, Error> {
        let text = self.text(name);
        let address = text.starts_with("0x").then(|| text.parse().ok()).flatten();
        address.ok_or_else(|| self.expected(name, "0x and 40 hex digits"))
    }

    /// An epoch; `None`: never.
    fn epoch(&self, name: &str) -> Result<Option<u64>, Error> {
        (self.text(name) != NEVER).then(|| self.number(name)).transpose()
    }

    fn mnemonic(&self) -> Result<Mnemonic, Error> {
        const NAME: &str = "EL_AND_CL_MNEMONIC";
        let hint = "a word is misspelt, missing or in another's place: copy the phrase again";
        Mnemonic::parse(self.text(NAME)).map_err(|error| self.fault(NAME, error.to_string(), hint))
    }

    /// The file that `ADDITIONAL_PRELOADED_CONTRACTS` names, if it is not the contracts.
    ///
    /// # Errors
    /// It is an address on the net.
    pub fn contracts_file(&self) -> Result<Option<&str>, Error> {
        const NAME: &str = "ADDITIONAL_PRELOADED_CONTRACTS";
        let text = self.text(NAME).trim();
        if text.starts_with("http://") || text.starts_with("https://") {
            let hint = "regenesis loads nothing from the net: download it, and give the file";
            return Err(self.fault(NAME, "is a URL", hint));
        }
        Ok((!text.starts_with('{')).then_some(text))
    }
}

fn unknown(name: String, origin: Origin) -> Error {
    let hint = match table::nearest(&name) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => "docs/egg-parity.md lists what is understood".to_owned(),
    };
    Error { name, origin, what: "is no variable of ethereum-genesis-generator".to_owned(), hint }
}

/// The inputs of a network.
#[derive(Debug)]
pub struct Network {
    /// `genesis.json`.
    pub genesis: String,
    /// `config.yaml`.
    pub config: String,
    /// `mnemonics.yaml`.
    pub mnemonics: SecretText,
    /// A file of more validators.
    pub validators: Option<String>,
    /// Whether the registry is shuffled.
    pub shuffle: bool,
    /// Whether the genesis time is given: then it is that of the files.
    pub timed: bool,
    /// Seconds from now until genesis, if they are given and the time is not.
    pub lead: Option<u64>,
    /// The boot node's record.
    pub boot_enr: Option<String>,
    /// What has no effect.
    pub warnings: Vec<String>,
}

/// Makes the inputs. `contracts` is the text of [`Settings::contracts_file`], `fork` what a shadow
/// fork begins with.
///
/// # Errors
/// A value is none of those expected, or contradicts another.
pub fn network(
    settings: &Settings,
    contracts: Option<&str>,
    fork: Option<Fork<'_>>,
) -> Result<Network, Error> {
    let mut warnings = Vec::new();
    check_chain_id(settings, fork)?;
    let timed = settings.number("GENESIS_TIMESTAMP")? != 0;
    let delay = settings.number("GENESIS_DELAY")?;
    let public = fork.and_then(|fork| Some((fork.public?, fork.head)));
    let (genesis, bpos) = match public {
        None => {
            let bpos = blobs::schedule(settings, None, &mut warnings)?;
            (execution::genesis(settings, &bpos, contracts)?, bpos)
        }
        Some((text, head)) => {
            let base = Base::read(settings, text, head)?;
            let bpos = blobs::schedule(settings, Some(&base.bpos()), &mut warnings)?;
            (base.genesis(settings, text, &bpos, &mut warnings)?, bpos)
        }
    };
    let given = |name| settings.is_set(name).then(|| settings.text(name).to_owned());
    Ok(Network {
        genesis,
        config: consensus::config(settings, &bpos)?,
        mnemonics: consensus::mnemonics(settings, &mut warnings)?.to_string().into(),
        validators: given("CL_ADDITIONAL_VALIDATORS"),
        shuffle: settings.flag("SHUFFLE_VALIDATORS")?,
        timed,
        lead: (!timed && settings.is_set("GENESIS_DELAY")).then_some(delay),
        boot_enr: given("BEACON_STATIC_ENR"),
        warnings,
    })
}

/// Of public networks the generator takes over the state: a shadow fork, with the network's own
/// genesis. Any other chain's is made, with the time that it was made with.
fn check_chain_id(settings: &Settings, fork: Option<Fork<'_>>) -> Result<(), Error> {
    const NAME: &str = "CHAIN_ID";
    const TIME: &str = "GENESIS_TIMESTAMP";
    match (settings.public()?, fork) {
        (Some(network), None) => {
            let hint = "for a shadow fork of it set SHADOW_FORK_FILE or SHADOW_FORK_RPC, else take \
                        another chain id";
            let what = format!("is {}, a public network: {}", network.id, network.name);
            Err(settings.fault(NAME, what, hint))
        }
        (None, _) if settings.number(NAME)? == 0 => {
            Err(settings.expected(NAME, "a number above 0"))
        }
        (None, Some(_)) if settings.number(TIME)? == 0 => {
            let hint = "set it to the time with which the chain was made: its block 0 has it";
            Err(settings.fault(TIME, "is 0, but the chain of a shadow fork has begun", hint))
        }
        _ => Ok(()),
    }
}

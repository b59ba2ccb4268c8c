//! ethereum-genesis-generator's environment: its variables define a complete network.
//!
//! ```text
//! environment, values.env ──▶ Settings ──▶ execution ──▶ genesis.json
//!                                      ──▶ consensus ──▶ config.yaml, mnemonics.yaml
//! ```
//!
//! The results are the files of a snapshot, as its scripts write them. The rest of `init` is the same
//! as for any other snapshot. Source: ethereum-genesis-generator (1e01e5d).

mod alloc;
mod arithmetic;
mod blobs;
mod consensus;
mod execution;
mod expansion;
mod names;
mod pattern;
pub mod premine;
mod quotes;
mod settings;
pub mod shadow;
mod shell;
pub mod table;
pub mod values;

use std::fmt;

use crate::keys::SecretText;
pub use settings::Settings;
use shadow::{Base, Fork};

/// Where a variable was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Not set: it has its default.
    Default,
    /// In the environment of the process.
    Environment,
    /// In `values.env`, on this line.
    File(usize),
}

/// An invalid variable. The message never contains a mnemonic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The variable.
    pub name: String,
    /// Where it was set.
    pub origin: Origin,
    /// The problem.
    pub problem: String,
    /// The remedy.
    pub hint: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.problem)
    }
}

impl std::error::Error for Error {}

/// The inputs of a network.
#[derive(Debug)]
pub struct Network {
    /// `genesis.json`.
    pub genesis: String,
    /// `config.yaml`.
    pub config: String,
    /// `mnemonics.yaml`.
    pub mnemonics: SecretText,
    /// Path of a file with additional validators.
    pub validators: Option<String>,
    /// Whether the registry is shuffled.
    pub shuffle: bool,
    /// Whether the genesis time is set, so that the files keep it.
    pub timed: bool,
    /// Seconds from now until genesis, if they are set and the time is not.
    pub lead: Option<u64>,
    /// The boot node's record.
    pub boot_enr: Option<String>,
    /// Variables that have no effect.
    pub warnings: Vec<String>,
    /// The file or environment that set the variables, for messages.
    pub source: String,
}

/// Generates the inputs. `contracts` is the text of [`Settings::contracts_file`], `fork` the start
/// of a shadow fork.
///
/// # Errors
/// A value is invalid, or contradicts another one.
pub fn network(
    settings: &Settings,
    contracts: Option<&str>,
    fork: Option<Fork<'_>>,
) -> Result<Network, Error> {
    let mut warnings = settings.warnings.clone();
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
        config: consensus::config(settings, &bpos, &mut warnings)?,
        mnemonics: consensus::mnemonics(settings, &mut warnings)?.to_string().into(),
        validators: given("CL_ADDITIONAL_VALIDATORS"),
        shuffle: settings.flag("SHUFFLE_VALIDATORS")?,
        timed,
        lead: (!timed && settings.is_set("GENESIS_DELAY")).then_some(delay),
        boot_enr: given("BEACON_STATIC_ENR"),
        warnings,
        source: String::new(),
    })
}

/// Checks that a public chain id belongs to a shadow fork, and that a shadow fork of any other
/// chain has the chain's own genesis time: its block 0 is generated again.
fn check_chain_id(settings: &Settings, fork: Option<Fork<'_>>) -> Result<(), Error> {
    const NAME: &str = "CHAIN_ID";
    const TIME: &str = "GENESIS_TIMESTAMP";
    match (settings.public()?, fork) {
        (Some(network), None) => {
            let hint = "set SHADOW_FORK_FILE or SHADOW_FORK_RPC for a shadow fork of it, or set another \
                        chain id";
            let problem = format!("is {}, a public network: {}", settings.text(NAME), network.name);
            Err(settings.error(NAME, problem, hint))
        }
        (None, _) if settings.number(NAME)? == 0 => {
            Err(settings.expected(NAME, "a number above 0"))
        }
        (None, Some(_)) if settings.number(TIME)? == 0 => {
            let hint = "set it to the GENESIS_TIMESTAMP that the chain was generated with";
            Err(settings.error(TIME, "is 0, but the chain of a shadow fork already exists", hint))
        }
        _ => Ok(()),
    }
}

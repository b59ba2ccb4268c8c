//! The chain that the options describe, as variables of ethereum-genesis-generator.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use serde_json::{Map, Value as Json, json};

use super::options::{Error, Options};
use super::{DEVELOPERS, MNEMONIC, forks};
use crate::capture::overlay::Fund;
use crate::el::public_chains;
use crate::genesis_generator::table::NEVER;
use crate::genesis_generator::values::{Assignment, Script};
use crate::genesis_generator::{self, Network, Settings, premine};
use crate::keys::{Mnemonic, SecretText};
use crate::snapshot::mnemonics::MAX_COUNT;

/// How many accounts of [`DEVELOPERS`] have ETH: as in the sample.
const DEVELOPER_COUNT: u32 = 20;
/// ETH of each.
const DEVELOPER_ETHER: u64 = 1_000_000;
/// The sample's limit of gas.
const GAS_LIMIT: u64 = 60_000_000;
/// geth refuses less.
const LEAST_GAS: u64 = 5_000;
/// `2^63 - 1`: geth refuses more.
const MOST_GAS: u64 = i64::MAX.cast_unsigned();
/// Seconds per slot: clients know whole ones.
const MOST_SLOT: u64 = 3_600;

/// A contract at block 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predeploy {
    /// Its address.
    pub address: Address,
    /// The file that has it: code, an account, or a compiler's artifact.
    pub file: String,
}

/// A new chain.
#[derive(Debug)]
pub struct Plan {
    variables: Vec<(&'static str, SecretText)>,
    /// Wei per gas in block 0; `None`: geth's 1 gwei.
    pub base_fee: Option<u64>,
    /// Whether the validators have the sample's phrase, which is public.
    pub public: bool,
}

/// The options that the variables of the generator stand for.
const OF_VARIABLES: [(&str, &str); 6] = [
    ("CHAIN_ID", "chain_id"),
    ("NUMBER_OF_VALIDATORS", "validators"),
    ("EL_AND_CL_MNEMONIC", "mnemonic"),
    ("EL_PREMINE_ADDRS", "fund"),
    ("ADDITIONAL_PRELOADED_CONTRACTS", "predeploy"),
    ("GENESIS_GASLIMIT", "gas_limit"),
];

impl Options {
    /// The contracts of `predeploy`: `ADDR=FILE`.
    ///
    /// # Errors
    /// One is not of that form, or names an address again.
    pub fn predeploys(&self) -> Result<Vec<Predeploy>, Error> {
        const NAME: &str = "predeploy";
        let mut found: Vec<Predeploy> = Vec::new();
        for value in self.all(NAME) {
            let expected = "expected ADDR=FILE, such as 0x…aa=contract.hex";
            let text = value.text.trim();
            let (address, file) =
                text.split_once('=').ok_or_else(|| value.error(NAME, expected))?;
            let address = address.trim().parse().map_err(|_| value.error(NAME, expected))?;
            let file = file.trim().trim_start_matches('@').to_owned();
            if file.is_empty() {
                return Err(value.error(NAME, expected));
            }
            if found.iter().any(|known| known.address == address) {
                let problem = format!("has {address} twice");
                return Err(value.problem(NAME, problem, "one file has all of an account"));
            }
            found.push(Predeploy { address, file });
        }
        Ok(found)
    }
}

impl Plan {
    /// The chain of the options, with the accounts of [`Options::predeploys`].
    ///
    /// # Errors
    /// An option is missing or not valid.
    pub fn of(
        options: &Options,
        mut predeploys: BTreeMap<Address, Map<String, Json>>,
    ) -> Result<Self, Error> {
        let number = |name, least, most, what| options.number(name, least, most, what);
        let chain_id = number("chain_id", 1, u64::MAX, "a number")?.ok_or_else(|| Error {
            name: "chain_id",
            place: None,
            problem: "is missing".to_owned(),
            hint: "choose a number that no public chain has, such as 1337".to_owned(),
        })?;
        if let (Some(chain), Some(value)) =
            (public_chains::find(chain_id), options.one("chain_id")?)
        {
            let problem = format!("is {chain_id}, the chain id of {}", chain.name);
            let hint = "choose another: a transaction of this chain would be valid there, too";
            return Err(value.problem("chain_id", problem, hint));
        }
        let slot = number("slot_time", 1, MOST_SLOT, "whole seconds")?.unwrap_or(2);
        let validators =
            number("validators", 1, MAX_COUNT, "a number of validators")?.unwrap_or(64);
        let gas = number("gas_limit", LEAST_GAS, MOST_GAS, "an amount of gas")?;
        let base_fee = number("base_fee", 0, u64::MAX, "wei per gas")?;
        let preset = match options.one("preset")? {
            None => "minimal",
            Some(value) => match value.text.trim() {
                "minimal" => "minimal",
                "mainnet" => "mainnet",
                _ => return Err(value.error("preset", "expected mainnet or minimal")),
            },
        };
        let (mnemonic, public) = mnemonic(options)?;
        let funds = funds(options)?;
        let owner = funds.keys().next().copied().unwrap_or_default();
        let owner = if options.all("fund").is_empty() { developers(1)?[0] } else { owner };
        let premine = merge(options, funds, &mut predeploys)?;
        let accounts: Map<_, _> =
            predeploys.into_iter().map(|(a, account)| (a.to_string(), account.into())).collect();
        let mut variables: Vec<(&'static str, SecretText)> = Vec::new();
        let mut set = |name, value: String| variables.push((name, value.into()));
        set("PRESET_BASE", preset.to_owned());
        set("CHAIN_ID", chain_id.to_string());
        set("SLOT_DURATION_MS", (slot * 1000).to_string());
        set("NUMBER_OF_VALIDATORS", validators.to_string());
        set("EL_AND_CL_MNEMONIC", mnemonic.to_string());
        set("WITHDRAWAL_TYPE", "0x01".to_owned());
        set("WITHDRAWAL_ADDRESS", owner.to_string());
        set("GENESIS_GASLIMIT", gas.unwrap_or(GAS_LIMIT).to_string());
        set("EL_PREMINE_COUNT", "0".to_owned());
        set("EL_PREMINE_ADDRS", Json::from(premine).to_string());
        set("ADDITIONAL_PRELOADED_CONTRACTS", Json::from(accounts).to_string());
        for name in ["BPO_1_EPOCH", "BPO_2_EPOCH"] {
            set(name, NEVER.to_owned());
        }
        for (fork, epoch) in forks::epochs(options)? {
            let known = fork.epoch_key().and_then(|key| genesis_generator::table::find(&key));
            let Some(variable) = known else { continue };
            set(variable.name, epoch.map_or_else(|| NEVER.to_owned(), |epoch| epoch.to_string()));
        }
        Ok(Self { variables, base_fee, public })
    }

    /// The files of the network.
    ///
    /// # Errors
    /// The options contradict each other.
    pub fn network(&self, options: &Options) -> Result<Network, Error> {
        let assignments = self.variables.iter().map(|(name, value)| {
            let (name, value) = ((*name).to_owned(), value.to_string());
            Assignment { name, value, line: 0 }
        });
        let script = Script { assignments: assignments.collect(), ..Script::default() };
        let network = Settings::of([], script)
            .and_then(|settings| genesis_generator::network(&settings, None, None));
        network.map_err(|error| {
            let option = OF_VARIABLES.iter().find(|(variable, _)| *variable == error.name);
            let name = option.map_or("fork", |(_, option)| option);
            let place = options.all(name).last().map(|value| value.place.clone());
            Error { name, place, problem: error.problem, hint: error.hint }
        })
    }
}

/// The phrase of the validators, and whether it is the public one.
fn mnemonic(options: &Options) -> Result<(SecretText, bool), Error> {
    const NAME: &str = "mnemonic";
    let Some(value) = options.one(NAME)? else { return Ok((MNEMONIC.to_owned().into(), true)) };
    let phrase: Vec<_> = value.text.split_whitespace().collect();
    let phrase: SecretText = phrase.join(" ").into();
    Mnemonic::parse(&phrase).map_err(|error| {
        let hint = "copy the phrase again, or write a new one with regenesis keys mnemonic";
        value.problem(NAME, error.to_string(), hint)
    })?;
    let public = [MNEMONIC, DEVELOPERS].contains(&&*phrase);
    Ok((phrase, public))
}

fn developers(count: u32) -> Result<Vec<Address>, Error> {
    let bug = |problem: String| Error {
        name: "fund",
        place: None,
        problem,
        hint: "please report this".to_owned(),
    };
    let phrase = Mnemonic::parse(DEVELOPERS).map_err(|error| bug(error.to_string()))?;
    premine::addresses(&phrase, count).map_err(|error| bug(error.to_string()))
}

/// The balances in wei.
fn funds(options: &Options) -> Result<BTreeMap<Address, U256>, Error> {
    const NAME: &str = "fund";
    let mut funds = BTreeMap::new();
    for value in options.all(NAME) {
        let fund: Fund =
            value.text.trim().parse().map_err(|hint: String| value.error(NAME, hint))?;
        let known: &mut U256 = funds.entry(fund.address).or_default();
        let sum = known.checked_add(fund.wei);
        *known = sum.ok_or_else(|| value.error(NAME, "more ETH than a balance can have"))?;
    }
    if funds.is_empty() {
        let wei = U256::from(DEVELOPER_ETHER) * U256::from(10).pow(U256::from(18));
        funds.extend(developers(DEVELOPER_COUNT)?.into_iter().map(|address| (address, wei)));
    }
    Ok(funds)
}

/// The balances of the accounts without code; those of contracts are added to the contracts.
fn merge(
    options: &Options,
    funds: BTreeMap<Address, U256>,
    predeploys: &mut BTreeMap<Address, Map<String, Json>>,
) -> Result<Map<String, Json>, Error> {
    let mut premine = Map::new();
    for (address, wei) in funds {
        let Some(account) = predeploys.get_mut(&address) else {
            premine.insert(address.to_string(), json!(wei.to_string()));
            continue;
        };
        let balance = account.get("balance").and_then(Json::as_str).unwrap_or("0");
        let sum = balance.parse::<U256>().ok().and_then(|balance| balance.checked_add(wei));
        let sum = sum.ok_or_else(|| Error {
            name: "fund",
            place: options.all("fund").first().map(|value| value.place.clone()),
            problem: format!("gives {address} more ETH than a balance can have"),
            hint: "the file of --predeploy has a balance, too".to_owned(),
        })?;
        account.insert("balance".to_owned(), json!(sum.to_string()));
    }
    Ok(premine)
}

#[cfg(test)]
mod tests;

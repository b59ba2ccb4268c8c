//! The accounts of a network: precompiles, contracts, premine. Later ones override earlier ones.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::Address;
use serde_json::{Map, Value, json};

use super::execution::hardforks;
use super::{Error, Settings, premine};
use crate::el::genesis;
use crate::el::system_contracts;
use crate::forks::Hardfork;
use crate::yaml;

/// The deterministic deployment proxy, for CREATE2 at the same address on every chain. Source:
/// Arachnid/deterministic-deployment-proxy.
const WELL_KNOWN: [(&str, &str); 1] = [(
    "0x4e59b44847b379578588920cA78FbF26c0B4956C",
    "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3",
)];

/// The limit of the premine: deriving an account takes time.
const MAX_PREMINE: u64 = 100_000;

#[derive(Debug, Default)]
struct Accounts(BTreeMap<Address, Map<String, Value>>);

impl Accounts {
    /// Adds `account` to the existing one: a member replaces the member of that name, storage slots
    /// are merged.
    fn add(&mut self, address: Address, account: Map<String, Value>) {
        let known = self.0.entry(address).or_default();
        for (key, value) in account {
            match (known.get_mut(&key), value) {
                (Some(Value::Object(slots)), Value::Object(more)) => slots.extend(more),
                (_, value) => drop(known.insert(key, value)),
            }
        }
    }

    fn fund(&mut self, address: Address, balance: String) {
        self.add(address, Map::from_iter([("balance".to_owned(), Value::String(balance))]));
    }
}

/// The `alloc` of `genesis.json`.
pub fn alloc(settings: &Settings, contracts: Option<&str>) -> Result<Value, Error> {
    let mut accounts = Accounts::default();
    for last in 0..=u8::MAX {
        // With a balance, a precompile is an existing account: calls to it cost no account
        // creation.
        accounts.fund(Address::with_last_byte(last), "1".to_owned());
    }
    add_system_contracts(settings, &mut accounts)?;
    if settings.flag("PRELOAD_WELL_KNOWN_CONTRACTS")? {
        for (address, code) in WELL_KNOWN {
            let members = [("balance", "0"), ("nonce", "1"), ("code", code)];
            let members = members.map(|(key, text)| (key.to_owned(), text.into()));
            accounts.add(address.parse().unwrap_or_default(), Map::from_iter(members));
        }
    }
    add_premine(settings, &mut accounts)?;
    let premined = "EL_PREMINE_ADDRS";
    let preloaded = "ADDITIONAL_PRELOADED_CONTRACTS";
    let contracts = contracts.unwrap_or_else(|| settings.text(preloaded));
    for (name, text) in [(premined, settings.text(premined)), (preloaded, contracts)] {
        let mut seen = BTreeSet::new();
        let mut own = Map::new();
        for (key, value) in object(settings, name, text)? {
            let (address, account) = match value {
                Value::String(balance) if name == premined => {
                    let members = Map::from_iter([("balance".to_owned(), balance.into())]);
                    account(settings, name, &key, members.into())?
                }
                value => account(settings, name, &key, value)?,
            };
            if !seen.insert(address) {
                let hint = "remove one of the two: the case of letters does not matter";
                return Err(settings.error(name, format!("has {address} twice"), hint));
            }
            own.insert(address.to_string(), Value::Object(account.clone()));
            accounts.add(address, account);
        }
        check(settings, name, own)?;
    }
    let named = accounts.0.into_iter().map(|(address, a)| (address.to_string(), Value::Object(a)));
    Ok(Value::Object(named.collect()))
}

/// Parses accounts as part of a `genesis.json`, so that the error names the variable.
fn check(settings: &Settings, name: &str, accounts: Map<String, Value>) -> Result<(), Error> {
    let text = json!({ "alloc": accounts }).to_string();
    let read = genesis::read(text.as_bytes(), &|_| ());
    read.map(drop).map_err(|error| {
        let problem = format!("has an invalid account: {error}");
        settings.error(name, problem, error.hint().unwrap_or_default())
    })
}

fn add_system_contracts(settings: &Settings, accounts: &mut Accounts) -> Result<(), Error> {
    let mut scheduled = Vec::new();
    for (name, hardfork) in hardforks() {
        let is_scheduled = settings.epoch(name)?.is_some();
        // The contracts of amsterdam are those of EIP-8282.
        if is_scheduled
            && (hardfork != Hardfork::Amsterdam || settings.flag("DEPLOY_EIP8282_CONTRACTS")?)
        {
            scheduled.push(hardfork);
        }
    }
    let scheduled = |hardfork| scheduled.contains(&hardfork);
    let deposit = settings.address("DEPOSIT_CONTRACT_ADDRESS")?;
    for contract in system_contracts::required(scheduled, deposit) {
        let entry = format!("{{{}}}", contract.entry());
        if let Ok(Value::Object(entries)) = serde_json::from_str(&entry) {
            for (_, entry) in entries {
                let Value::Object(entry) = entry else { continue };
                accounts.add(contract.address, entry);
            }
        }
    }
    Ok(())
}

fn add_premine(settings: &Settings, accounts: &mut Accounts) -> Result<(), Error> {
    let (count_name, balance_name) = ("EL_PREMINE_COUNT", "EL_PREMINE_BALANCE");
    let count = settings.number(count_name)?;
    let expected = format!("at most {MAX_PREMINE} accounts");
    let in_range = u32::try_from(count).ok().filter(|_| count <= MAX_PREMINE);
    let count = in_range.ok_or_else(|| settings.expected(count_name, &expected))?;
    let text = settings.text(balance_name);
    let balance = wei(text).ok_or_else(|| settings.expected(balance_name, WEI))?;
    if count == 0 {
        return Ok(());
    }
    let addresses = premine::addresses(&settings.mnemonic()?, count).map_err(|error| {
        let problem = format!("has an account without a key: {error}");
        settings.error("EL_AND_CL_MNEMONIC", problem, "use another mnemonic")
    })?;
    for address in addresses {
        accounts.fund(address, balance.clone());
    }
    Ok(())
}

const WEI: &str = "wei, or an integer of ether such as 10ETH";

/// An amount in wei. `10ETH` and `10 ETH` are ether.
fn wei(text: &str) -> Option<String> {
    let (digits, ether) = match text.strip_suffix("ETH") {
        Some(ether) => (ether.trim_end_matches(' '), true),
        None => (text, false),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // Hex is wei: geth accepts both.
        let hex = digits.strip_prefix("0x").filter(|_| !ether)?;
        let all = !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        return all.then(|| digits.to_owned());
    }
    let amount = digits.trim_start_matches('0');
    let zeros = if ether && !amount.is_empty() { "000000000000000000" } else { "" };
    Some(format!("{}{zeros}", if amount.is_empty() { "0" } else { amount }))
}

/// The address and the members of an account in a variable, the balance in wei.
fn account(
    settings: &Settings,
    name: &str,
    key: &str,
    value: Value,
) -> Result<(Address, Map<String, Value>), Error> {
    const MEMBERS: [&str; 5] = ["balance", "nonce", "code", "storage", "secretKey"];
    let error = |problem: String| {
        settings.error(name, problem, "write an account as {\"balance\": \"10ETH\"}")
    };
    let address: Option<Address> = key.starts_with("0x").then(|| key.parse().ok()).flatten();
    let address =
        address.ok_or_else(|| error(format!("has {} as an address", yaml::shown(key))))?;
    let Value::Object(mut members) = value else {
        return Err(error(format!("has {address} without an account")));
    };
    if let Some(key) = members.keys().find(|key| !MEMBERS.contains(&key.as_str())) {
        let problem = format!("has {} in an account", yaml::shown(key));
        return Err(settings.error(name, problem, format!("use {}", MEMBERS.join(", "))));
    }
    let Some(Value::String(balance)) = members.get_mut("balance") else {
        return Err(error(format!("has {address} without a balance in quotes")));
    };
    let text = yaml::shown(balance);
    *balance = wei(balance)
        .ok_or_else(|| error(format!("has the balance {text} for {address}, expected {WEI}")))?;
    Ok((address, members))
}

/// A mapping, in JSON or in YAML's short form.
fn object(settings: &Settings, name: &str, text: &str) -> Result<Map<String, Value>, Error> {
    if text.trim().is_empty() {
        return Ok(Map::new());
    }
    // A template may escape double quotes inside single quotes.
    let escaped = text.trim_start_matches(['{', ' ', '\n', '\r', '\t']).starts_with("\\\"");
    let unescaped = escaped.then(|| text.replace("\\\"", "\""));
    let text = unescaped.as_deref().unwrap_or(text);
    let read = yaml::parse(text.as_bytes()).map(plain);
    // JSON is YAML unless it is indented with tabs.
    let read = read.or_else(|error| serde_json::from_str(text).map_err(|_| error));
    let hint = "write it as {\"0x…\": {\"balance\": \"10ETH\"}}";
    match read {
        Ok(Value::Object(members)) => Ok(members),
        Ok(Value::Array(items)) if items.is_empty() => Ok(Map::new()),
        Ok(_) => Err(settings.error(name, "is not a mapping of addresses", hint)),
        Err(error) => Err(settings.error(
            name,
            format!("is invalid in its line {}: {error}", error.line),
            hint,
        )),
    }
}

fn plain(node: yaml::Node) -> Value {
    match node.value {
        yaml::Value::Scalar(text) => Value::String(text),
        yaml::Value::Sequence(items) => items.into_iter().map(plain).collect(),
        yaml::Value::Mapping(members) => {
            members.into_iter().map(|(key, _, node)| (key, plain(node))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_ether_are_converted_to_wei() {
        assert_eq!(wei("10ETH").as_deref(), Some("10000000000000000000"));
        assert_eq!(wei("7  ETH").as_deref(), Some("7000000000000000000"));
        assert_eq!(wei("0ETH").as_deref(), Some("0"));
        assert_eq!(wei("0x1F").as_deref(), Some("0x1F"));
        assert_eq!(wei("12").as_deref(), Some("12"));
        for text in ["", "ETH", "1.5ETH", "-1", "0x", "0x1ETH", "1 000", "10eth"] {
            assert_eq!(wei(text), None, "{text}");
        }
    }
}

//! The contracts that a user names: code, an account, or what a compiler writes.

use alloy_primitives::{Address, B256, U256};
use serde_json::{Map, Value, json};

use crate::capture::account::Account;

/// The members that an account of an alloc may have.
const MEMBERS: [&str; 4] = ["balance", "nonce", "code", "storage"];
/// Where compilers put the code of a contract on the chain.
const DEPLOYED: &str = "deployedBytecode";

/// The account of an alloc in the text of a file: code in hex, an account in JSON, or an artifact of
/// Foundry or Hardhat, whose deployed code it has.
///
/// # Errors
/// The problem of the text.
pub fn account(text: &str) -> Result<Map<String, Value>, String> {
    let (account, nonce) = read(text)?;
    let Account { balance, code, storage, .. } = account;
    // EIP-161: the nonce of a contract starts at 1.
    let nonce = nonce.unwrap_or(u64::from(!code.is_empty()));
    let mut members = Map::new();
    members.insert("balance".to_owned(), json!(balance.to_string()));
    members.insert("nonce".to_owned(), json!(nonce.to_string()));
    members.insert("code".to_owned(), json!(format!("0x{}", hex::encode(code))));
    let slot = |(slot, value): (B256, U256)| (slot.to_string(), json!(B256::from(value)));
    let storage: Map<_, _> = storage.into_iter().map(slot).collect();
    members.insert("storage".to_owned(), storage.into());
    Ok(members)
}

/// What a contract on the chain gets from a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Contract {
    /// Its code, in hex with `0x`.
    pub code: String,
    /// Its nonce, if the file has one.
    pub nonce: Option<u64>,
    /// The slots of the file.
    pub storage: Vec<(B256, U256)>,
}

/// The contract in the text of a file, as [`account`] reads it.
///
/// # Errors
/// The problem of the text: it has no code, or a balance, which depends on the one on the chain.
pub fn contract(text: &str) -> Result<Contract, String> {
    let (account, nonce) = read(text)?;
    if account.code.is_empty() {
        return Err("has no code".to_owned());
    }
    if !account.balance.is_zero() {
        return Err("has a balance: remove it, and add ETH with --fund".to_owned());
    }
    let code = format!("0x{}", hex::encode(account.code));
    Ok(Contract { code, nonce, storage: account.storage })
}

/// The account in a text, and its nonce if the text has one.
fn read(text: &str) -> Result<(Account, Option<u64>), String> {
    let text = text.trim();
    let mut entry = text.to_owned();
    if text.starts_with('{') {
        let members: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| format!("is not valid JSON: {error}"))?;
        if members.contains_key(DEPLOYED) {
            entry = with_balance(&format!("{{\"code\": \"{}\"}}", deployed(&members)?));
        } else if let Some(key) = members.keys().find(|key| !MEMBERS.contains(&key.as_str())) {
            return Err(format!("has {key:?}, expected {} or {DEPLOYED}", MEMBERS.join(", ")));
        } else if members.is_empty() {
            return Err("has no member".to_owned());
        } else if !members.contains_key("balance") {
            entry = with_balance(text);
        }
    } else {
        entry = with_balance(&format!("{{\"code\": \"{}\"}}", digits(text)?));
    }
    let has_nonce = entry.contains("\"nonce\"");
    let anywhere = Address::ZERO.to_string();
    let account = Account::parse(anywhere.as_bytes(), entry.as_bytes());
    let account = account.map_err(|error| format!("has an invalid account: {error}"))?;
    let nonce = has_nonce.then_some(account.nonce);
    Ok((account, nonce))
}

/// A non-empty object with `balance` 0 before its other members.
fn with_balance(object: &str) -> String {
    format!("{{\"balance\": \"0\", {}", &object[1..])
}

/// The deployed code in an artifact: `{"object": "0x…"}` of Foundry, or the text of Hardhat.
fn deployed(artifact: &Map<String, Value>) -> Result<String, String> {
    let found = artifact.get(DEPLOYED).map(|code| code.get("object").unwrap_or(code));
    let code = found.and_then(Value::as_str).ok_or_else(|| format!("has no text in {DEPLOYED}"))?;
    if code.contains('_') {
        return Err(format!("has {DEPLOYED} with libraries that are not linked"));
    }
    let code = digits(code)?;
    if code == "0x" {
        return Err(format!("has an empty {DEPLOYED}: an interface has no code"));
    }
    if has_unset_immutables(artifact, &code) {
        return Err(format!(
            "has {DEPLOYED} with immutable values that only its constructor sets: deploy it to anvil, and \
             take the code there with cast code ADDR"
        ));
    }
    Ok(code)
}

/// Whether the code, in hex with `0x`, has only zeros where the constructor writes immutable values. Foundry
/// lists the places with the code, Hardhat beside it.
fn has_unset_immutables(artifact: &Map<String, Value>, code: &str) -> bool {
    const REFERENCES: &str = "immutableReferences";
    let beside_code = artifact.get(DEPLOYED).and_then(|code| code.get(REFERENCES));
    let references = beside_code.or(artifact.get(REFERENCES)).and_then(Value::as_object);
    let places = references.into_iter().flat_map(Map::values).filter_map(Value::as_array).flatten();
    let is_zero = |place: &Value| {
        let number = |key| usize::try_from(place.get(key)?.as_u64()?).ok();
        let digits = || {
            let (start, length) = (number("start")?, number("length")?);
            let digit = |byte: usize| byte.checked_mul(2)?.checked_add(2);
            code.get(digit(start)?..digit(start.checked_add(length)?)?)
        };
        digits().is_none_or(|digits| digits.bytes().all(|digit| digit == b'0'))
    };
    let mut places = places.peekable();
    places.peek().is_some() && places.all(is_zero)
}

fn digits(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X")).unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("is neither code in hex nor JSON".to_owned());
    }
    if !digits.len().is_multiple_of(2) {
        return Err(format!("has {} hex digits, expected an even number", digits.len()));
    }
    Ok(format!("0x{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_accounts_and_artifacts_are_read() {
        let of = |text: &str| account(text).map(|account| Value::from(account).to_string());
        let plain = r#"{"balance":"0","code":"0x6001","nonce":"1","storage":{}}"#;
        for text in [
            "0x6001\n",
            "6001",
            r#"{"code": "0x6001"}"#,
            r#"{"abi": [], "deployedBytecode": {"object": "0x6001", "linkReferences": {}}}"#,
            r#"{"_format": "hh-sol-artifact-1", "deployedBytecode": "0x6001"}"#,
        ] {
            assert_eq!(of(text).unwrap(), plain, "{text}");
        }
        let whole = r#"{"balance": 7, "nonce": "0x2", "storage": {"0x0": "0xf"}}"#;
        let (slot, value) = (B256::ZERO, B256::with_last_byte(15));
        let expected = format!(
            r#"{{"balance":"7","code":"0x","nonce":"2","storage":{{"{slot}":"{value}"}}}}"#
        );
        assert_eq!(of(whole).unwrap(), expected);
        for (text, what) in [
            ("0x123", "even number"),
            ("solidity", "neither code in hex nor JSON"),
            ("{", "not valid JSON"),
            (r#"{"bytecode": "0x"}"#, "has \"bytecode\""),
            (r#"{"deployedBytecode": "0x60__$aa$__"}"#, "not linked"),
            (r#"{"deployedBytecode": {"object": "0x"}}"#, "interface"),
            (r#"{"storage": {"0xg": "1"}}"#, "storage.0xg is 0xg"),
            ("{}", "no member"),
        ] {
            let error = of(text).unwrap_err();
            assert!(error.contains(what), "{text}: {error}");
        }
    }

    #[test]
    fn a_contract_has_what_its_file_has() {
        let file = r#"{"code": "0x6001", "nonce": "7", "storage": {"0x1": "0x2"}}"#;
        let found = contract(file).unwrap();
        let storage = vec![(B256::with_last_byte(1), U256::from(2))];
        assert_eq!(found, Contract { code: "0x6001".to_owned(), nonce: Some(7), storage });
        assert_eq!(contract("0x6001").unwrap().nonce, None);
        let balance = r#"{"code": "0x6001", "balance": "1"}"#;
        for (text, what) in [(r#"{"storage": {"0x1": "1"}}"#, "no code"), (balance, "--fund")] {
            let error = contract(text).unwrap_err();
            assert!(error.contains(what), "{text}: {error}");
        }
    }

    #[test]
    fn immutable_values_that_are_not_set_are_an_error() {
        let foundry = |code: &str, references: &str| {
            let code = format!(r#"{{"object": "{code}", "immutableReferences": {references}}}"#);
            contract(&format!(r#"{{"deployedBytecode": {code}}}"#))
        };
        let places = r#"{"4": [{"start": 1, "length": 2}], "9": [{"start": 4, "length": 1}]}"#;
        let error = foundry("0x610000f300", places).unwrap_err();
        assert!(error.contains("cast code"), "{error}");
        assert!(foundry("0x61", places).is_err(), "a place after the end of the code");
        let set = foundry("0x610001f300", places).unwrap();
        assert_eq!(set.code, "0x610001f300");
        foundry("0x610000f300", "{}").unwrap();
        let hardhat = r#"{"deployedBytecode": "0x6100", "immutableReferences":
            {"1": [{"start": 1, "length": 1}]}}"#;
        assert!(account(hardhat).is_err());
    }
}

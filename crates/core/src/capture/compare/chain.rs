//! The configs of two chains, key by key.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use serde_json::Value;

use crate::capture::members::Members;
use crate::cl::config::Config;
use crate::el::genesis::Member;

/// A key and its values in both chains; `None`: the chain does not have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// `config.osakaTime`, or the key of a consensus config.
    pub key: String,
    /// In the first chain.
    pub first: Option<String>,
    /// In the second.
    pub second: Option<String>,
}

/// The members of two genesis files besides their allocs that differ, those of `config` by key. A number
/// is the same in every spelling.
pub fn genesis(first: &[Member], second: &[Member]) -> Vec<Setting> {
    differing(&members(first), &members(second))
}

/// The keys of two consensus configs that differ.
pub fn consensus(first: &Config, second: &Config) -> Vec<Setting> {
    differing(&keys(first), &keys(second))
}

fn members(head: &[Member]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (key, value) in Members::of(head).0 {
        match Members::parse(value.as_bytes()) {
            Ok(inner) if key == "config" => {
                found.extend(
                    inner.0.into_iter().map(|(k, value)| (format!("config.{k}"), plain(&value))),
                );
            }
            // Bytes: leading zeros count.
            _ if key == "extraData" => {
                found.insert(key, value.trim_matches('"').to_lowercase());
            }
            _ => drop(found.insert(key, plain(&value))),
        }
    }
    found
}

/// A value without its quotes, numbers in decimal, and objects without blanks.
fn plain(value: &str) -> String {
    let parsed: Value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    let Value::String(text) = parsed else { return parsed.to_string() };
    match text.strip_prefix("0x").map(|digits| U256::from_str_radix(digits, 16)) {
        // Hashes and addresses are texts.
        Some(Ok(number)) if text.len() < 42 => number.to_string(),
        Some(_) => text.to_lowercase(),
        None => text,
    }
}

fn keys(config: &Config) -> BTreeMap<String, String> {
    let value = |key: &str| config.on_one_line(key).unwrap_or_default();
    config.keys().map(|(key, _)| (key.to_owned(), value(key))).collect()
}

fn differing(first: &BTreeMap<String, String>, second: &BTreeMap<String, String>) -> Vec<Setting> {
    let keys: std::collections::BTreeSet<_> = first.keys().chain(second.keys()).collect();
    let setting = |key: &String| {
        let (first, second) = (first.get(key).cloned(), second.get(key).cloned());
        (first != second).then(|| Setting { key: key.clone(), first, second })
    };
    keys.into_iter().filter_map(setting).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(members: &[(&str, &str)]) -> Vec<Member> {
        let member = |(key, value): &(&str, &str)| Member {
            key: key.as_bytes().to_vec(),
            value: value.as_bytes().to_vec(),
            offset: 0,
        };
        members.iter().map(member).collect()
    }

    #[test]
    fn keys_are_compared_by_value() {
        let first = head(&[
            ("config", r#"{"chainId": 1, "osakaTime": 0, "blobSchedule": {"a": 1}}"#),
            ("gasLimit", r#""0x10""#),
            ("nonce", "1"),
        ]);
        let second = head(&[
            ("config", r#"{"chainId":2,"blobSchedule":{"a":1}}"#),
            ("gasLimit", "16"),
            ("nonce", "2"),
        ]);
        let setting = |key: &str, first: Option<&str>, second: Option<&str>| Setting {
            key: key.to_owned(),
            first: first.map(str::to_owned),
            second: second.map(str::to_owned),
        };
        let expected = [
            setting("config.chainId", Some("1"), Some("2")),
            setting("config.osakaTime", Some("0"), None),
            setting("nonce", Some("1"), Some("2")),
        ];
        assert_eq!(genesis(&first, &second), expected);
        let one = Config::parse(b"A: 1\nB: x\n").unwrap();
        let other = Config::parse(b"A: '1'\nB: y\n").unwrap();
        assert_eq!(consensus(&one, &other), [setting("B", Some("x"), Some("y"))]);
    }
}

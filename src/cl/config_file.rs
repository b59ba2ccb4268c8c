//! Writes `config.yaml`: the captured text, what a stamp changes in it, and every key of the
//! current specification that it lacks.
//!
//! Clients differ in what they demand: Lighthouse has keys without a default, Prysm reads lines
//! rather than YAML (one key a line, no comment behind a value) and refuses a fork without a
//! version of its own. So the file is complete, and plain.

use std::collections::BTreeMap;

use super::config::{BlobParameters, Config, FAR_FUTURE_EPOCH};
use super::error::Error;
use super::fork::FORKS;
use super::preset;

/// All keys of consensus-specs `configs/` (a08d8a6) and of gnosischain/configs; see
/// `config_keys/SOURCES.md`.
const MAINNET: &str = include_str!("config_keys/mainnet.yaml");
const MINIMAL: &str = include_str!("config_keys/minimal.yaml");
const GNOSIS: &str = include_str!("config_keys/gnosis.yaml");

/// Values by key, as they stand in the file.
pub type Values = BTreeMap<String, String>;

/// All keys of the configuration that `config` builds on, with their values there.
fn defaults(config: &Config) -> Result<impl Iterator<Item = (&'static str, &'static str)>, Error> {
    let text = match preset::base(config)? {
        "mainnet" => MAINNET,
        "gnosis" => GNOSIS,
        _ => MINIMAL,
    };
    Ok(text.lines().filter_map(|line| line.split_once(": ")))
}

/// Checks what nobody asks for by name: known keys have values of the specification's form, and
/// no two scheduled forks have the same version, by which their signatures are told apart.
///
/// # Errors
/// The first key whose value is another.
pub fn check(config: &Config) -> Result<(), Error> {
    for (key, default) in defaults(config)? {
        if let Some(digits) = default.strip_prefix("0x") {
            config.check_hex(key, digits.len())?;
        } else if key == "TERMINAL_TOTAL_DIFFICULTY" {
            config.optional_u256(key)?;
        } else if default.bytes().all(|byte| byte.is_ascii_digit()) {
            config.optional_u64(key)?;
        }
    }
    config.text("CONFIG_NAME")?;
    let mut taken = BTreeMap::new();
    for fork in &FORKS {
        let scheduled = config.epoch(fork)? != FAR_FUTURE_EPOCH;
        let Some(version) = config.version(fork)?.filter(|_| scheduled) else { continue };
        if let Some(earlier) = taken.insert(version, fork) {
            let expected = format!("another version than {}", earlier.version_key());
            return Err(config.invalid(&fork.version_key(), expected));
        }
    }
    Ok(())
}

/// The text of a complete config: `text` (which `config` was read from) with `values` set.
///
/// Keys that nobody here knows stay as they are. Keys that are missing take the value of the
/// preset's own configuration, except that absent forks are never and have a version of their own.
///
/// # Errors
/// The file is not one `KEY: value` a line; a known version is not 4 bytes.
pub fn complete(text: &[u8], config: &Config, values: &Values) -> Result<String, Error> {
    let mut out = edit(&String::from_utf8_lossy(text), config, values)?;
    let mut missing: Values = own_defaults(config)?;
    missing.extend(values.clone());
    let mut added = String::new();
    for (key, default) in defaults(config)? {
        if !config.has(key) {
            let value = missing.get(key).map_or(default, String::as_str);
            added.push_str(&member(key, value));
        }
    }
    if !added.is_empty() {
        out.push_str("\n# Keys of the current specification that were missing\n");
        out.push_str(&added);
    }
    Ok(out)
}

/// The value of `key` in the configuration that `config` builds on.
///
/// # Errors
/// `PRESET_BASE` is none of the three.
pub fn usual(config: &Config, key: &str) -> Result<Option<&'static str>, Error> {
    Ok(defaults(config)?.find(|(known, _)| *known == key).map(|(_, value)| value))
}

/// The keys of the current specification's configs.
pub fn keys() -> impl Iterator<Item = &'static str> {
    MAINNET.lines().filter_map(|line| line.split_once(": ")).map(|(key, _)| key)
}

/// Whether the current specification's configs have `key`.
pub fn is_known(key: &str) -> bool {
    keys().any(|known| known == key)
}

/// `BLOB_SCHEDULE` as a value for [`complete`].
pub fn blob_schedule(entries: &[BlobParameters]) -> String {
    if entries.is_empty() {
        return "[]".to_owned();
    }
    let entry = |e: &BlobParameters| {
        format!("\n  - EPOCH: {}\n    MAX_BLOBS_PER_BLOCK: {}", e.epoch, e.max_blobs_per_block)
    };
    entries.iter().map(entry).collect()
}

fn member(key: &str, value: &str) -> String {
    let blank = if value.starts_with('\n') { "" } else { " " };
    format!("{key}:{blank}{value}\n")
}

/// The lines of `text` with `values` set, and without what Prysm stumbles over.
fn edit(text: &str, config: &Config, values: &Values) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    let mut members = config.keys().peekable();
    let mut dropping = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if let Some((key, _)) = members.next_if(|(_, number)| *number == index + 1) {
            if !line.starts_with(key) || members.peek().is_some_and(|(_, next)| *next == index + 1)
            {
                let expected = "one `KEY: value` a line, as every client reads it";
                return Err(config.invalid(key, expected));
            }
            dropping = values.contains_key(key);
            match values.get(key) {
                Some(value) => out.push_str(&member(key, value)),
                None => {
                    out.push_str(without_comment(line));
                    out.push('\n');
                }
            }
        } else if line.is_empty() || line.starts_with('#') {
            out.push_str(line);
            out.push('\n');
        } else if !dropping && line != "---" && line != "..." {
            out.push_str(without_comment(line));
            out.push('\n');
        }
    }
    Ok(out)
}

/// `line` without a comment behind its value.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut previous = ' ';
    for (at, c) in line.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c == '#' && previous.is_whitespace() => return line[..at].trim_end(),
            _ => {}
        }
        previous = c;
    }
    line
}

/// Values for keys whose default in the specification belongs to another network.
fn own_defaults(config: &Config) -> Result<Values, Error> {
    let mut values = Values::new();
    let mut set = |key: &str, value: String| drop(values.insert(key.to_owned(), value));
    set("CONFIG_NAME", "'devnet'".to_owned());
    set("TERMINAL_TOTAL_DIFFICULTY", "0".to_owned());
    let mut taken = Vec::new();
    for fork in &FORKS {
        taken.extend(config.version(fork)?);
    }
    let heze = ("HEZE_FORK_VERSION".to_owned(), Some("HEZE_FORK_EPOCH".to_owned()));
    let keys = FORKS.iter().map(|fork| (fork.version_key(), fork.epoch_key())).chain([heze]);
    for (number, (version_key, epoch_key)) in (1_u8..).zip(keys) {
        if let Some(key) = epoch_key {
            set(&key, FAR_FUTURE_EPOCH.to_string());
        }
        // Devnets count in the first byte, 0x10 a fork; the specification's own 0x0N would
        // clash with Prysm's built-in networks.
        let suffix = config.version(&FORKS[0])?.map_or([0, 0, 0x38], |v| [v[1], v[2], v[3]]);
        let mut version = [number << 4, suffix[0], suffix[1], suffix[2]];
        while taken.contains(&version) {
            version[1] = version[1].wrapping_add(1);
        }
        if !config.has(&version_key) {
            taken.push(version);
        }
        set(&version_key, format!("0x{}", hex::encode(version)));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(text: &str, values: &[(&str, &str)]) -> String {
        let config = Config::parse(text.as_bytes()).unwrap();
        let values = values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        complete(text.as_bytes(), &config, &values).unwrap()
    }

    #[test]
    fn text_survives_and_values_are_set() {
        let text = "# A devnet\nPRESET_BASE: 'minimal' # small\r\nUNKNOWN: \"a # b\"   # c\nBLOB_SCHEDULE:\n- EPOCH: 3\n  MAX_BLOBS_PER_BLOCK: 9\nLIST:\n  - 1\nMIN_GENESIS_TIME: 5\n";
        let entries = [BlobParameters { epoch: 4, max_blobs_per_block: 12 }];
        let schedule = blob_schedule(&entries);
        let out = completed(text, &[("MIN_GENESIS_TIME", "77"), ("BLOB_SCHEDULE", &schedule)]);
        let expected = "# A devnet\nPRESET_BASE: 'minimal'\nUNKNOWN: \"a # b\"\nBLOB_SCHEDULE:\n  - EPOCH: 4\n    MAX_BLOBS_PER_BLOCK: 12\nLIST:\n  - 1\nMIN_GENESIS_TIME: 77\n";
        assert!(out.starts_with(expected), "{out}");
        let again = Config::parse(out.as_bytes()).unwrap();
        assert_eq!(again.blob_schedule().unwrap(), entries);
        assert_eq!(again.u64("CHURN_LIMIT_QUOTIENT").unwrap(), 32);
        assert_eq!(again.u64("GLOAS_FORK_EPOCH").unwrap(), FAR_FUTURE_EPOCH);
    }

    #[test]
    fn every_fork_has_a_version_of_its_own() {
        for genesis in ["0x10000038", "0x00000001", "0x90000000"] {
            let text = format!(
                "PRESET_BASE: minimal\nGENESIS_FORK_VERSION: {genesis}\nALTAIR_FORK_VERSION: 0x30{}\n",
                &genesis[4..]
            );
            let out = completed(&text, &[]);
            let config = Config::parse(out.as_bytes()).unwrap();
            let mut versions: Vec<_> =
                FORKS.iter().map(|fork| config.version(fork).unwrap().unwrap()).collect();
            versions.sort_unstable();
            versions.dedup();
            assert_eq!(versions.len(), FORKS.len(), "{out}");
        }
    }

    #[test]
    fn a_complete_config_is_passed_through() {
        let text = MAINNET;
        assert_eq!(completed(text, &[]), text);
        assert_eq!(
            completed(&completed("PRESET_BASE: gnosis\n", &[]), &[]),
            completed("PRESET_BASE: gnosis\n", &[])
        );
    }

    #[test]
    fn only_one_key_a_line() {
        let text = b"{PRESET_BASE: minimal, A: 1}\n";
        let config = Config::parse(text).unwrap();
        assert!(complete(text, &config, &Values::new()).is_err());
    }
}

//! Writes `config.yaml`: the captured text with the values of a stamp, and every key of the current
//! specification that it lacks.
//!
//! Clients have different requirements. Lighthouse has keys without a default. Prysm reads lines
//! rather than YAML (one key per line, no comment after a value) and rejects forks that share a
//! version. The file is therefore complete and plain.

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

/// Keys of the specification that no released client reads, and that Prysm reports as errors: they belong
/// to a fork and to a fork choice rule that are still being specified. A file that has them keeps them.
const UNREAD: [&str; 7] = [
    "HEZE_FORK_VERSION",
    "HEZE_FORK_EPOCH",
    "INCLUSION_LIST_DUE_BPS",
    "MAX_REQUEST_INCLUSION_LIST",
    "MIN_SLOTS_FOR_INCLUSION_LISTS_REQUESTS",
    "MAX_TRANSACTIONS_BYTES_PER_INCLUSION_LIST",
    "CONFIRMATION_BYZANTINE_THRESHOLD",
];

/// Values by key, as written in the file.
pub type Values = BTreeMap<String, String>;

/// The keys and values of the specification's config for the preset of `config`.
fn defaults(config: &Config) -> Result<impl Iterator<Item = (&'static str, &'static str)>, Error> {
    let text = match preset::base(config)? {
        "mainnet" => MAINNET,
        "gnosis" => GNOSIS,
        _ => MINIMAL,
    };
    Ok(text.lines().filter_map(|line| line.split_once(": ")))
}

/// Checks the values that are not read anywhere else: known keys have the form that they have in
/// the specification, and scheduled forks have different versions, on which signatures depend.
///
/// # Errors
/// The first key with an invalid value.
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
    for fork in FORKS {
        let scheduled = config.epoch(fork)? != FAR_FUTURE_EPOCH;
        let Some(version) = config.version(fork)?.filter(|_| scheduled) else { continue };
        if let Some(earlier) = taken.insert(version, fork) {
            let expected = format!("a version that differs from {}", earlier.version_key());
            return Err(config.invalid(&fork.version_key(), expected));
        }
    }
    Ok(())
}

/// The text of a complete config: `text`, which `config` was parsed from, with `values` set.
///
/// Unknown keys stay as they are. Missing keys that a released client reads are added with the values of
/// the specification's config; absent forks are never, and have a version of their own.
///
/// # Errors
/// The file does not have one `KEY: value` per line. A fork version is not 4 bytes.
pub fn complete(text: &[u8], config: &Config, values: &Values) -> Result<String, Error> {
    let mut out = edit(&String::from_utf8_lossy(text), config, values)?;
    let mut missing: Values = own_defaults(config)?;
    missing.extend(values.clone());
    let mut added = String::new();
    let mut set = |key: &str, default: &str| {
        let is_needed = values.contains_key(key) || !UNREAD.contains(&key);
        if is_needed && !config.has(key) {
            let value = missing.get(key).map_or(default, String::as_str);
            added.push_str(&member(key, value));
        }
    };
    defaults(config)?.for_each(|(key, default)| set(key, default));
    let unspecified = fork_keys().into_iter().flat_map(|(version, epoch)| [Some(version), epoch]);
    for key in unspecified.flatten().filter(|key| !is_specified(key)) {
        set(&key, "");
    }
    if !added.is_empty() {
        out.push_str("\n# Keys of the current specification that were missing\n");
        out.push_str(&added);
    }
    Ok(out)
}

/// The value of `key` in the specification's config for the preset of `config`.
///
/// # Errors
/// `PRESET_BASE` is not one of the three.
pub fn default(config: &Config, key: &str) -> Result<Option<&'static str>, Error> {
    Ok(defaults(config)?.find(|(known, _)| *known == key).map(|(_, value)| value))
}

/// The keys that [`complete`] does not add, and their values in the specification's config.
pub fn unread(minimal: bool) -> impl Iterator<Item = (&'static str, &'static str)> {
    let text = if minimal { MINIMAL } else { MAINNET };
    let members = text.lines().filter_map(|line| line.split_once(": "));
    members.filter(|(key, _)| UNREAD.contains(key))
}

/// The keys of the current specification's configs.
fn specified_keys() -> impl Iterator<Item = &'static str> {
    MAINNET.lines().filter_map(|line| line.split_once(": ")).map(|(key, _)| key)
}

fn is_specified(key: &str) -> bool {
    specified_keys().any(|known| known == key)
}

/// The keys of a config: those of the current specification, and those of forks that it lacks.
pub fn keys() -> Vec<String> {
    let forks = fork_keys().into_iter().flat_map(|(version, epoch)| [Some(version), epoch]);
    let forks = forks.flatten().filter(|key| !is_specified(key));
    specified_keys().map(str::to_owned).chain(forks).collect()
}

/// Whether `key` is one of [`keys`].
pub fn is_known(key: &str) -> bool {
    is_specified(key) || keys().iter().any(|known| known == key)
}

/// The version key and the epoch key of every fork, oldest first: those of [`FORKS`], then those in
/// the specification's configs that are not supported yet.
pub fn fork_keys() -> Vec<(String, Option<String>)> {
    let supported = FORKS.iter().map(|fork| (fork.version_key(), fork.epoch_key()));
    let mut forks: Vec<(String, Option<String>)> = supported.collect();
    for key in specified_keys() {
        if let Some(name) = key.strip_suffix("_FORK_EPOCH")
            && !forks.iter().any(|(_, epoch_key)| epoch_key.as_deref() == Some(key))
        {
            forks.push((format!("{name}_FORK_VERSION"), Some(key.to_owned())));
        }
    }
    forks
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

/// The lines of `text` with `values` set, in the form that Prysm parses.
fn edit(text: &str, config: &Config, values: &Values) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    let mut members = config.keys().peekable();
    let mut dropping = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if let Some((key, _)) = members.next_if(|(_, number)| *number == index + 1) {
            if !line.starts_with(key) || members.peek().is_some_and(|(_, next)| *next == index + 1)
            {
                let expected = "one `KEY: value` per line, as every client reads it";
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

/// `line` without a comment after its value.
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

/// Defaults that differ from the specification's, which are those of another network.
fn own_defaults(config: &Config) -> Result<Values, Error> {
    let mut values = Values::new();
    let mut set = |key: &str, value: String| drop(values.insert(key.to_owned(), value));
    set("CONFIG_NAME", "'devnet'".to_owned());
    set("TERMINAL_TOTAL_DIFFICULTY", "0".to_owned());
    let mut taken = Vec::new();
    for fork in FORKS {
        taken.extend(config.version(fork)?);
    }
    for (number, (version_key, epoch_key)) in (1_u8..).zip(fork_keys()) {
        if let Some(key) = epoch_key {
            set(&key, FAR_FUTURE_EPOCH.to_string());
        }
        // Devnets count forks in the first byte, in steps of 0x10. The specification's 0x0N would
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
    fn text_is_kept_and_values_are_set() {
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
        let never = FAR_FUTURE_EPOCH;
        let text =
            format!("{MAINNET}MADE_UP_FORK_VERSION: 0x90000000\nMADE_UP_FORK_EPOCH: {never}\n");
        assert_eq!(completed(&text, &[]), text);
        assert_eq!(
            completed(&completed("PRESET_BASE: gnosis\n", &[]), &[]),
            completed("PRESET_BASE: gnosis\n", &[])
        );
    }

    #[test]
    fn keys_that_no_client_reads_are_kept_but_not_added() {
        let out = completed("PRESET_BASE: minimal\n", &[]);
        assert!(UNREAD.iter().all(|key| !out.contains(key)), "{out}");
        let out = completed("PRESET_BASE: minimal\nHEZE_FORK_EPOCH: 7\n", &[]);
        assert!(out.contains("HEZE_FORK_EPOCH: 7\n"), "{out}");
    }

    #[test]
    fn only_one_key_per_line() {
        let text = b"{PRESET_BASE: minimal, A: 1}\n";
        let config = Config::parse(text).unwrap();
        assert!(complete(text, &config, &Values::new()).is_err());
    }
}

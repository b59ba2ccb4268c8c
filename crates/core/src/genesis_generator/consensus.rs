//! `config.yaml` and `mnemonics.yaml`. `init` completes the config with the keys that no variable
//! sets.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use super::blobs::Bpo;
use super::table::{Meaning, NEVER, VARIABLES};
use super::{Error, Settings};
use crate::cl::config::BlobParameters;
use crate::cl::config_file;
use crate::snapshot::mnemonics::{self, Entry};
use crate::yaml::{self, Value};

/// Whether the network has the minimal preset rather than mainnet's.
pub fn is_minimal(settings: &Settings) -> Result<bool, Error> {
    match settings.text("PRESET_BASE") {
        "minimal" => Ok(true),
        "mainnet" => Ok(false),
        _ => Err(settings.expected("PRESET_BASE", "mainnet or minimal")),
    }
}

/// The duration of a slot: `SLOT_DURATION_MS`, or `SLOT_DURATION_IN_SECONDS` in files for releases
/// before 6.1.5.
pub fn slot_duration_ms(settings: &Settings) -> Result<u64, Error> {
    let (ms, seconds) = ("SLOT_DURATION_MS", "SLOT_DURATION_IN_SECONDS");
    let number = |name| settings.is_set(name).then(|| settings.number(name)).transpose();
    match (number(ms)?, number(seconds)?) {
        (Some(ms), _) => Ok(ms),
        (None, Some(s)) => {
            s.checked_mul(1000).ok_or_else(|| settings.expected(seconds, "a number of seconds"))
        }
        (None, None) => Ok(if is_minimal(settings)? { 6000 } else { 12_000 }),
    }
}

/// Generates `config.yaml`.
pub fn config(
    settings: &Settings,
    bpos: &[Bpo],
    warnings: &mut Vec<String>,
) -> Result<String, Error> {
    let minimal = is_minimal(settings)?;
    warn_of_seconds(settings, warnings)?;
    let gas_limits = gas_limits(settings)?;
    let mut out = String::new();
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(out, "{key}: {value}");
    };
    line("PRESET_BASE", if minimal { "'minimal'" } else { "'mainnet'" });
    // Prysm has a built-in network called mainnet.
    line("CONFIG_NAME", "'testnet'");
    for (key, name) in [
        ("MIN_GENESIS_ACTIVE_VALIDATOR_COUNT", "NUMBER_OF_VALIDATORS"),
        ("MIN_GENESIS_TIME", "GENESIS_TIMESTAMP"),
        ("GENESIS_DELAY", "GENESIS_DELAY"),
        ("DEPOSIT_CHAIN_ID", "CHAIN_ID"),
        ("DEPOSIT_NETWORK_ID", "CHAIN_ID"),
        ("BLOB_SIDECAR_SUBNET_COUNT_ELECTRA", "MAX_BLOBS_PER_BLOCK_ELECTRA"),
        ("MAX_BLOBS_PER_BLOCK_ELECTRA", "MAX_BLOBS_PER_BLOCK_ELECTRA"),
    ] {
        line(key, &settings.number(name)?.to_string());
    }
    line("TERMINAL_TOTAL_DIFFICULTY", settings.text("TERMINAL_TOTAL_DIFFICULTY"));
    line("SLOT_DURATION_MS", &slot_duration_ms(settings)?.to_string());
    line("DEPOSIT_CONTRACT_ADDRESS", &settings.address("DEPOSIT_CONTRACT_ADDRESS")?.to_string());
    let mut earlier: Option<(&str, Option<u64>)> = None;
    for variable in VARIABLES {
        let (name, text) = (variable.name, settings.text(variable.name));
        let version = name.ends_with("_FORK_VERSION");
        match variable.meaning {
            Meaning::Config if version => {
                let digits = text.strip_prefix("0x").unwrap_or_default();
                if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err(settings.expected(name, "0x and 8 hex digits"));
                }
                line(name, text);
            }
            Meaning::Fork => {
                let epoch = settings.epoch(name)?;
                if epoch.is_none() && text != NEVER {
                    warnings.push(format!(
                        "{name} is not set: never, because an earlier fork is not at 0"
                    ));
                }
                if let (Some(epoch), Some((earlier, at))) = (epoch, earlier)
                    && at.is_none_or(|at| at > epoch)
                {
                    let at = at.map_or_else(|| "never".to_owned(), |at| at.to_string());
                    let hint = format!(
                        "forks activate in order: set it to {earlier} or later, or to {NEVER} (never)"
                    );
                    let what = format!("is {epoch}, which is before {earlier}: {at}");
                    return Err(settings.error(name, what, hint));
                }
                earlier = Some((name, epoch));
                line(name, &epoch.map_or_else(|| NEVER.to_owned(), |epoch| epoch.to_string()));
            }
            Meaning::Config if !text.is_empty() => {
                line(name, &settings.number(name)?.to_string());
            }
            _ => {}
        }
    }
    let mut entries: Vec<BlobParameters> = Vec::new();
    for bpo in bpos {
        // Of two bpo forks at the same epoch, the later one is in effect.
        entries.retain(|entry| entry.epoch != bpo.epoch);
        let (epoch, max_blobs_per_block) = (bpo.epoch, bpo.params.max);
        entries.push(BlobParameters { epoch, max_blobs_per_block });
    }
    line("BLOB_SCHEDULE", &config_file::blob_schedule(&entries));
    if let Some(limits) = gas_limits {
        line("GAS_LIMIT_SCHEDULE", &limits);
    }
    // The generator's config has them all.
    for (key, value) in config_file::unread(minimal) {
        if !out.contains(&format!("\n{key}: ")) {
            let _ = writeln!(out, "{key}: {value}");
        }
    }
    Ok(out)
}

fn warn_of_seconds(settings: &Settings, warnings: &mut Vec<String>) -> Result<(), Error> {
    let (ms, seconds) = ("SLOT_DURATION_MS", "SLOT_DURATION_IN_SECONDS");
    if settings.is_set(ms) && settings.is_set(seconds) {
        let (ms, seconds) = (settings.number(ms)?, settings.number(seconds)?);
        if seconds.checked_mul(1000) != Some(ms) {
            warnings.push(format!(
                "SLOT_DURATION_IN_SECONDS is {seconds}, but has no effect: SLOT_DURATION_MS is {ms}"
            ));
        }
    }
    Ok(())
}

/// `GAS_LIMIT_SCHEDULE` (EIP-8261), by epoch; `None` if it is not set.
fn gas_limits(settings: &Settings) -> Result<Option<String>, Error> {
    const NAME: &str = "GAS_LIMIT_SCHEDULE";
    if !settings.is_set(NAME) {
        return Ok(None);
    }
    let expected = "a list of {\"epoch\": 256, \"gas_limit\": 100000000}";
    let list: Option<Vec<serde_json::Value>> = serde_json::from_str(settings.text(NAME)).ok();
    let number = |entry: &serde_json::Value, key: &str| entry.get(key)?.as_u64();
    let pair =
        |entry: &serde_json::Value| Some((number(entry, "epoch")?, number(entry, "gas_limit")?));
    let pairs: Option<Vec<_>> = list.and_then(|list| list.iter().map(pair).collect());
    let mut pairs = pairs.ok_or_else(|| settings.expected(NAME, expected))?;
    pairs.sort_by_key(|(epoch, _)| *epoch);
    if pairs.is_empty() {
        return Ok(Some("[]".to_owned()));
    }
    let entry = |(epoch, limit)| format!("\n  - EPOCH: {epoch}\n    GAS_LIMIT: {limit}");
    Ok(Some(pairs.into_iter().map(entry).collect()))
}

/// Generates `mnemonics.yaml`.
pub fn mnemonics(
    settings: &Settings,
    warnings: &mut Vec<String>,
) -> Result<Zeroizing<String>, Error> {
    const ADDRESS: &str = "WITHDRAWAL_ADDRESS";
    const TYPE: &str = "WITHDRAWAL_TYPE";
    const COUNT: &str = "NUMBER_OF_VALIDATORS";
    const MORE: &str = "ADDITIONAL_VALIDATOR_MNEMONICS";
    settings.mnemonic()?;
    let kind = settings.text(TYPE);
    let address = match kind {
        "0x00" => {
            if settings.is_set(ADDRESS) {
                warnings.push(format!("{ADDRESS} has no effect: {TYPE} is 0x00, a BLS key"));
            }
            "null".to_owned()
        }
        "0x01" | "0x02" => format!("\"{}\"", settings.address(ADDRESS)?),
        "0xB0" | "0xb0" | "0x03" => {
            let hint = "set 0x00, 0x01 or 0x02: a genesis state has no builders";
            return Err(settings.error(TYPE, format!("is {kind}, a builder"), hint));
        }
        _ => return Err(settings.expected(TYPE, "0x00, 0x01 or 0x02")),
    };
    let count = settings.number(COUNT)?;
    if count > mnemonics::MAX_COUNT {
        return Err(settings.expected(COUNT, &format!("a number up to {}", mnemonics::MAX_COUNT)));
    }
    let balance = settings.number("VALIDATOR_BALANCE")?;
    let phrase = quoted(settings.text("EL_AND_CL_MNEMONIC"));
    let mut out = Zeroizing::new(format!(
        "- mnemonic: {}\n  name: \"main-mnemonic\"\n  start: 0\n  count: {count}\n  \
         wd_address: {address}\n  wd_prefix: \"{kind}\"\n  balance: {balance}\n  status: 0\n",
        *phrase
    ));
    let hint = "write it as [{\"mnemonic\": \"…\", \"count\": 64}]";
    let list = yaml::parse(settings.text(MORE).as_bytes())
        .map_err(|error| settings.error(MORE, error.to_string(), hint))?;
    let Value::Sequence(entries) = list.value else {
        return Err(settings.error(MORE, "is not a list", hint));
    };
    for entry in entries {
        let Value::Mapping(members) = entry.value else {
            return Err(settings.error(MORE, "has an entry that is not a mapping", hint));
        };
        let mut dash = '-';
        for (key, _, node) in members {
            let Value::Scalar(text) = node.value else {
                let problem = format!("has a list for {}", yaml::shown(&key));
                return Err(settings.error(MORE, problem, hint));
            };
            let bare = matches!(text.as_str(), "~" | "null");
            let text = Zeroizing::new(text);
            let text = if bare { text } else { quoted(&text) };
            let _ = writeln!(out, "{dash} {}: {}", *quoted(&key), *text);
            dash = ' ';
        }
    }
    // All entries but the first come from the list. Report an error under the variable's name,
    // because the generated file does not exist for the user.
    let entries = mnemonics::parse(out.as_bytes());
    let entries = entries.map_err(|error| settings.error(MORE, error.what, error.hint))?;
    if !settings.is_set("CL_ADDITIONAL_VALIDATORS") {
        check_active(settings, &entries)?;
    }
    Ok(out)
}

/// Checks that a validator is active at genesis. Those in `CL_ADDITIONAL_VALIDATORS` are checked
/// when the file is read.
fn check_active(settings: &Settings, entries: &[Entry]) -> Result<(), Error> {
    const COUNT: &str = "NUMBER_OF_VALIDATORS";
    const BALANCE: &str = "VALIDATOR_BALANCE";
    const MIN_BALANCE: u64 = 32_000_000_000;
    let all: u64 = entries.iter().map(|entry| u64::from(entry.count)).sum();
    if all == 0 {
        let hint = "set it above 0, or set CL_ADDITIONAL_VALIDATORS";
        return Err(settings.error(COUNT, "is 0, and there is no other validator", hint));
    }
    let active =
        entries.iter().filter(|entry| entry.balance.is_none_or(|gwei| gwei >= MIN_BALANCE));
    let active: u64 = active.map(|entry| u64::from(entry.count)).sum();
    if active == 0 {
        let problem = format!("is {}: no validator is active at genesis", settings.text(BALANCE));
        return Err(settings.error(
            BALANCE,
            problem,
            format!("set it to {MIN_BALANCE} (gwei) or more"),
        ));
    }
    let slots = if is_minimal(settings)? { 8 } else { 32 };
    if active < slots && settings.epoch("GLOAS_FORK_EPOCH")? == Some(0) {
        let problem = format!("is {}, too few for gloas", settings.text(COUNT));
        let hint =
            format!("set it to {slots} or more: gloas needs a validator for each slot of an epoch");
        return Err(settings.error(COUNT, problem, hint));
    }
    Ok(())
}

/// A text in double quotes. A JSON string is a YAML string.
fn quoted(text: &str) -> Zeroizing<String> {
    Zeroizing::new(serde_json::Value::from(text).to_string())
}

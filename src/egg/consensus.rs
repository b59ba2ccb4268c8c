//! `config.yaml` and `mnemonics.yaml`. Keys of the config that no variable sets are those of the
//! preset: `init` completes them.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use super::blobs::Bpo;
use super::table::{Meaning, VARIABLES};
use super::{Error, Settings};
use crate::cl::config::BlobParameters;
use crate::cl::config_file;
use crate::yaml::{self, Value};

/// Whether the network has the minimal preset; the other one is mainnet's.
pub fn is_minimal(settings: &Settings) -> Result<bool, Error> {
    match settings.text("PRESET_BASE") {
        "minimal" => Ok(true),
        "mainnet" => Ok(false),
        _ => Err(settings.expected("PRESET_BASE", "mainnet or minimal")),
    }
}

/// The duration of a slot: `SLOT_DURATION_MS`, in older files `SLOT_DURATION_IN_SECONDS`.
pub fn slot_duration_ms(settings: &Settings) -> Result<u64, Error> {
    let (ms, seconds) = ("SLOT_DURATION_MS", "SLOT_DURATION_IN_SECONDS");
    let number = |name| settings.is_set(name).then(|| settings.number(name)).transpose();
    match (number(ms)?, number(seconds)?) {
        (Some(ms), Some(seconds)) if seconds.checked_mul(1000) != Some(ms) => {
            let what = format!("is {seconds}, but SLOT_DURATION_MS is {ms}");
            Err(settings.fault("SLOT_DURATION_IN_SECONDS", what, "leave one of the two out"))
        }
        (Some(ms), _) => Ok(ms),
        (None, Some(s)) => {
            s.checked_mul(1000).ok_or_else(|| settings.expected(seconds, "a number of seconds"))
        }
        (None, None) => Ok(if is_minimal(settings)? { 6000 } else { 12_000 }),
    }
}

/// Makes `config.yaml`.
pub fn config(settings: &Settings, bpos: &[Bpo]) -> Result<String, Error> {
    let minimal = is_minimal(settings)?;
    let mut out = String::new();
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(out, "{key}: {value}");
    };
    line("PRESET_BASE", if minimal { "'minimal'" } else { "'mainnet'" });
    // Prysm knows a network called mainnet.
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
            Meaning::Config | Meaning::Fork if !text.is_empty() => {
                line(name, &settings.number(name)?.to_string());
            }
            _ => {}
        }
    }
    let mut entries: Vec<BlobParameters> = Vec::new();
    for bpo in bpos {
        // Of two at one epoch, the later one counts.
        entries.retain(|entry| entry.epoch != bpo.epoch);
        let (epoch, max_blobs_per_block) = (bpo.epoch, bpo.params.max);
        entries.push(BlobParameters { epoch, max_blobs_per_block });
    }
    line("BLOB_SCHEDULE", &config_file::blob_schedule(&entries));
    Ok(out)
}

/// Makes `mnemonics.yaml`.
pub fn mnemonics(
    settings: &Settings,
    warnings: &mut Vec<String>,
) -> Result<Zeroizing<String>, Error> {
    const ADDRESS: &str = "WITHDRAWAL_ADDRESS";
    const TYPE: &str = "WITHDRAWAL_TYPE";
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
            let hint = "0x00, 0x01 and 0x02 are validators; builders come with gloas";
            return Err(settings.fault(TYPE, format!("is {kind}, a builder"), hint));
        }
        _ => return Err(settings.expected(TYPE, "0x00, 0x01 or 0x02")),
    };
    let count = settings.number("NUMBER_OF_VALIDATORS")?;
    let balance = settings.number("VALIDATOR_BALANCE")?;
    let phrase = quoted(settings.text("EL_AND_CL_MNEMONIC"));
    let mut out = Zeroizing::new(format!(
        "- mnemonic: {}\n  name: \"main-mnemonic\"\n  start: 0\n  count: {count}\n  \
         wd_address: {address}\n  wd_prefix: \"{kind}\"\n  balance: {balance}\n  status: 0\n",
        *phrase
    ));
    let hint = "it is [{\"mnemonic\": \"…\", \"count\": 64}]";
    let list = yaml::parse(settings.text(MORE).as_bytes())
        .map_err(|error| settings.fault(MORE, error.to_string(), hint))?;
    let Value::Sequence(entries) = list.value else {
        return Err(settings.fault(MORE, "is no list", hint));
    };
    for entry in entries {
        let Value::Mapping(members) = entry.value else {
            return Err(settings.fault(MORE, "has an entry that is no mapping", hint));
        };
        let mut dash = '-';
        for (key, _, node) in members {
            let Value::Scalar(text) = node.value else {
                let what = format!("has a list for {}", yaml::shown(&key));
                return Err(settings.fault(MORE, what, hint));
            };
            let bare = matches!(text.as_str(), "~" | "null");
            let text = Zeroizing::new(text);
            let text = if bare { text } else { quoted(&text) };
            let _ = writeln!(out, "{dash} {}: {}", *quoted(&key), *text);
            dash = ' ';
        }
    }
    Ok(out)
}

/// A text in double quotes: JSON's are YAML's.
fn quoted(text: &str) -> Zeroizing<String> {
    Zeroizing::new(serde_json::Value::from(text).to_string())
}

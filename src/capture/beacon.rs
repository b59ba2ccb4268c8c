//! The beacon API: which config a chain runs, and who validates it. Source: ethereum/beacon-APIs
//! `config/spec`, `beacon/genesis`, `beacon/states/{id}/validators`.

use serde_json::Value;

use super::Error;
use crate::cl::config::FAR_FUTURE_EPOCH;
use crate::cl::config_file::{self, Values};
use crate::cl::fork::FORKS;
use crate::cl::preset::{Preset, Revision};
use crate::cl::{self, config::Config};
use crate::rpc::{Beacon, data, message};

const SMALL_LIMIT: u64 = 4 << 20;
/// A validator is about 450 bytes of JSON.
const VALIDATORS_LIMIT: u64 = 512 << 20;

/// The config of a running chain, and when it began.
#[derive(Debug, Clone)]
pub struct Spec {
    values: serde_json::Map<String, Value>,
    /// Seconds since the epoch.
    pub genesis_time: u64,
}

/// A validator of a running chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validator {
    /// Its public key.
    pub pubkey: [u8; 48],
    /// Where its withdrawals go.
    pub withdrawal_credentials: [u8; 32],
    /// Whether it still takes part.
    pub active: bool,
}

fn number(value: &Value) -> Option<u64> {
    value.as_str().and_then(|text| text.parse().ok()).or_else(|| value.as_u64())
}

impl Spec {
    /// Asks a node.
    ///
    /// # Errors
    /// The node is not there, or is none.
    pub fn ask(node: &dyn Beacon) -> Result<Self, Error> {
        const GENESIS: &str = "/eth/v1/beacon/genesis";
        let spec = data(node, "/eth/v1/config/spec", SMALL_LIMIT)?;
        let genesis = data(node, GENESIS, SMALL_LIMIT)?;
        let time = number(&genesis["genesis_time"]);
        let wrong = || Error::Answer(format!("{GENESIS} has no genesis_time"));
        let values = spec.as_object().cloned().unwrap_or_default();
        Ok(Self { values, genesis_time: time.ok_or_else(wrong)? })
    }

    /// `DEPOSIT_CHAIN_ID`.
    pub fn chain_id(&self) -> Option<u64> {
        number(self.values.get("DEPOSIT_CHAIN_ID")?)
    }

    /// The values that a config file has: those of the specification's configs, and of the preset
    /// those that are not its own.
    fn members(&self) -> Result<Vec<(String, String)>, Error> {
        let text = |key: &str| self.values.get(key).and_then(Value::as_str);
        let base = match (text("PRESET_BASE"), text("SLOTS_PER_EPOCH")) {
            (Some(base @ ("mainnet" | "minimal" | "gnosis")), _) => base,
            (None, Some("8")) => "minimal",
            (None, Some("32")) => "mainnet",
            (base, _) => {
                let base = base.unwrap_or("no base");
                return Err(Error::Answer(format!("/eth/v1/config/spec has the preset {base}")));
            }
        };
        let mut members = vec![("PRESET_BASE".to_owned(), format!("'{base}'"))];
        let config = Config::parse(format!("PRESET_BASE: {base}\n").as_bytes())?;
        let preset = Preset::of(&config, Revision::default())?;
        for (key, value) in &self.values {
            let own = |value| preset.get(key).is_some_and(|own| Some(own) != number(value));
            match value {
                _ if key == "PRESET_BASE" || key == "BLOB_SCHEDULE" => {}
                Value::String(text) if config_file::is_known(key) || own(value) => {
                    members.push((key.clone(), scalar(key, text)?));
                }
                _ => {}
            }
        }
        Ok(members)
    }

    /// `config.yaml` for a chain that starts where this one was at `timestamp`: its past forks are
    /// active from the start, the others are as far off as they were.
    ///
    /// # Errors
    /// The node's values are not those of a config.
    pub fn config(&self, timestamp: u64, slot_seconds: Option<u64>) -> Result<String, Error> {
        let members = self.members()?;
        let line = |(key, value): &(String, String)| format!("{key}: {value}\n");
        let text: String = members.iter().map(line).collect();
        let config = Config::parse(text.as_bytes())?;
        let preset = Preset::of(&config, Revision::default())?;
        let epoch_ms = config.slot_duration_ms()?.saturating_mul(preset.slots_per_epoch).max(1);
        let age_ms = timestamp.saturating_sub(self.genesis_time).saturating_mul(1000);
        let now = age_ms / epoch_ms;
        let from_now = |epoch: u64| match epoch {
            FAR_FUTURE_EPOCH => epoch,
            epoch => epoch.saturating_sub(now),
        };
        let mut values = Values::new();
        let mut set = |key: &str, value: String| drop(values.insert(key.to_owned(), value));
        let heze = "HEZE_FORK_EPOCH".to_owned();
        for key in FORKS.iter().filter_map(cl::fork::Fork::epoch_key).chain([heze]) {
            if let Some(epoch) = config.optional_u64(&key)? {
                set(&key, from_now(epoch).to_string());
            }
        }
        set("TERMINAL_TOTAL_DIFFICULTY", "0".to_owned());
        // Nodes know one of the two, or both.
        let slot_ms = match slot_seconds {
            Some(seconds) => seconds.saturating_mul(1000),
            None => config.slot_duration_ms()?,
        };
        set("SLOT_DURATION_MS", slot_ms.to_string());
        set("SECONDS_PER_SLOT", (slot_ms / 1000).to_string());
        let entries = self
            .blob_schedule()?
            .into_iter()
            .map(|entry| cl::config::BlobParameters { epoch: from_now(entry.epoch), ..entry });
        set("BLOB_SCHEDULE", config_file::blob_schedule(&super::consensus::latest(entries)));
        Ok(config_file::complete(text.as_bytes(), &config, &values)?)
    }

    fn blob_schedule(&self) -> Result<Vec<cl::config::BlobParameters>, Error> {
        let entries = self.values.get("BLOB_SCHEDULE").and_then(Value::as_array);
        let entry = |entry: &Value| {
            Some(cl::config::BlobParameters {
                epoch: number(&entry["EPOCH"])?,
                max_blobs_per_block: number(&entry["MAX_BLOBS_PER_BLOCK"])?,
            })
        };
        let wrong = || Error::Answer("/eth/v1/config/spec has another BLOB_SCHEDULE".to_owned());
        entries.into_iter().flatten().map(|value| entry(value).ok_or_else(wrong)).collect()
    }
}

/// A value as a line of YAML has it. What is not plain is refused: it could be another line.
fn scalar(key: &str, text: &str) -> Result<String, Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if text.is_empty() || !text.chars().all(plain) {
        let found = message::excerpt(text.as_bytes());
        return Err(Error::Answer(format!("/eth/v1/config/spec has {key} {found}")));
    }
    let number = text.starts_with("0x") || text.bytes().all(|byte| byte.is_ascii_digit());
    Ok(if number { text.to_owned() } else { format!("'{text}'") })
}

/// The registry of the head.
///
/// # Errors
/// The node is not there, or answers with another shape.
pub fn validators(node: &dyn Beacon) -> Result<Vec<Validator>, Error> {
    const PATH: &str = "/eth/v1/beacon/states/head/validators";
    let list = data(node, PATH, VALIDATORS_LIMIT)?;
    let bytes = |value: &Value| hex::decode(value.as_str()?.strip_prefix("0x")?).ok();
    let validator = |entry: &Value| {
        let validator = &entry["validator"];
        Some(Validator {
            pubkey: bytes(&validator["pubkey"])?.try_into().ok()?,
            withdrawal_credentials: bytes(&validator["withdrawal_credentials"])?.try_into().ok()?,
            active: entry["status"].as_str()?.starts_with("active"),
        })
    };
    let wrong = || Error::Answer(format!("{PATH} answers with another shape"));
    let list = list.as_array().ok_or_else(wrong)?;
    list.iter().map(|entry| validator(entry).ok_or_else(wrong)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Answers;

    impl Beacon for Answers {
        fn get(&self, path: &str, _: u64) -> Result<Vec<u8>, crate::rpc::Error> {
            Ok(match path {
                // Some of what Lodestar answers on the minimal preset.
                "/eth/v1/config/spec" => br#"{"data":{"PRESET_BASE":"minimal","CONFIG_NAME":"net-1","SLOTS_PER_EPOCH":"8",
                    "MAX_BLOB_COMMITMENTS_PER_BLOCK":"32","MAX_VALIDATORS_PER_COMMITTEE":"2048","SECONDS_PER_SLOT":"2",
                    "SLOT_DURATION_MS":"2000","GENESIS_FORK_VERSION":"0x10000038","ALTAIR_FORK_EPOCH":"0",
                    "BELLATRIX_FORK_EPOCH":"0","CAPELLA_FORK_EPOCH":"0","DENEB_FORK_EPOCH":"3","ELECTRA_FORK_EPOCH":"9",
                    "FULU_FORK_EPOCH":"18446744073709551615","DEPOSIT_CHAIN_ID":"7","TERMINAL_TOTAL_DIFFICULTY":"17",
                    "DEPOSIT_CONTRACT_ADDRESS":"0x00000000219ab540356cbb839cbe05303d7705fa",
                    "BLOB_SCHEDULE":[{"EPOCH":"2","MAX_BLOBS_PER_BLOCK":"9"},{"EPOCH":"4","MAX_BLOBS_PER_BLOCK":"12"},{"EPOCH":"8","MAX_BLOBS_PER_BLOCK":"15"}]}}"#
                    .to_vec(),
                "/eth/v1/beacon/genesis" => br#"{"data":{"genesis_time":"1000"}}"#.to_vec(),
                _ => br#"{"code":404}"#.to_vec(),
            })
        }
    }

    #[test]
    fn past_forks_are_active_and_later_ones_as_far_off_as_they_were() {
        let spec = Spec::ask(&Answers).unwrap();
        assert_eq!(spec.chain_id(), Some(7));
        // Epoch 5 of 16 s.
        let text = spec.config(1081, None).unwrap();
        let config = Config::parse(text.as_bytes()).unwrap();
        assert_eq!(config.genesis_fork().unwrap().name, "deneb");
        assert_eq!(config.u64("ELECTRA_FORK_EPOCH").unwrap(), 4);
        assert_eq!(config.u64("FULU_FORK_EPOCH").unwrap(), FAR_FUTURE_EPOCH);
        assert_eq!(config.u64("TERMINAL_TOTAL_DIFFICULTY").unwrap(), 0);
        assert_eq!(config.text("CONFIG_NAME").unwrap(), Some("net-1"));
        // The client was built with another revision of the preset: it is in the file.
        assert_eq!(config.u64("MAX_BLOB_COMMITMENTS_PER_BLOCK").unwrap(), 32);
        assert!(!config.has("MAX_VALIDATORS_PER_COMMITTEE") && !config.has("SLOTS_PER_EPOCH"));
        let blobs: Vec<_> = config.blob_schedule().unwrap();
        let blobs: Vec<_> = blobs.iter().map(|b| (b.epoch, b.max_blobs_per_block)).collect();
        assert_eq!(blobs, [(0, 12), (3, 15)]);
        let faster = spec.config(1081, Some(1)).unwrap();
        let faster = Config::parse(faster.as_bytes()).unwrap();
        assert_eq!(faster.slot_duration_ms().unwrap(), 1000);
        assert!(validators(&Answers).unwrap_err().to_string().contains("404"));
        // As Lodestar answers that does not know the other key yet.
        let mut older = spec;
        older.values.remove("SLOT_DURATION_MS");
        let older = Config::parse(older.config(1081, None).unwrap().as_bytes()).unwrap();
        assert_eq!(older.slot_duration_ms().unwrap(), 2000);
    }

    #[test]
    fn a_value_is_no_place_for_another_line() {
        for text in ["", "a\nb: c", "x # y", "{}", "\"", "a b"] {
            assert!(scalar("KEY", text).is_err(), "{text:?}");
        }
        assert_eq!(scalar("KEY", "0x10").unwrap(), "0x10");
        assert_eq!(scalar("KEY", "net-1").unwrap(), "'net-1'");
    }
}

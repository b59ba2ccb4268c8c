//! The beacon API: the config of a chain, and its validators. Source: ethereum/beacon-APIs
//! `config/spec`, `beacon/genesis`, `beacon/states/{id}/validators`.

use serde_json::{Value, json};

use super::Error;
use crate::cl::config::FAR_FUTURE_EPOCH;
use crate::cl::config_file::{self, Values};
use crate::cl::preset::{Preset, Revision};
use crate::cl::{self, config::Config};
use crate::rpc::{Beacon, data, message};

const SMALL_LIMIT: u64 = 4 << 20;
const BLOB_SCHEDULE: &str = "BLOB_SCHEDULE";
/// A validator is about 450 bytes of JSON.
const VALIDATORS_LIMIT: u64 = 512 << 20;

/// The config of a running chain, and its genesis time.
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
    /// Its withdrawal credentials.
    pub withdrawal_credentials: [u8; 32],
    /// Whether it is active.
    pub active: bool,
}

fn number(value: &Value) -> Option<u64> {
    value.as_str().and_then(|text| text.parse().ok()).or_else(|| value.as_u64())
}

impl Spec {
    /// Requests the config from a node.
    ///
    /// # Errors
    /// The node cannot be reached, or is not a beacon node.
    pub fn fetch(node: &dyn Beacon) -> Result<Self, Error> {
        const GENESIS: &str = "/eth/v1/beacon/genesis";
        let spec = data(node, "/eth/v1/config/spec", SMALL_LIMIT)?;
        let genesis = data(node, GENESIS, SMALL_LIMIT)?;
        let time = number(&genesis["genesis_time"]);
        let wrong = || Error::Answer(format!("{GENESIS} has no genesis_time"));
        let values = spec.as_object().cloned().unwrap_or_default();
        Ok(Self { values, genesis_time: time.ok_or_else(wrong)? })
    }

    /// The config in a file. The chain starts at its `MIN_GENESIS_TIME` and `GENESIS_DELAY`.
    ///
    /// # Errors
    /// A value is not valid.
    pub fn of(config: &Config) -> Result<Self, cl::Error> {
        let mut values = serde_json::Map::new();
        for (key, _) in config.keys() {
            // The new config has no other lists than the blob schedule.
            let Ok(Some(text)) = config.text(key) else { continue };
            if config_file::is_known(key) && !is_plain(text) {
                return Err(config.invalid(key, "letters, digits, `.`, `_` and `-`"));
            }
            values.insert(key.to_owned(), text.into());
        }
        let entry = |entry: &cl::config::BlobParameters| {
            let max = entry.max_blobs_per_block;
            json!({"EPOCH": entry.epoch, "MAX_BLOBS_PER_BLOCK": max})
        };
        let entries: Vec<_> = config.blob_schedule()?.iter().map(entry).collect();
        values.insert(BLOB_SCHEDULE.to_owned(), entries.into());
        let seconds = |key| config.optional_u64(key).map(Option::unwrap_or_default);
        let genesis_time = seconds("MIN_GENESIS_TIME")?.saturating_add(seconds("GENESIS_DELAY")?);
        Ok(Self { values, genesis_time })
    }

    /// `DEPOSIT_CHAIN_ID`.
    pub fn chain_id(&self) -> Option<u64> {
        number(self.values.get("DEPOSIT_CHAIN_ID")?)
    }

    /// The values for a config file: those of the specification's configs, and values of the preset that
    /// differ from its own.
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
                _ if key == "PRESET_BASE" || key == BLOB_SCHEDULE => {}
                Value::String(text) if config_file::is_known(key) || own(value) => {
                    members.push((key.clone(), scalar(key, text)?));
                }
                _ => {}
            }
        }
        Ok(members)
    }

    /// `config.yaml` for a chain that starts where this one was at `timestamp`: earlier forks are active
    /// from genesis on, later ones are as many epochs away as they were.
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
        for key in config_file::fork_keys().into_iter().filter_map(|(_, epoch_key)| epoch_key) {
            if let Some(epoch) = config.optional_u64(&key)? {
                set(&key, from_now(epoch).to_string());
            }
        }
        set("TERMINAL_TOTAL_DIFFICULTY", "0".to_owned());
        // Nodes report one of the two, or both.
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
        set(BLOB_SCHEDULE, config_file::blob_schedule(&super::consensus::latest(entries)));
        Ok(config_file::complete(text.as_bytes(), &config, &values)?)
    }

    fn blob_schedule(&self) -> Result<Vec<cl::config::BlobParameters>, Error> {
        let entries = self.values.get(BLOB_SCHEDULE).and_then(Value::as_array);
        let entry = |entry: &Value| {
            Some(cl::config::BlobParameters {
                epoch: number(&entry["EPOCH"])?,
                max_blobs_per_block: number(&entry["MAX_BLOBS_PER_BLOCK"])?,
            })
        };
        let wrong =
            || Error::Answer("/eth/v1/config/spec has an unknown form of BLOB_SCHEDULE".to_owned());
        entries.into_iter().flatten().map(|value| entry(value).ok_or_else(wrong)).collect()
    }
}

/// A value as YAML. Anything but a plain scalar is refused: it could inject a line.
fn scalar(key: &str, text: &str) -> Result<String, Error> {
    if !is_plain(text) {
        let found = message::excerpt(text.as_bytes());
        return Err(Error::Answer(format!("/eth/v1/config/spec has {key} {found}")));
    }
    let number = text.starts_with("0x") || text.bytes().all(|byte| byte.is_ascii_digit());
    Ok(if number { text.to_owned() } else { format!("'{text}'") })
}

fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !text.is_empty() && text.chars().all(plain)
}

/// The validators in the state of the head.
///
/// # Errors
/// The node cannot be reached, or answers in another form.
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
    let wrong = || Error::Answer(format!("{PATH} returns an unexpected response"));
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
                // Part of Lodestar's answer on the minimal preset.
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
    fn earlier_forks_are_active_and_later_ones_keep_their_distance() {
        let spec = Spec::fetch(&Answers).unwrap();
        assert_eq!(spec.chain_id(), Some(7));
        // Epoch 5 of 16 s.
        let text = spec.config(1081, None).unwrap();
        let config = Config::parse(text.as_bytes()).unwrap();
        assert_eq!(config.genesis_fork().unwrap().name.as_str(), "deneb");
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
        // An older Lodestar, which does not have the other key yet.
        let mut older = spec;
        older.values.remove("SLOT_DURATION_MS");
        let older = Config::parse(older.config(1081, None).unwrap().as_bytes()).unwrap();
        assert_eq!(older.slot_duration_ms().unwrap(), 2000);
    }

    #[test]
    fn a_file_and_a_node_with_the_same_values_yield_the_same_config() {
        let text = "PRESET_BASE: 'minimal'\nCONFIG_NAME: 'net-1'\nMAX_BLOB_COMMITMENTS_PER_BLOCK: 32\n\
            SECONDS_PER_SLOT: 2\nSLOT_DURATION_MS: 2000\nGENESIS_FORK_VERSION: 0x10000038\n\
            ALTAIR_FORK_EPOCH: 0\nBELLATRIX_FORK_EPOCH: 0\nCAPELLA_FORK_EPOCH: 0\nDENEB_FORK_EPOCH: 3\n\
            ELECTRA_FORK_EPOCH: 9\nFULU_FORK_EPOCH: 18446744073709551615\nDEPOSIT_CHAIN_ID: 7\n\
            TERMINAL_TOTAL_DIFFICULTY: 17\nMIN_GENESIS_TIME: 990\nGENESIS_DELAY: 10\n\
            DEPOSIT_CONTRACT_ADDRESS: 0x00000000219ab540356cbb839cbe05303d7705fa\nBLOB_SCHEDULE:\n\
            - {EPOCH: 2, MAX_BLOBS_PER_BLOCK: 9}\n- {EPOCH: 4, MAX_BLOBS_PER_BLOCK: 12}\n\
            - {EPOCH: 8, MAX_BLOBS_PER_BLOCK: 15}\n";
        let file = Spec::of(&Config::parse(text.as_bytes()).unwrap()).unwrap();
        assert_eq!((file.genesis_time, file.chain_id()), (1000, Some(7)));
        let parsed =
            |spec: &Spec| Config::parse(spec.config(1081, None).unwrap().as_bytes()).unwrap();
        let (file, node) = (parsed(&file), parsed(&Spec::fetch(&Answers).unwrap()));
        // A boot sets the times.
        let others = [BLOB_SCHEDULE, "MIN_GENESIS_TIME", "GENESIS_DELAY"];
        for (key, _) in node.keys().filter(|(key, _)| !others.contains(key)) {
            assert_eq!(file.text(key).unwrap(), node.text(key).unwrap(), "{key}");
        }
        assert_eq!(file.blob_schedule().unwrap().len(), node.blob_schedule().unwrap().len());
        let wrong = Config::parse(b"PRESET_BASE: minimal\nCONFIG_NAME: 'a b'\n").unwrap();
        assert!(Spec::of(&wrong).unwrap_err().to_string().contains("CONFIG_NAME"));
    }

    #[test]
    fn values_cannot_inject_lines() {
        for text in ["", "a\nb: c", "x # y", "{}", "\"", "a b"] {
            assert!(scalar("KEY", text).is_err(), "{text:?}");
        }
        assert_eq!(scalar("KEY", "0x10").unwrap(), "0x10");
        assert_eq!(scalar("KEY", "net-1").unwrap(), "'net-1'");
    }
}

//! `rollup.json`, the config of op-node. Source: optimism `op-node/rollup/types.go`.

use alloy_primitives::{Address, B256};
use serde_json::Value;

use super::error::{Error, Part, Problem};
use super::fields::Fields;
use super::forks::{FORKS, is_known, misspelt};
use super::system_config::SystemConfig;
use crate::el::edit::set_path;

/// A duration whose key looks like that of a fork.
const BLOCK_TIME: &str = "block_time";

/// A `rollup.json` that op-node accepts.
#[derive(Debug, Clone)]
pub struct Rollup {
    text: Vec<u8>,
    json: Value,
    /// Number of the L1 block that the chain starts from.
    pub l1_number: u64,
    /// Hash of block 0 of the L2.
    pub l2_hash: B256,
    /// Time of block 0 of the L2, seconds since the epoch.
    pub l2_time: u64,
    /// Chain id of the L1.
    pub l1_chain_id: u64,
    /// Chain id of the L2.
    pub l2_chain_id: u64,
    /// The account that posts its batches.
    pub batcher: Address,
    /// Gas limit of the L2's blocks.
    pub gas_limit: u64,
    /// Seconds between the L2's blocks.
    pub block_time: u64,
}

/// The block of the new L1 that an L2 starts from, and the time of the L2's block 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// Its number.
    pub l1_number: u64,
    /// Its hash.
    pub l1_hash: B256,
    /// Its time, seconds since the epoch.
    pub l1_time: u64,
    /// Time of block 0 of the L2, seconds since the epoch; not before `l1_time`.
    pub l2_time: u64,
}

pub(super) fn error(field: &str, problem: Problem) -> Error {
    Error::new(Part::Rollup, field, problem)
}

impl Rollup {
    /// Reads the text, and checks it as op-node does at its start (`Config.Check`).
    ///
    /// # Errors
    /// op-node refuses it.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let json: Value =
            serde_json::from_slice(text).map_err(|e| error("", Problem::Json(e.to_string())))?;
        if !json.is_object() {
            return Err(error("", Problem::Json("expected `{`".to_owned())));
        }
        let fields = Fields(&json);
        let block_time = fields.at_least("block_time", 1)?;
        fields.at_least("channel_timeout", 1)?;
        fields.at_least("seq_window_size", 2)?;
        fields.at_least("max_sequencer_drift", 1)?;
        let l1_hash = fields.hash("genesis.l1.hash")?;
        let l2_hash = fields.hash("genesis.l2.hash")?;
        let l2_time = fields.at_least("genesis.l2_time", 1)?;
        if l1_hash == l2_hash {
            return Err(fields.invalid("genesis.l2.hash", "another hash than that of genesis.l1"));
        }
        if fields.number("genesis.l2.number")? != 0 {
            return Err(fields.invalid("genesis.l2.number", "0: the genesis has block 0"));
        }
        for (field, bytes) in [
            ("genesis.system_config.batcherAddr", 20),
            ("genesis.system_config.scalar", 32),
            ("batch_inbox_address", 20),
            ("deposit_contract_address", 20),
        ] {
            fields.not_zero(field, bytes)?;
        }
        let gas_limit = fields.at_least("genesis.system_config.gasLimit", 1)?;
        let batcher = fields.address("genesis.system_config.batcherAddr")?;
        let l1_chain_id = fields.at_least("l1_chain_id", 1)?;
        let l2_chain_id = fields.at_least("l2_chain_id", 1)?;
        if l1_chain_id == l2_chain_id {
            return Err(fields.invalid("l2_chain_id", "another id than that of the L1"));
        }
        let l1_number = fields.number("genesis.l1.number")?;
        let text = text.to_vec();
        let rollup = Self {
            text,
            json,
            l1_number,
            l2_hash,
            l2_time,
            l1_chain_id,
            l2_chain_id,
            batcher,
            gas_limit,
            block_time,
        };
        rollup.check_forks()?;
        Ok(rollup)
    }

    /// The time of the fork with this key, if it is scheduled.
    pub(super) fn time(&self, key: &str) -> Option<u64> {
        self.json.get(key).and_then(Value::as_u64)
    }

    /// The members of the document.
    pub(super) fn members(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.json.as_object().into_iter().flatten()
    }

    /// The text.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The contract on the L1 at this key, if there is one.
    pub(super) fn contract(&self, key: &str) -> Option<Address> {
        let address = self.json.get(key)?.as_str()?.parse::<Address>().ok()?;
        Some(address).filter(|address| !address.is_zero())
    }

    /// The address of `SystemConfig` on the L1.
    pub fn system_config_contract(&self) -> Option<Address> {
        self.contract("l1_system_config_address")
    }

    /// The address of `OptimismPortal` on the L1, which holds the L2's ether.
    pub fn portal(&self) -> Option<Address> {
        self.contract("deposit_contract_address")
    }

    /// `chain_op_config`, the EIP-1559 parameters of the L2's chain config.
    pub(super) fn op_config(&self) -> Option<&Value> {
        self.json.get("chain_op_config").filter(|config| !config.is_null())
    }

    /// The scheduled forks: name and time.
    pub fn forks(&self) -> impl Iterator<Item = (&'static str, u64)> {
        FORKS.iter().filter_map(|fork| {
            let name = fork.rollup.strip_suffix("_time").unwrap_or(fork.rollup);
            Some((name, self.time(fork.rollup)?))
        })
    }

    /// The times of forks that are not known here. They move with the others.
    pub fn unknown_forks(&self) -> impl Iterator<Item = &str> {
        let unknown = |key: &&String| is_time(key) && !is_known(key);
        self.members().map(|(key, _)| key).filter(unknown).map(String::as_str)
    }

    fn check_forks(&self) -> Result<(), Error> {
        for (key, value) in self.members() {
            if let Some(meant) = misspelt(key) {
                return Err(error(key, Problem::UnknownFork { meant }));
            }
            if is_time(key) && !value.is_null() && value.as_u64().is_none() {
                return Err(Fields(&self.json).invalid(key, "a number of seconds"));
            }
        }
        for pair in FORKS.windows(2) {
            let [earlier, later] = [pair[0].rollup, pair[1].rollup];
            let Some(at) = self.time(later) else { continue };
            match self.time(earlier) {
                None => return Err(error(later, Problem::ForkGap { at, earlier })),
                Some(before) if before > at => {
                    return Err(error(later, Problem::ForkOrder { at, earlier, before }));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// The text for a chain that starts at `anchor` with the block 0 `l2_hash`, and with `system_config` if
    /// it is known for the anchor.
    ///
    /// # Errors
    /// A fork time does not fit into 64 bits.
    pub(super) fn anchored(
        &self,
        anchor: &Anchor,
        l2_hash: B256,
        system_config: Option<&SystemConfig>,
    ) -> Result<Vec<u8>, Error> {
        let mut edits = vec![
            (vec!["genesis", "l1", "hash"], format!("\"{}\"", anchor.l1_hash)),
            (vec!["genesis", "l1", "number"], anchor.l1_number.to_string()),
            (vec!["genesis", "l2", "hash"], format!("\"{l2_hash}\"")),
            (vec!["genesis", "l2_time"], anchor.l2_time.to_string()),
        ];
        edits.extend(system_config.into_iter().flat_map(|config| self.system_config(config)));
        for (key, value) in self.members() {
            if let Some(time) = value.as_u64().filter(|time| *time != 0 && is_time(key)) {
                let moved = moved(time, self.l2_time, anchor.l2_time);
                let moved = moved.ok_or_else(|| error(key, Problem::TooLate(time)))?;
                edits.push((vec![key.as_str()], moved.to_string()));
            }
        }
        self.edited(edits)
    }

    /// The edits that set `genesis.system_config` where it differs from `config`.
    fn system_config(&self, config: &SystemConfig) -> Vec<(Vec<&'static str>, String)> {
        let old = &self.json["genesis"]["system_config"];
        let differs = |(key, value, optional): &(&'static str, String, bool)| {
            let found = old.get(*key).map(|old| old.to_string().to_ascii_lowercase());
            found.map_or(!optional, |found| found != *value)
        };
        let changed = config.members().into_iter().filter(differs);
        changed.map(|(key, value, _)| (vec!["genesis", "system_config", key], value)).collect()
    }

    /// The members of `genesis.system_config` that differ from `config`, for the user.
    pub fn changes(&self, config: &SystemConfig) -> Vec<String> {
        let old = &self.json["genesis"]["system_config"];
        let change = |(path, value): (Vec<&'static str>, String)| {
            let key = path.last().copied().unwrap_or_default();
            format!("{key} {} to {value}", old.get(key).unwrap_or(&Value::Null))
        };
        self.system_config(config).into_iter().map(change).collect()
    }

    /// The text for a chain that starts at the block `l1`, number and hash, whose `SystemConfig` contract
    /// has `system_config`; what is not known stays.
    ///
    /// # Errors
    /// None for a text that was read.
    pub fn at_block(
        &self,
        l1: Option<(u64, B256)>,
        system_config: Option<&SystemConfig>,
    ) -> Result<Vec<u8>, Error> {
        let mut edits = Vec::new();
        if let Some((number, hash)) = l1 {
            edits.push((vec!["genesis", "l1", "hash"], format!("\"{hash}\"")));
            edits.push((vec!["genesis", "l1", "number"], number.to_string()));
        }
        edits.extend(system_config.into_iter().flat_map(|config| self.system_config(config)));
        self.edited(edits)
    }

    /// The text with these values, raw, at these paths.
    pub(super) fn edited(&self, edits: Vec<(Vec<&str>, String)>) -> Result<Vec<u8>, Error> {
        let start = self.text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let blanks = self.text.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
        let end = self.text.len() - blanks;
        let mut object = self.text[start..end].to_vec();
        for (path, value) in edits {
            let edited = set_path(&object, &path, &value);
            object = edited.map_err(|e| error(&e.path(), Problem::Json(e.to_string())))?;
        }
        Ok([&self.text[..start], &object, &self.text[end..]].concat())
    }
}

/// Whether a key at the top of `rollup.json` has the time of a fork, of a later release also.
pub(super) fn is_time(key: &str) -> bool {
    key.ends_with("_time") && key != BLOCK_TIME
}

/// A fork time that is not 0, moved as the time of block 0 moves. A fork that was active at block 0 stays
/// so, and 0 would mean another thing.
pub(super) fn moved(time: u64, from: u64, to: u64) -> Option<u64> {
    if to >= from {
        time.checked_add(to - from)
    } else {
        Some(time.saturating_sub(from - to).max(1))
    }
}

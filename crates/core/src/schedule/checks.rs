//! Values that must be equal in both files at any genesis time.

use alloy_primitives::Address;

use super::{Error, Plan, contradiction};
use crate::cl::config::FAR_FUTURE_EPOCH;
use crate::cl::config_file;
use crate::cl::fork::FORKS;
use crate::cl::preset::{self, Preset};
use crate::el::public_chains;
use crate::forks::{ForkName, Hardfork};
use crate::spelling;
use crate::yaml::shown;

/// Keys in the configs of clients that none of the three configurations here has.
const OTHER_KEYS: [&str; 3] =
    ["GAS_LIMIT_SCHEDULE", "MIN_EPOCHS_FOR_BLOCK_REQUESTS", "MAX_REQUEST_BLOB_SIDECARS_ELECTRA"];

impl Plan<'_> {
    /// Warns about misspelled keys, whose values have no effect, and lists other unknown keys.
    pub(super) fn check_keys(&mut self) {
        let keys = config_file::keys();
        let known = keys.iter().map(String::as_str).chain(preset::KEYS.iter().copied());
        let known: Vec<&str> = known.chain(OTHER_KEYS).collect();
        let mut others = Vec::new();
        let (mut misspelled, config) = (Vec::new(), self.config);
        for (key, line) in config.keys().filter(|(key, _)| !known.contains(key)) {
            match spelling::nearest(key, known.iter().copied()) {
                Some(meant) => misspelled.push(format!(
                    "config.yaml line {line}: no client reads {}. Did you mean {meant}{}?",
                    shown(key).trim_matches('"'),
                    if config.has(meant) { ", which the file also has" } else { "" }
                )),
                None => others.push(shown(key).trim_matches('"').to_owned()),
            }
        }
        misspelled.into_iter().for_each(|text| self.warn(text));
        if !others.is_empty() {
            let names = others.join(", ");
            self.note(format!("config.yaml: unknown keys are kept: {names}"));
        }
    }

    /// Checks that every scheduled epoch has a time below 2⁶⁴.
    pub(super) fn check_epochs(&self) -> Result<(), Error> {
        let expected = "an epoch that starts before second 2^64, or 18446744073709551615: never";
        let fits = |epoch| epoch == FAR_FUTURE_EPOCH || self.clock.time(epoch) < u64::MAX;
        for fork in FORKS {
            let epoch = self.config.epoch(fork)?;
            if !fits(epoch) {
                let key = fork.epoch_key().unwrap_or_default();
                return Err(self.config.invalid(&key, expected).into());
            }
        }
        let entries = self.config.blob_schedule()?;
        if entries.iter().any(|entry| !fits(entry.epoch)) {
            return Err(self.config.invalid("BLOB_SCHEDULE", expected).into());
        }
        Ok(())
    }

    pub(super) fn check_chain_id(&mut self) -> Result<(), Error> {
        const KEY: &str = "DEPOSIT_CHAIN_ID";
        let chain_id = self.genesis.config.chain_id_64()?;
        let deposit = self.config.optional_u64(KEY)?;
        if let Some(deposit) = deposit.filter(|deposit| *deposit != chain_id) {
            return contradiction(
                format!("config.chainId is {chain_id} but config.yaml has {KEY} {deposit}"),
                "set both to the same number above 0",
            );
        }
        for key in [KEY, "DEPOSIT_NETWORK_ID"] {
            if !self.config.has(key) {
                self.set(key, chain_id);
            }
        }
        if let Some(chain) = public_chains::find(chain_id) {
            self.warn(format!(
                "chain id {chain_id} is that of {}: transactions signed here are valid there",
                chain.name
            ));
        }
        Ok(())
    }

    /// Checks the merge: a chain that starts merged has the terminal total difficulty 0 on both
    /// layers; a continued chain keeps its own.
    pub(super) fn check_merge(&mut self) -> Result<(), Error> {
        const KEY: &str = "TERMINAL_TOTAL_DIFFICULTY";
        let merged = self.config.genesis_fork()?.is_at_least(ForkName::Bellatrix);
        let cl = self.config.optional_u256(KEY)?;
        let el = self.genesis.config.terminal_total_difficulty;
        if el.is_none() {
            self.document.set_config("terminalTotalDifficulty", "0")?;
            self.note("genesis.json: terminalTotalDifficulty 0 added, geth requires it".to_owned());
        }
        if !merged {
            return Ok(());
        }
        if self.stamp.head.is_some() {
            // The merge precedes the block that is continued.
            if let Some(difficulty) = el.filter(|difficulty| Some(*difficulty) != cl) {
                self.set(KEY, difficulty);
                let before = cl.map_or_else(|| "added".to_owned(), |cl| format!("was {cl}"));
                self.note(format!("config.yaml: {KEY} {difficulty} ({before}), the chain's own"));
            }
            return Ok(());
        }
        if cl.is_some_and(|difficulty| !difficulty.is_zero()) {
            let error = self.config.invalid(KEY, "0, as the chain is merged at genesis");
            return Err(error.into());
        }
        if let Some(difficulty) = el.filter(|difficulty| !difficulty.is_zero()) {
            return contradiction(
                format!("config.terminalTotalDifficulty is {difficulty}, expected 0"),
                "set it to 0 in genesis.json: the beacon chain starts merged",
            );
        }
        if let Some(key) = self.genesis.config.late_block_fork() {
            return contradiction(
                format!("config.{key} is after block 0"),
                "set all hardforks by block number to 0 in genesis.json: the beacon chain starts merged",
            );
        }
        Ok(())
    }

    pub(super) fn check_deposit_contract(&mut self) -> Result<(), Error> {
        const KEY: &str = "DEPOSIT_CONTRACT_ADDRESS";
        let el = self.genesis.config.deposit_contract_address;
        if !self.config.has(KEY) && el != Address::ZERO {
            self.set(KEY, el.to_string().to_ascii_lowercase());
            return Ok(());
        }
        let cl = self.config.deposit_contract_address()?;
        if el == cl {
            return Ok(());
        }
        if el != Address::ZERO {
            return contradiction(
                format!("config.depositContractAddress is {el} but config.yaml has {KEY} {cl}"),
                "set both to the same contract",
            );
        }
        let electra = self.genesis.config.time(Hardfork::Prague).is_some();
        if electra {
            self.document.set_config("depositContractAddress", &format!("\"{cl}\""))?;
            self.note(format!("genesis.json: depositContractAddress {cl} added (EIP-6110)"));
        }
        Ok(())
    }

    /// Sets the keys of the config that follow from the stamp.
    pub(super) fn set_times(&mut self, sizes: &Preset) -> Result<(), Error> {
        let ms = self.config.slot_duration_ms()?;
        for (key, value) in [("SLOT_DURATION_MS", ms), ("SECONDS_PER_SLOT", ms / 1000)] {
            if !self.config.has(key) {
                self.set(key, value);
            }
        }
        if self.restamp {
            self.set("MIN_GENESIS_TIME", self.stamp.genesis_time);
            self.set("GENESIS_DELAY", 0);
        } else if self.stamp.genesis_time < self.stamp.head.unwrap_or(self.stamp.el_timestamp) {
            self.warn("the beacon chain starts before its execution block");
        }
        let base = preset::base(self.config)?;
        if matches!(self.config.text("CONFIG_NAME")?, Some("mainnet" | "minimal")) {
            self.warn(
                "CONFIG_NAME is that of a built-in network: Prysm rejects other fork versions",
            );
        }
        if base == "minimal" && sizes.slots_per_epoch != 8 {
            self.warn("SLOTS_PER_EPOCH differs from the minimal preset's 8: no released client supports that");
        }
        Ok(())
    }
}

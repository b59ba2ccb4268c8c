//! What both files must say alike, whatever the time.

use alloy_primitives::Address;

use super::{Error, Plan, contradiction};
use crate::cl::config::FAR_FUTURE_EPOCH;
use crate::cl::fork::FORKS;
use crate::el::chain_config::Hardfork;

impl Plan<'_> {
    /// A scheduled epoch has a time below 2⁶⁴.
    pub(super) fn check_epochs(&self) -> Result<(), Error> {
        let expected = "an epoch that begins before second 2^64, or 18446744073709551615: never";
        let fits = |epoch| epoch == FAR_FUTURE_EPOCH || self.clock.time(epoch) < u64::MAX;
        for fork in &FORKS {
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
        const PUBLIC: [(u64, &str); 6] = [
            (1, "Ethereum mainnet"),
            (10, "OP mainnet"),
            (100, "Gnosis Chain"),
            (17_000, "Holesky"),
            (560_048, "Hoodi"),
            (11_155_111, "Sepolia"),
        ];
        let chain_id = self.genesis.config.chain_id_64()?;
        let deposit = self.config.optional_u64(KEY)?;
        if let Some(deposit) = deposit.filter(|deposit| *deposit != chain_id) {
            return contradiction(
                format!("config.chainId is {chain_id} but config.yaml has {KEY} {deposit}"),
                "both must be the same number above 0",
            );
        }
        for key in [KEY, "DEPOSIT_NETWORK_ID"] {
            if !self.config.has(key) {
                self.set(key, chain_id);
            }
        }
        if let Some((_, name)) = PUBLIC.iter().find(|(id, _)| *id == chain_id) {
            self.warn(format!(
                "chain id {chain_id} is that of {name}: transactions signed here are valid there"
            ));
        }
        Ok(())
    }

    /// A chain that is merged at genesis has difficulty 0 from the start, on both sides; one that
    /// goes on was merged at its own.
    pub(super) fn check_merge(&mut self) -> Result<(), Error> {
        const KEY: &str = "TERMINAL_TOTAL_DIFFICULTY";
        let merged = self.config.genesis_fork()?.is_at_least("bellatrix");
        let cl = self.config.optional_u256(KEY)?;
        let el = self.genesis.config.terminal_total_difficulty;
        if el.is_none() {
            self.document.set_config("terminalTotalDifficulty", "0")?;
            self.note("genesis.json: terminalTotalDifficulty 0 added, geth needs it".to_owned());
        }
        if !merged {
            return Ok(());
        }
        if self.stamp.head.is_some() {
            // The merge was before the block that is continued, whenever that was.
            if let Some(difficulty) = el.filter(|difficulty| Some(*difficulty) != cl) {
                self.set(KEY, difficulty);
                let before = cl.map_or_else(|| "added".to_owned(), |cl| format!("was {cl}"));
                self.note(format!("config.yaml: {KEY} {difficulty} ({before}), the chain's own"));
            }
            return Ok(());
        }
        if cl.is_some_and(|difficulty| !difficulty.is_zero()) {
            let error = self.config.invalid(KEY, "0, since the chain is merged at genesis");
            return Err(error.into());
        }
        if let Some(difficulty) = el.filter(|difficulty| !difficulty.is_zero()) {
            return contradiction(
                format!("config.terminalTotalDifficulty is {difficulty}, expected 0"),
                "the beacon chain starts merged: set it to 0 in genesis.json",
            );
        }
        if let Some(key) = self.genesis.config.late_block_fork() {
            return contradiction(
                format!("config.{key} comes after block 0"),
                "the beacon chain starts merged: set all block hardforks to 0 in genesis.json",
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
                "both must name the same contract",
            );
        }
        let electra = self.genesis.config.time(Hardfork::Prague).is_some();
        if electra {
            self.document.set_config("depositContractAddress", &format!("\"{cl}\""))?;
            self.note(format!("genesis.json: depositContractAddress {cl} added (EIP-6110)"));
        }
        Ok(())
    }
}

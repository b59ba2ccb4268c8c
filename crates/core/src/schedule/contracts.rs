//! The system contracts that the scheduled forks of either layer require.

use crate::cl;
use crate::cl::config::{Config, FAR_FUTURE_EPOCH};
use crate::cl::fork::FORKS;
use crate::el::chain_config::{ChainConfig, Hardfork};
use crate::el::system_contracts::{self, SystemContract};

/// The contracts that the forks require, at genesis or later.
///
/// # Errors
/// `DEPOSIT_CONTRACT_ADDRESS` is not an address.
pub fn required_contracts(
    config: &Config,
    execution: &ChainConfig,
) -> Result<Vec<SystemContract>, cl::Error> {
    let scheduled = |hardfork: Hardfork| {
        let fork = FORKS.iter().find(|fork| fork.hardfork == Some(hardfork));
        let epoch = fork.and_then(|fork| config.epoch(fork).ok()).unwrap_or(FAR_FUTURE_EPOCH);
        execution.time(hardfork).is_some() || epoch != FAR_FUTURE_EPOCH
    };
    let deposit = if config.has("DEPOSIT_CONTRACT_ADDRESS") {
        config.deposit_contract_address()?
    } else {
        execution.deposit_contract_address
    };
    Ok(system_contracts::required(scheduled, deposit))
}

//! The system contracts that the forks need.

use alloy_primitives::Address;

use super::{Error, Request};
use crate::cl::config::Config;
use crate::el::alloc::BoundedState;
use crate::el::genesis::Genesis;
use crate::el::system_contracts::{self, SystemContract};
use crate::file::InputReader;
use crate::schedule;
use crate::snapshot::Snapshot;

/// System contracts that the alloc lacks.
#[derive(Debug, Default)]
pub(super) struct Contracts {
    /// Entries to add to the alloc.
    pub(super) added: Vec<String>,
    /// Addresses that stay without code.
    pub(super) missing: Vec<Address>,
}

/// Adds the missing system contracts to `state` if the request asks for it; else appends to
/// `warnings`.
pub(super) fn complete(
    request: &Request<'_>,
    config: &Config,
    genesis: &Genesis,
    (state, reader): (&mut BoundedState<'_>, &dyn InputReader),
    warnings: &mut Vec<String>,
) -> Result<Contracts, Error> {
    let snapshot = request.snapshot;
    if snapshot.history.is_some() || request.shadow_fork.is_some() {
        // Later blocks may have deployed them, and block 0 must stay the same.
        if request.add_system_contracts {
            return Err(Error::Request {
                message: "--add-system-contracts would change block 0, which the history starts \
                          from"
                    .to_owned(),
                hint: "leave it out: a chain with its history has the contracts that its blocks \
                       deployed"
                    .to_owned(),
            });
        }
        return Ok(Contracts::default());
    }
    let required = schedule::required_contracts(config, &genesis.config);
    let required = required.map_err(|error| Error::config(&snapshot.config, error))?;
    let in_genesis = |error| Error::genesis(&snapshot.genesis, error, reader);
    let missing = system_contracts::missing(required, state).map_err(in_genesis)?;
    if missing.is_empty() || !request.add_system_contracts {
        warnings.extend(warning(snapshot, &missing));
        let missing = missing.iter().map(|contract| contract.address).collect();
        return Ok(Contracts { added: Vec::new(), missing });
    }
    let added: Vec<_> = missing.iter().map(SystemContract::entry).collect();
    state.add_entries(&added).map_err(|error| Error::SystemContracts(Box::new(error)))?;
    Ok(Contracts { added, missing: Vec::new() })
}

/// The warning about contracts that the alloc lacks.
pub(super) fn warning(snapshot: &Snapshot, missing: &[SystemContract]) -> Option<String> {
    let names: Vec<_> = missing.iter().map(|c| format!("{} at {}", c.name, c.address)).collect();
    let warning = format!(
        "{}: the alloc lacks {} (init and capture add them with --add-system-contracts, the stack \
         with REGENESIS_ADD_SYSTEM_CONTRACTS=true)",
        snapshot.genesis.label(),
        names.join(", ")
    );
    (!missing.is_empty()).then_some(warning)
}

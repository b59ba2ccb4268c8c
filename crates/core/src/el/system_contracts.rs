//! Contracts that the execution rules call, or whose logs the beacon chain reads. They must be in
//! the alloc of a chain whose forks are active at genesis: no client deploys them later.

use alloy_primitives::{Address, address};

use super::alloc::{BoundedState, EMPTY_CODE_HASH};
use super::chain_config::Hardfork;
use super::error::Error;
use super::json::Cursor;

/// The alloc entries of ethereum-genesis-generator (1e01e5d). The tests compare their state roots
/// with those of geth.
const ENTRIES: &str = include_str!("system_contracts.json");

/// A contract that a hardfork requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemContract {
    /// Its purpose, with its EIP.
    pub name: &'static str,
    /// Its address. The chain config has that of the deposit contract.
    pub address: Address,
    /// The first hardfork that requires it; `None` for every chain with validators.
    since: Option<Hardfork>,
}

const DEPOSIT_CONTRACT: Address = address!("0x00000000219ab540356cBB839Cbe05303d7705Fa");

pub(crate) const SYSTEM_CONTRACTS: [SystemContract; 7] = [
    SystemContract { name: "deposit contract", address: DEPOSIT_CONTRACT, since: None },
    SystemContract {
        name: "beacon roots (EIP-4788)",
        address: address!("0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02"),
        since: Some(Hardfork::Cancun),
    },
    SystemContract {
        name: "block hash history (EIP-2935)",
        address: address!("0x0000F90827F1C53a10cb7A02335B175320002935"),
        since: Some(Hardfork::Prague),
    },
    SystemContract {
        name: "withdrawal requests (EIP-7002)",
        address: address!("0x00000961Ef480Eb55e80D19ad83579A64c007002"),
        since: Some(Hardfork::Prague),
    },
    SystemContract {
        name: "consolidation requests (EIP-7251)",
        address: address!("0x0000BBdDc7CE488642fb579F8B00f3a590007251"),
        since: Some(Hardfork::Prague),
    },
    SystemContract {
        name: "builder deposits (EIP-8282)",
        address: address!("0x0000bff46984e3725691fa540a8c7589300d8282"),
        since: Some(Hardfork::Amsterdam),
    },
    SystemContract {
        name: "builder exits (EIP-8282)",
        address: address!("0x000064d678505ad48f8ccb093bc65613800e8282"),
        since: Some(Hardfork::Amsterdam),
    },
];

/// Whether a hardfork requires a contract at this address.
pub fn system_contract(address: Address) -> bool {
    SYSTEM_CONTRACTS.iter().any(|contract| contract.address == address)
}

/// The contracts that the scheduled hardforks require, at genesis or later. `deposit_contract` is the
/// address in the consensus config.
pub fn required(
    scheduled: impl Fn(Hardfork) -> bool,
    deposit_contract: Address,
) -> Vec<SystemContract> {
    SYSTEM_CONTRACTS
        .into_iter()
        .filter(|contract| contract.since.is_none_or(&scheduled))
        .map(|contract| match contract.since {
            None => SystemContract { address: deposit_contract, ..contract },
            Some(_) => contract,
        })
        .collect()
}

/// Those of `contracts` that have no code in `state`.
///
/// # Errors
/// The accounts cannot be read.
pub fn missing(
    contracts: Vec<SystemContract>,
    state: &BoundedState<'_>,
) -> Result<Vec<SystemContract>, Error> {
    let mut missing = Vec::new();
    for contract in contracts {
        let account = state.account(contract.address)?;
        if account.is_none_or(|account| account.code_hash == EMPTY_CODE_HASH) {
            missing.push(contract);
        }
    }
    Ok(missing)
}

/// The contracts at `addresses`. An unknown address is that of a deposit contract.
pub fn by_address(addresses: &[Address]) -> Vec<SystemContract> {
    let at = |address: &Address| {
        let known = SYSTEM_CONTRACTS.into_iter().find(|contract| contract.address == *address);
        known.unwrap_or(SystemContract { address: *address, ..SYSTEM_CONTRACTS[0] })
    };
    addresses.iter().map(at).collect()
}

impl SystemContract {
    /// Its entry in an alloc: `"0x…": {…}`.
    pub fn entry(&self) -> String {
        let known = if self.since.is_none() { DEPOSIT_CONTRACT } else { self.address };
        let mut value = String::new();
        let found = Cursor::new(ENTRIES.as_bytes(), 0).object(|key, cursor| {
            let raw = cursor.value()?;
            let address = std::str::from_utf8(key).ok().and_then(|key| key.parse().ok());
            if address == Some(known) {
                value = String::from_utf8_lossy(raw).into_owned();
            }
            Ok(())
        });
        debug_assert!(found.is_ok() && !value.is_empty(), "{} is in the table", self.name);
        format!("\"{}\": {value}", self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::super::alloc::{self, State};
    use super::super::stream::Stream;
    use super::*;
    use alloy_primitives::hex;

    fn root_of(contracts: &[SystemContract]) -> String {
        let entries: Vec<_> = contracts.iter().map(SystemContract::entry).collect();
        let alloc = format!("{{{}}}", entries.join(","));
        let mut stream = Stream::new(alloc.as_bytes());
        stream.expect(b'{', "`{`").unwrap();
        let mut state = State::default();
        alloc::read(&mut stream, &mut state, &|_| ()).unwrap();
        hex::encode(state.root())
    }

    /// State roots printed by geth 1.17.4 for ethereum-genesis-generator's allocs.
    #[test]
    fn code_and_storage_match_geth() {
        let (deposit, prague) = (&SYSTEM_CONTRACTS[..1], &SYSTEM_CONTRACTS[1..5]);
        assert_eq!(
            root_of(deposit),
            "d818715cf7aa024b8d7e77d8e426727fc07374b3c96a48e6751a806a01714ef8"
        );
        assert_eq!(
            root_of(prague),
            "f25b5e2d5eaa6c3d1ff5be36bbe5bd4da9e174846ebdc06033652f43d9c5f112"
        );
        for contract in &SYSTEM_CONTRACTS {
            assert!(contract.entry().contains("\"code\""), "{}", contract.name);
        }
    }

    #[test]
    fn only_scheduled_forks_require_contracts() {
        let count = |latest: Option<Hardfork>| {
            let scheduled = |fork| latest.is_some_and(|latest| fork <= latest);
            let state = BoundedState::new(State::default(), None);
            missing(required(scheduled, DEPOSIT_CONTRACT), &state).unwrap().len()
        };
        assert_eq!(count(None), 1);
        assert_eq!(count(Some(Hardfork::Cancun)), 2);
        assert_eq!(count(Some(Hardfork::Osaka)), 5);
        assert_eq!(count(Some(Hardfork::Amsterdam)), 7);
    }
}

//! A network as an enclave shows it.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use super::{Account, Keys};
use crate::networks::{self, Consensus, Network, ROLES, Sequencer};

/// What is known of a network of an enclave.
#[derive(Debug)]
pub struct Found<'a> {
    /// Its id in the agglayer.
    pub network_id: u32,
    /// The name of the service that the agglayer asks for its state.
    pub service: &'a str,
    /// The program of that service.
    pub program: &'a str,
    /// Its chain id.
    pub l2_chain_id: Option<u64>,
    /// Its consensus by its contracts.
    pub consensus: Option<Consensus>,
    /// The account that signs its certificates.
    pub sequencer: Option<Address>,
    /// The accounts of the enclave's services.
    pub accounts: &'a [Account],
    /// The private keys of those accounts whose keystore a password opened.
    pub keys: &'a Keys,
}

impl Found<'_> {
    /// The network.
    ///
    /// # Errors
    /// The name of the first member whose value is unknown.
    pub fn network(&self) -> Result<Network, &'static str> {
        let sequencer = Sequencer::ALL.into_iter().find(|kind| kind.name() == self.program);
        let deployment_suffix = suffix(self.service).ok_or("deployment_suffix")?.to_owned();
        Ok(Network {
            sequencer: sequencer.ok_or("sequencer_type")?,
            consensus: self.consensus.ok_or("consensus_type")?,
            l2_chain_id: self.l2_chain_id.ok_or("l2_chain_id")?,
            network_id: self.network_id,
            accounts: self.accounts(&deployment_suffix[1..]),
            deployment_suffix,
        })
    }

    /// The accounts of the network with this name that have one of [`ROLES`], without roles that several
    /// accounts have.
    fn accounts(&self, network: &str) -> Vec<networks::Account> {
        let mut by_role: BTreeMap<&str, Option<Address>> = BTreeMap::new();
        for account in self.accounts.iter().filter(|one| one.network.as_deref() == Some(network)) {
            let address = Some(account.address);
            let known = by_role.entry(&account.role).or_insert(address);
            *known = known.filter(|_| *known == address);
        }
        if let Some(signer) = self.sequencer {
            by_role.insert("sequencer", Some(signer));
        }
        let account = |role: &'static str| {
            let address = by_role.get(role).copied().flatten()?;
            Some(networks::Account { role, address, key: self.keys.get(&address).cloned() })
        };
        ROLES.into_iter().filter_map(account).collect()
    }
}

/// The deployment suffix in the name of a service: `-001` of `op-el-1-op-reth-op-node-001`.
pub fn suffix(service: &str) -> Option<&str> {
    let digits = service.rsplit('-').next()?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let start = service.len() - digits.len();
    is_number.then(|| service.get(start.checked_sub(1)?..)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::{Networks, to_json};

    static NO_KEYS: Keys = Keys::new();

    fn found() -> Found<'static> {
        Found {
            network_id: 1,
            service: "op-el-1-op-geth-op-node-001",
            program: "op-geth",
            l2_chain_id: Some(20201),
            consensus: Some(Consensus::EcdsaMultisig),
            sequencer: Some(Address::repeat_byte(0x5b)),
            accounts: &[],
            keys: &NO_KEYS,
        }
    }

    #[test]
    fn what_an_enclave_shows_is_a_valid_file() {
        let network = found().network().unwrap();
        let text = to_json(&[network]);
        let networks = Networks::parse(&text).unwrap();
        let network = networks.iter().next().unwrap();
        assert_eq!(network.deployment_suffix, "-001");
        assert_eq!((network.l2_chain_id, network.network_id), (20201, 1));
        assert_eq!(network.sequencer, Sequencer::OpGeth);
        assert_eq!(network.accounts[0].address, Address::repeat_byte(0x5b));
    }

    #[test]
    fn accounts_of_the_network_come_with_the_keys_that_are_known() {
        let account = |role: &str, network: &str, byte| Account {
            role: role.to_owned(),
            address: Address::repeat_byte(byte),
            service: "contracts".to_owned(),
            network: Some(network.to_owned()),
            keystore: None,
        };
        let (key, sequencer) = crate::l2::read_key("11".repeat(32).as_bytes()).unwrap();
        let accounts = [
            // The agglayer's config decides between sequencers.
            account("sequencer", "001", 1),
            account("dac", "001", 2),
            account("dac", "001", 2),
            account("admin", "001", 3),
            account("admin", "001", 4),
            account("admin", "001", 3),
            account("aggregator", "002", 5),
            account("batcher", "001", 6),
        ];
        let keys = Keys::from([(sequencer, key)]);
        let found =
            Found { accounts: &accounts, keys: &keys, sequencer: Some(sequencer), ..found() };
        let text = to_json(&[found.network().unwrap()]);
        let networks = Networks::parse(&text).unwrap();
        let found = &networks.iter().next().unwrap().accounts;
        let roles: Vec<_> =
            found.iter().map(|one| (one.role, one.address, one.key.is_some())).collect();
        let expected = [("sequencer", sequencer, true), ("dac", Address::repeat_byte(2), false)];
        assert_eq!(roles, expected);
    }

    #[test]
    fn what_nothing_says_is_named() {
        for (found, missing) in [
            (Found { service: "mine", ..found() }, "deployment_suffix"),
            (Found { program: "op-erigon", ..found() }, "sequencer_type"),
            (Found { consensus: None, ..found() }, "consensus_type"),
            (Found { l2_chain_id: None, ..found() }, "l2_chain_id"),
        ] {
            assert_eq!(found.network().unwrap_err(), missing);
        }
        assert_eq!(suffix("cdk-erigon-rpc-002"), Some("-002"));
        for name in ["", "-", "001", "agglayer", "aggkit-001-bridge", "a-"] {
            assert_eq!(suffix(name), None, "{name}");
        }
    }
}

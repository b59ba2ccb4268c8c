//! `networks.json`: the networks of a Kurtosis enclave, and the accounts that run them.
//!
//! ```json
//! {"networks": [{"sequencer_type": "op-reth", "consensus_type": "ecdsa-multisig",
//!   "deployment_suffix": "-001", "l2_chain_id": 20201, "network_id": 1,
//!   "l2_sequencer_address": "0x…", "l2_sequencer_private_key": "0x…"}]}
//! ```
//!
//! The values are those of kurtosis-cdk's args (`consensus_type` is its `consensus_contract_type`,
//! `network_id` its `l2_network_id`). Source: kurtosis-cdk `src/package_io/input_parser.star`.

mod error;
mod json;
mod kind;
mod read;
#[cfg(test)]
mod tests;

use std::fmt::Write;

use alloy_primitives::Address;
use zeroize::Zeroizing;

use crate::keys::SecretText;
pub use error::{Error, Problem};
pub use kind::{Consensus, Sequencer};

/// The accounts that a network may name: `l2_ROLE_address` and `l2_ROLE_private_key`.
pub const ROLES: [&str; 7] =
    ["sequencer", "aggregator", "admin", "dac", "aggoracle", "sovereignadmin", "claimsponsor"];

/// The networks, in the order of the file. Suffixes, chain ids and network ids are unique.
#[derive(Debug)]
pub struct Networks(Vec<Network>);

/// A network.
#[derive(Debug)]
pub struct Network {
    /// What builds its blocks.
    pub sequencer: Sequencer,
    /// How the rollup manager on the L1 accepts its state.
    pub consensus: Consensus,
    /// What the names of its services end with: `-001`.
    pub deployment_suffix: String,
    /// The chain id of the L2, from 1.
    pub l2_chain_id: u64,
    /// Its id in the rollup manager, from 1: 0 is the L1.
    pub network_id: u32,
    /// Its accounts, in the order of [`ROLES`].
    pub accounts: Vec<Account>,
}

/// An account of a network.
#[derive(Debug)]
pub struct Account {
    /// One of [`ROLES`].
    pub role: &'static str,
    /// Its address.
    pub address: Address,
    /// `0x` and 64 hex digits: the key of that address. A capture does not know every key.
    pub key: Option<SecretText>,
}

impl Networks {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// It is not JSON, a member is missing, unknown or not valid, two networks share an id, or an address
    /// is not that of its key.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        read::networks(text)
    }

    /// The networks.
    pub fn iter(&self) -> impl Iterator<Item = &Network> {
        self.0.iter()
    }
}

/// The text of a file with these networks. [`Networks::parse`] reads it, and checks it. It has private
/// keys.
pub fn to_json(networks: &[Network]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(String::from("{\n  \"networks\": ["));
    for (index, network) in networks.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(
            text,
            "{comma}\n    {{\n      \"sequencer_type\": \"{}\",\n      \"consensus_type\": \"{}\",\n      \
             \"deployment_suffix\": {},\n      \"l2_chain_id\": {},\n      \"network_id\": {}",
            network.sequencer.name(),
            network.consensus.name(),
            serde_json::Value::from(network.deployment_suffix.as_str()),
            network.l2_chain_id,
            network.network_id
        );
        for Account { role, address, key } in &network.accounts {
            let _ = write!(text, ",\n      \"l2_{role}_address\": \"{address}\"");
            if let Some(key) = key {
                let _ = write!(text, ",\n      \"l2_{role}_private_key\": \"{}\"", &**key);
            }
        }
        text.push_str("\n    }");
    }
    text.push_str("\n  ]\n}\n");
    Zeroizing::new(text.as_bytes().to_vec())
}

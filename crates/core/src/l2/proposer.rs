//! What op-proposer needs: the private key of the account that proposes, and the `DisputeGameFactory` on the
//! L1, in which it creates games.

use alloy_primitives::Address;
use serde_json::Value;

use super::batcher;
use super::deployment::chain_id;
use super::error::{Error, Part, Problem};
use crate::el::error::shorten;
use crate::keys::SecretText;

/// Reads `proposer.key`: 64 hex digits, with or without 0x. No message quotes the text.
///
/// # Errors
/// The text is not a key.
pub fn key(text: &[u8]) -> Result<SecretText, Error> {
    let error = || Error::new(Part::ProposerKey, "", Problem::NotAKey);
    batcher::secret(text).map(|(key, _)| key).ok_or_else(error)
}

/// Reads `game-factory`: an address.
///
/// # Errors
/// The text is not an address.
pub fn game_factory(text: &[u8]) -> Result<Address, Error> {
    let address = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
    address.ok_or_else(|| {
        let expected = "an address: 0x and 40 hex digits";
        let problem = Problem::Invalid { value: shorten(text.trim_ascii()), expected };
        Error::new(Part::GameFactory, "", problem)
    })
}

/// The `DisputeGameFactory` of the chain `id` in op-deployer's `state.json`, if it is there.
pub fn deployed_game_factory(id: u64, state: &[u8]) -> Option<Address> {
    let state: Value = serde_json::from_slice(state).ok()?;
    let chains = state["opChainDeployments"].as_array()?;
    let chain = chains.iter().find(|chain| chain_id(&chain["id"]) == Some(id))?;
    chain["DisputeGameFactoryProxy"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factory_is_an_address_or_that_of_the_deployment() {
        let address = "0xe9c32b947969cb6f0369df7dc284d7da34df9909";
        let expected: Address = address.parse().unwrap();
        assert_eq!(game_factory(format!("{address}\n").as_bytes()).unwrap(), expected);
        assert!(game_factory(b"0x12").unwrap_err().to_string().contains("expected an address"));
        let state = format!(
            "{{\"opChainDeployments\": [{{\"id\": \"0xd\", \"DisputeGameFactoryProxy\": \"{address}\"}}]}}"
        );
        assert_eq!(deployed_game_factory(13, state.as_bytes()), Some(expected));
        assert_eq!(deployed_game_factory(14, state.as_bytes()), None);
    }
}

//! Public chains, by chain id. To add one, add its row.

use alloy_primitives::{Address, address};

/// A public chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicChain {
    /// Chain id.
    pub id: u64,
    /// Its name in a message.
    pub name: &'static str,
    /// A network of github.com/eth-clients, which ethereum-genesis-generator can fork.
    pub network: Option<Network>,
}

/// A network of github.com/eth-clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The name of its repository.
    pub name: &'static str,
    /// The address of its deposit contract.
    pub deposit_contract: Address,
}

/// Sources: chainlist.org; `metadata/{genesis.json,deposit_contract.txt}` of
/// github.com/eth-clients/{mainnet,holesky,hoodi,sepolia}.
const PUBLIC_CHAINS: [PublicChain; 6] = [
    PublicChain {
        id: 1,
        name: "Ethereum mainnet",
        network: Some(Network {
            name: "mainnet",
            deposit_contract: address!("00000000219ab540356cBB839Cbe05303d7705Fa"),
        }),
    },
    PublicChain { id: 10, name: "OP mainnet", network: None },
    PublicChain { id: 100, name: "Gnosis Chain", network: None },
    PublicChain {
        id: 17_000,
        name: "Holesky",
        network: Some(Network {
            name: "holesky",
            deposit_contract: address!("4242424242424242424242424242424242424242"),
        }),
    },
    PublicChain {
        id: 560_048,
        name: "Hoodi",
        network: Some(Network {
            name: "hoodi",
            deposit_contract: address!("00000000219ab540356cBB839Cbe05303d7705Fa"),
        }),
    },
    PublicChain {
        id: 11_155_111,
        name: "Sepolia",
        network: Some(Network {
            name: "sepolia",
            deposit_contract: address!("7f02C3E3c98b133055B8B348B2Ac625669Ed295D"),
        }),
    },
];

/// The public chain with this id.
pub fn find(id: u64) -> Option<&'static PublicChain> {
    PUBLIC_CHAINS.iter().find(|chain| chain.id == id)
}

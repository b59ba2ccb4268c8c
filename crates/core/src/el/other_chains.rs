//! Chains that no beacon chain drives, by the key of their engine in `config`. To add one, add its row.

/// A kind of chain whose blocks come from another program than a beacon node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherChain {
    /// The key in `config`.
    pub key: &'static str,
    /// Its name in a message.
    pub name: &'static str,
}

/// Sources: `ChainConfig` of op-geth, nitro, bsc, bor, Quorum and go-ethereum; Besu's
/// `JsonGenesisConfigOptions`; `AuRa` of `OpenEthereum`.
const OTHER_CHAINS: [OtherChain; 9] = [
    OtherChain { key: "optimism", name: "an L2 of the OP Stack: op-node drives it" },
    OtherChain { key: "arbitrum", name: "an L2 of Arbitrum: nitro drives it" },
    OtherChain { key: "parlia", name: "BNB Smart Chain's engine" },
    OtherChain { key: "bor", name: "Polygon's engine" },
    OtherChain { key: "ibft", name: "IBFT, a consensus of Besu and Quorum" },
    OtherChain { key: "ibft2", name: "IBFT 2.0, a consensus of Besu" },
    OtherChain { key: "qbft", name: "QBFT, a consensus of Besu and Quorum" },
    OtherChain { key: "istanbul", name: "IBFT, a consensus of Quorum" },
    OtherChain { key: "aura", name: "AuRa, a proof of authority" },
];

/// The kind of chain whose config has this key, in any case.
pub fn find(key: &str) -> Option<&'static OtherChain> {
    OTHER_CHAINS.iter().find(|chain| chain.key.eq_ignore_ascii_case(key))
}

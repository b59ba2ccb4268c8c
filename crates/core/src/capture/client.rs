//! The client of a node, and how to start it so that it returns its state.

/// A client, as `web3_clientVersion` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind {
    /// geth, op-geth, and others that report its name.
    Geth,
    /// Foundry's.
    Anvil,
    /// Hardhat's node.
    Hardhat,
    /// Ganache, also under its first name `TestRPC`.
    Ganache,
    /// reth and op-reth.
    Reth,
    /// Erigon.
    Erigon,
    /// Besu.
    Besu,
    /// Nethermind.
    Nethermind,
    /// Any other client, or one that does not report its name.
    Other,
}

impl ClientKind {
    /// Recognises a client by its version.
    pub fn of(version: Option<&str>) -> Self {
        let version = version.unwrap_or_default().trim_start().to_ascii_lowercase();
        let known = [
            ("geth", Self::Geth),
            ("op-geth", Self::Geth),
            ("anvil", Self::Anvil),
            ("hardhat", Self::Hardhat),
            ("ganache", Self::Ganache),
            ("ethereumjs testrpc", Self::Ganache),
            ("reth", Self::Reth),
            ("op-reth", Self::Reth),
            ("erigon", Self::Erigon),
            ("besu", Self::Besu),
            ("nethermind", Self::Nethermind),
        ];
        let named = known.into_iter().find(|(name, _)| version.starts_with(name));
        named.map_or(Self::Other, |(_, client)| client)
    }

    /// How to start a node so that it returns its state.
    pub fn how_to_dump(self) -> &'static str {
        match self {
            Self::Geth | Self::Other => {
                "start the node with the namespace open: geth --http.api eth,net,web3,debug"
            }
            Self::Anvil => {
                "anvil supports anvil_dumpState: check whether a proxy refuses it, or capture the file of \
                 anvil --dump-state (--state FILE)"
            }
            Self::Hardhat => {
                "Hardhat's node neither dumps nor proves its state: deploy to an anvil \
                 (anvil --chain-id 31337), and capture that"
            }
            Self::Ganache => {
                "Ganache neither dumps its state nor proves it by block hash: deploy to an anvil \
                 (anvil --chain-id 1337), and capture that"
            }
            Self::Reth => {
                "reth has no dump, so its state is looked up by eth_getProof: start it with \
                 --http.api eth,net,web3,debug --rpc.eth-proof-window 100000, and pass the chain's \
                 --genesis FILE"
            }
            Self::Erigon => {
                "start Erigon with --http.api eth,net,web3,debug and --prune.mode archive"
            }
            Self::Besu => {
                "Besu has no dump, so its state is looked up by eth_getProof: start it with \
                 --rpc-http-api=ETH,NET,WEB3,DEBUG and --data-storage-format=FOREST, and pass the \
                 chain's --genesis FILE"
            }
            Self::Nethermind => {
                "Nethermind has no dump, so its state is looked up by eth_getProof: start it with \
                 --JsonRpc.EnabledModules Eth,Net,Web3,Debug, and pass the chain's --genesis FILE"
            }
        }
    }

    /// How to run a node so that it keeps the state of earlier blocks.
    pub fn how_to_keep_state(self) -> &'static str {
        match self {
            Self::Reth => {
                "reth proves only the last blocks: use --block latest, or start it with \
                 --rpc.eth-proof-window 100000"
            }
            Self::Erigon => {
                "Erigon has pruned the state of that block: use --block latest, or run it with \
                 --prune.mode archive"
            }
            Self::Besu => {
                "Besu has pruned the state of that block: use --block latest, or run it with \
                 --data-storage-format=FOREST"
            }
            Self::Nethermind => {
                "Nethermind has pruned the state of that block: use --block latest, or run it with \
                 --Pruning.Mode None"
            }
            Self::Anvil | Self::Hardhat | Self::Ganache => {
                "the node has pruned the state of that block: use --block latest"
            }
            Self::Geth | Self::Other => {
                "the node has pruned the state of that block: use --block latest, or run geth with \
                 --gcmode archive"
            }
        }
    }

    /// How to find accounts that no dump and no block names.
    pub fn how_to_name_accounts(self) -> &'static str {
        match self {
            Self::Geth | Self::Other => {
                "accounts that no block names cannot be found: pass the chain's --genesis FILE, or \
                 open the debug namespace (geth --http.api eth,net,web3,debug)"
            }
            _ => {
                "accounts and slots that no block names cannot be found: pass the chain's \
                 --genesis FILE, and let the node trace all blocks (its debug namespace, on an \
                 archive node)"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_recognised_by_their_versions() {
        for (version, client) in [
            ("Geth/v1.16.8-stable/linux-amd64/go1.26.8", ClientKind::Geth),
            ("op-geth/v1.101702.3", ClientKind::Geth),
            ("anvil/v1.7.1", ClientKind::Anvil),
            ("HardhatNetwork/2.26.3/@nomicfoundation/ethereumjs-vm/7", ClientKind::Hardhat),
            ("Ganache/v7.9.2/EthereumJS TestRPC/v7.9.2/ethereum-js", ClientKind::Ganache),
            ("EthereumJS TestRPC/v2.13.1/ethereum-js", ClientKind::Ganache),
            ("reth/v2.5.1-0000000/x86_64-unknown-linux-gnu", ClientKind::Reth),
            ("erigon/3.4.0-dev/linux-amd64/go1.26", ClientKind::Erigon),
            ("besu/v26.1.0/linux-x86_64/openjdk-java-21", ClientKind::Besu),
            ("Nethermind/v1.36.0+1/linux-x64/dotnet10", ClientKind::Nethermind),
            ("ethrex/v7", ClientKind::Other),
            ("", ClientKind::Other),
        ] {
            assert_eq!(ClientKind::of(Some(version)), client, "{version}");
        }
        assert_eq!(ClientKind::of(None), ClientKind::Other);
    }

    /// A hint that names another client misleads.
    #[test]
    fn hints_of_other_clients_do_not_name_geth() {
        use ClientKind::{Anvil, Besu, Erigon, Ganache, Hardhat, Nethermind, Reth};
        for client in [Anvil, Besu, Erigon, Ganache, Hardhat, Nethermind, Reth] {
            for hint in
                [client.how_to_dump(), client.how_to_keep_state(), client.how_to_name_accounts()]
            {
                assert!(!hint.contains("geth"), "{client:?}: {hint}");
            }
        }
    }
}

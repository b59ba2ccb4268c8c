//! Which client answers, and how it is made to give its state.

/// A client, as `web3_clientVersion` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind {
    /// geth, op-geth and others that call themselves so.
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
    /// One that is not known here, or does not say its name.
    Other,
}

impl ClientKind {
    /// Tells a client by its version.
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

    /// What makes a node that gives no dump give its state.
    pub fn to_give_state(self) -> &'static str {
        match self {
            Self::Geth | Self::Other => {
                "start the node with the namespace open: geth --http.api eth,net,web3,debug"
            }
            Self::Anvil => {
                "anvil answers anvil_dumpState: is a proxy in between that refuses it? The file of \
                 anvil --dump-state can be given instead (--state FILE)"
            }
            Self::Hardhat => {
                "Hardhat's node neither dumps nor proves its state: deploy to an anvil \
                 (anvil --chain-id 31337), and capture that"
            }
            Self::Ganache => {
                "Ganache does not dump its state, and proves none by block hash: deploy to an anvil \
                 (anvil --chain-id 1337), and capture that"
            }
            Self::Reth => {
                "reth has no dump, its state is looked up by eth_getProof: start it with \
                 --http.api eth,net,web3,debug --rpc.eth-proof-window 100000, and give the chain's \
                 --genesis FILE"
            }
            Self::Erigon => {
                "start Erigon with --http.api eth,net,web3,debug and --prune.mode archive"
            }
            Self::Besu => {
                "Besu has no dump, its state is looked up by eth_getProof: start it with \
                 --rpc-http-api=ETH,NET,WEB3,DEBUG and --data-storage-format=FOREST, and give the \
                 chain's --genesis FILE"
            }
            Self::Nethermind => {
                "Nethermind has no dump, its state is looked up by eth_getProof: start it with \
                 --JsonRpc.EnabledModules Eth,Net,Web3,Debug, and give the chain's --genesis FILE"
            }
        }
    }

    /// What keeps the state of a block that the node has dropped.
    pub fn to_keep_state(self) -> &'static str {
        match self {
            Self::Reth => {
                "reth proves the last blocks alone: use --block latest, or start it with \
                 --rpc.eth-proof-window 100000"
            }
            Self::Erigon => {
                "Erigon has dropped the state of that block: use --block latest, or run it with \
                 --prune.mode archive"
            }
            Self::Besu => {
                "Besu has dropped the state of that block: use --block latest, or run it with \
                 --data-storage-format=FOREST"
            }
            Self::Nethermind => {
                "Nethermind has dropped the state of that block: use --block latest, or run it with \
                 --Pruning.Mode None"
            }
            Self::Anvil | Self::Hardhat | Self::Ganache => {
                "the node has dropped the state of that block: use --block latest"
            }
            Self::Geth | Self::Other => {
                "the node has dropped the state of that block: use --block latest, or run geth with \
                 --gcmode archive"
            }
        }
    }

    /// What makes accounts known that no dump and no block names.
    pub fn to_name_accounts(self) -> &'static str {
        match self {
            Self::Geth | Self::Other => {
                "accounts that no block names are unknown here: give the chain's --genesis FILE, or \
                 open the debug namespace (geth --http.api eth,net,web3,debug)"
            }
            _ => {
                "accounts and slots that no block names are unknown here: give the chain's \
                 --genesis FILE, and let the node trace all its blocks (its debug namespace, with \
                 all past states kept)"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_by_their_versions() {
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

    /// A hint that names another client sends its reader the wrong way.
    #[test]
    fn hints_of_a_client_do_not_speak_of_geth() {
        use ClientKind::{Anvil, Besu, Erigon, Ganache, Hardhat, Nethermind, Reth};
        for client in [Anvil, Besu, Erigon, Ganache, Hardhat, Nethermind, Reth] {
            for hint in [client.to_give_state(), client.to_keep_state(), client.to_name_accounts()]
            {
                assert!(!hint.contains("geth"), "{client:?}: {hint}");
            }
        }
    }
}

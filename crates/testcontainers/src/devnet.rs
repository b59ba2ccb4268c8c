//! A devnet that runs.

use serde::Deserialize;

use crate::builder::{Builder, Source};
use crate::program::Program;

/// A devnet that builds blocks. Dropping it removes its containers, volumes and network; the snapshot stays.
#[derive(Debug)]
#[must_use = "dropping it ends the chain"]
pub struct Devnet {
    pub(crate) endpoints: Endpoints,
    pub(crate) stack: Stack,
}

/// A stack that is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) name: String,
    pub(crate) program: Program,
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.program.purge(&self.name);
    }
}

/// What `regenesis up` reports.
#[derive(Debug, Deserialize)]
pub(crate) struct Endpoints {
    chain_id: u64,
    run_id: String,
    eth_rpc_url: String,
    eth_ws_url: String,
    beacon_url: String,
    private_key: Option<String>,
    #[serde(default)]
    l2: Vec<Rollup>,
}

/// An L2 of a devnet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Rollup {
    /// Its name in the snapshot.
    pub name: String,
    /// Its chain ID.
    pub chain_id: u64,
    /// JSON-RPC of its execution client.
    pub eth_rpc_url: String,
    /// WebSocket of its execution client.
    pub eth_ws_url: String,
    /// JSON-RPC of op-node.
    pub node_url: String,
}

impl Devnet {
    /// The embedded sample: chain ID 271828, and the accounts of anvil and Hardhat.
    pub fn sample() -> Builder {
        Builder::new(Source::Sample("l1"))
    }

    /// The sample with an OP-stack L2 named `op`.
    pub fn op_sample() -> Builder {
        Builder::new(Source::Sample("op"))
    }

    /// A snapshot in a directory. A relative path starts from the working directory, which in `cargo test` is
    /// that of the package.
    pub fn snapshot(directory: impl Into<std::path::PathBuf>) -> Builder {
        Builder::new(Source::Directory(directory.into()))
    }

    /// A snapshot in a registry, `oci://REGISTRY/REPOSITORY:TAG`, pulled once into the cache of this machine.
    /// Its L2s keep their default ports.
    pub fn reference(reference: impl Into<String>) -> Builder {
        Builder::new(Source::Reference(reference.into()))
    }

    /// JSON-RPC of the execution client, over HTTP.
    pub fn eth_rpc_url(&self) -> &str {
        &self.endpoints.eth_rpc_url
    }

    /// JSON-RPC of the execution client, over WebSocket.
    pub fn eth_ws_url(&self) -> &str {
        &self.endpoints.eth_ws_url
    }

    /// The API of the beacon node.
    pub fn beacon_url(&self) -> &str {
        &self.endpoints.beacon_url
    }

    /// The chain ID.
    pub fn chain_id(&self) -> u64 {
        self.endpoints.chain_id
    }

    /// The 16 hex digits that name this genesis: each start has its own.
    pub fn run_id(&self) -> &str {
        &self.endpoints.run_id
    }

    /// The key of an account with ETH, if the snapshot is a sample: it is public.
    pub fn private_key(&self) -> Option<&str> {
        self.endpoints.private_key.as_deref()
    }

    /// The L2 of this name.
    pub fn l2(&self, name: &str) -> Option<&Rollup> {
        self.endpoints.l2.iter().find(|l2| l2.name == name)
    }

    /// The name of the stack, for `regenesis logs` and `regenesis status`.
    pub fn name(&self) -> &str {
        &self.stack.name
    }
}

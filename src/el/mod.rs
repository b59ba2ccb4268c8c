//! Execution layer: `genesis.json` → state root → header → block hash.

pub mod alloc;
pub mod block;
pub mod chain_config;
pub mod dialect;
pub mod edit;
pub mod error;
pub mod genesis;
pub mod header;
pub(crate) mod json;
pub(crate) mod number;
pub mod proof;
pub(crate) mod stream;
pub mod system_contracts;
pub mod trie;

pub use error::Error;

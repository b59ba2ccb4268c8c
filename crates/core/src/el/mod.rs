//! Execution layer: `genesis.json` → state root → header → block hash.

mod address;
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
pub mod other_chains;
pub mod proof;
pub mod public_chains;
pub mod state_sink;
pub(crate) mod stream;
pub mod system_contracts;
pub mod trie;

pub use address::address_of;
pub use error::Error;
pub use number::quantity;
pub(crate) use number::storage_word;

//! The same genesis in the formats of other execution clients. reth, Erigon and ethrex read geth's
//! format; so do Besu and Nethermind since 2026, except for the spelling of nonces ([`accounts`]).
//!
//! To add a client, add its file and its line in [`DIALECTS`].

pub mod accounts;
mod besu;
mod nethermind;

use std::sync::Arc;

use alloy_primitives::{B256, U256};
use serde_json::Value;

use super::genesis::{self, Document, Genesis};
use super::header::{Header, make_genesis_header};
use super::json::{fold, unescape};
use crate::file::FilePart;
use accounts::Accounts;

/// A client's format of a genesis.
#[derive(Debug)]
pub struct Dialect {
    /// Its name for `--el-format`.
    pub name: &'static str,
    /// Its file, below `metadata/`.
    pub file: &'static str,
    /// The text before and after the accounts.
    around: fn(&Inputs<'_>) -> Result<(String, String), super::Error>,
    /// The header that the client builds from the file. Its accounts are left out.
    header: fn(&str, B256) -> Option<Header>,
}

/// Every format except geth's, which is always written.
pub const DIALECTS: [Dialect; 2] = [
    Dialect {
        name: "besu",
        file: "besu.json",
        around: besu::around,
        // Besu's `GenesisState` builds the header by geth's rules.
        header: geth_header,
    },
    Dialect {
        name: "nethermind",
        file: "chainspec.json",
        around: nethermind::around,
        header: nethermind::header,
    },
];

/// The inputs of a format.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// `config` of the edited `genesis.json`.
    config: &'a [u8],
    /// The parsed genesis.
    genesis: &'a Genesis,
    /// The header that all clients must build.
    header: &'a Header,
}

/// A genesis that cannot be expressed in a client's format.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The genesis is invalid.
    #[error(transparent)]
    Genesis(#[from] super::Error),
    /// Other clients do not merge repeated keys.
    #[error("has more than one config, which only geth merges")]
    Configs,
    /// The client would build a different block.
    #[error("{file} would produce block {found}, not {expected}")]
    Differs {
        /// The dialect's file.
        file: &'static str,
        /// The hash that the client would compute.
        found: String,
        /// The hash of `genesis.json`.
        expected: B256,
    },
}

impl Dialect {
    /// The parts of the file, checked to produce the same header.
    ///
    /// # Errors
    /// The genesis cannot be expressed in this format.
    pub fn parts(
        &self,
        document: &Document,
        genesis: &Genesis,
        header: &Header,
        accounts: &Accounts,
    ) -> Result<Vec<FilePart>, Error> {
        let mut configs = document.head.iter().filter(|member| {
            *fold(&unescape(&member.key)) == *b"config" && member.value != b"null"
        });
        let (Some(config), None) = (configs.next(), configs.next()) else {
            return Err(Error::Configs);
        };
        let inputs = Inputs { config: &config.value, genesis, header };
        let (before, after) = (self.around)(&inputs)?;
        let read = (self.header)(&format!("{before}{{}}{after}"), header.state_root);
        let (found, expected) = (read.map(|read| read.hash()), header.hash());
        if found != Some(expected) {
            let found = found.map_or_else(|| "none".to_owned(), |hash| hash.to_string());
            return Err(Error::Differs { file: self.file, found, expected });
        }
        let text = |text: String| FilePart::Text(text.into_bytes());
        Ok(vec![text(before), FilePart::Encoded(Arc::new(accounts.clone())), text(after)])
    }
}

/// A `0x` number as a JSON string.
fn hex(number: impl TryInto<U256>) -> Value {
    let number = number.try_into().unwrap_or_default();
    format!("{number:#x}").into()
}

/// The header that geth builds from a file.
fn geth_header(text: &str, state_root: B256) -> Option<Header> {
    let (document, _) = genesis::read(text.as_bytes(), &|_| ()).ok()?;
    let genesis = document.checked_genesis().ok()?;
    Some(make_genesis_header(&genesis, state_root, genesis.timestamp?))
}

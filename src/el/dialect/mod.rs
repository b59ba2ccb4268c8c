//! The same genesis for execution clients that do not read geth's format. reth, Erigon and ethrex
//! do; so do Besu and Nethermind since 2026, but for the spelling of nonces ([`accounts`]).
//!
//! To add a client, add its file and its line in [`DIALECTS`].

pub mod accounts;
mod besu;
pub mod forks;
mod nethermind;

use alloy_primitives::{B256, U256};
use serde_json::Value;

use super::edit::Piece;
use super::genesis::{self, Document, Genesis};
use super::header::{Header, make_genesis_header};
use super::json::{fold, unescape};
use accounts::Accounts;

/// A client's format of a genesis.
#[derive(Debug)]
pub struct Dialect {
    /// Its name for `--el-format`.
    pub name: &'static str,
    /// Its file, below `metadata/`.
    pub file: &'static str,
    /// What stands before and behind the accounts.
    around: fn(&Inputs<'_>) -> Result<(String, String), super::Error>,
    /// The header that the client makes of the file, whose accounts are left out.
    header: fn(&str, B256) -> Option<Header>,
}

/// Every format but geth's, which is always written.
pub const DIALECTS: [Dialect; 2] = [
    Dialect {
        name: "besu",
        file: "besu.json",
        around: besu::around,
        // Besu's `GenesisState` makes the header by geth's rules.
        header: header_of_geths,
    },
    Dialect {
        name: "nethermind",
        file: "chainspec.json",
        around: nethermind::around,
        header: nethermind::header,
    },
];

/// What a format is made of.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// `config` of the edited `genesis.json`.
    config: &'a [u8],
    /// What it says.
    genesis: &'a Genesis,
    /// The header that all clients must make.
    header: &'a Header,
}

/// A genesis that a client cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The genesis is not one.
    #[error(transparent)]
    Genesis(#[from] super::Error),
    /// Repeated keys mean something else to other clients.
    #[error("has more than one config, which only geth joins")]
    Configs,
    /// The client would make another block of it.
    #[error("{file} would give block {found}, not {expected}")]
    Differs {
        /// The dialect's file.
        file: &'static str,
        /// The hash that the client would make.
        found: String,
        /// The hash of `genesis.json`.
        expected: B256,
    },
}

impl Dialect {
    /// The file in pieces, read again and found to give the same header.
    ///
    /// # Errors
    /// The genesis has something that this client cannot be told.
    pub fn pieces(
        &self,
        document: &Document,
        genesis: &Genesis,
        header: &Header,
        accounts: &Accounts,
    ) -> Result<Vec<Piece>, Error> {
        let mut configs = document.head.iter().filter(|member| {
            *fold(&unescape(&member.key)) == *b"config" && member.value != b"null"
        });
        let (Some(config), None) = (configs.next(), configs.next()) else {
            return Err(Error::Configs);
        };
        let inputs = Inputs { config: &config.value, genesis, header };
        let (before, behind) = (self.around)(&inputs)?;
        let read = (self.header)(&format!("{before}{{}}{behind}"), header.state_root);
        let (found, expected) = (read.map(|read| read.hash()), header.hash());
        if found != Some(expected) {
            let found = found.map_or_else(|| "none".to_owned(), |hash| hash.to_string());
            return Err(Error::Differs { file: self.file, found, expected });
        }
        let text = |text: String| Piece::Text(text.into_bytes());
        Ok(vec![text(before), Piece::Accounts(accounts.clone()), text(behind)])
    }
}

/// `0x` and digits, as a JSON text.
fn hex(number: impl TryInto<U256>) -> Value {
    let number = number.try_into().unwrap_or_default();
    format!("{number:#x}").into()
}

/// The header of a file in geth's format, as its reader makes it.
fn header_of_geths(text: &str, state_root: B256) -> Option<Header> {
    let (document, _) = genesis::read(text.as_bytes(), &|_| ()).ok()?;
    let genesis = document.checked_genesis().ok()?;
    Some(make_genesis_header(&genesis, state_root, genesis.timestamp?))
}

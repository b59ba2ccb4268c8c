//! Which chain a node is on, and the block that is captured.

use std::str::FromStr;

use alloy_primitives::{B256, U256};
use serde_json::{Value, json};

use super::Error;
use super::block::Block;
use super::client::ClientKind;
use crate::rpc::Rpc;

/// Longest answer about one block, its transactions included.
pub const BLOCK_LIMIT: u64 = 64 << 20;
/// Longest answer that is a few values.
pub const SMALL_LIMIT: u64 = 1 << 20;

/// The block to capture, as a user names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockId {
    /// The head.
    Latest,
    /// The last finalized one.
    Finalized,
    /// By number.
    Number(u64),
    /// By hash.
    Hash(B256),
}

impl FromStr for BlockId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_prefix("0x").map_or_else(
            || text.parse().ok(),
            |hex| (hex.len() <= 16).then(|| u64::from_str_radix(hex, 16).ok()).flatten(),
        );
        match (text, number) {
            ("latest", _) => Ok(Self::Latest),
            ("finalized", _) => Ok(Self::Finalized),
            (_, Some(number)) => Ok(Self::Number(number)),
            (text, None) => text
                .parse()
                .map(Self::Hash)
                .map_err(|_| "expected latest, finalized, a number, or a hash of 64 hex digits"),
        }
    }
}

/// The chain of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// `web3_clientVersion`; some nodes do not say it.
    pub client: Option<String>,
    /// `eth_chainId`.
    pub id: u64,
    /// Hash of block 0.
    pub genesis: B256,
}

impl Chain {
    /// Which client the node is.
    pub fn client(&self) -> ClientKind {
        ClientKind::of(self.client.as_deref())
    }

    /// Asks a node.
    ///
    /// # Errors
    /// The node is not there, or is none.
    pub fn ask(rpc: &dyn Rpc) -> Result<Self, Error> {
        let id = chain_id(rpc)?;
        let client = rpc.call("web3_clientVersion", &json!([]), SMALL_LIMIT).ok();
        let client = client.and_then(|raw| serde_json::from_slice(&raw).ok());
        let genesis = by_number(rpc, "0x0")?.and_then(|block| block.hash);
        let genesis = genesis.ok_or_else(|| Error::Answer("the node has no block 0".to_owned()))?;
        Ok(Self { client, id, genesis })
    }
}

fn chain_id(rpc: &dyn Rpc) -> Result<u64, Error> {
    let raw = rpc.call("eth_chainId", &json!([]), SMALL_LIMIT)?;
    let text: Value = serde_json::from_slice(&raw).unwrap_or_default();
    let digits = text.as_str().and_then(|text| text.strip_prefix("0x"));
    let id = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    id.ok_or_else(|| Error::Answer(format!("eth_chainId answers {text}")))
}

fn by_number(rpc: &dyn Rpc, number: &str) -> Result<Option<Block>, Error> {
    found(&rpc.call("eth_getBlockByNumber", &json!([number, false]), BLOCK_LIMIT)?)
}

fn found(raw: &[u8]) -> Result<Option<Block>, Error> {
    if raw == b"null" { Ok(None) } else { Block::parse(raw).map(Some) }
}

/// The block that `id` means now.
///
/// # Errors
/// The node has no such block, or it is not of the canonical chain.
pub fn pin(rpc: &dyn Rpc, id: BlockId) -> Result<Block, Error> {
    let block = match id {
        BlockId::Latest => by_number(rpc, "latest")?,
        BlockId::Finalized => by_number(rpc, "finalized")?,
        BlockId::Number(number) => by_number(rpc, &format!("{number:#x}"))?,
        BlockId::Hash(hash) => {
            found(&rpc.call("eth_getBlockByHash", &json!([hash, false]), BLOCK_LIMIT)?)?
        }
    };
    let Some(block) = block else {
        return Err(Error::NoBlock { id: format!("{id:?}").to_lowercase() });
    };
    match (id, block.hash) {
        (_, None) => return Err(Error::Answer(format!("block {} has no hash", block.number))),
        (BlockId::Hash(_), Some(hash)) => check_canonical(rpc, block.number, hash)?,
        (BlockId::Number(asked), _) if asked != block.number => {
            return Err(Error::Answer(format!(
                "the node answers the question for block {asked} with block {}",
                block.number
            )));
        }
        _ => {}
    }
    Ok(block)
}

/// The block behind `block`, if there is one already.
///
/// # Errors
/// The node cannot be reached.
pub fn child(rpc: &dyn Rpc, block: &Block) -> Result<Option<B256>, Error> {
    Ok(by_number(rpc, &format!("{:#x}", block.number + 1))?.and_then(|child| child.hash))
}

/// Checks after the last page that the chain is still the one that was pinned.
///
/// # Errors
/// Another chain answers, or the block was reorganised away.
pub fn still(rpc: &dyn Rpc, chain: &Chain, block: &Block) -> Result<(), Error> {
    let id = chain_id(rpc)?;
    if id != chain.id {
        return Err(Error::AnotherChain { before: chain.id, now: id });
    }
    check_canonical(rpc, block.number, block.hash.unwrap_or_default())
}

/// Checks that a block is of the node's chain.
///
/// # Errors
/// It is not, or the node cannot be reached.
pub fn check_canonical(rpc: &dyn Rpc, number: u64, hash: B256) -> Result<(), Error> {
    let now = by_number(rpc, &format!("{number:#x}"))?.and_then(|block| block.hash);
    if now == Some(hash) { Ok(()) } else { Err(Error::Reorganised { number, hash }) }
}

/// Wei as a hex quantity.
pub fn quantity(value: U256) -> String {
    format!("{value:#x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_as_users_name_them() {
        let hash = B256::repeat_byte(0xab);
        for (text, id) in [
            ("latest", BlockId::Latest),
            ("finalized", BlockId::Finalized),
            ("17", BlockId::Number(17)),
            ("0x11", BlockId::Number(17)),
            (&hash.to_string(), BlockId::Hash(hash)),
        ] {
            assert_eq!(text.parse(), Ok(id), "{text}");
        }
        for text in ["", "-1", "pending", "0x", "0x12345678123456781", "1.5"] {
            assert!(text.parse::<BlockId>().is_err(), "{text}");
        }
    }
}

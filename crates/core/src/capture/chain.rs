//! The chain of a node, and the block to capture.

use std::str::FromStr;

use alloy_primitives::{Address, B256, U256};
use serde_json::{Value, json};

use super::Error;
use super::block::Block;
use super::client::ClientKind;
use crate::el::quantity;
use crate::rpc::{self, Rpc};

/// Longest answer about one block, its transactions included.
pub const BLOCK_LIMIT: u64 = 64 << 20;
/// Longest answer with a few values.
pub const SMALL_LIMIT: u64 = 1 << 20;

/// The block to capture, as a user names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockId {
    /// The head.
    Latest,
    /// The last finalized block.
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
    /// `web3_clientVersion`; some nodes do not report it.
    pub client: Option<String>,
    /// `eth_chainId`.
    pub id: u64,
    /// Hash of block 0.
    pub genesis: B256,
}

impl Chain {
    /// The client of the node.
    pub fn client(&self) -> ClientKind {
        ClientKind::of(self.client.as_deref())
    }

    /// Requests the chain of a node.
    ///
    /// # Errors
    /// The node cannot be reached, or is not an execution node.
    pub fn fetch(rpc: &dyn Rpc) -> Result<Self, Error> {
        let id = chain_id(rpc)?;
        let client = client_version(rpc);
        let genesis = by_number(rpc, "0x0")?.and_then(|block| block.hash);
        let genesis = genesis.ok_or_else(|| Error::Answer("the node has no block 0".to_owned()))?;
        Ok(Self { client, id, genesis })
    }
}

/// `web3_clientVersion`; some nodes do not report it.
pub fn client_version(rpc: &dyn Rpc) -> Option<String> {
    let raw = rpc.call("web3_clientVersion", &json!([]), SMALL_LIMIT).ok()?;
    serde_json::from_slice(&raw).ok()
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
/// The node has no such block, or it is not on the canonical chain.
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
        (BlockId::Number(requested), _) if requested != block.number => {
            return Err(Error::Answer(format!(
                "for block {requested}, the node returns block {}",
                block.number
            )));
        }
        _ => {}
    }
    Ok(block)
}

/// Wei of an account at the block with this hash.
///
/// # Errors
/// The node cannot be reached, or no longer has the state of the block.
pub fn balance(rpc: &dyn Rpc, address: Address, block: B256) -> Result<U256, Error> {
    let method = "eth_getBalance";
    let answer = rpc::value(rpc, method, &json!([address, {"blockHash": block}]), SMALL_LIMIT)?;
    quantity(&answer).ok_or_else(|| Error::Answer(format!("{method} does not return a number")))
}

/// Hash of the next block, if there is one already.
///
/// # Errors
/// The node cannot be reached.
pub fn child(rpc: &dyn Rpc, block: &Block) -> Result<Option<B256>, Error> {
    Ok(by_number(rpc, &format!("{:#x}", block.number + 1))?.and_then(|child| child.hash))
}

/// Checks after a capture that the chain is still the one that was pinned.
///
/// # Errors
/// The node is on another chain, or the block was reorganised.
pub fn check_unchanged(rpc: &dyn Rpc, chain: &Chain, block: &Block) -> Result<(), Error> {
    let id = chain_id(rpc)?;
    if id != chain.id {
        return Err(Error::AnotherChain { before: chain.id, now: id });
    }
    check_canonical(rpc, block.number, block.hash.unwrap_or_default())
}

/// Checks that a block is on the node's chain.
///
/// # Errors
/// It is not, or the node cannot be reached.
pub fn check_canonical(rpc: &dyn Rpc, number: u64, hash: B256) -> Result<(), Error> {
    let now = by_number(rpc, &format!("{number:#x}"))?.and_then(|block| block.hash);
    if now == Some(hash) { Ok(()) } else { Err(Error::Reorganised { number, hash }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_ids_parse() {
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

//! What an L2 has on its L1: the `SystemConfig` contract, and the ether in its portal.

use alloy_primitives::{Address, B256, U256, keccak256};
use serde_json::{Value, json};

use super::Deployed;
use crate::capture::Error;
use crate::capture::chain::{self, SMALL_LIMIT};
use crate::capture::context::{CaptureContext, Node};
use crate::l2::{SystemConfig, system_config};

/// The captured L1.
#[derive(Debug)]
pub struct L1<'a> {
    /// Its chain id.
    pub chain_id: u64,
    /// Its node; a state file has none.
    pub node: Option<Node<'a>>,
    /// Number and hash of the captured block, if they are known.
    pub block: Option<(u64, B256)>,
    /// Whether its blocks are kept: the L2 then continues from the last one.
    pub history: bool,
}

impl Deployed {
    /// What the `SystemConfig` contract has at the last block of the history.
    pub(super) fn system_config(
        &self,
        context: &CaptureContext<'_>,
        l1: &L1<'_>,
    ) -> Result<Option<SystemConfig>, Error> {
        let contract = self.chain.rollup.system_config_contract();
        let (Some(node), Some((number, hash))) = (l1.node, l1.block) else {
            context.progress.warning(&format!(
                "{}: no node of the L1 answers for its SystemConfig: genesis.system_config stays as it is, \
                 so edit rollup.json if the contract has changed since",
                self.name
            ));
            return Ok(None);
        };
        let at = json!({"blockHash": hash});
        let found = match contract {
            None => None,
            Some(contract) => {
                let call = |slot: u64| {
                    let slot = B256::from(U256::from(slot));
                    ("eth_getStorageAt", json!([contract, slot, at]))
                };
                let values = node.rpc.batch(&system_config::SLOTS.map(call), SMALL_LIMIT);
                let values = values.map_err(|error| node.failed(error.into()))?;
                let words = values.iter().map(|raw| word(raw, "eth_getStorageAt"));
                let words = words.collect::<Result<Vec<_>, _>>()?;
                let slot = |slot: u64| {
                    let pairs = system_config::SLOTS.iter().zip(&words);
                    pairs.filter(|(known, _)| **known == slot).map(|(_, word)| *word).next()
                };
                SystemConfig::of_storage(|number| slot(number).unwrap_or_default())
            }
        };
        let name = &self.name;
        match &found {
            None => context.progress.warning(&format!(
                "{name}: no SystemConfig at l1_system_config_address at block {number} of the L1: \
                 genesis.system_config stays as it is"
            )),
            Some(config) => {
                let changes = self.chain.rollup.changes(config);
                let changes =
                    if changes.is_empty() { "unchanged".into() } else { changes.join(", ") };
                context
                    .progress
                    .note(&format!("{name}: system_config at block {number}: {changes}"));
            }
        }
        Ok(found)
    }

    /// Compares the ether that the L2 has more than its genesis with what the L1 holds for it.
    pub(super) fn compare(&self, context: &CaptureContext<'_>, total: U256, l1: &L1<'_>) {
        let minted = total.saturating_sub(self.supply);
        // Not every node answers for a block by hash: no answer, no comparison.
        let Some(held) = self.held(l1) else { return };
        if minted > held {
            context.progress.warning(&format!(
                "{}: the L2 has {minted} wei more than its genesis, but the portal on the L1 holds \
                 {held} wei: not all of it can be withdrawn",
                self.name
            ));
        }
    }

    /// Wei in the portal on the L1, and in its lockbox.
    fn held(&self, l1: &L1<'_>) -> Option<U256> {
        let (node, (_, hash)) = (l1.node?, l1.block?);
        let at = json!({"blockHash": hash});
        let balance = |address: Address| chain::balance(node.rpc, address, hash).ok();
        let portal = self.chain.rollup.portal()?;
        let selector = &keccak256("ethLockbox()")[..4];
        let call = json!({"to": portal, "data": format!("0x{}", hex::encode(selector))});
        let lockbox = node.rpc.call("eth_call", &json!([call, at]), SMALL_LIMIT).ok();
        let lockbox = lockbox.and_then(|raw| word(&raw, "eth_call").ok()).map(Address::from_word);
        let in_lockbox = lockbox.map_or(Some(U256::ZERO), balance)?;
        Some(balance(portal)?.saturating_add(in_lockbox))
    }
}

/// A 32-byte word in a node's answer.
fn word(raw: &[u8], method: &str) -> Result<B256, Error> {
    let value: Value = serde_json::from_slice(raw).unwrap_or_default();
    let word = value.as_str().and_then(|text| text.parse().ok());
    word.ok_or_else(|| Error::Answer(format!("{method} does not return a 32-byte word")))
}

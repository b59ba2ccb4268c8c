//! Transactions in blocks that healing removes from the chain.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde_json::{Value, json};

use crate::io::console::Console;
use crate::io::rpc_client::Client;
use crate::rpc::{Rpc, value};

/// Longest answer.
const LONGEST: u64 = 64 << 20;
/// How many blocks are read: a client may report any number as its head.
const MOST_BLOCKS: usize = 256;
/// How many hashes a message lists.
const MOST_SHOWN: usize = 4;

/// The blocks that healing removes from the chain, and their transactions.
#[derive(Default)]
pub(super) struct Orphans {
    /// Hashes: actions that follow each other collect the same blocks.
    blocks: BTreeSet<String>,
    /// Whether there are more than were read.
    has_more: bool,
    /// Hash and encoding.
    transactions: Vec<(String, Value)>,
}

impl Orphans {
    /// Reads the transactions of blocks that are about to leave the chain, by their numbers.
    pub(super) fn collect(&mut self, node: &Client<'_>, mut numbers: RangeInclusive<u64>) {
        for number in numbers.by_ref().take(MOST_BLOCKS) {
            let params = json!([format!("{number:#x}"), false]);
            let Ok(block) = value(node, "eth_getBlockByNumber", &params, LONGEST) else { continue };
            let Some(hash) = block["hash"].as_str() else { continue };
            if !self.blocks.insert(hash.to_owned()) {
                continue;
            }
            let hashes = block["transactions"].as_array().into_iter().flatten();
            for hash in hashes.filter_map(Value::as_str) {
                // Another block at this height may have it, too.
                if self.transactions.iter().any(|(known, _)| known == hash) {
                    continue;
                }
                let raw = value(node, "eth_getRawTransactionByHash", &json!([hash]), LONGEST);
                self.transactions.push((hash.to_owned(), raw.unwrap_or_default()));
            }
        }
        self.has_more |= !numbers.is_empty();
    }

    /// Resends the transactions that are neither in the chain nor in the pool, and reports the losses.
    pub(super) fn settle(&mut self, node: &Client<'_>, console: &Console) {
        let Self { blocks, has_more, transactions } = std::mem::take(self);
        if blocks.is_empty() && !has_more {
            return;
        }
        let count =
            if has_more { format!("more than {MOST_BLOCKS}") } else { blocks.len().to_string() };
        let (mut again, mut lost) = (0, Vec::new());
        for (hash, raw) in &transactions {
            if value(node, "eth_getTransactionByHash", &json!([hash]), LONGEST).is_ok() {
                continue;
            }
            match node.call("eth_sendRawTransaction", &json!([raw]), LONGEST) {
                Ok(_) => again += 1,
                Err(_) => lost.push(hash.as_str()),
            }
        }
        let kept = transactions.len() - again - lost.len();
        console.note(&format!(
            "blocks replaced: {count}; transactions in them: {} ({kept} still in the pool or in a block, \
             {again} sent again)",
            transactions.len()
        ));
        if !lost.is_empty() {
            let shown = lost.iter().take(MOST_SHOWN).copied().collect::<Vec<_>>().join(", ");
            let more = if lost.len() > MOST_SHOWN { ", …" } else { "" };
            console.warning(&format!(
                "lost transactions: {}; send them again: {shown}{more}",
                lost.len()
            ));
        }
    }
}

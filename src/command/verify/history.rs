//! The history of a chain: checks that its file is complete, and that a node has all of it.

use std::io::Read;

use alloy_primitives::B256;
use alloy_rlp::Decodable;
use serde::Serialize;
use serde_json::json;

use super::super::Failure;
use super::super::steps::Steps;
use crate::capture::block::Block as Answer;
use crate::capture::chain::BLOCK_LIMIT;
use crate::capture::history::{ChainCheck, next};
use crate::capture::receipts::{self, Log};
use crate::el::block::Block;
use crate::exit;
use crate::file::Input;
use crate::io::fs;
use crate::io::rpc_client::Client;
use crate::pipeline::Prepared;
use crate::rpc::Rpc;
use crate::snapshot::Snapshot;

/// The number of blocks in one request.
const BATCH: usize = 64;
const HINT: &str = "it was edited or damaged: capture it again";

/// The history that a chain should have.
#[derive(Debug)]
pub(super) struct ChainHistory {
    /// `chain.rlp`.
    pub(super) chain: Input,
    /// Hash of block 0.
    pub(super) genesis_hash: B256,
    /// Number and hash of the last block.
    pub(super) head: (u64, B256),
}

/// How much was compared.
#[derive(Debug, Default, Serialize)]
pub(super) struct Compared {
    blocks: u64,
    receipts: u64,
    logs: u64,
}

impl ChainHistory {
    /// The history of a snapshot, if it has one.
    pub(super) fn of(snapshot: &Snapshot, prepared: &Prepared) -> Option<Self> {
        let (history, past) = (snapshot.history.as_ref()?, prepared.history.as_ref()?);
        let head = (past.head.header.number, past.hash);
        Some(Self { chain: history.chain.clone(), genesis_hash: past.genesis_hash?, head })
    }

    /// Reads the file to its end and checks that every block is the child of the one before.
    pub(super) fn read(
        &self,
        mut each: impl FnMut(&Block) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let wrong = |what: &str| {
            let message = format!("{}: {what}", self.chain.label());
            Failure::new(exit::VERIFICATION, message, Some(HINT))
        };
        let mut reader = fs::open(&self.chain)?;
        let mut checked = ChainCheck::new(self.genesis_hash);
        while checked.number() < self.head.0 {
            let number = checked.number() + 1;
            let rlp = next(&mut reader).map_err(|error| wrong(&error.to_string()))?;
            let Some(rlp) = rlp else { return Err(wrong(&format!("ends within block {number}"))) };
            let added = Block::decode(&mut &rlp[..]).map_err(|error| error.to_string());
            let added =
                added.and_then(|block| checked.add(block).map_err(|error| error.to_string()));
            added.map_err(|what| wrong(&format!("block {number}: {what}")))?;
            checked.head.as_ref().map_or(Ok(()), &mut each)?;
        }
        if checked.hash != self.head.1 {
            return Err(wrong(&format!(
                "ends with block {}, expected {}",
                checked.hash, self.head.1
            )));
        }
        let mut rest = [0];
        match reader.read(&mut rest) {
            Ok(0) => Ok(()),
            Ok(_) => Err(wrong(&format!("continues after block {}", self.head.0))),
            Err(error) => Err(wrong(&error.to_string())),
        }
    }

    /// Compares the hashes, receipts and logs of all blocks with those of a node.
    pub(super) fn compare(&self, el: &Client<'_>, steps: &Steps<'_>) -> Result<Compared, Failure> {
        let (mut compared, mut batch) = (Compared::default(), Vec::new());
        let console = steps.console;
        self.read(|block| {
            batch.push(block.clone());
            if batch.len() < BATCH {
                return Ok(());
            }
            compare(el, &std::mem::take(&mut batch), &mut compared)?;
            console.progress(|| format!("comparing block {} of {}", compared.blocks, self.head.0));
            Ok(())
        })?;
        compare(el, &batch, &mut compared)?;
        let Compared { blocks, receipts, logs } = &compared;
        let text = format!("{blocks} blocks, {receipts} receipts and {logs} logs as captured");
        steps.done("history", &text);
        Ok(compared)
    }
}

fn compare(el: &Client<'_>, blocks: &[Block], compared: &mut Compared) -> Result<(), Failure> {
    let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { return Ok(()) };
    let failed = |error: crate::capture::Error| Failure::capture(&error);
    let tags: Vec<_> = blocks.iter().map(|block| format!("{:#x}", block.header.number)).collect();
    let headers = tags.iter().map(|tag| ("eth_getBlockByNumber", json!([tag, false])));
    let receipts = tags.iter().map(|tag| ("eth_getBlockReceipts", json!([tag])));
    let calls: Vec<_> = headers.chain(receipts).collect();
    let answers = el.batch(&calls, BLOCK_LIMIT).map_err(|error| failed(error.into()))?;
    let (headers, receipts) = answers.split_at(blocks.len());
    let mut expected: Vec<Log> = Vec::new();
    for ((block, header), receipts) in blocks.iter().zip(headers).zip(receipts) {
        let number = block.header.number;
        let differs = |what: &str, ours: B256, theirs: String| {
            let message = format!("block {number} has {what} {theirs}, but the history has {ours}");
            let hint =
                "the node has a different history: empty its data directory and restart the stack";
            Err(Failure::new(exit::VERIFICATION, message, Some(hint)))
        };
        let theirs = match &header[..] {
            b"null" => None,
            raw => Answer::parse(raw).map_err(failed)?.hash,
        };
        let hash = block.header.hash();
        if theirs != Some(hash) {
            let theirs = theirs.map_or_else(|| "none".to_owned(), |hash| hash.to_string());
            return differs("hash", hash, theirs);
        }
        let receipts = receipts::parse(receipts).map_err(failed)?;
        let root = receipts::root(&receipts);
        if root != block.header.receipts_root {
            return differs("receipts root", block.header.receipts_root, root.to_string());
        }
        compared.receipts += receipts.len() as u64;
        expected.extend(receipts.into_iter().flat_map(|receipt| receipt.logs));
    }
    let (from, to) = (first.header.number, last.header.number);
    let filter = json!([{"fromBlock": format!("{from:#x}"), "toBlock": format!("{to:#x}")}]);
    let found =
        el.call("eth_getLogs", &filter, BLOCK_LIMIT).map_err(|error| failed(error.into()))?;
    let found = receipts::parse_logs(&found).map_err(failed)?;
    if found != expected {
        let (ours, theirs) = (expected.len(), found.len());
        let message = format!(
            "eth_getLogs returns {theirs} logs for blocks {from} to {to}, which differ from the {ours} \
             in the receipts"
        );
        let hint = "the node's log index is incomplete: geth --history.logs 0 keeps it complete";
        return Err(Failure::new(exit::VERIFICATION, message, Some(hint)));
    }
    compared.blocks += blocks.len() as u64;
    compared.logs += found.len() as u64;
    Ok(())
}

//! Captures all blocks of a node's chain.

use std::io::BufReader;

use alloy_primitives::B256;

use super::chain_check::ChainCheck;
use super::{BLOCKS_AT_ONCE, Source, blocks, open, resume};
use crate::capture::Error;
use crate::capture::block::Block;
use crate::capture::chain;
use crate::capture::collected::shrunk;
use crate::capture::config;
use crate::capture::context::{CaptureContext, Captured, Node};
use crate::capture::state::{base_metadata, consensus_files, count};
use crate::capture::validators;
use crate::capture::work_files::Append;
use crate::el;
use crate::el::chain_config::ChainConfig;
use crate::el::genesis;
use crate::el::header::make_genesis_header;
use crate::file::{Content, FilePart, Input, OutFile};
use crate::snapshot::metadata::{self, Metadata, Mode, SourceBlock};
use crate::snapshot::{CHAIN, HEAD, OWN_GENESIS};

/// The work file of the blocks.
pub(in crate::capture) const BLOCKS: &str = "chain.rlp";
/// The checkpoint. How far a run has come shows in [`BLOCKS`] itself.
const CHECKPOINT: &[u8] = b"{\"mode\": \"history\"}\n";

/// See [`CaptureContext::history`].
pub(in crate::capture) fn capture(
    context: &CaptureContext<'_>,
    node: Node<'_>,
    genesis: &Input,
) -> Result<Captured, Error> {
    let chain = node.chain;
    let config = check_genesis(context, chain.genesis, Some(chain.id), genesis)?;
    let collected = collect(context, node)?;
    snapshot(context, genesis, &config, chain.client.clone(), chain.genesis, collected)
}

/// The snapshot of a history whose blocks are in the work file.
pub(super) fn snapshot(
    context: &CaptureContext<'_>,
    genesis: &Input,
    execution: &ChainConfig,
    client: Option<String>,
    genesis_hash: B256,
    collected: CollectedBlocks,
) -> Result<Captured, Error> {
    let CollectedBlocks { method, block, head, transactions, length } = collected;
    let invalid = |error| Error::Genesis { input: genesis.clone(), error: Box::new(error) };
    let id = execution.chain_id_64().map_err(invalid)?;
    let config_yaml = config::consensus(context, execution, id, Some(&block))?;
    let from = config::consensus_source(context);
    context.progress.step("config", &format!("chain {id}: consensus from {from}"));
    let validators = validators::choose(context)?;

    let mut metadata = Metadata {
        mode: Mode::History,
        proven: Some(true),
        state_root: Some(block.state_root),
        ..base_metadata(context, id)
    };
    metadata.source = Some(metadata::Source {
        kind: method.to_owned(),
        client,
        genesis_hash: Some(genesis_hash),
        block: Some(SourceBlock {
            number: block.number,
            hash: block.hash,
            state_root: block.state_root,
            timestamp: block.timestamp,
        }),
        ..metadata::Source::default()
    });
    count(&mut metadata, "blocks", block.number);
    count(&mut metadata, "transactions", transactions);
    count(&mut metadata, "validators", validators.count);
    let file = |path: &str, input: Input, length| {
        let content = Content::Parts(vec![FilePart::Source(0..length)], input, None);
        OutFile::new(path, content, false)
    };
    let mut files = vec![
        file(OWN_GENESIS, genesis.clone(), context.length(genesis)?),
        file(CHAIN, context.work.input(BLOCKS), length),
        OutFile::new(HEAD, Content::Bytes(alloy_rlp::encode(&head)), false),
    ];
    files.extend(consensus_files(config_yaml, validators));
    Ok(Captured { files, metadata })
}

/// Checks that block 0 of a genesis is the chain's, and its chain id, where that is known; returns its
/// config, which no hash covers.
pub(super) fn check_genesis(
    context: &CaptureContext<'_>,
    block_0: B256,
    chain_id: Option<u64>,
    input: &Input,
) -> Result<ChainConfig, Error> {
    let size = context.length(input)?;
    let progress = |offset: u64| {
        let (read, all) = (offset / 1_000_000, size / 1_000_000);
        context.progress.advance(&|| format!("reading {read} of {all} MB"));
    };
    let invalid = |error| Error::Genesis { input: input.clone(), error: Box::new(error) };
    let (document, state) = genesis::read(context.open(input)?, &progress).map_err(invalid)?;
    let genesis = document.checked_genesis().map_err(invalid)?;
    let other = |what: String| Error::GenesisOfAnotherChain { file: input.label(), what };
    let Some(timestamp) = genesis.timestamp else {
        return Err(other("is a template: it has no timestamp of its own".to_owned()));
    };
    let hash = make_genesis_header(&genesis, state.root(), timestamp).hash();
    if hash != block_0 {
        return Err(other(format!("produces block 0 {hash}, but the node has {block_0}")));
    }
    let id = genesis.config.chain_id_64().map_err(invalid)?;
    if let Some(expected) = chain_id.filter(|expected| *expected != id) {
        return Err(other(format!("has the chain id {id}, but the node has {expected}")));
    }
    let text = format!("{}: block 0 {hash}, the node's", input.label());
    context.progress.step("genesis", &text);
    Ok(genesis.config)
}

/// The blocks in the work file.
pub(super) struct CollectedBlocks {
    /// The RPC method that returned them, or where they were.
    pub(super) method: &'static str,
    /// The last block, with state root and timestamp from its header.
    pub(super) block: Block,
    pub(super) head: el::block::Block,
    pub(super) transactions: u64,
    /// Bytes of all blocks.
    pub(super) length: u64,
}

/// Collects all blocks up to the requested one.
fn collect(context: &CaptureContext<'_>, node: Node<'_>) -> Result<CollectedBlocks, Error> {
    let pinned = chain::pin(node.rpc, context.request.block)?;
    let (last, hash) = (pinned.number, pinned.hash.unwrap_or_default());
    context.progress.step("block", &format!("{last} {hash}"));
    if last == 0 {
        return Err(Error::NoHistory);
    }
    let source = open(node.rpc)?;
    let mut run = Run::begin(context, node, &pinned)?;
    context.work.set_resumable(true);
    let fetched = run.fetch(node, &*source, last);
    if matches!(fetched, Ok(()) | Err(Error::WrongBlock { .. })) {
        // Blocks that do not fit together may come from two chains: that error says more.
        chain::check_unchanged(node.rpc, node.chain, &pinned)?;
    }
    fetched?;
    let Run { checked, out, .. } = run;
    let Some(head) = checked.head.filter(|_| checked.hash == hash) else {
        let what = format!("is {}, but the node called it {hash}", checked.hash);
        return Err(Error::WrongBlock { number: last, what });
    };
    let (length, transactions) = (out.length(), checked.transactions);
    let text = format!(
        "blocks 1 to {last}, {transactions} transactions, {length} bytes: every hash is proven"
    );
    context.progress.step("capture", &text);
    let (state_root, timestamp) = (head.header.state_root, head.header.timestamp);
    let block = Block { state_root, timestamp, ..pinned };
    Ok(CollectedBlocks { method: source.name(), block, head, transactions, length })
}

/// A capture of blocks.
struct Run<'a> {
    context: &'a CaptureContext<'a>,
    checked: ChainCheck,
    out: Box<dyn Append>,
}

impl<'a> Run<'a> {
    /// Resumes from the blocks of an earlier run if they are still on the node's chain.
    fn begin(
        context: &'a CaptureContext<'a>,
        node: Node<'_>,
        pinned: &Block,
    ) -> Result<Self, Error> {
        let (work, progress) = (context.work, context.progress);
        let mut checked = ChainCheck::new(node.chain.genesis);
        let mut length = 0;
        if work.checkpoint().is_some_and(|checkpoint| checkpoint == CHECKPOINT) {
            let mut reader = BufReader::new(context.open(&work.input(BLOCKS))?);
            let report =
                |number| progress.advance(&|| format!("blocks {number}, from an earlier run"));
            length = resume(&mut reader, &mut checked, pinned.number, &report)?;
        }
        let kept = checked.number();
        match chain::check_canonical(node.rpc, kept, checked.hash) {
            Ok(()) if kept > 0 => progress.step("resume", &format!("at block {kept}")),
            Err(Error::Reorganised { .. }) => {
                progress.note(&format!("block {kept} was reorganised: fetching all blocks again"));
                (checked, length) = (ChainCheck::new(node.chain.genesis), 0);
            }
            checked => checked?,
        }
        let out = work.append(BLOCKS, length).map_err(Error::Write)?;
        Ok(Self { context, checked, out: out.ok_or_else(shrunk)? })
    }

    /// Fetches all remaining blocks.
    fn fetch(&mut self, node: Node<'_>, source: &dyn Source, last: u64) -> Result<(), Error> {
        while self.checked.number() < last {
            let first = self.checked.number() + 1;
            let numbers = first..(first + BLOCKS_AT_ONCE).min(last + 1);
            for block in blocks(source, node.rpc, numbers)? {
                let rlp = alloy_rlp::encode(&block);
                self.checked.add(block)?;
                self.out.write_all(&rlp).map_err(Error::Write)?;
            }
            self.out.flush().map_err(Error::Write)?;
            self.context.work.set_checkpoint(CHECKPOINT).map_err(Error::Write)?;
            let number = self.checked.number();
            self.context.progress.advance(&|| format!("blocks {number} of {last}"));
        }
        Ok(())
    }
}

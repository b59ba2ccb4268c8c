//! geth: page by page, from the checkpoint of an earlier run if there is one.

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use super::Attempt;
use crate::capture::account::Account;
use crate::capture::alloc_writer::Counts;
use crate::capture::block::Block;
use crate::capture::chain::{self, BlockId};
use crate::capture::collected::{CollectedState, Lengths, StateFiles};
use crate::capture::context::{CaptureContext, Node};
use crate::capture::geth::{self, Cursor, Page, Pages, Parts};
use crate::capture::{Error, account_proofs};
use crate::rpc::{self, Rpc};

const PAGED: &str = "debug_accountRange";
const IN_PARTS: &str = "debug_storageRangeAt";

/// How far a run has come.
#[derive(Debug, Serialize, Deserialize)]
struct Checkpoint {
    regenesis: String,
    chain_id: u64,
    genesis: B256,
    number: u64,
    hash: B256,
    /// Start of the next page; `None` after the last page.
    cursor: Option<String>,
    /// Length of the alloc, and of the file of incomplete accounts.
    alloc: u64,
    aside: u64,
    counts: Counts,
    set_aside: u64,
    in_parts: u64,
}

/// Collects the state of the requested block.
pub(super) fn collect(context: &CaptureContext<'_>, node: Node<'_>) -> Result<Attempt, Error> {
    let mut run = Run::begin(context, node)?;
    context.work.set_resumable(true);
    match run.pages() {
        Ok(()) => {}
        // Whatever the refusal says, another source may work.
        Err(Error::Rpc(error @ rpc::Error::Refused { .. })) if run.files.count() == 0 => {
            return Ok(Attempt::Unsupported(error.into()));
        }
        Err(error @ (Error::NoDump { .. } | Error::OtherDump { .. })) => {
            return Ok(Attempt::Unsupported(error));
        }
        Err(error) => return Err(node.failed(error)),
    }
    let Run { block, files, in_parts, .. } = run;
    chain::check_unchanged(node.rpc, node.chain, &block).map_err(|error| node.failed(error))?;
    let collected = files.finish()?;
    let counts = collected.counts;
    let text = format!(
        "block {}: {} accounts, {} contracts, {} slots",
        block.number,
        counts.accounts + collected.incomplete,
        counts.contracts,
        counts.storage_slots
    );
    context.progress.step("capture", &text);
    let paged = counts.accounts - in_parts;
    let obtained = [(PAGED.to_owned(), paged), (IN_PARTS.to_owned(), in_parts)];
    Ok(Attempt::Collected(Box::new(CollectedState {
        kind: PAGED.to_owned(),
        expected_root: Some(block.state_root),
        block: Some(block),
        obtained: obtained.into_iter().filter(|(_, count)| *count > 0).collect(),
        ..collected
    })))
}

/// A capture by pages.
struct Run<'a> {
    context: &'a CaptureContext<'a>,
    node: Node<'a>,
    block: Block,
    files: StateFiles,
    cursor: Option<Cursor>,
    done: bool,
    in_parts: u64,
}

impl<'a> Run<'a> {
    /// Resumes an earlier run of the same capture, or starts one.
    fn begin(context: &'a CaptureContext<'a>, node: Node<'a>) -> Result<Self, Error> {
        if let Some(run) = Self::resume(context, node)? {
            let accounts = run.files.count();
            context.progress.step("resume", &format!("at {accounts} accounts"));
            return Ok(run);
        }
        let block = chain::pin(node.rpc, context.request.block).map_err(|e| node.failed(e))?;
        let hash = block.hash.unwrap_or_default();
        context.progress.step("block", &format!("{} {hash}", block.number));
        let files = StateFiles::create(context.work)?;
        Ok(Self { context, node, block, files, cursor: None, done: false, in_parts: 0 })
    }

    /// The earlier run, if its chain and block are the requested ones and the node still has them.
    fn resume(context: &'a CaptureContext<'a>, node: Node<'a>) -> Result<Option<Self>, Error> {
        let Some(text) = context.work.checkpoint() else { return Ok(None) };
        let Ok(checkpoint) = serde_json::from_slice::<Checkpoint>(&text) else { return Ok(None) };
        let is_same_block = match context.request.block {
            BlockId::Latest | BlockId::Finalized => true,
            BlockId::Number(number) => number == checkpoint.number,
            BlockId::Hash(hash) => hash == checkpoint.hash,
        };
        let is_same = checkpoint.regenesis == context.request.version
            && (checkpoint.chain_id, checkpoint.genesis) == (node.chain.id, node.chain.genesis)
            && is_same_block;
        if !is_same {
            return Ok(None);
        }
        let Ok(block) = chain::pin(node.rpc, BlockId::Hash(checkpoint.hash)) else {
            return Ok(None);
        };
        let done = checkpoint.cursor.is_none();
        let cursor = checkpoint.cursor.as_deref().and_then(Cursor::parse);
        if !done && cursor.is_none() {
            return Ok(None);
        }
        // The node may have pruned the state of the block since.
        let mut pages = Pages::new(node.rpc as &dyn Rpc, &block, cursor.clone());
        if !done && pages.next_page().is_err() {
            return Ok(None);
        }
        let Checkpoint { alloc, aside: incomplete, counts, set_aside, in_parts, .. } = checkpoint;
        let lengths = Lengths { alloc, incomplete };
        let files = StateFiles::resume(context.work, lengths, counts, set_aside)?;
        Ok(files.map(|files| Self { context, node, block, files, cursor, done, in_parts }))
    }

    /// Fetches all remaining pages.
    fn pages(&mut self) -> Result<(), Error> {
        if self.done {
            return Ok(());
        }
        let rpc = self.node.rpc as &dyn Rpc;
        let mut pages = Pages::new(rpc, &self.block, self.cursor.take());
        let mut number = 0;
        while let Some(page) = pages.next_page()? {
            match page {
                Page::Accounts(mut accounts) => {
                    if pages.omits_incomplete() {
                        account_proofs::correct(rpc, pages.block(), &mut accounts)?;
                    }
                    accounts.iter().try_for_each(|account| self.files.add(account))?;
                }
                Page::Large(account) => self.large(&account, &mut pages)?,
            }
            number += 1;
            self.save(pages.cursor().map(Cursor::hex))?;
            self.report(number, pages.cursor().map_or(1.0, Cursor::progress));
        }
        Ok(())
    }

    /// An account that is too big for a page: its storage in parts, else in one long answer.
    fn large(&mut self, account: &Account, pages: &mut Pages<&dyn Rpc>) -> Result<(), Error> {
        // An account without address is completed later, and its storage with it.
        if account.address.is_none() {
            return self.files.add(account);
        }
        let rpc = self.node.rpc as &dyn Rpc;
        let (counts, length) = (self.files.alloc.counts, self.files.alloc.out().length());
        let child = chain::child(rpc, &self.block)?;
        if let (Some(address), Some(child)) = (account.address, child) {
            let alloc = &mut self.files.alloc;
            match geth::add_in_parts(rpc, child, address, account, alloc) {
                Ok(Parts::Complete) => {
                    self.in_parts += 1;
                    return Ok(());
                }
                Ok(Parts::Incomplete)
                | Err(Error::Rpc(rpc::Error::Refused { .. }) | Error::NoDump { .. }) => {
                    alloc.out().truncate(length).map_err(Error::Write)?;
                    alloc.counts = counts;
                }
                Err(error) => return Err(error),
            }
        }
        self.files.add(&pages.entire(account)?)
    }

    /// Writes a checkpoint after a page.
    fn save(&mut self, cursor: Option<String>) -> Result<(), Error> {
        let Lengths { alloc, incomplete } = self.files.flush()?;
        let checkpoint = Checkpoint {
            regenesis: self.context.request.version.to_owned(),
            chain_id: self.node.chain.id,
            genesis: self.node.chain.genesis,
            number: self.block.number,
            hash: self.block.hash.unwrap_or_default(),
            cursor,
            alloc,
            aside: incomplete,
            counts: self.files.alloc.counts,
            set_aside: self.files.incomplete_count,
            in_parts: self.in_parts,
        };
        let text = serde_json::to_vec(&checkpoint).unwrap_or_default();
        self.context.work.set_checkpoint(&text).map_err(Error::Write)
    }

    fn report(&mut self, pages: u64, fraction: f64) {
        let accounts = self.files.count();
        let lengths = self.files.lengths();
        let megabytes = (lengths.alloc + lengths.incomplete) / 1_000_000;
        let percent = fraction * 100.0;
        let text = || format!("{pages} pages, {accounts} accounts, {megabytes} MB, {percent:.0} %");
        self.context.progress.advance_to(fraction, &text);
    }
}

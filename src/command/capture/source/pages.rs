//! geth: page by page, from where an earlier run has come to.

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use super::super::super::Failure;
use super::super::super::prepare::Steps;
use super::super::state::{Collected, Files};
use super::{Asked, Attempt};
use crate::capture;
use crate::capture::block::Block;
use crate::capture::chain::{self, BlockId, Chain};
use crate::capture::collect::Counts;
use crate::capture::geth::{self, Cursor, Page, Pages, Parts};
use crate::capture::replay;
use crate::rim::clock::Stopwatch;
use crate::rpc::{self, Rpc};

const PAGED: &str = "debug_accountRange";
const IN_PARTS: &str = "debug_storageRangeAt";

/// Where a run has come to.
#[derive(Debug, Serialize, Deserialize)]
struct Checkpoint {
    regenesis: String,
    chain_id: u64,
    genesis: B256,
    number: u64,
    hash: B256,
    /// Where the next page begins; `None`: there is none.
    cursor: Option<String>,
    /// Length of the alloc, and of what is set aside.
    alloc: u64,
    aside: u64,
    counts: Counts,
    set_aside: u64,
    in_parts: u64,
}

/// Collects the state of the block that is asked for.
pub(super) fn collect(asked: &Asked<'_>, steps: &mut Steps<'_>) -> Result<Attempt, Failure> {
    let failed = |error| asked.failed(&error);
    let (mut run, block) = asked.begin(steps)?;
    asked.work.keep_on_signal(true);
    match asked.pages(&block, &mut run, steps) {
        Ok(()) => {}
        // Whatever the words of the refusal, another way may be open.
        Err(capture::Error::Rpc(error @ rpc::Error::Refused { .. })) if run.is_fresh() => {
            return Ok(Attempt::Lacks(error.into()));
        }
        Err(error @ (capture::Error::NoDump { .. } | capture::Error::OtherDump { .. })) => {
            return Ok(Attempt::Lacks(error));
        }
        Err(error) => return Err(failed(error)),
    }
    chain::still(asked.node, asked.chain, &block).map_err(failed)?;
    let counts = run.files.alloc.counts;
    let text = format!(
        "block {}: {} accounts, {} contracts, {} slots",
        block.number,
        counts.accounts + run.files.set_aside,
        counts.contracts,
        counts.storage_slots
    );
    steps.done("capture", &text);
    let paged = counts.accounts - run.in_parts;
    let obtained = [(PAGED.to_owned(), paged), (IN_PARTS.to_owned(), run.in_parts)];
    Ok(Attempt::Has(Box::new(Collected {
        kind: PAGED.to_owned(),
        expected: Some(block.state_root),
        block: Some(block),
        obtained: obtained.into_iter().filter(|(_, count)| *count > 0).collect(),
        ..run.files.collected()
    })))
}

impl Asked<'_> {
    /// Takes up an earlier run of the same capture, or begins.
    fn begin(&self, steps: &mut Steps<'_>) -> Result<(Run, Block), Failure> {
        if let Some(former) = self.former()? {
            steps.done("resume", &format!("at {} accounts", former.0.files.alloc.counts.accounts));
            return Ok(former);
        }
        let block =
            chain::pin(self.node, self.settings.block).map_err(|error| self.failed(&error))?;
        let hash = block.hash.unwrap_or_default();
        steps.done("block", &format!("{} {hash}", block.number));
        let files = Files::begin(self.work)?;
        Ok((Run { files, cursor: None, done: false, in_parts: 0 }, block))
    }

    /// The earlier run, if it was of this chain and block, and the block is still of the chain.
    fn former(&self) -> Result<Option<(Run, Block)>, Failure> {
        let Some(former) = self.work.checkpoint() else { return Ok(None) };
        let Ok(former) = serde_json::from_slice::<Checkpoint>(&former) else { return Ok(None) };
        let same_block = match self.settings.block {
            BlockId::Latest | BlockId::Finalized => true,
            BlockId::Number(number) => number == former.number,
            BlockId::Hash(hash) => hash == former.hash,
        };
        let same = former.regenesis == env!("CARGO_PKG_VERSION")
            && (former.chain_id, former.genesis) == (self.chain.id, self.chain.genesis)
            && same_block;
        if !same {
            return Ok(None);
        }
        let Ok(block) = chain::pin(self.node, BlockId::Hash(former.hash)) else {
            return Ok(None);
        };
        // The state of the block may be gone by now.
        let done = former.cursor.is_none();
        let cursor = former.cursor.as_deref().and_then(Cursor::parse);
        if !done && cursor.is_none() {
            return Ok(None);
        }
        if !done && Pages::new(self.node, &block, cursor.clone()).next_page().is_err() {
            return Ok(None);
        }
        let Checkpoint { alloc, aside, counts, set_aside, in_parts, .. } = former;
        let files = Files::resume(self.work, alloc, aside, counts, set_aside)?;
        Ok(files.map(|files| (Run { files, cursor, done, in_parts }, block)))
    }

    /// All pages that are still to come.
    fn pages(
        &self,
        block: &Block,
        run: &mut Run,
        steps: &mut Steps<'_>,
    ) -> Result<(), capture::Error> {
        if run.done {
            return Ok(());
        }
        let mut pages = Pages::new(self.node as &dyn Rpc, block, run.cursor.take());
        let watch = Stopwatch::start();
        let begun = pages.cursor().map_or(0.0, Cursor::progress);
        let mut number = 0;
        while let Some(page) = pages.next_page()? {
            match page {
                Page::Accounts(mut accounts) => {
                    if pages.leaves_out() {
                        replay::correct(self.node, pages.block(), &mut accounts)?;
                    }
                    accounts.iter().try_for_each(|account| run.files.take(account))?;
                }
                Page::Large(account) => self.large(&account, &mut pages, block, run)?,
            }
            number += 1;
            let cursor = pages.cursor().map(Cursor::hex);
            let checkpoint = run.checkpoint(self.chain, block, cursor)?;
            self.work
                .set_checkpoint(&checkpoint)
                .map_err(|error| capture::Error::Write(std::io::Error::other(error)))?;
            let fraction = pages.cursor().map_or(1.0, Cursor::progress);
            steps.console.progress(|| run.progress(number, begun, fraction, &watch));
        }
        Ok(())
    }

    /// An account that is too big for a page: in parts, or if that cannot be, whole.
    fn large(
        &self,
        account: &capture::account::Account,
        pages: &mut Pages<&dyn Rpc>,
        block: &Block,
        run: &mut Run,
    ) -> Result<(), capture::Error> {
        // It is to be completed in any case, and its storage would be dropped.
        if account.address.is_none() {
            return run.files.take(account);
        }
        let (counts, length) = (run.files.alloc.counts, run.files.alloc.out().length);
        let child = chain::child(self.node, block)?;
        if let (Some(address), Some(child)) = (account.address, child) {
            let alloc = &mut run.files.alloc;
            let added = geth::add_in_parts(self.node, child, address, account, alloc);
            match added {
                Ok(Parts::Whole) => {
                    run.in_parts += 1;
                    return Ok(());
                }
                Ok(Parts::Incomplete)
                | Err(
                    capture::Error::Rpc(rpc::Error::Refused { .. }) | capture::Error::NoDump { .. },
                ) => {
                    run.files.alloc.out().truncate(length).map_err(capture::Error::Write)?;
                    run.files.alloc.counts = counts;
                }
                Err(error) => return Err(error),
            }
        }
        run.files.take(&pages.whole(account)?)
    }
}

/// A capture by pages.
struct Run {
    files: Files,
    cursor: Option<Cursor>,
    done: bool,
    in_parts: u64,
}

impl Run {
    /// Whether nothing was captured yet.
    fn is_fresh(&self) -> bool {
        self.files.alloc.counts.accounts + self.files.set_aside == 0
    }

    fn checkpoint(
        &mut self,
        chain: &Chain,
        block: &Block,
        cursor: Option<String>,
    ) -> Result<Vec<u8>, capture::Error> {
        use std::io::Write;
        let files = &mut self.files;
        files
            .alloc
            .out()
            .flush()
            .and_then(|()| files.aside.flush())
            .map_err(capture::Error::Write)?;
        let checkpoint = Checkpoint {
            regenesis: env!("CARGO_PKG_VERSION").to_owned(),
            chain_id: chain.id,
            genesis: chain.genesis,
            number: block.number,
            hash: block.hash.unwrap_or_default(),
            cursor,
            alloc: files.alloc.out().length,
            aside: files.aside.length,
            counts: files.alloc.counts,
            set_aside: files.set_aside,
            in_parts: self.in_parts,
        };
        Ok(serde_json::to_vec(&checkpoint).unwrap_or_default())
    }

    fn progress(&mut self, pages: u64, begun: f64, fraction: f64, watch: &Stopwatch) -> String {
        let accounts = self.files.alloc.counts.accounts + self.files.set_aside;
        let bytes = (self.files.alloc.out().length + self.files.aside.length) / 1_000_000;
        let done = (fraction - begun).max(f64::EPSILON);
        let left = watch.elapsed().as_secs_f64() / done * (1.0 - fraction);
        let percent = fraction * 100.0;
        format!("{pages} pages, {accounts} accounts, {bytes} MB, {percent:.0} %, {left:.0} s left")
    }
}

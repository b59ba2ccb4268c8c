//! Completes accounts that a dump returned without their address, code or storage.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use super::Error;
use super::account::{Account, Missing};
use super::block::Block;
use super::chain;
use super::client::ClientKind;
use super::collected::{CollectedState, INCOMPLETE, StateFiles};
use super::complete::Completion;
use super::context::{CaptureContext, Node};
use super::preimage_index::Creator;
use super::preimages::Preimages;
use crate::file::Input;
use crate::rpc::Rpc;

/// Accounts that are completed at a time.
const BATCH: usize = 200;

/// Completes the incomplete accounts of a state.
pub(super) fn recover(
    context: &CaptureContext<'_>,
    node: Option<Node<'_>>,
    collected: &mut CollectedState,
) -> Result<(), Error> {
    let (Some(node), Some(block)) = (node, collected.block.clone()) else {
        return Err(incomplete(context, collected, ClientKind::Other));
    };
    let preimages = match collected.preimages.take() {
        Some(preimages) => preimages,
        None => Preimages::begin(context, Some(node))?,
    };
    let mut recovery = Recovery { context, node, block: &block, preimages, passes: 0 };
    let mut before = u64::MAX;
    // A completed account may name others: a pass that completes none is the last.
    while collected.incomplete > 0 && collected.incomplete < before {
        before = collected.incomplete;
        recovery.pass(collected)?;
        if collected.incomplete > 0 && !recovery.preimages.has_blocks {
            recovery.preimages.add_from_blocks(node, block.number, context.progress)?;
            before = u64::MAX;
        }
    }
    if collected.incomplete > 0 {
        return Err(incomplete(context, collected, node.client()));
    }
    chain::check_unchanged(node.rpc, node.chain, &block)
}

struct Recovery<'a> {
    context: &'a CaptureContext<'a>,
    node: Node<'a>,
    block: &'a Block,
    preimages: Preimages,
    passes: u64,
}

impl Recovery<'_> {
    /// Completes all accounts that can be completed, and writes the others to a fresh file.
    fn pass(&mut self, collected: &mut CollectedState) -> Result<(), Error> {
        self.passes += 1;
        let (work, progress) = (self.context.work, self.context.progress);
        let mut files =
            StateFiles::extend(work, collected, format!("{INCOMPLETE}.{}", self.passes))?;
        let completion = Completion::<dyn Rpc> {
            rpc: self.node.rpc,
            block: self.block.hash.unwrap_or_default(),
            child: chain::child(self.node.rpc, self.block)?,
            preimages: &self.preimages.index,
        };
        let all = collected.incomplete;
        let mut done = 0;
        let mut lines = Lines::open(self.context, &collected.incomplete_file)?;
        let mut creators = Vec::new();
        loop {
            let mut batch = lines.next_batch()?;
            if batch.is_empty() {
                break;
            }
            let origins = completion.addresses(&mut batch)?;
            for (mut account, origin) in batch.into_iter().zip(origins) {
                let missing = account.missing();
                completion.contents(&mut account)?;
                done += 1;
                progress.advance(&|| format!("completing account {done} of {all}"));
                if account.missing().is_none() {
                    let way = match (missing, origin) {
                        (None, Some(origin)) => origin.name(),
                        _ => "code or storage completed",
                    };
                    *collected.obtained.entry(way.to_owned()).or_default() += 1;
                }
                files.add(&account)?;
                creators.extend(Creator::of(&account));
            }
        }
        let files = files.finish()?;
        if files.incomplete > 0 {
            creators.iter().for_each(|creator| self.preimages.index.add_created_by(creator));
        }
        let text = format!("{} of {all} accounts completed", all - files.incomplete);
        progress.step("recover", &text);
        collected.counts = files.counts;
        collected.alloc_length = files.alloc_length;
        collected.incomplete = files.incomplete;
        collected.incomplete_file = files.incomplete_file;
        Ok(())
    }
}

/// The accounts of a work file that has one per line.
struct Lines {
    reader: BufReader<Box<dyn Read + Send>>,
    input: Input,
}

impl Lines {
    fn open(context: &CaptureContext<'_>, name: &str) -> Result<Self, Error> {
        let input = context.work.input(name);
        Ok(Self { reader: BufReader::new(context.open(&input)?), input })
    }

    /// At most [`BATCH`] accounts; none at the end.
    fn next_batch(&mut self) -> Result<Vec<Account>, Error> {
        let damaged = |what: String| Error::WorkFile { file: self.input.label(), what };
        let mut batch = Vec::new();
        let mut line = Vec::new();
        while batch.len() < BATCH {
            line.clear();
            let read = self.reader.read_until(b'\n', &mut line);
            if read.map_err(|error| damaged(error.to_string()))? == 0 {
                break;
            }
            let account = Account::parse(b"", &line);
            batch.push(account.map_err(|error| damaged(error.to_string()))?);
        }
        Ok(batch)
    }
}

/// The error of a state that stays incomplete.
fn incomplete(
    context: &CaptureContext<'_>,
    collected: &CollectedState,
    client: ClientKind,
) -> Error {
    let missing = match describe_missing(context, &collected.incomplete_file) {
        Ok(missing) => missing,
        Err(error) => return error,
    };
    let (count, all) = (collected.incomplete, collected.counts.accounts + collected.incomplete);
    Error::Incomplete { kind: collected.kind.clone(), count, all, missing, client }
}

/// The number of accounts that lack each part, with the first of each.
fn describe_missing(context: &CaptureContext<'_>, file: &str) -> Result<String, Error> {
    let mut lines = Lines::open(context, file)?;
    let mut lacking: BTreeMap<&str, (u64, String)> = BTreeMap::new();
    loop {
        let batch = lines.next_batch()?;
        if batch.is_empty() {
            break;
        }
        for account in batch {
            let name = match account.address {
                Some(address) => address.to_string(),
                None => format!("pre({})", account.hashed_address),
            };
            let what = match account.missing() {
                Some(Missing::Address) => "without address",
                Some(Missing::Code) => "without code",
                _ => "with slots missing",
            };
            lacking.entry(what).or_insert((0, name)).0 += 1;
        }
    }
    let each =
        |(what, (count, first)): (&&str, &(u64, String))| format!("{count} {what} (first {first})");
    Ok(lacking.iter().map(each).collect::<Vec<_>>().join(", "))
}

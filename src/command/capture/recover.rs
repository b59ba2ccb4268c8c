//! What a dump left out: addresses, code and slots, learnt from elsewhere.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};

use super::super::Failure;
use super::super::prepare::Steps;
use super::knowledge::Knowledge;
use super::settings::Settings;
use super::state::{Collected, Files};
use crate::capture;
use crate::capture::account::{Account, Missing};
use crate::capture::block::Block;
use crate::capture::chain::{self, Chain};
use crate::capture::client::ClientKind;
use crate::capture::complete::Completion;
use crate::capture::preimages::Creator;
use crate::exit;
use crate::rim::fs;
use crate::rim::rpc::Client;
use crate::rim::work::Work;
use crate::rpc::Rpc;
use crate::snapshot::Input;

/// Accounts that are completed at once.
const SHARE: usize = 200;

fn failed(error: capture::Error) -> Failure {
    Failure::capture(&error)
}

/// Completes what was set aside.
pub(super) fn recover(
    collected: &mut Collected,
    node: Option<(&Client<'_>, &Chain)>,
    settings: &Settings,
    work: &Work,
    steps: &mut Steps<'_>,
) -> Result<(), Failure> {
    let (Some(node), Some(block)) = (node, collected.block.clone()) else {
        let missing = still_missing(&collected.aside_file)?;
        return Err(incomplete(collected, &missing, ClientKind::Other));
    };
    let knowledge = match collected.knowledge.take() {
        Some(knowledge) => knowledge,
        None => Knowledge::begin(Some(node), settings, steps)?,
    };
    let mut round = Round { knowledge, node: node.0, block: &block, work, number: 0 };
    let mut left = u64::MAX;
    // As long as one that is completed tells of others.
    while collected.aside > 0 && collected.aside < left {
        left = collected.aside;
        round.complete(collected, steps)?;
        if collected.aside > 0 && !round.knowledge.walked {
            round.knowledge.walk(node.0, block.number, steps)?;
            left = u64::MAX;
        }
    }
    if collected.aside > 0 {
        let missing = still_missing(&collected.aside_file)?;
        return Err(incomplete(collected, &missing, node.1.client()));
    }
    chain::still(node.0, node.1, &block).map_err(failed)
}

struct Round<'a, 'b> {
    knowledge: Knowledge,
    node: &'a Client<'b>,
    block: &'a Block,
    work: &'a Work,
    number: u64,
}

impl Round<'_, '_> {
    /// Completes what can be, and sets the rest aside again.
    fn complete(
        &mut self,
        collected: &mut Collected,
        steps: &mut Steps<'_>,
    ) -> Result<(), Failure> {
        self.number += 1;
        let (aside, aside_file) = self.work.fresh(&format!("aside.{}", self.number))?;
        let mut files = Files::go_on(self.work, collected, aside, aside_file)?;
        let child = chain::child(self.node, self.block).map_err(failed)?;
        let block = self.block.hash.unwrap_or_default();
        let completion =
            Completion::<dyn Rpc> { rpc: self.node, block, child, known: &self.knowledge.known };
        let all = collected.aside;
        let mut done = 0;
        let mut lines = Lines::open(&collected.aside_file)?;
        let mut creators = Vec::new();
        loop {
            let mut share = lines.share()?;
            if share.is_empty() {
                break;
            }
            let origins = completion.addresses(&mut share).map_err(failed)?;
            for (mut account, origin) in share.into_iter().zip(origins) {
                let missing = account.missing();
                completion.contents(&mut account).map_err(failed)?;
                done += 1;
                steps.console.progress(|| format!("completing account {done} of {all}"));
                if account.missing().is_none() {
                    let how = match (missing, origin) {
                        (None, Some(origin)) => origin.name(),
                        _ => "code or storage completed",
                    };
                    *collected.obtained.entry(how.to_owned()).or_default() += 1;
                }
                files.take(&account).map_err(failed)?;
                creators.extend(Creator::of(&account));
            }
        }
        files.flush()?;
        if files.set_aside > 0 {
            creators.iter().for_each(|creator| self.knowledge.known.add_created_by(creator));
        }
        let left = files.set_aside;
        steps.done("recover", &format!("{} of {all} accounts completed", all - left));
        let files = files.collected();
        collected.counts = files.counts;
        collected.alloc_length = files.alloc_length;
        collected.aside = left;
        collected.aside_file = files.aside_file;
        Ok(())
    }
}

/// The accounts of a file of lines, some at a time.
struct Lines {
    reader: BufReader<Box<dyn std::io::Read + Send>>,
    file: Input,
}

impl Lines {
    fn open(file: &Input) -> Result<Self, Failure> {
        Ok(Self { reader: BufReader::new(fs::open(file)?), file: file.clone() })
    }

    fn share(&mut self) -> Result<Vec<Account>, Failure> {
        let fault = |what: String| {
            Failure::new(exit::OUTPUT, format!("{}: {what}", self.file.label()), None)
        };
        let mut share = Vec::new();
        let mut line = Vec::new();
        while share.len() < SHARE {
            line.clear();
            if self.reader.read_until(b'\n', &mut line).map_err(|e| fault(e.to_string()))? == 0 {
                break;
            }
            share.push(Account::parse(b"", &line).map_err(|e| fault(e.to_string()))?);
        }
        Ok(share)
    }
}

/// How many accounts lack what, and the first of each.
fn still_missing(file: &Input) -> Result<String, Failure> {
    let mut lines = Lines::open(file)?;
    let mut lacking: BTreeMap<&str, (u64, String)> = BTreeMap::new();
    loop {
        let share = lines.share()?;
        if share.is_empty() {
            break;
        }
        for account in share {
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

fn incomplete(collected: &Collected, missing: &str, client: ClientKind) -> Failure {
    let all = collected.counts.accounts + collected.aside;
    let message = format!(
        "{}: {} of {all} accounts are not whole: {missing}; nobody knows the preimages of their hashes",
        collected.kind, collected.aside
    );
    let of_geth = "geth keeps preimages when it is initialised and run with --cache.preimages, or \
                started with --override.genesis and --gcmode archive; --genesis FILE gives those \
                of the chain's genesis, and --gcmode archive those of its transactions";
    let hint = match client {
        ClientKind::Geth | ClientKind::Other => of_geth,
        client => client.to_name_accounts(),
    };
    Failure::new(exit::VERIFICATION, message, Some(hint))
}

//! The L2s of a snapshot.

use serde::Serialize;

use super::super::Failure;
use super::Accounts;
use crate::capture::{self, file};
use crate::io::console::Console;
use crate::io::fs;
use crate::l2::{self, Rollup};
use crate::snapshot::{L2Files, Snapshot};

/// An OP-stack L2.
#[derive(Debug, Serialize)]
pub(super) struct L2 {
    pub(super) name: String,
    pub(super) chain_id: u64,
    /// Block of the L1 that `rollup.json` names.
    pub(super) l1_block: u64,
    /// Time of block 0 in the files; `init` sets another one.
    pub(super) time: u64,
    pub(super) block_hash: String,
    pub(super) forks: Vec<Fork>,
    pub(super) accounts: Accounts,
    /// Accounts in `fund.json`.
    pub(super) funded: usize,
}

/// A fork, and the seconds from block 0 to it.
#[derive(Debug, Serialize)]
pub(super) struct Fork {
    pub(super) name: &'static str,
    /// 0: active at block 0.
    pub(super) after: u64,
}

/// Reads the L2s.
pub(super) fn read(snapshot: &Snapshot, console: &Console) -> Result<Vec<L2>, Failure> {
    snapshot.l2.iter().map(|files| of(files, console)).collect()
}

fn of(files: &L2Files, console: &Console) -> Result<L2, Failure> {
    let error = |input, error: l2::Error| {
        Failure::input(input, None, &error.to_string(), Some(error.hint()))
    };
    let rollup = Rollup::parse(&fs::read(&files.rollup)?);
    let rollup = rollup.map_err(|source| error(&files.rollup, source))?;
    let funded = match &files.fund {
        None => 0,
        Some(input) => {
            l2::read_fund(&fs::read(input)?).map_err(|source| error(input, source))?.len()
        }
    };
    let input = &files.genesis;
    fs::open(input)?;
    let open =
        || fs::open(input).map_err(|error| capture::Error::Read(std::io::Error::other(error)));
    let mut accounts = Accounts::default();
    let mut count = |account| {
        console.progress(|| format!("{}: {} accounts", files.name, accounts.all));
        accounts.add(&account);
        Ok(())
    };
    file::read_chain(&open, Some(rollup.l2_chain_id), &mut count)
        .map_err(|error| Failure::state_file(input, &error))?;
    let after = |time: u64| time.saturating_sub(rollup.l2_time);
    let forks = rollup.forks().map(|(name, time)| Fork { name, after: after(time) });
    Ok(L2 {
        name: files.name.clone(),
        chain_id: rollup.l2_chain_id,
        l1_block: rollup.l1_number,
        time: rollup.l2_time,
        block_hash: rollup.l2_hash.to_string(),
        forks: forks.collect(),
        accounts,
        funded,
    })
}

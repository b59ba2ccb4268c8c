//! Accounts of a state, collected in the work files.

use std::collections::BTreeMap;
use std::io::Write;

use alloy_primitives::B256;

use super::Error;
use super::account::Account;
use super::alloc_writer::{AllocWriter, Counts, ZeroSlots, set_aside};
use super::block::Block;
use super::members::Members;
use super::preimages::Preimages;
use super::work_files::{Append, WorkFiles};

/// The work file of complete accounts: the entries of an alloc.
pub(super) const ALLOC: &str = "alloc";
/// The work file of incomplete accounts, one per line.
pub(super) const INCOMPLETE: &str = "aside";

/// A state in the work files.
#[derive(Debug)]
pub(super) struct CollectedState {
    /// The method or kind of file that it comes from.
    pub(super) kind: String,
    /// The block, if it is known.
    pub(super) block: Option<Block>,
    /// The state root to compare with.
    pub(super) expected_root: Option<B256>,
    /// Members of the chain's genesis besides its alloc.
    pub(super) genesis: Members,
    pub(super) counts: Counts,
    /// Slots that the source lists and the alloc omits.
    pub(super) zero_slots: ZeroSlots,
    /// Length of [`ALLOC`].
    pub(super) alloc_length: u64,
    /// How many accounts are incomplete.
    pub(super) incomplete: u64,
    /// The work file that has them.
    pub(super) incomplete_file: String,
    /// How many accounts were obtained in which way.
    pub(super) obtained: BTreeMap<String, u64>,
    /// Preimages that were learnt on the way.
    pub(super) preimages: Option<Preimages>,
}

/// The two work files that accounts are written to.
pub(super) struct StateFiles {
    pub(super) alloc: AllocWriter<Box<dyn Append>>,
    pub(super) incomplete: Box<dyn Append>,
    pub(super) incomplete_count: u64,
    zero_slots: ZeroSlots,
    incomplete_file: String,
}

/// Where an earlier run has left the two files.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lengths {
    pub(super) alloc: u64,
    pub(super) incomplete: u64,
}

impl StateFiles {
    /// Empty files.
    pub(super) fn create(work: &dyn WorkFiles) -> Result<Self, Error> {
        Self::resume(work, Lengths::default(), Counts::default(), 0)?.ok_or_else(shrunk)
    }

    /// Files of an earlier run; `None` if they are shorter than that run left them.
    pub(super) fn resume(
        work: &dyn WorkFiles,
        lengths: Lengths,
        counts: Counts,
        incomplete_count: u64,
    ) -> Result<Option<Self>, Error> {
        let alloc = work.append(ALLOC, lengths.alloc).map_err(Error::Write)?;
        let incomplete = work.append(INCOMPLETE, lengths.incomplete).map_err(Error::Write)?;
        Ok(alloc.zip(incomplete).map(|(alloc, incomplete)| Self {
            alloc: AllocWriter::new(alloc, counts),
            incomplete,
            incomplete_count,
            zero_slots: ZeroSlots::default(),
            incomplete_file: INCOMPLETE.to_owned(),
        }))
    }

    /// The alloc of an earlier pass, to be extended. Accounts that are still incomplete go to a
    /// fresh file called `incomplete_file`.
    pub(super) fn extend(
        work: &dyn WorkFiles,
        collected: &CollectedState,
        incomplete_file: String,
    ) -> Result<Self, Error> {
        let alloc = work.append(ALLOC, collected.alloc_length).map_err(Error::Write)?;
        let incomplete = work.append(&incomplete_file, 0).map_err(Error::Write)?;
        Ok(Self {
            alloc: AllocWriter::new(alloc.ok_or_else(shrunk)?, collected.counts),
            incomplete: incomplete.ok_or_else(shrunk)?,
            incomplete_count: 0,
            zero_slots: ZeroSlots::default(),
            incomplete_file,
        })
    }

    /// Adds an account: to the alloc if it is complete.
    pub(super) fn add(&mut self, account: &Account) -> Result<(), Error> {
        match (account.address, account.missing()) {
            (Some(address), None) => {
                self.zero_slots.note(account);
                self.alloc.add(address, account)
            }
            _ => {
                self.incomplete_count += 1;
                set_aside(account, &mut self.incomplete)
            }
        }
    }

    /// All accounts so far.
    pub(super) fn count(&self) -> u64 {
        self.alloc.counts.accounts + self.incomplete_count
    }

    /// Writes buffered bytes; returns the lengths of both files.
    pub(super) fn flush(&mut self) -> Result<Lengths, Error> {
        self.alloc.out().flush().and_then(|()| self.incomplete.flush()).map_err(Error::Write)?;
        Ok(self.lengths())
    }

    pub(super) fn lengths(&mut self) -> Lengths {
        Lengths { alloc: self.alloc.out().length(), incomplete: self.incomplete.length() }
    }

    /// The collected state. The caller adds where it comes from.
    pub(super) fn finish(mut self) -> Result<CollectedState, Error> {
        let Lengths { alloc, .. } = self.flush()?;
        Ok(CollectedState {
            kind: String::new(),
            block: None,
            expected_root: None,
            genesis: Members::default(),
            counts: self.alloc.counts,
            zero_slots: self.zero_slots,
            alloc_length: alloc,
            incomplete: self.incomplete_count,
            incomplete_file: self.incomplete_file,
            obtained: BTreeMap::new(),
            preimages: None,
        })
    }
}

/// Another process has changed the work files.
pub(super) fn shrunk() -> Error {
    Error::Write(std::io::Error::other("a work file of the capture is truncated"))
}

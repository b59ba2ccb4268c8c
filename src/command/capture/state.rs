//! The accounts, into the work directory.

use std::collections::BTreeMap;

use super::super::Failure;
use super::knowledge::Knowledge;
use crate::capture::block::Block;
use crate::capture::chain_config::Members;
use crate::capture::collect::{Alloc, Counts, ZeroSlots, set_aside};
use crate::capture::{self, account::Account};
use crate::rim::work::{Appending, Work};
use crate::snapshot::Input;

/// What was collected.
#[derive(Debug)]
pub(super) struct Collected {
    /// What it came from.
    pub(super) kind: String,
    /// The block, if it is known.
    pub(super) block: Option<Block>,
    /// The state root that it must have.
    pub(super) expected: Option<alloy_primitives::B256>,
    /// What a genesis says besides its alloc.
    pub(super) genesis: Members,
    pub(super) counts: Counts,
    /// What the source lists, and the alloc leaves out.
    pub(super) zero_slots: ZeroSlots,
    /// Length of the alloc.
    pub(super) alloc_length: u64,
    /// How many accounts were set aside, to be completed.
    pub(super) aside: u64,
    /// Where they are.
    pub(super) aside_file: Input,
    /// How many accounts were obtained in which way.
    pub(super) obtained: BTreeMap<String, u64>,
    /// What was learnt of the chain on the way.
    pub(super) knowledge: Option<Knowledge>,
}

/// The two files that are collected in.
pub(super) struct Files {
    pub(super) alloc: Alloc<Appending>,
    pub(super) aside: Appending,
    pub(super) set_aside: u64,
    zero_slots: ZeroSlots,
    aside_file: Input,
}

impl Files {
    /// Fresh ones.
    pub(super) fn begin(work: &Work) -> Result<Self, Failure> {
        Self::resume(work, 0, 0, Counts::default(), 0)?
            .ok_or_else(|| Failure::bug("an empty file is shorter than nothing"))
    }

    /// Those of an earlier run; `None` if they are not as it left them.
    pub(super) fn resume(
        work: &Work,
        alloc: u64,
        aside: u64,
        counts: Counts,
        set_aside: u64,
    ) -> Result<Option<Self>, Failure> {
        let files = work.resume(alloc, aside)?;
        Ok(files.map(|(alloc, aside)| Self {
            alloc: Alloc::new(alloc, counts),
            aside,
            set_aside,
            zero_slots: ZeroSlots::default(),
            aside_file: work.aside(),
        }))
    }

    /// The alloc that was collected, to be added to; what is not whole goes to `aside`.
    pub(super) fn go_on(
        work: &Work,
        collected: &Collected,
        aside: Appending,
        aside_file: Input,
    ) -> Result<Self, Failure> {
        let shorter = || Failure::bug("the collected alloc has become shorter");
        let alloc = work.resume_alloc(collected.alloc_length)?.ok_or_else(shorter)?;
        Ok(Self {
            alloc: Alloc::new(alloc, collected.counts),
            aside,
            set_aside: 0,
            zero_slots: ZeroSlots::default(),
            aside_file,
        })
    }

    /// Takes an account: into the alloc if it is whole.
    pub(super) fn take(&mut self, account: &Account) -> Result<(), capture::Error> {
        match (account.address, account.missing()) {
            (Some(address), None) => {
                self.zero_slots.note(account);
                self.alloc.add(address, account)
            }
            _ => {
                self.set_aside += 1;
                set_aside(account, &mut self.aside)
            }
        }
    }

    /// What is in the files.
    pub(super) fn collected(mut self) -> Collected {
        Collected {
            kind: String::new(),
            block: None,
            expected: None,
            genesis: Members::default(),
            counts: self.alloc.counts,
            zero_slots: self.zero_slots,
            alloc_length: self.alloc.out().length,
            aside: self.set_aside,
            aside_file: self.aside_file,
            obtained: BTreeMap::new(),
            knowledge: None,
        }
    }

    /// Everything to the files.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        use std::io::Write;
        let flushed = self.alloc.out().flush().and_then(|()| self.aside.flush());
        flushed.map_err(|error| Failure::capture(&capture::Error::Write(error)))
    }
}

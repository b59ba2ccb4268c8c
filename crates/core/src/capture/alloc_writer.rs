//! Writes complete accounts as entries of an alloc, and incomplete ones to a file of lines.

use std::collections::BTreeMap;
use std::io::Write;

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use super::Error;
use super::account::{Account, StorageSlot, storage_root_with_zeros, write_slot, write_tail};
use crate::snapshot::metadata::Metadata;

/// Separator of two entries of an alloc.
const SEPARATOR: &[u8] = b",\n    ";

/// Number of accounts and slots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Accounts in the alloc.
    pub accounts: u64,
    /// Accounts with code.
    pub contracts: u64,
    /// Slots that are not zero.
    pub storage_slots: u64,
}

impl Counts {
    /// Records the counts in the metadata of a snapshot.
    pub fn record(self, metadata: &mut Metadata) {
        for (name, count) in [
            ("accounts", self.accounts),
            ("contracts", self.contracts),
            ("storage_slots", self.storage_slots),
        ] {
            metadata.counts.insert(name.to_owned(), count);
        }
    }
}

/// Slots of value 0, which a source lists and an alloc omits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ZeroSlots {
    /// Number of accounts and slots.
    pub count: u64,
    /// The storage root of an account if they count, by the hash of its address.
    pub roots: BTreeMap<B256, B256>,
}

impl ZeroSlots {
    /// Notes the slots of an account.
    pub fn note(&mut self, account: &Account) {
        if !account.zero_slots.is_empty() {
            self.count += account.zero_slots.len() as u64;
            let root = storage_root_with_zeros(&account.storage, &account.zero_slots);
            self.roots.insert(account.hashed_address, root);
        }
    }
}

/// Writes entries of an alloc, one per line.
#[derive(Debug)]
pub struct AllocWriter<W> {
    out: W,
    /// The entries that were written.
    pub counts: Counts,
}

impl<W: Write> AllocWriter<W> {
    /// Continues after `counts` entries.
    pub fn new(out: W, counts: Counts) -> Self {
        Self { out, counts }
    }

    /// Adds an account.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn add(&mut self, address: Address, account: &Account) -> Result<(), Error> {
        self.begin(account)?;
        account.write_entry(address, &mut self.out).map_err(Error::Write)?;
        self.counts.storage_slots += account.storage.len() as u64;
        Ok(())
    }

    fn begin(&mut self, account: &Account) -> Result<(), Error> {
        if self.counts.accounts > 0 {
            self.out.write_all(SEPARATOR).map_err(Error::Write)?;
        }
        self.counts.accounts += 1;
        self.counts.contracts += u64::from(!account.code.is_empty());
        Ok(())
    }

    /// Adds an account whose storage arrives in parts.
    ///
    /// # Errors
    /// It cannot be written, or `slots` fails.
    pub fn add_in_parts(
        &mut self,
        address: Address,
        account: &Account,
        slots: impl FnOnce(&mut dyn FnMut(StorageSlot) -> Result<(), Error>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.begin(account)?;
        account.write_head(address, &mut self.out).map_err(Error::Write)?;
        let (out, mut first) = (&mut self.out, true);
        let mut written = 0;
        slots(&mut |slot| {
            write_slot(slot, first, out).map_err(Error::Write)?;
            first = false;
            written += 1;
            Ok(())
        })?;
        self.counts.storage_slots += written;
        write_tail(first, &mut self.out).map_err(Error::Write)
    }

    /// The writer.
    pub fn out(&mut self) -> &mut W {
        &mut self.out
    }
}

/// Writes an incomplete account as a line of `geth dump --iterative`, without its storage.
///
/// # Errors
/// `out` cannot be written.
pub fn set_aside(account: &Account, out: &mut impl Write) -> Result<(), Error> {
    let hash = |hash: Option<B256>| hash.map(|hash| hash.to_string());
    let line = serde_json::json!({
        "balance": account.balance.to_string(),
        "nonce": account.nonce,
        "root": hash(account.storage_root),
        "codeHash": hash(account.code_hash),
        "code": format!("0x{}", hex::encode(&account.code)),
        "address": account.address.map(|address| address.to_string()),
        "key": account.hashed_address.to_string(),
    });
    writeln!(out, "{line}").map_err(Error::Write)
}

//! Reads all of a state, and computes every hash in it again.

use std::sync::atomic::{AtomicU64, Ordering};

use alloy_primitives::B256;

use super::Error;
use super::changes::Rebased;
use super::flat::Comparison;
use super::walk::{Leaf, Walk};
use crate::progress::Progress;

/// Accounts between two lines of progress.
const SHOWN: u64 = 1024;

/// What a walk has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proven {
    /// Accounts.
    pub accounts: u64,
    /// Accounts with code.
    pub contracts: u64,
    /// Slots with a value.
    pub slots: u64,
}

/// Reads all of the state of `rebased`: every node has the hash that its parent names, and every code
/// that of its account. A flat snapshot that differs from the trie is left out, with a warning: geth
/// would read it first.
///
/// # Errors
/// A part is missing or damaged.
pub fn prove(rebased: &mut Rebased<'_>, progress: &dyn Progress) -> Result<Proven, Error> {
    let (proven, difference) = walk(rebased, progress)?;
    if let Some(difference) = difference {
        progress.warning(&format!(
            "the flat snapshot, which geth reads first, differs from the state: {difference}; it is left \
             out, and geth generates it from the state"
        ));
        rebased.leave_out_flat_snapshot();
    }
    Ok(proven)
}

/// Returns what it found, and the first difference of the flat snapshot.
fn walk(rebased: &Rebased<'_>, progress: &dyn Progress) -> Result<(Proven, Option<String>), Error> {
    let count = Count {
        walk: Walk::of(rebased, true),
        flat: rebased.flat().map(|changes| Comparison::new(rebased.database(), changes)),
        progress,
        accounts: AtomicU64::new(0),
        contracts: AtomicU64::new(0),
        slots: AtomicU64::new(0),
    };
    let root = &rebased.block.header.state_root;
    count.walk.trie(None, root, &|key, value| count.account(key, value))?;
    let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let proven = Proven {
        accounts: load(&count.accounts),
        contracts: load(&count.contracts),
        slots: load(&count.slots),
    };
    let difference = count.flat.map(Comparison::finish).transpose()?.flatten();
    Ok((proven, difference))
}

struct Count<'a> {
    walk: Walk<'a>,
    flat: Option<Comparison<'a>>,
    progress: &'a dyn Progress,
    accounts: AtomicU64,
    contracts: AtomicU64,
    slots: AtomicU64,
}

impl Count<'_> {
    fn account(&self, key: B256, rlp: &[u8]) -> Result<(), Error> {
        let leaf = Leaf::read(&key, rlp)?;
        let number = self.accounts.fetch_add(1, Ordering::Relaxed) + 1;
        if number.is_multiple_of(SHOWN) {
            self.progress.advance(&|| format!("proving the state: {number} accounts"));
        }
        if !self.walk.code(&key, &leaf.code_hash)?.is_empty() {
            self.contracts.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(flat) = &self.flat {
            flat.account(&key, rlp)?;
        }
        self.walk.trie(Some(&key), &leaf.storage_root, &|slot, value| {
            self.slots.fetch_add(1, Ordering::Relaxed);
            self.flat.as_ref().map_or(Ok(()), |flat| flat.slot(&key, &slot, value))
        })
    }
}

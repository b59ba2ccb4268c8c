//! The parts of a state, for a database of it.

use std::fmt::Debug;

use alloy_primitives::B256;

use super::alloc::{Account, Slot};

/// Receives the parts of a state while its root is computed, from several threads and in no order.
pub trait StateSink: Debug + Sync {
    /// A node of the state trie or of a storage trie, by its hash. Equal nodes come more than once.
    fn node(&self, hash: &B256, rlp: &[u8]);
    /// The code of an account, which is not empty. Equal codes come more than once.
    fn code(&self, hash: &B256, code: &[u8]);
    /// An account.
    fn account(&self, account: &Account);
    /// A slot of an account, whose value is not zero.
    fn slot(&self, hashed_address: &B256, slot: &Slot);
    /// The address or slot that has this hash in a trie. Equal ones come more than once.
    fn preimage(&self, hash: &B256, key: &[u8]);
    /// An account of the file was replaced by a later one: its code and storage came already.
    fn replaced(&self);
}

//! Values of the flat snapshot. Source: geth `core/types/state_account.go` (`SlimAccountRLP`),
//! `core/state/snapshot/journal.go` (`journalGenerator`).

use alloy_rlp::{Encodable, Header};

use crate::el::alloc::{Account, EMPTY_CODE_HASH};
use crate::el::trie::EMPTY_ROOT_HASH;

/// An account; roots and code hashes of nothing are empty strings.
pub(super) fn account(account: &Account) -> Vec<u8> {
    let storage: &[u8] = match &account.storage_root {
        root if *root == EMPTY_ROOT_HASH => &[],
        root => &root[..],
    };
    let code: &[u8] = match &account.code_hash {
        hash if *hash == EMPTY_CODE_HASH => &[],
        hash => &hash[..],
    };
    list(&[&account.nonce, &account.balance, &storage, &code])
}

/// A finished generation of this many accounts, slots and bytes: without it, geth would generate the
/// snapshot after its start.
pub(super) fn generator([accounts, slots, bytes]: [u64; 3]) -> Vec<u8> {
    let (is_wiping, is_done) = (false, true);
    let marker: &[u8] = &[];
    list(&[&is_wiping, &is_done, &marker, &accounts, &slots, &bytes])
}

fn list(fields: &[&dyn Encodable]) -> Vec<u8> {
    let mut payload = Vec::new();
    fields.iter().for_each(|field| field.encode(&mut payload));
    let mut out = Vec::with_capacity(payload.len() + 9);
    Header { list: true, payload_length: payload.len() }.encode(&mut out);
    out.extend_from_slice(&payload);
    out
}

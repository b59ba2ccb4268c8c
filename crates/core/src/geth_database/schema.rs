//! Keys of geth's database. Source: geth `core/rawdb/schema.go`.

use alloy_primitives::B256;

/// Version of the schema: RLP of a number.
pub(super) const DATABASE_VERSION: &[u8] = b"DatabaseVersion";
/// State root of the flat snapshot.
pub(super) const SNAPSHOT_ROOT: &[u8] = b"SnapshotRoot";
/// Progress of the flat snapshot's generation.
pub(super) const SNAPSHOT_GENERATOR: &[u8] = b"SnapshotGenerator";
/// Hash of the head, of the head before it was executed, and of the head's header.
pub(super) const HEADS: [&[u8]; 3] = [b"LastBlock", b"LastFast", b"LastHeader"];

/// Prefix of a code, by its hash.
pub(super) const CODE: u8 = b'c';
/// Prefix of an address or slot, by its hash.
pub(super) const PREIMAGE: &[u8] = b"secure-key-";
/// Prefix of an account in the flat snapshot, by the hash of its address.
pub(super) const ACCOUNT: u8 = b'a';
/// Prefix of a slot in the flat snapshot, by the hashes of address and slot.
pub(super) const SLOT: u8 = b'o';

/// The changes that lead from the flat snapshot to the last block, in the hash scheme.
pub(super) const SNAPSHOT_JOURNAL: &[u8] = b"SnapshotJournal";
/// The changes that lead from the state on disk to the last block, in the path scheme.
pub(super) const TRIE_JOURNAL: &[u8] = b"TrieJournal";
/// Hash of the last finalized block.
pub(super) const LAST_FINALIZED: &[u8] = b"LastFinalized";
/// Progress of a synchronisation.
pub(super) const SNAP_SYNC_STATUS: &[u8] = b"SnapSyncStatus";
/// Prefix of a node of the accounts' trie in the path scheme, by its path: a nibble a byte.
pub(super) const ACCOUNT_NODE: u8 = b'A';
/// The same for storage, by the hash of the address and the path.
const STORAGE_NODE: u8 = b'O';

/// A node in the path scheme: of the storage of `owner`, or of the accounts.
pub(super) fn node(owner: Option<&B256>, path: &[u8]) -> Vec<u8> {
    match owner {
        Some(owner) => [&[STORAGE_NODE], &owner[..], path].concat(),
        None => [&[ACCOUNT_NODE], path].concat(),
    }
}

/// Block 0 as keys have it.
const ZERO: [u8; 8] = [0; 8];

/// The header of block 0.
pub(super) fn header(hash: &B256) -> Vec<u8> {
    of_block(b'h', hash)
}

/// The header of a block.
pub(super) fn header_of(number: u64, hash: &B256) -> Vec<u8> {
    [b"h", &number.to_be_bytes()[..], &hash[..]].concat()
}

/// The body of block 0.
pub(super) fn body(hash: &B256) -> Vec<u8> {
    of_block(b'b', hash)
}

/// The body of a block.
pub(super) fn body_of(number: u64, hash: &B256) -> Vec<u8> {
    [b"b", &number.to_be_bytes()[..], &hash[..]].concat()
}

/// The receipts of block 0.
pub(super) fn receipts(hash: &B256) -> Vec<u8> {
    of_block(b'r', hash)
}

/// The number of a block by its hash.
pub(super) fn number(hash: &B256) -> Vec<u8> {
    [b"H", &hash[..]].concat()
}

/// The value of [`number`] for block 0.
pub(super) const NUMBER: [u8; 8] = ZERO;

/// The hash of the canonical block 0.
pub(super) fn canonical_hash() -> Vec<u8> {
    [b"h", &ZERO[..], b"n"].concat()
}

/// The hash of the canonical block with this number.
pub(super) fn canonical_hash_of(number: u64) -> Vec<u8> {
    [b"h", &number.to_be_bytes()[..], b"n"].concat()
}

/// The chain config: JSON.
pub(super) fn config(hash: &B256) -> Vec<u8> {
    [b"ethereum-config-", &hash[..]].concat()
}

/// The alloc of a genesis: JSON.
pub(super) fn genesis_alloc(hash: &B256) -> Vec<u8> {
    [b"ethereum-genesis-", &hash[..]].concat()
}

fn of_block(prefix: u8, hash: &B256) -> Vec<u8> {
    [&[prefix], &ZERO[..], &hash[..]].concat()
}

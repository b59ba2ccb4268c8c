//! geth's chain database, without geth: leveldb files with the state of a genesis in the hash scheme.
//!
//! ```text
//! chaindata/
//!   CURRENT            names the manifest
//!   MANIFEST-000001    the tables, the last sequence number, the number of the next log
//!   000002.ldb …       codes, trie nodes, flat snapshot, versions: everything independent of the time
//!   NNNNNN.log         the genesis block: one batch that geth replays when it opens the database
//! ```
//!
//! A [`Collector`] receives the parts of a state while its root is computed. It sorts them in temporary
//! files, and writes the tables.
//!
//! Only the log depends on the time, and it has 2 KB: [`stamp`] writes it. So geth's import of the
//! genesis becomes a copy. A chain with a history is imported by geth, once: of its database, only the
//! chain config depends on the time ([`stamp_config`]). Sources: leveldb `doc/table_format.md`,
//! `doc/log_format.md`; geth `core/rawdb/schema.go`, `core/genesis.go` (`Commit`),
//! `core/state/snapshot/journal.go`.

mod baked;
mod batch;
mod checksum;
mod collect;
mod disk;
mod filter;
mod log;
mod names;
pub mod reader;
mod schema;
mod snapshot;
pub(crate) mod sort;
mod stamp;
pub mod stopped;
mod table;

pub use baked::{BakedDatabase, ImportedChain};
pub use collect::Collector;
pub use disk::{Disk, DiskFile};
pub use names::{FREEZER_PLACE, is_frozen, is_geths, is_name, is_written, log_name, number, place};
pub use stamp::{Stamp, stamp, stamp_config};

/// A storage engine of geth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// goleveldb.
    LevelDb,
    /// pebble.
    Pebble,
}

impl Engine {
    /// The engine with this name in geth's `--db.engine`.
    pub fn of(name: &str) -> Option<Self> {
        [Self::LevelDb, Self::Pebble].into_iter().find(|engine| engine.name() == name)
    }

    /// Its name in geth's `--db.engine`.
    pub fn name(self) -> &'static str {
        match self {
            Self::LevelDb => "leveldb",
            Self::Pebble => "pebble",
        }
    }
}

/// The storage engine of a database that regenesis writes.
pub const ENGINE: &str = "leveldb";
/// The scheme of the state trie: nodes by hash.
pub const SCHEME: &str = "hash";
/// `DatabaseVersion` of geth 1.16 and 1.17 (`core/blockchain.go`, `BlockChainVersion`).
pub const DATABASE_VERSION: u64 = 9;

/// No database that geth wrote has this sequence number: it counts entries, and geth writes at most some
/// millions a second.
pub const UNREACHED_SEQUENCE: u64 = 1 << 40;

/// Appends a varint of leveldb: 7 bits a byte, the least significant first.
fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// A length within a table as it is stored.
#[expect(clippy::cast_possible_truncation, reason = "a table has a few MiB")]
fn length_in_table(length: usize) -> u32 {
    length as u32
}

/// Appends bytes after their length.
fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

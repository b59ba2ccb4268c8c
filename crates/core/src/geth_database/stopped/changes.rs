//! What changes in a database when the state of one of its blocks becomes that of a new block 0.

use std::collections::BTreeMap;

use alloy_primitives::B256;

use super::super::batch::Batch;
use super::super::log::Log;
use super::super::names::log_name;
use super::super::reader::{Database, Inventory, Piece};
use super::super::{Engine, schema};
use super::{Chain, Error, Parts, Scheme, StoredBlock, flat};

/// Bytes of a batch: geth replays a batch as a whole.
const BATCH: usize = 1 << 20;

/// Keys of the old chain, by prefix: a key has one of these lengths.
const BY_PREFIX: [(&[u8], std::ops::RangeInclusive<usize>); 12] = [
    // Canonical hashes and headers; bodies, receipts, access lists.
    (b"h", 10..=10),
    (b"h", 41..=42),
    (b"b", 41..=41),
    (b"r", 41..=41),
    (b"j", 41..=41),
    // Numbers by hash, transactions.
    (b"H", 33..=33),
    (b"l", 33..=33),
    // Headers of a synchronisation; the indexes of logs. The latter are shorter than a node's hash.
    (b"S", 9..=9),
    (b"B", 43..=43),
    (b"iB", 0..=31),
    (b"fm-", 0..=31),
    (b"ethereum-", 40..=80),
];
/// The same in the path scheme: ids and histories of states.
const OF_PATHS: [(&[u8], std::ops::RangeInclusive<usize>); 2] = [(b"L", 33..=33), (b"m", 0..=1024)];
/// Keys that describe the old chain.
const SINGLE: [&[u8]; 18] = [
    b"LastFinalized",
    b"LastStateID",
    b"LastPivot",
    b"TrieSync",
    b"SnapshotDisabled",
    b"SnapshotRecovery",
    b"SnapshotSyncStatus",
    b"SkeletonSyncStatus",
    b"TrieJournal",
    b"LastStateHistoryIndex",
    b"LastTrienodeHistoryIndex",
    b"TransactionIndexTail",
    b"FastTransactionLookupLimit",
    b"InvalidBlock",
    b"unclean-shutdown",
    b"eth2-transition",
    b"SnapSyncStatus",
    b"SnapshotJournal",
];

/// A chain, and the block whose state is kept.
#[derive(Debug)]
pub struct Rebased<'a> {
    chain: &'a Chain<'a>,
    /// The block.
    pub block: StoredBlock,
    trie: Parts,
    /// The changes to the flat snapshot on disk; `None` if it is left out, so that geth generates it.
    flat: Option<Parts>,
}

/// The end of the log that makes the changes.
#[derive(Debug, Clone, Copy)]
pub struct Changes {
    /// No entry has a higher sequence number.
    pub sequence: u64,
    /// The number of the log that adds the genesis block.
    pub next_log: u64,
}

/// Receives the bytes of a log, in order.
pub type Sink<'a> = dyn FnMut(&[u8]) -> std::io::Result<()> + 'a;

impl<'a> Chain<'a> {
    /// The chain with the state of `block` as that of its new block 0.
    ///
    /// # Errors
    /// The journal is damaged.
    pub fn rebase(&'a self, block: StoredBlock) -> Result<Rebased<'a>, Error> {
        let root = block.header.state_root;
        let (trie, flat) = match self.scheme {
            Scheme::Hash => (Parts::new(), flat::changes_to(self.database, &root)?),
            Scheme::Path => {
                let on_disk = self.roots.first();
                let journal = self.journal.as_ref().filter(|_| on_disk != Some(&root));
                let changes = journal.map(|journal| journal.changes_to(&root)).transpose()?;
                let (trie, flat) = changes.unwrap_or_default();
                let is_of_trie = flat::complete_root(self.database)?.as_ref() == on_disk;
                (trie, is_of_trie.then_some(flat))
            }
        };
        Ok(Rebased { chain: self, block, trie, flat })
    }
}

impl<'a> Rebased<'a> {
    pub(super) fn database(&self) -> &'a Database<'a> {
        self.chain.database
    }

    /// The scheme of the state trie.
    pub fn scheme(&self) -> Scheme {
        self.chain.scheme
    }

    /// The changes to the state trie on disk.
    pub(super) fn trie(&self) -> &Parts {
        &self.trie
    }

    /// The changes to the flat snapshot on disk; `None` if geth is to generate it.
    pub(super) fn flat(&self) -> Option<&Parts> {
        self.flat.as_ref()
    }

    /// Leaves the flat snapshot to geth, which generates it again.
    pub(super) fn leave_out_flat_snapshot(&mut self) {
        self.flat = None;
    }

    /// `config` of the chain as JSON.
    pub fn config(&self) -> &[u8] {
        &self.chain.config
    }

    /// `chainId` of the config.
    pub fn chain_id(&self) -> Option<u64> {
        let config: serde_json::Value = serde_json::from_slice(self.config()).ok()?;
        config.get("chainId")?.as_u64()
    }

    /// Hash of the chain's block 0.
    pub fn genesis(&self) -> B256 {
        self.chain.genesis
    }

    /// Engine and scheme, in words.
    pub fn describe(&self) -> String {
        format!("{}, {} scheme", self.database().engine().name(), self.scheme().name())
    }

    /// The storage engine.
    pub fn engine(&self) -> Engine {
        self.database().engine()
    }

    /// The files of the database.
    pub fn inventory(&self) -> &Inventory {
        self.database().inventory()
    }

    /// The name of the log that [`Rebased::changes`] writes.
    pub fn log_name(&self) -> String {
        log_name(self.inventory().next_file)
    }

    /// How to copy the files of the database without the alloc of the chain's genesis: the new chain has
    /// another genesis.
    ///
    /// # Errors
    /// The database is damaged.
    pub fn without_alloc(&self) -> Result<BTreeMap<String, Vec<Piece>>, Error> {
        Ok(self.database().without_alloc(&self.genesis())?)
    }

    /// Writes the log to add to the database: it deletes the blocks of the old chain, and whatever names
    /// them, and writes the changes of the state that are not in the trie and the flat snapshot on disk
    /// yet. A genesis block must follow. The log has 35 bytes for each transaction of the old chain; a
    /// MiB of it is in memory.
    ///
    /// # Errors
    /// The database is damaged, or `sink` fails.
    pub fn changes(&self, sink: &mut Sink<'_>) -> Result<Changes, Error> {
        let database = self.database();
        let number = self.inventory().next_file;
        let mut out = Out::new(database, number, sink);
        let of_paths = OF_PATHS.iter().filter(|_| self.scheme() == Scheme::Path);
        for (prefix, lengths) in BY_PREFIX.iter().chain(of_paths) {
            let mut keys = database.range(prefix)?;
            while let Some(key) = keys.next_key()? {
                if lengths.contains(&key.len()) {
                    out.put(&key, None)?;
                }
            }
        }
        for key in SINGLE {
            if database.get(key)?.is_some() {
                out.put(key, None)?;
            }
        }
        out.put_all(&self.trie)?;
        self.flat_snapshot(&mut out)?;
        Ok(Changes { sequence: out.finish()?, next_log: number + 1 })
    }

    /// Brings the flat snapshot to the kept state, or leaves it to geth, which generates it again.
    fn flat_snapshot(&self, out: &mut Out<'_, '_>) -> Result<(), Error> {
        let Some(flat) = &self.flat else {
            out.put(schema::SNAPSHOT_ROOT, None)?;
            return out.put(schema::SNAPSHOT_GENERATOR, None);
        };
        out.put_all(flat)?;
        out.put(schema::SNAPSHOT_ROOT, Some(&self.block.header.state_root[..]))
    }
}

/// A log of batches.
struct Out<'a, 's> {
    log: Log,
    batch: Batch,
    sequence: u64,
    sink: &'a mut Sink<'s>,
}

impl<'a, 's> Out<'a, 's> {
    fn new(database: &Database<'_>, number: u64, sink: &'a mut Sink<'s>) -> Self {
        let sequence = database.inventory().next_sequence;
        let log = Log::new(database.engine(), number);
        Self { log, batch: Batch::default(), sequence, sink }
    }

    fn put_all(&mut self, parts: &Parts) -> Result<(), Error> {
        parts.iter().try_for_each(|(key, value)| self.put(key, value.as_deref()))
    }

    fn put(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), Error> {
        match value {
            Some(value) => self.batch.put(key, value),
            None => self.batch.delete(key),
        }
        if self.batch.size() >= BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Error> {
        let batch = std::mem::take(&mut self.batch);
        if batch.count() == 0 {
            return Ok(());
        }
        self.log.add(&batch.encode(self.sequence));
        self.sequence += u64::from(batch.count());
        (self.sink)(&self.log.take()).map_err(Error::Write)
    }

    /// The next sequence number.
    fn finish(mut self) -> Result<u64, Error> {
        self.flush()?;
        Ok(self.sequence)
    }
}

//! Open tables and recent blocks.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use super::block::Block;
use super::error::{Error, at};
use super::files::Files;
use super::table::{Blocks, Handle, Table};
use crate::sort::lock;

/// Open tables at most.
const TABLES: usize = 200;
/// Bytes of blocks at most.
const BLOCKS: usize = 32 << 20;

/// What was used, the oldest first to go.
#[derive(Debug)]
struct Recent<K, V> {
    found: HashMap<K, (Arc<V>, usize)>,
    order: VecDeque<K>,
    weight: usize,
    limit: usize,
}

impl<K: Eq + Hash + Copy, V> Recent<K, V> {
    fn new(limit: usize) -> Self {
        Self { found: HashMap::new(), order: VecDeque::new(), weight: 0, limit }
    }

    fn get(&self, key: K) -> Option<Arc<V>> {
        self.found.get(&key).map(|(value, _)| Arc::clone(value))
    }

    fn put(&mut self, key: K, value: &Arc<V>, weight: usize) {
        if self.found.insert(key, (Arc::clone(value), weight)).is_none() {
            self.order.push_back(key);
            self.weight += weight;
        }
        while self.weight > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            let removed = self.found.remove(&oldest);
            self.weight -= removed.map_or(0, |(_, weight)| weight);
        }
    }
}

/// The tables of a directory.
#[derive(Debug)]
pub(super) struct Cache<'a> {
    pub(super) files: &'a dyn Files,
    names: Mutex<HashMap<u64, String>>,
    tables: Mutex<Recent<u64, Table>>,
    blocks: Mutex<Recent<(u64, Handle), Block>>,
}

impl<'a> Cache<'a> {
    pub(super) fn new(files: &'a dyn Files) -> Self {
        Self {
            files,
            names: Mutex::default(),
            tables: Mutex::new(Recent::new(TABLES)),
            blocks: Mutex::new(Recent::new(BLOCKS)),
        }
    }

    /// Adds the table with this number.
    pub(super) fn name(&self, number: u64, name: &str) {
        lock(&self.names).insert(number, name.to_owned());
    }

    pub(super) fn table(&self, number: u64) -> Result<Arc<Table>, Error> {
        if let Some(table) = lock(&self.tables).get(number) {
            return Ok(table);
        }
        let name = lock(&self.names).get(&number).cloned().unwrap_or_default();
        let file = self.files.open(&name).map_err(at(&name))?;
        let table = Arc::new(Table::open(name, number, file)?);
        lock(&self.tables).put(number, &table, 1);
        Ok(table)
    }
}

impl Blocks for Cache<'_> {
    fn block(&self, table: &Table, handle: Handle) -> Result<Arc<Block>, Error> {
        let key = (table.number, handle);
        if let Some(block) = lock(&self.blocks).get(key) {
            return Ok(block);
        }
        let block = Arc::new(table.block(handle)?);
        lock(&self.blocks).put(key, &block, block.size());
        Ok(block)
    }
}

//! Everything that is independent of the time.

use alloy_primitives::{Address, B256};

use super::{ChainHistory, Error, Keystores, L2Chain};
use crate::cl::config::Config;
use crate::cl::fork::FORKS;
use crate::cl::preset::Preset;
use crate::cl::validator::GenesisValidator;
use crate::digest::Prefix;
use crate::el::genesis::{Document, Genesis};
use crate::geth_database::BakedDatabase;
use crate::snapshot::Snapshot;
use crate::snapshot::order::{self, Order};
use crate::snapshot::validators::Source;
use crate::stamp::{self, HistoryTimes, ImportEstimate, Lead, Stamp, Timestamp};

/// Everything that is independent of the time.
#[derive(Debug)]
pub struct Prepared {
    /// The inputs.
    pub snapshot: Snapshot,
    /// Text of the snapshot's `config.yaml`.
    pub config_text: Vec<u8>,
    /// Its values.
    pub config: Config,
    /// The sizes of the beacon chain's containers.
    pub preset: Preset,
    /// The snapshot's `genesis.json`.
    pub document: Document,
    /// Its values.
    pub genesis: Genesis,
    /// The history that the beacon chain continues.
    pub history: Option<ChainHistory>,
    /// Number of accounts.
    pub accounts: usize,
    /// Size of `genesis.json` in bytes.
    pub file_size: u64,
    /// Entries of system contracts to add to the alloc.
    pub added: Vec<String>,
    /// Addresses of system contracts that stay without code.
    pub missing: Vec<Address>,
    /// Root of the state at block 0.
    pub state_root: B256,
    /// Digest of the alloc as it will be written, if it is known.
    pub prefix: Option<Prefix>,
    /// The OP-stack L2s, in the order of the snapshot.
    pub l2: Vec<L2Chain>,
    /// The registry.
    pub validators: Vec<GenesisValidator>,
    /// Where its validators come from.
    pub sources: Vec<Source>,
    /// The keystores.
    pub keystores: Keystores,
    /// Whether the bake was used.
    pub baked: bool,
    /// geth's database in the bake.
    pub geth: Option<BakedDatabase>,
    /// geth's database in the snapshot itself, which then has no accounts.
    pub database: Option<BakedDatabase>,
    /// Whether geth starts on a database with the chain, and imports nothing.
    pub has_database: bool,
    /// Things that may be wrong.
    pub warnings: Vec<String>,
}

impl Prepared {
    /// What the execution client must import before it starts; nothing if it already has the chain.
    pub fn import_estimate(&self) -> ImportEstimate {
        let (accounts, bytes) = (self.accounts as u64, self.file_size);
        let estimate =
            |blocks, chain_bytes| ImportEstimate { accounts, bytes, blocks, chain_bytes };
        match &self.history {
            _ if self.has_database => ImportEstimate::default(),
            None => estimate(0, 0),
            Some(ChainHistory { files: None, .. }) => ImportEstimate::default(),
            Some(ChainHistory { files: Some(files), head, .. }) => {
                estimate(head.header.number, files.length)
            }
        }
    }

    /// Root of the captured state: of the history's last block, else of block 0.
    pub fn captured_state_root(&self) -> B256 {
        self.history.as_ref().map_or(self.state_root, |history| history.head.header.state_root)
    }

    /// Times of the history, if the chain has one.
    pub fn history_times(&self) -> Option<HistoryTimes> {
        self.history.as_ref().map(|history| history.times(&self.genesis))
    }

    /// Chooses the times of a run at `now`, in seconds since the epoch, whose clients need `start`
    /// seconds to come up.
    ///
    /// # Errors
    /// There is no time to keep, or the time is before the end of the history or after year 9999.
    pub fn stamp(
        &self,
        timestamp: Timestamp,
        lead: Lead,
        start: u64,
        now: u64,
    ) -> Result<Stamp, Error> {
        let lead = lead.seconds(start, self.import_estimate());
        let (file_time, history) = (self.genesis.timestamp, self.history_times());
        stamp::choose(timestamp, lead, now, file_time, history, &self.config)
            .map_err(|error| Error::stamp(&self.snapshot, error))
    }

    /// Puts the registry into the requested order.
    pub(super) fn ordered(mut self, order: Order) -> Result<Self, Error> {
        let seed = match order {
            Order::AsListed => return Ok(self),
            Order::Seed(seed) => seed,
            Order::DefaultSeed => {
                let version = self.config.version(&FORKS[0]);
                let version =
                    version.map_err(|error| Error::config(&self.snapshot.config, error))?;
                // Without a version there is no state either: `validate` reports it.
                order::default_seed(version.unwrap_or_default())
            }
        };
        order::shuffle(&mut self.validators, &mut self.sources, seed);
        Ok(self)
    }
}

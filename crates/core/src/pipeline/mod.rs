//! Turns a snapshot into the files of a network, by pure functions: no files, no clock, no terminal.
//!
//! ```text
//! Snapshot ─▶ prepare  ─▶ Prepared     everything independent of the time: state root, registry, keys
//! time     ─▶ stamp    ─▶ Stamp        one clock for both layers
//!             validate                 every error of the inputs, before anything is written
//!             assemble ─▶ Genesis      OutFiles, and the Summary that describes them
//! ```
//!
//! [`prepare`] reads a bake instead of computing, if the bake belongs to these inputs. The caller
//! computes the digests that prove it ([`Request::digests`]).
//!
//! ```
//! use regenesis_core::file::{InMemory, Input};
//! use regenesis_core::keys::Entropy;
//! use regenesis_core::pipeline::{Formats, Request, assemble, prepare};
//! use regenesis_core::progress::Silent;
//! use regenesis_core::snapshot::Snapshot;
//! use regenesis_core::stamp::Stamp;
//!
//! # let genesis = include_bytes!("../../../../sample/el/genesis.template.json").as_slice();
//! # let config = include_bytes!("../../../../sample/cl/config.yaml").as_slice();
//! let mnemonics = "- mnemonic: \"test test test test test test test test test test test junk\"
//!   count: 64
//! ";
//! let snapshot = Snapshot::loose(
//!     "example".to_owned(),
//!     Input::memory("genesis.json", genesis),
//!     Input::memory("config.yaml", config),
//!     Some(Input::memory("mnemonics.yaml", mnemonics.as_bytes())),
//!     None,
//! );
//! let entropy = Entropy::new([7; 32]);
//! let request = Request::new(&snapshot, &entropy);
//! let prepared = prepare(&request, &InMemory, &Silent)?;
//! let stamp = Stamp::at(1_800_000_000, prepared.history_times());
//! let genesis = assemble(&prepared, stamp, &Formats::default(), &Silent)?;
//! assert_eq!(genesis.summary.cl.genesis_time, 1_800_000_000);
//! # Ok::<(), regenesis_core::pipeline::Error>(())
//! ```

mod assemble;
mod baked;
mod contracts;
mod database;
mod error;
mod formats;
mod history;
mod inputs;
mod keystores;
mod l2;
mod prepare;
mod prepared;
mod record;
mod registry;

pub use assemble::{
    Execution, Genesis, Schedule, StateHead, assemble, consensus, continued, execution, schedule,
    validate,
};
pub use baked::{Bake, entropy_id, load_bake};
pub use error::Error;
pub use formats::{FormatRequest, Formats};
pub use history::{ChainHistory, HistoryFiles};
pub use inputs::{ReadGenesis, collect, read_config, read_genesis, read_metadata};
pub use keystores::Keystores;
pub use l2::L2Chain;
pub use prepare::{compute, prepare};
pub use prepared::Prepared;
pub use record::{bake_record, registry_root};

pub use crate::snapshot::Digests;

use crate::cl::preset::Revision;
use crate::el::state_sink::StateSink;
use crate::keys::{Entropy, Kdf};
use crate::snapshot::Snapshot;
use crate::snapshot::order::Order;
use crate::snapshot::validators::KeyCheck;
use crate::sort::Space;

/// What to prepare.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The inputs.
    pub snapshot: &'a Snapshot,
    /// The block that a shadow fork continues.
    pub shadow_fork: Option<&'a ChainHistory>,
    /// Revision of the minimal preset.
    pub revision: Revision,
    /// Whether to add the system contracts that the forks need and the alloc lacks.
    pub add_system_contracts: bool,
    /// Protection of the keystores; `None`: no keystores.
    pub kdf: Option<Kdf>,
    /// Source of all randomness.
    pub entropy: &'a Entropy,
    /// Whether the keystores must follow from this entropy, or baked ones of another will do.
    pub seeded: bool,
    /// Order of the registry.
    pub order: Order,
    /// Which public keys of `validators.txt` are checked completely.
    pub check: KeyCheck,
    /// Digests of the inputs, to recognise a bake. Without them no bake is used.
    pub digests: Option<&'a Digests>,
    /// Receives the parts of the state where it is computed, for a database of it.
    pub sink: Option<&'a dyn StateSink>,
    /// Where the accounts are sorted if they are many; without it, in memory.
    pub space: Option<&'a dyn Space>,
}

impl<'a> Request<'a> {
    /// The snapshot as it is, without keystores.
    pub fn new(snapshot: &'a Snapshot, entropy: &'a Entropy) -> Self {
        Self {
            snapshot,
            shadow_fork: None,
            revision: Revision::default(),
            add_system_contracts: false,
            kdf: None,
            entropy,
            seeded: false,
            order: Order::AsListed,
            check: KeyCheck::All,
            digests: None,
            sink: None,
            space: None,
        }
    }
}

#[cfg(test)]
mod tests;

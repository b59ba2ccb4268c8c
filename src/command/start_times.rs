//! Observes the start of the clients, so that the next `init` knows how long they need.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::el::quantity;
use crate::health::Expected;
use crate::io::clock::now;
use crate::io::console::Console;
use crate::rpc::{Rpc, value};
use crate::runtime::{claim, start_times};
use crate::start_times::{Look, Observation};
use crate::summary::Finished;

/// The limit of a block without transactions' contents, in bytes.
const ANSWER_LIMIT: u64 = 16 << 20;

/// The observation of the start that follows a genesis.
pub(super) struct Observer {
    runtime: PathBuf,
    finished: Finished,
    observation: Observation,
    /// Number of the first block of this chain.
    first: u64,
}

impl Observer {
    /// Observes the clients of this runtime directory; `None` if its start is recorded, or if the
    /// directory does not say when its genesis was complete.
    pub(super) fn of(runtime: &Path, expected: &Expected) -> Option<Self> {
        let finished = Finished::parse(&claim::marker(runtime).ok()??).ok()?;
        if start_times::read(runtime).has(&finished.run_id) {
            return None;
        }
        let stamped = start_times::stamped(runtime).ok()?;
        let import = finished.import_estimate().seconds();
        let observation = Observation::new(stamped, expected.genesis_time, expected.slot, import);
        let first = expected.first.saturating_add(1);
        Some(Self { runtime: runtime.to_owned(), finished, observation, first })
    }

    /// Adds a look at the clients, and records the start with the first block. Returns whether the
    /// observation is over.
    ///
    /// A runtime directory that is mounted read-only stays without a record: the next lead is then the
    /// same.
    pub(super) fn see(
        &mut self,
        ready: bool,
        builds: bool,
        client: &dyn Rpc,
        console: &Console,
    ) -> bool {
        let first_block = if builds { self.first_block(client) } else { None };
        let Some(seconds) = self.observation.see(Look { now: now(), ready, first_block }) else {
            return first_block.is_some();
        };
        let mut times = start_times::read(&self.runtime);
        times.add(&self.finished.run_id, &self.finished.clients(), seconds);
        if start_times::write(&self.runtime, &times).is_ok_and(|written| written) {
            console.note(&format!(
                "the clients were ready {seconds} s after init: the next lead depends on it"
            ));
        }
        true
    }

    /// Timestamp of the first block.
    fn first_block(&self, client: &dyn Rpc) -> Option<u64> {
        let number = json!([format!("{:#x}", self.first), false]);
        let block = value(client, "eth_getBlockByNumber", &number, ANSWER_LIMIT).ok()?;
        quantity(&block["timestamp"])
    }
}

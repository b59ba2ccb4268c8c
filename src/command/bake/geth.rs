//! geth's database in a bake.

#[cfg(feature = "host")]
use std::path::Path;

use alloy_primitives::B256;

use super::Order;
#[cfg(feature = "host")]
use super::import::{self, Imported};
use crate::command::Failure;
use crate::command::steps::Steps;
use crate::exit;
use crate::geth_database::{BakedDatabase, Collector, Disk};
use crate::io::fs::{self, Files};
use crate::pipeline::{self, Prepared};
use crate::snapshot::Snapshot;

/// The size of `genesis.json` from which a bake has the database: geth imports a smaller one about as
/// fast as it starts, and the database is larger than the file.
const LARGE: u64 = 1_000_000;

/// Whether to bake the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::command) enum Choice {
    /// If `genesis.json` is large.
    BySize,
    /// Always.
    Yes,
    /// Never.
    No,
}

/// A database to bake.
pub(super) enum Database<'a> {
    /// A state: the collector has it.
    Collected(Collector<'a>),
    /// A history: geth has imported it.
    #[cfg(feature = "host")]
    Imported(Imported),
}

impl Order<'_> {
    /// A collector for the snapshot's state, if its database is to be baked.
    pub(super) fn collector<'a>(
        &self,
        snapshot: &Snapshot,
        disk: &'a dyn Disk,
    ) -> Result<Option<Collector<'a>>, Failure> {
        if snapshot_database(snapshot)? {
            return match self.geth_datadir {
                Choice::Yes => Err(Failure::usage(
                    "--geth-datadir is yes, but the snapshot has geth's database already",
                    "leave it out",
                )),
                Choice::BySize | Choice::No => Ok(None),
            };
        }
        let is_wanted = match (self.geth_datadir, &snapshot.history) {
            (Choice::Yes, Some(_)) if self.geth.is_none() => {
                return Err(Failure::usage(
                    "--geth-datadir is yes, but the snapshot has its history, which geth must import",
                    "add --geth PROGRAM",
                ));
            }
            (Choice::No, _) | (_, Some(_)) => false,
            (Choice::Yes, None) => true,
            // Without the file, reading it reports the error.
            (Choice::BySize, None) => fs::length(&snapshot.genesis).is_ok_and(|size| size >= LARGE),
        };
        Ok(is_wanted.then(|| Collector::new(disk)))
    }

    /// The database of the collector's state, if it has that state and nothing else.
    pub(super) fn collected<'a>(
        &self,
        collector: Option<Collector<'a>>,
        prepared: &Prepared,
        steps: &Steps<'_>,
    ) -> Result<Option<Database<'a>>, Failure> {
        let Some(collector) = collector else { return Ok(None) };
        if !collector.has_replaced() {
            return Ok(Some(Database::Collected(collector)));
        }
        let genesis = &prepared.snapshot.genesis;
        let what = "the alloc has an account twice, which geth's database cannot be written from";
        if self.geth_datadir == Choice::Yes {
            let hint = Some("remove one of the two entries, or leave out --geth-datadir");
            return Err(Failure::input(genesis, None, what, hint));
        }
        steps.console.warning(&format!("{}: {what}", genesis.label()));
        Ok(None)
    }
}

#[cfg(feature = "host")]
impl Order<'_> {
    /// The database of a history, if a geth is named that imports it.
    pub(super) fn imported(
        &self,
        directory: &Path,
        prepared: &Prepared,
        steps: &Steps<'_>,
    ) -> Result<Option<Database<'static>>, Failure> {
        let Some(geth) = self.geth.filter(|_| self.geth_datadir != Choice::No) else {
            return Ok(None);
        };
        Ok(import::import(geth, directory, prepared, steps)?.map(Database::Imported))
    }
}

impl Database<'_> {
    /// Writes the database into the bake; block 0 has `state_root`.
    pub(super) fn write(
        self,
        state_root: B256,
        steps: &Steps<'_>,
    ) -> Result<BakedDatabase, Failure> {
        let collector = match self {
            Self::Collected(collector) => collector,
            #[cfg(feature = "host")]
            Self::Imported(imported) => return imported.place(steps),
        };
        let database = collector.finish(state_root).map_err(|error| {
            let hint = Some("check the free space, or bake with --geth-datadir no");
            Failure::new(exit::OUTPUT, error.to_string(), hint)
        })?;
        let size: u64 = database.files.iter().map(|file| file.size).sum();
        let count = database.files.len();
        let text = format!("database of {} MB in {count} files", size.div_ceil(1_000_000));
        steps.done("geth", &text);
        Ok(database)
    }
}

/// Whether the snapshot has geth's database and no accounts.
fn snapshot_database(snapshot: &Snapshot) -> Result<bool, Failure> {
    let metadata = pipeline::read_metadata(snapshot, &Files)?;
    Ok(metadata.is_some_and(|metadata| metadata.database.is_some()))
}

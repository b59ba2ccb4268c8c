//! The bake of an edited snapshot, computed again as it was.

use std::path::Path;

use super::super::bake::{Choice, Order, bake_snapshot};
use super::super::init::seed;
use super::super::steps::Steps;
use super::super::{Failure, snapshot_directory};
use crate::io::fs;
use crate::keys::Kdf;
use crate::snapshot::bake::{RECORD, Record, VALIDATORS};

/// How the bake of a snapshot was made.
pub(super) struct Rebake {
    kdf: Option<Kdf>,
    database: Choice,
    /// Whether geth has imported blocks into its database.
    imported: bool,
    /// Whether it has no record: an edit was interrupted before its bake.
    pub(super) is_missing: bool,
}

impl Rebake {
    /// The bake in `directory`, if there is one.
    pub(super) fn of(directory: &Path) -> Result<Option<Self>, Failure> {
        let plain = |is_missing| Self {
            kdf: Some(Kdf::Light),
            database: Choice::BySize,
            imported: false,
            is_missing,
        };
        let Some(baked) = snapshot_directory(directory)?.baked else {
            let is_left = fs::exists(&directory.join(VALIDATORS));
            return Ok(is_left.then(|| plain(true)));
        };
        let Ok(record) = Record::parse(&fs::read(&baked.record)?) else {
            return Ok(Some(plain(false)));
        };
        let imported = record.geth.as_ref().is_some_and(|geth| geth.chain.is_some());
        let database = match &record.geth {
            Some(_) if !imported => Choice::Yes,
            _ => Choice::No,
        };
        let kdf = record.keystores.as_ref().and_then(|keystores| keystores.kdf.parse().ok());
        Ok(Some(Self { kdf, database, imported, is_missing: false }))
    }

    /// Computes it again. Without it, the snapshot is complete, too: a failure is a warning.
    pub(super) fn run(&self, directory: &Path, steps: &Steps<'_>) {
        let shown = directory.display();
        if self.imported {
            steps.console.note(&format!(
                "geth has to import the blocks again: regenesis bake {shown} --geth geth"
            ));
        }
        let baked = seed(None).and_then(|seed| {
            let order = Order {
                kdf: self.kdf,
                geth_datadir: self.database,
                geth: None,
                seed,
                seeded: false,
                known: &[],
            };
            bake_snapshot(directory, &snapshot_directory(directory)?, &order, steps)
        });
        match baked {
            Ok(_) => steps.done("bake", &directory.join(RECORD).display().to_string()),
            Err(failure) => steps.console.warning(&format!(
                "not baked: {}: run regenesis bake {shown} again",
                failure.message
            )),
        }
    }
}

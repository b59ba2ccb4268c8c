//! The captured snapshot on disk, before it takes its place.

use std::path::{Path, PathBuf};

use alloy_primitives::B256;

use super::super::bake::{self, Baked};
use super::super::steps::Steps;
use super::super::{Failure, compose};
use crate::capture::Captured;
use crate::exit;
use crate::geth_database::BakedDatabase;
use crate::io::atomic_file::replace;
use crate::io::disk;
use crate::keys::Kdf;
use crate::services::Clients;
use crate::snapshot::bake::DIRECTORY;
use crate::snapshot::metadata::Metadata;
use crate::snapshot::{DATABASE, METADATA, Snapshot};
use crate::snapshot_files::{self, work::Work};

/// Writes geth's database into a directory.
pub(super) type WriteDatabase<'a> = dyn Fn(&Path) -> Result<BakedDatabase, Failure> + 'a;

/// A snapshot in the work directory.
#[derive(Debug)]
pub(in super::super) struct StagedSnapshot {
    directory: PathBuf,
    /// The snapshot that it replaces.
    out: Option<PathBuf>,
    pub(in super::super) metadata: Metadata,
}

impl StagedSnapshot {
    /// Writes a snapshot with its stack and its bake. A snapshot that cannot be baked is still a
    /// snapshot: `init` reports the error.
    ///
    /// # Errors
    /// A file cannot be written, or the files have another state root than the capture computed.
    pub(in super::super) fn write(
        captured: Captured,
        work: &Work,
        steps: &Steps<'_>,
    ) -> Result<Self, Failure> {
        Self::write_with(captured, None, work, steps)
    }

    /// The same with geth's database.
    pub(super) fn write_with(
        captured: Captured,
        database: Option<&WriteDatabase<'_>>,
        work: &Work,
        steps: &Steps<'_>,
    ) -> Result<Self, Failure> {
        let Captured { files, mut metadata } = captured;
        let (directory, written) = work.stage(&files)?;
        if let Some(write) = database {
            let place = directory.join(DATABASE);
            disk::make_directories(&place, 0o755)?;
            metadata.database = Some(write(&place)?);
            disk::sync_file_system(&directory)?;
        }
        metadata.files.extend(written.into_iter().map(|file| (file.path.clone(), file)));
        replace(&directory.join(METADATA), &metadata.to_json(), 0o644)?;
        let staged = Self { directory, out: work.replaced().map(Path::to_owned), metadata };
        if staged.metadata.database.as_ref().is_none_or(BakedDatabase::is_of_stack) {
            compose::write(&staged.directory, &staged.snapshot(), Clients::default())?;
        }
        match staged.bake(steps) {
            Ok(baked) => check_root(&staged.metadata, baked.state_root)?,
            Err(failure) => {
                disk::remove(&staged.directory.join(DIRECTORY))?;
                steps.console.warning(&format!("not baked: {}", failure.message));
            }
        }
        Ok(staged)
    }

    /// The snapshot as it will be in its place.
    fn snapshot(&self) -> Snapshot {
        snapshot_files::snapshot_over(&self.directory, self.out.as_deref())
    }

    fn bake(&self, steps: &Steps<'_>) -> Result<Baked, Failure> {
        let known = self.metadata.warnings();
        let seed = super::super::init::seed(None)?;
        let order = bake::Order {
            kdf: Some(Kdf::Light),
            geth_datadir: bake::Choice::BySize,
            geth: None,
            seed,
            seeded: false,
            known: &known,
        };
        bake::bake_snapshot(&self.directory, &self.snapshot(), &order, steps)
    }
}

/// The capture computed its root from the work files; `read_back` is that of the snapshot's files.
fn check_root(metadata: &Metadata, read_back: B256) -> Result<(), Failure> {
    match metadata.state_root {
        Some(root) if root != read_back => Err(Failure::new(
            exit::VERIFICATION,
            format!("the written snapshot has state root {read_back}, the captured state {root}"),
            Some("check the disk and its file system, and capture again"),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_with_another_root_than_the_capture_is_refused() {
        let [root, other] = [1, 2].map(B256::repeat_byte);
        let metadata = Metadata { state_root: Some(root), ..Metadata::default() };
        check_root(&metadata, root).unwrap();
        let failure = check_root(&metadata, other).unwrap_err();
        assert_eq!(failure.exit, exit::VERIFICATION);
        assert!(failure.message.contains(&root.to_string()), "{}", failure.message);
        assert!(failure.message.contains(&other.to_string()), "{}", failure.message);
    }
}

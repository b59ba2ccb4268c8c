//! One of the two that are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::super::{Failure, snapshot_directory};
use crate::capture::compare::Side;
use crate::capture::{self, file};
use crate::cl::config::Config;
use crate::el::genesis::Member;
use crate::exit;
use crate::file::Input;
use crate::io::console::Console;
use crate::io::fs::{self, Files};
use crate::pipeline;
use crate::snapshot::{GENESIS, METADATA, OWN_GENESIS, Snapshot};
use crate::sort::Space;

/// What was read of one.
pub(super) struct Read<'a> {
    /// Its accounts.
    pub(super) side: Side<'a>,
    /// The members of its genesis.
    pub(super) head: Vec<Member>,
    /// Its consensus config.
    pub(super) config: Option<Config>,
    /// The snapshot, if it is one.
    pub(super) snapshot: Option<Snapshot>,
}

impl<'a> Read<'a> {
    /// Reads a snapshot or a file.
    pub(super) fn of(
        path: &Path,
        space: &'a dyn Space,
        console: &Console,
    ) -> Result<Self, Failure> {
        if !fs::exists(path) {
            let message = format!("{}: does not exist", path.display());
            return Err(Failure::new(exit::INPUT, message, Some("check the path")));
        }
        let snapshot = fs::is_directory(path)?.then(|| snapshot_directory(path)).transpose()?;
        let mut config = None;
        let mut input = Input::file(path.to_owned());
        if let Some(snapshot) = &snapshot {
            let metadata = pipeline::read_metadata(snapshot, &Files)?;
            if metadata.is_some_and(|metadata| metadata.database.is_some()) {
                let message = format!(
                    "{}: has its accounts in geth's database, which are not listed",
                    path.display()
                );
                let hint = "capture the running chains, and compare those snapshots";
                return Err(Failure::new(exit::INPUT, message, Some(hint)));
            }
            config = Some(pipeline::read_config(snapshot, &Files)?.1);
            input = snapshot.genesis.clone();
        }
        let mut side = Side::new(space);
        fs::open(&input)?;
        let open =
            || fs::open(&input).map_err(|error| capture::Error::Read(std::io::Error::other(error)));
        let read = file::read(&open, &mut |account| {
            if let Some(missing) = account.missing() {
                let address = account.hashed_address;
                let what =
                    format!("the account with the hash {address} is incomplete: {missing:?}");
                return Err(capture::Error::Change(what));
            }
            console.progress(|| format!("{}: {} accounts", path.display(), side.counts.accounts));
            side.add(&account);
            Ok(())
        });
        let (_, header) = read.map_err(|error| Failure::state_file(&input, &error))?;
        Ok(Self { side, head: header.genesis, config, snapshot })
    }
}

/// The other files of the snapshots that differ, without the genesis and the config. Only the names are
/// shown: mnemonics are secret.
pub(super) fn files_that_differ(
    first: Option<&Snapshot>,
    second: Option<&Snapshot>,
) -> Result<Vec<String>, Failure> {
    let (Some(first), Some(second)) = (first, second) else { return Ok(Vec::new()) };
    let (first, second) = (digests(first)?, digests(second)?);
    let paths: BTreeSet<_> = first.keys().chain(second.keys()).collect();
    let differ = |path: &&String| first.get(*path) != second.get(*path);
    Ok(paths.into_iter().filter(differ).cloned().collect())
}

fn digests(snapshot: &Snapshot) -> Result<BTreeMap<String, [u8; 32]>, Failure> {
    let compared_by_value = [METADATA, GENESIS, OWN_GENESIS, crate::snapshot::CONFIG];
    let all = snapshot.small_files().into_iter().chain(snapshot.large_files());
    let others = all.filter(|(path, _)| !compared_by_value.contains(&&**path));
    others.map(|(path, input)| Ok((path.into_owned(), fs::sha256(input)?))).collect()
}

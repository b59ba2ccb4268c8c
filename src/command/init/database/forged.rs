//! A bake whose record names another state than its own database or its genesis has.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::Init;
use super::{Collector, Direct, GETH};
use crate::command::Failure;
use crate::command::steps::Steps;
use crate::el::state_sink::StateSink;
use crate::el::trie::EMPTY_ROOT_HASH;
use crate::file::{FileDigest, Input};
use crate::geth_database::is_name;
use crate::geth_database::reader::{self, Database, ReadAt};
use crate::io::fs::Files;
use crate::pipeline::{self, Prepared, Request};
use crate::snapshot_files::geth_database::Directory;

/// Bytes of the files that are opened: the manifest, and a table with little more than 8 MiB.
const MOST: u64 = 32 << 20;

impl Init<'_> {
    /// Prepares the run, and collects the parts of the state for geth's database. A bake is not used if its
    /// state root is not that of its database or of its genesis: the genesis block would have a state that
    /// geth does not.
    pub(in crate::command::init) fn prepare<'a>(
        self,
        request: &Request<'_>,
        disk: &'a Direct,
        steps: &Steps<'_>,
    ) -> Result<(Prepared, Option<Collector<'a>>), Failure> {
        let collector = self.collector(disk);
        let sink = collector.as_ref().map(|collector| collector as &dyn StateSink);
        let prepared =
            pipeline::prepare(&Request { sink, space: Some(disk), ..*request }, &Files, steps)?;
        self.check_own_database(&prepared)?;
        let mut reason = lacks_state(&prepared);
        let has_parts = !prepared.baked || prepared.geth.is_some() || prepared.database.is_some();
        if let Some(sink) = sink.filter(|_| reason.is_none() && !has_parts) {
            // The bake has the root of this state, and not its parts.
            let genesis = &self.sources.snapshot.genesis;
            let root = pipeline::collect(genesis, (sink, disk), &Files, steps)?;
            let baked = prepared.state_root;
            reason = (root != baked)
                .then(|| format!("the bake has the state root {baked}, its genesis {root}"));
        }
        let Some(reason) = reason else { return Ok((prepared, collector)) };
        let collector = self.collector(disk);
        let sink = collector.as_ref().map(|collector| collector as &dyn StateSink);
        let request = Request { sink, space: Some(disk), ..*request };
        let mut prepared = pipeline::compute(&request, &Files, steps)?;
        prepared.warnings.push(format!("{reason}: not used (run regenesis bake again)"));
        Ok((prepared, collector))
    }
}

/// The reason, if the database in the bake lacks the bake's state. A database that cannot be read is no
/// reason: copying it reports the error.
fn lacks_state(prepared: &Prepared) -> Option<String> {
    let record = &prepared.snapshot.baked.as_ref()?.record;
    let (Some(database), Input::File(path)) = (&prepared.geth, record) else { return None };
    let root = prepared.state_root;
    // A history has the hash of its block 0, and no node represents an empty state.
    if prepared.history.is_some() || !database.is_of_stack() || root == EMPTY_ROOT_HASH {
        return None;
    }
    let directory = Directory(Path::new(path).with_file_name(GETH));
    let files = Recorded { directory, files: &database.files, opened: AtomicU64::new(0) };
    let has_state = Database::open(&files).ok()?.has_node(&root).ok()?;
    let record = record.label();
    (!has_state).then(|| format!("{record} has the state root {root}, which its database lacks"))
}

/// The files that the record lists, which `init` copies. Other files beside them do not count.
#[derive(Debug)]
struct Recorded<'a> {
    directory: Directory,
    files: &'a [FileDigest],
    /// Bytes of the files that were opened.
    opened: AtomicU64,
}

impl reader::Files for Recorded<'_> {
    fn names(&self) -> io::Result<Vec<String>> {
        let names = self.files.iter().map(|file| &file.path);
        Ok(names.filter(|name| is_name(name)).cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn ReadAt>> {
        let file = self.directory.open(name)?;
        // Its author chooses how many files there are, and what of them is read into memory.
        let length = file.length()?;
        let before = self.opened.fetch_add(length, Ordering::Relaxed);
        if before.saturating_add(length) > MOST {
            return Err(ErrorKind::FileTooLarge.into());
        }
        Ok(file)
    }
}

//! `capture --datadir`: a stopped geth's database becomes the state of a snapshot.

mod alloc;
mod history;

use std::path::Path;

use super::super::source::stopped_exit_code;
use super::super::steps::Steps;
use super::super::{Failure, access};
use super::settings::{Settings, Target};
use super::staged::StagedSnapshot;
use super::{discard, look};
use crate::capture::chain::BlockId;
use crate::capture::{CaptureContext, WorkFiles};
use crate::exit;
use crate::file::FileDigest;
use crate::geth_database::reader::{Database, Freezer};
use crate::geth_database::stopped::{self, Chain, Proven, Rebased, StoredBlock};
use crate::geth_database::{BakedDatabase, DATABASE_VERSION};
use crate::io::atomic_file::{AtomicFile, replace};
use crate::io::console::Console;
use crate::io::fs::Files;
use crate::rpc::Beacon;
use crate::snapshot_files::stopped_geth::{self, StoppedGeth};
use crate::snapshot_files::work::{Hold, Place, Work};
pub(super) use alloc::capture as capture_alloc;
pub(super) use history::capture as capture_history;

/// What to do with a data directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    /// geth's `--datadir`.
    pub(super) datadir: &'a Path,
    /// Whether to compute all hashes of the state again.
    pub(super) prove: bool,
}

/// Captures the state of a stopped geth.
pub(super) fn run(
    request: Request<'_>,
    settings: &Settings,
    json: bool,
    console: &Console,
) -> Result<(), Failure> {
    let Request { datadir, prove } = request;
    // A place that exists is reported before any work.
    let place = settings.place().map(|out| free(&out, console)).transpose()?;
    let steps = Steps::start(console);
    let shown = datadir.display();
    console.title(&format!("regenesis {} · capturing {shown}", env!("CARGO_PKG_VERSION")));
    let geth = StoppedGeth::open(datadir)?;
    let journal = geth.journal()?;
    let source = Source { label: datadir.display().to_string(), geth: &geth };
    let database = Database::open(geth.database()).map_err(|error| source.failed(error.into()))?;
    let freezer = source.freezer()?;
    let chain = Chain::open(&database, freezer.as_ref(), journal);
    let chain = chain.map_err(|error| source.failed(error))?;
    let head = chain.head.header.number;
    let described = format!("{}, {} scheme", database.engine().name(), chain.scheme().name());
    steps.done("geth", &format!("{described}, head {head}"));
    if let Some((name, _)) = &database.inventory().repaired {
        console.warning(&format!(
            "{name} ends within an entry, as after a power cut: what follows its last whole entry is left out"
        ));
    }
    let block = source.block(&chain, settings.block, console)?;
    let (number, root) = (block.header.number, block.header.state_root);
    steps.done("block", &format!("{number}, state root {root}"));
    let mut rebased = chain.rebase(block).map_err(|error| source.failed(error))?;
    let proven = if prove {
        let proven = stopped::prove(&mut rebased, &steps).map_err(|error| source.failed(error))?;
        let Proven { accounts, contracts, slots } = proven;
        let text = format!("{accounts} accounts, {contracts} with code, {slots} slots");
        steps.done("prove", &text);
        Some(proven)
    } else {
        None
    };
    let directory = place.as_ref().and_then(|(place, _)| place.name());
    let chain_id = rebased.chain_id();
    let target = settings.target(chain_id, directory)?;
    let (place, _lock) = place.map_or_else(|| free(&target.out, console), Ok)?;
    let work = Work::open(place)?;
    // A signal removes it: a copy cannot be resumed.
    work.set_resumable(false);
    let staged = source.stage(&rebased, settings, &target, proven, &work, &steps);
    let staged = match staged {
        Ok(staged) => staged,
        Err(failure) => return Err(discard(failure, work)),
    };
    work.publish()?;
    let out = target.out.display();
    steps.done("write", &out.to_string());
    console.title(&format!("{out} is ready: regenesis init {out} --geth-datadir DIR"));
    if let Some(database) = staged.metadata.database.as_ref().filter(|found| !found.is_of_stack()) {
        let (engine, scheme) = (&database.engine, &database.scheme);
        console.note(&format!(
            "no stack: it runs geth with leveldb and the hash scheme; run geth with \
             --db.engine={engine} --state.scheme={scheme}"
        ));
    }
    access::give(&target.out, console);
    if json {
        super::super::print(&staged.metadata.to_json())?;
    }
    Ok(())
}

/// The place of a new snapshot: a database is published as a whole.
fn free(out: &Path, console: &Console) -> Result<(Place, Hold), Failure> {
    let (place, hold) = look(out, console)?;
    if place.is_new() {
        return Ok((place, hold));
    }
    let message = format!("--out {} exists", out.display());
    Err(Failure::usage(message, "--datadir writes a new directory: choose another --out"))
}

/// The data directory that is captured.
struct Source<'a> {
    /// Its name in messages.
    label: String,
    geth: &'a StoppedGeth,
}

impl Source<'_> {
    /// The failure of an error in the data directory.
    fn failed(&self, error: stopped::Error) -> Failure {
        let message = format!("{}: {error}", self.label);
        let code = stopped_exit_code(&error);
        Failure::new(code, message, Some(error.hint()))
    }

    /// The blocks that geth has moved out of its database.
    fn freezer(&self) -> Result<Option<Freezer<'_>>, Failure> {
        let freezer = self.geth.freezer().map(|files| Freezer::open(files)).transpose();
        Ok(freezer.map_err(|error| self.failed(error.into()))?.flatten())
    }

    /// The block whose state is captured.
    fn block(
        &self,
        chain: &Chain<'_>,
        block: BlockId,
        console: &Console,
    ) -> Result<StoredBlock, Failure> {
        let failed = |error| self.failed(error);
        let number = match block {
            BlockId::Latest => {
                let latest = chain.latest().map_err(failed)?;
                let (found, head) = (latest.header.number, chain.head.header.number);
                if found != head {
                    console.warning(&format!(
                        "the database does not have the state of block {head}, the head: block \
                         {found} is the last one with a state"
                    ));
                }
                return Ok(latest);
            }
            BlockId::Number(number) => number,
            BlockId::Finalized => chain.number_of(None).map_err(failed)?,
            BlockId::Hash(hash) => chain.number_of(Some(hash)).map_err(failed)?,
        };
        chain.with_state(number).map_err(failed)
    }

    /// Writes the snapshot into the work directory.
    fn stage(
        &self,
        rebased: &Rebased<'_>,
        settings: &Settings,
        target: &Target,
        proven: Option<Proven>,
        work: &Work,
        steps: &Steps<'_>,
    ) -> Result<StagedSnapshot, Failure> {
        let request = settings.request(target)?;
        let beacon = settings.beacon(steps.console)?;
        let context = CaptureContext {
            request: &request,
            beacon: beacon.as_ref().map(|node| node as &dyn Beacon),
            inputs: &Files,
            work,
            progress: steps,
        };
        let captured = context.database(rebased, proven)?;
        let copy = |directory: &Path| {
            let database = self.copy(rebased, directory)?;
            let size: u64 = database.files.iter().map(|file| file.size).sum();
            let count = database.files.len();
            steps.done("copy", &format!("{} MB in {count} files", size.div_ceil(1_000_000)));
            Ok(database)
        };
        StagedSnapshot::write_with(captured, Some(&copy), work, steps)
    }

    /// Copies the database, and adds the log that turns it into one without blocks.
    fn copy(&self, rebased: &Rebased<'_>, directory: &Path) -> Result<BakedDatabase, Failure> {
        let inventory = rebased.inventory();
        let logs = inventory.logs.iter().map(|(_, name)| name.clone());
        let names: Vec<_> = inventory.tables.iter().cloned().chain(logs).collect();
        let changed = rebased.without_alloc().map_err(|error| self.failed(error))?;
        let mut files = self.geth.copy(&names, &changed, directory)?;
        if let Some((name, bytes)) = &inventory.repaired {
            replace(&directory.join(name), bytes, 0o644)?;
            files.retain(|file| file.path != *name);
            files.push(FileDigest::of(name, bytes));
        }
        let path = rebased.log_name();
        let mut log = AtomicFile::create(&directory.join(&path), false)?;
        let mut sink = |bytes: &[u8]| log.put(bytes).map_err(std::io::Error::other);
        let changes = rebased.changes(&mut sink).map_err(|error| self.failed(error))?;
        let (size, sha256) = log.publish()?;
        files.push(FileDigest { path, size, sha256 });
        Ok(BakedDatabase {
            engine: rebased.engine().name().to_owned(),
            scheme: rebased.scheme().name().to_owned(),
            version: DATABASE_VERSION,
            state_root: rebased.block.header.state_root,
            sequence: changes.sequence,
            log: changes.next_log,
            chain: None,
            files,
        })
    }
}

impl From<stopped_geth::Error> for Failure {
    fn from(error: stopped_geth::Error) -> Self {
        let code = match error {
            stopped_geth::Error::Disk(error) => return error.into(),
            stopped_geth::Error::Busy { .. } => exit::SOURCE,
            stopped_geth::Error::NoDatabase(_) => exit::USAGE,
        };
        Self::new(code, error.to_string(), error.hint())
    }
}

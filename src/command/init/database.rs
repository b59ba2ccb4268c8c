//! `--geth-datadir`: geth's database with the new genesis, so that geth imports nothing.
//!
//! geth without it is slower, and nothing else: whatever prevents it is reported, and `geth init` imports
//! the genesis. Unless the snapshot has no accounts: then there is no other way.

mod direct;
mod forged;

use std::path::{Path, PathBuf};

use alloy_primitives::B256;
use rayon::prelude::*;

use super::super::Failure;
use super::Init;
use crate::el::header::Header;
use crate::exit;
use crate::file::Input;
use crate::geth_database::{self, BakedDatabase, Collector, Engine, FREEZER_PLACE, Stamp};
use crate::io::atomic_file;
use crate::io::disk::{self, Error};
use crate::io::fs;
use crate::io::owner;
use crate::pipeline::Prepared;
use crate::runtime::client_data::{self, Claim, DataDirectory};
pub(super) use direct::Direct;

/// The client.
const GETH: &str = "geth";

/// geth's data directory, locked, and the database for it.
pub(super) struct GethData<'a> {
    directory: DataDirectory,
    path: PathBuf,
    source: Source<'a>,
    /// Whether the state is nowhere else.
    is_required: bool,
}

/// Where the database comes from.
enum Source<'a> {
    /// The bake or the snapshot: its directory, and the files.
    Stored(PathBuf, BakedDatabase),
    /// This run: a state with this root.
    Computed(Collector<'a>, &'a Direct, B256),
}

/// Why geth must import the genesis itself.
struct Obstacle(String);

impl From<client_data::Error> for Obstacle {
    fn from(error: client_data::Error) -> Self {
        let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
        Self(format!("{error}{hint}"))
    }
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        client_data::Error::from(error).into()
    }
}

impl Init<'_> {
    /// Refuses a `--geth-datadir` that cannot be a data directory.
    pub(super) fn check_geth_datadir(self) -> Result<(), Failure> {
        let settings = self.settings;
        match &settings.geth_datadir {
            Some(path) => Ok(client_data::check(path, &settings.out).map(drop)?),
            None => Ok(()),
        }
    }

    /// Collects the state for the database, in case that no bake has it.
    pub(super) fn collector(self, disk: &Direct) -> Option<Collector<'_>> {
        let has_blocks =
            self.sources.snapshot.history.is_some() || self.sources.shadow_fork.is_some();
        let is_wanted = self.settings.geth_datadir.is_some() && !has_blocks;
        is_wanted.then(|| Collector::new(disk))
    }

    /// Refuses a snapshot that has geth's database and no accounts, if there is no place for it.
    pub(super) fn check_own_database(self, prepared: &Prepared) -> Result<(), Failure> {
        if prepared.database.is_none() || self.settings.geth_datadir.is_some() {
            return Ok(());
        }
        Err(Failure::usage(
            "the snapshot has geth's database and no accounts: --geth-datadir is missing",
            "pass the data directory of the new geth: --geth-datadir DIR",
        ))
    }

    /// Locks geth's data directory. `None` if geth must import the genesis.
    ///
    /// # Errors
    /// The database cannot be put there, and geth cannot import the genesis.
    pub(super) fn geth_data<'a>(
        self,
        prepared: &mut Prepared,
        collector: Option<Collector<'a>>,
        disk: &'a Direct,
    ) -> Result<Option<GethData<'a>>, Failure> {
        let Some(path) = &self.settings.geth_datadir else { return Ok(None) };
        let is_required = prepared.database.is_some();
        let data = self.source(prepared, collector, disk).and_then(|source| {
            let directory = self.claim(path)?;
            Ok(GethData { directory, path: path.clone(), source, is_required })
        });
        prepared.has_database = data.is_ok();
        data.map_or_else(|obstacle| self.without(&obstacle, is_required), |data| Ok(Some(data)))
    }

    /// Continues without the database, unless the state is nowhere else.
    fn without<T>(self, obstacle: &Obstacle, is_required: bool) -> Result<Option<T>, Failure> {
        if is_required {
            let message = format!("geth's database cannot be put in place: {}", obstacle.0);
            let hint = "the snapshot has no accounts, so that geth cannot import the genesis";
            return Err(Failure::new(exit::OUTPUT, message, Some(hint)));
        }
        self.console.note(&format!("geth init must import the genesis: {}", obstacle.0));
        Ok(None)
    }

    fn source<'a>(
        self,
        prepared: &Prepared,
        collector: Option<Collector<'a>>,
        disk: &'a Direct,
    ) -> Result<Source<'a>, Obstacle> {
        if let (Some(database), Input::File(genesis)) =
            (&prepared.database, &prepared.snapshot.genesis)
        {
            check_version(database)?;
            let directory = Path::new(genesis).with_file_name(GETH);
            return Ok(Source::Stored(directory, database.clone()));
        }
        let baked = self.sources.snapshot.baked.as_ref();
        if let (Some(database), Some(Input::File(record))) =
            (&prepared.geth, baked.map(|baked| &baked.record))
        {
            check(database, prepared)?;
            let directory = Path::new(record).with_file_name(GETH);
            return Ok(Source::Stored(directory, database.clone()));
        }
        let Some(collector) = collector else {
            return Err(Obstacle("the chain has a history that is not baked".to_owned()));
        };
        if collector.has_replaced() {
            return Err(Obstacle("the alloc has an account twice".to_owned()));
        }
        Ok(Source::Computed(collector, disk, prepared.state_root))
    }

    fn claim(self, path: &Path) -> Result<DataDirectory, Obstacle> {
        let settings = self.settings;
        let is_new = !fs::exists(path);
        let real = client_data::check(path, &settings.out)?;
        match DataDirectory::claim(&real)? {
            Claim::Ours(directory) | Claim::Unlocked(directory) => {
                if let Some(owner) = settings.owner.filter(|_| is_new) {
                    owner::give_entry(&real, owner)?;
                }
                Ok(directory)
            }
            Claim::Busy(_) => Err(Obstacle(format!("{} is in use", path.display()))),
        }
    }

    /// Puts the database of the run `run_id` into geth's data directory. Returns what it did.
    ///
    /// # Errors
    /// It cannot, and geth cannot import the genesis.
    pub(super) fn write_database(
        self,
        data: GethData<'_>,
        header: &Header,
        config: Option<&[u8]>,
        run_id: &str,
    ) -> Result<Option<String>, Failure> {
        let is_required = data.is_required;
        let put = self.put(data, header, config, run_id);
        put.map_or_else(|obstacle| self.without(&obstacle, is_required), |done| Ok(Some(done)))
    }

    fn put(
        self,
        data: GethData<'_>,
        header: &Header,
        config: Option<&[u8]>,
        run_id: &str,
    ) -> Result<String, Obstacle> {
        let GethData { directory, path, source, .. } = data;
        let Some(config) = config else {
            return Err(Obstacle("genesis.json has more than one config".to_owned()));
        };
        let staged = directory.stage_database(GETH, run_id)?;
        let bytes = match fill(source, &staged.path, header, config) {
            Ok(bytes) => bytes,
            Err(obstacle) => {
                staged.abandon();
                return Err(obstacle);
            }
        };
        let path = path.display();
        Ok(if staged.finish(self.settings.owner)? {
            format!("{bytes} bytes in {path}/geth/chaindata")
        } else {
            format!("{bytes} bytes in {path}, for regenesis run to put in place")
        })
    }
}

/// Writes a database with the genesis block `header` or, if it has blocks, with their chain config.
/// Returns its size in bytes.
fn fill(
    source: Source<'_>,
    target: &Path,
    header: &Header,
    config: &[u8],
) -> Result<u64, Obstacle> {
    let database = match source {
        Source::Stored(directory, database) => {
            copy(&directory, &database, target)?;
            database
        }
        Source::Computed(collector, disk, state_root) => {
            disk.set_target(target);
            collector.finish(state_root).map_err(|error| Obstacle(error.to_string()))?
        }
    };
    // leveldb has 56 bits for it.
    let sequence = database.sequence.checked_add(1).filter(|number| *number < 1 << 56);
    let Some(sequence) = sequence else {
        return Err(Obstacle(format!("its last sequence number is {}", database.sequence)));
    };
    let Some(engine) = Engine::of(&database.engine) else {
        return Err(Obstacle(format!("the engine is {:?}", database.engine)));
    };
    let log = match &database.chain {
        None => {
            geth_database::stamp(&Stamp { header, config, sequence, engine, log: database.log })
        }
        Some(chain) => geth_database::stamp_config(&chain.genesis, config, sequence),
    };
    let place = target.join(geth_database::log_name(database.log));
    atomic_file::replace(&place, &log, 0o644)?;
    Ok(database.files.iter().map(|file| file.size).sum::<u64>() + log.len() as u64)
}

/// Copies the baked files, inside the kernel where possible, and reads the copies again.
fn copy(directory: &Path, database: &BakedDatabase, target: &Path) -> Result<(), Obstacle> {
    if database.files.iter().any(|file| geth_database::is_frozen(&file.path)) {
        disk::make_directories(&target.join(PathBuf::from_iter(FREEZER_PLACE)), 0o755)?;
    }
    database.files.par_iter().try_for_each(|file| {
        if !geth_database::is_geths(&file.path) {
            return Err(Obstacle(format!("{:?} is not a name of a table", file.path)));
        }
        let from = Input::file(directory.join(&file.path));
        let to = target.join(geth_database::place(&file.path));
        let out = disk::create(&to, 0o644)?;
        let copied = fs::copy_range(&from, 0..file.size, &out).map_err(Error::from)?;
        let is_same = copied == file.size
            && fs::sha256(&Input::file(to)).map_err(Error::from)? == file.sha256;
        if is_same {
            return Ok(());
        }
        Err(Obstacle(format!(
            "{} is damaged (regenesis verify SNAPSHOT names the remedy)",
            from.label()
        )))
    })
}

/// Checks that the schema is the known one.
fn check_version(database: &BakedDatabase) -> Result<(), Obstacle> {
    match database.version {
        geth_database::DATABASE_VERSION => Ok(()),
        version => Err(Obstacle(format!("the database has version {version}"))),
    }
}

/// Checks that geth reads the baked database, and that it has the state of this genesis, or this history.
fn check(database: &BakedDatabase, prepared: &Prepared) -> Result<(), Obstacle> {
    if !database.is_of_stack() {
        let (engine, scheme) = (&database.engine, &database.scheme);
        let what = format!("the baked database has the engine {engine} and the scheme {scheme}");
        return Err(Obstacle(what));
    }
    check_version(database)?;
    let is_same = match (&database.chain, &prepared.history) {
        (None, None) => database.state_root == prepared.state_root,
        // A shadow fork has no files: its chain is in its clients.
        (Some(chain), Some(history)) if history.files.is_some() => {
            chain.head == history.hash && Some(chain.genesis) == history.genesis_hash
        }
        _ => return Err(Obstacle("the baked database is not of this chain's history".to_owned())),
    };
    if is_same { Ok(()) } else { Err(Obstacle("the baked database has another state".to_owned())) }
}

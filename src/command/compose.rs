//! `regenesis compose`: writes the compose file and `up.sh` of a snapshot.

use std::path::{Path, PathBuf};

use alloy_primitives::Address;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::{Failure, access, snapshot_directory};
use crate::compose::{self, FILE, UP, UP_FILE, seal};
use crate::enclave::{Manifest, only_describes, started};
use crate::exit;
use crate::file::Input;
use crate::geth_database::BakedDatabase;
use crate::io::access::{Found, find};
use crate::io::atomic_file::replace;
use crate::io::console::Console;
use crate::io::disk;
use crate::io::fs::{self, Files};
#[cfg(feature = "host")]
use crate::io::signal;
use crate::l2::{self, Rollup};
use crate::pipeline;
#[cfg(feature = "host")]
use crate::sample::Sample;
use crate::services::{Clients, Consensus, Enclave, Execution, L2, Options, stack, stack_of};
use crate::snapshot::{L2Files, METADATA, Snapshot};
use crate::snapshot_files::replaced;

const EXAMPLES: &str = "Examples:
  regenesis compose my-snapshot && my-snapshot/up.sh
  regenesis compose my-snapshot --consensus prysm --execution reth
  regenesis compose my-rollup --sample op && my-rollup/up.sh
                                         the sample with an OP-stack L2; not in the init image
  regenesis compose > docker-compose.yml     for the sample, or the snapshot that $SNAPSHOT names

An edited docker-compose.yml or up.sh is never overwritten: put settings in .env.";

/// Write docker-compose.yml and up.sh into a snapshot: an execution client, a consensus client and the
/// init image
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Snapshot directory [default: print the compose file of the sample to stdout]
    snapshot: Option<PathBuf>,
    /// Embedded sample to write into SNAPSHOT first, a directory that does not exist yet
    #[cfg(feature = "host")]
    #[arg(
        long,
        value_enum,
        value_name = "l1|op",
        hide_possible_values = true,
        requires = "snapshot"
    )]
    sample: Option<Sample>,
    /// Consensus client of the stack
    #[arg(long, value_name = "CLIENT", default_value = "lighthouse", value_parser = consensus())]
    consensus: Consensus,
    /// Execution client of the stack
    #[arg(long, value_name = "CLIENT", default_value = "geth", value_parser = execution())]
    execution: Execution,
}

pub(super) fn execution() -> impl TypedValueParser<Value = Execution> {
    let value = |client: Execution| match client {
        Execution::Geth => PossibleValue::new(client.name()).alias(""),
        Execution::Reth => PossibleValue::new(client.name()),
    };
    let named = |name: String| Execution::ALL.into_iter().find(|client| client.name() == name);
    PossibleValuesParser::new(Execution::ALL.map(value))
        .map(move |name| named(name).unwrap_or_default())
}

pub(super) fn consensus() -> impl TypedValueParser<Value = Consensus> {
    // An empty variable, as compose files leave it, is no setting.
    let value = |client: Consensus| match client {
        Consensus::Lighthouse => PossibleValue::new(client.name()).alias(""),
        _ => PossibleValue::new(client.name()),
    };
    let named = |name: String| Consensus::ALL.into_iter().find(|client| client.name() == name);
    PossibleValuesParser::new(Consensus::ALL.map(value))
        .map(move |name| named(name).unwrap_or_default())
}

/// Runs the verb.
///
/// # Errors
/// There is no snapshot, its directory is not writable, or one of the two files was edited.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let clients = Clients { execution: args.execution, consensus: args.consensus };
    let directory = args.snapshot.as_ref().filter(|path| !path.as_os_str().is_empty());
    let Some(directory) = directory else {
        let text = compose::file(&stack(Options::of_sample(clients)));
        return super::print(text.as_bytes());
    };
    #[cfg(feature = "host")]
    match args.sample {
        Some(sample) => write_sample(directory, sample, clients)?,
        None => write(directory, &snapshot_directory(directory)?, clients)?,
    }
    #[cfg(not(feature = "host"))]
    write(directory, &snapshot_directory(directory)?, clients)?;
    for why in manifest(directory)?.iter().flat_map(|manifest| started(manifest).left_out) {
        console.warning(&why);
    }
    access::give(directory, console);
    console.title(&format!("{}: {FILE} and {UP_FILE}", directory.display()));
    Ok(())
}

/// Writes a sample and its stack into a new directory, which appears when it is complete.
#[cfg(feature = "host")]
fn write_sample(directory: &Path, sample: Sample, clients: Clients) -> Result<(), Failure> {
    if fs::exists(directory) {
        let message = format!("--sample: {} exists already", directory.display());
        return Err(Failure::usage(message, "name a directory that does not exist yet"));
    }
    let staged = disk::beside(directory)?;
    signal::set_leftover(Some(staged.clone()));
    let written = write_files(&staged, sample)
        .and_then(|()| write(&staged, &snapshot_directory(&staged)?, clients))
        .and_then(|()| {
            disk::sync_file_system(&staged)?;
            Ok(signal::uninterrupted(|| disk::rename_new(&staged, directory))?)
        });
    if written.is_err() {
        disk::remove(&staged)?;
    }
    signal::set_leftover(None);
    written
}

/// Writes the files of a sample into a directory, which is created if it is missing; `metadata.json`, without
/// which it is no snapshot, is the last.
#[cfg(feature = "host")]
pub(super) fn write_files(directory: &Path, sample: Sample) -> Result<(), Failure> {
    for (path, bytes) in sample.files() {
        let mut place = directory.to_owned();
        for name in path.split('/') {
            if !fs::exists(&place) {
                disk::create_directory(&place, 0o755)?;
            }
            place.push(name);
        }
        let mode = if path.ends_with(crate::snapshot::BATCHER_KEY) { 0o600 } else { 0o644 };
        replace(&place, &bytes, mode)?;
    }
    Ok(())
}

/// The L2s of a snapshot.
pub(super) fn l2(snapshot: &Snapshot) -> Result<Vec<L2>, Failure> {
    let chain = |files: &L2Files| {
        let rollup = Rollup::parse(&fs::read(&files.rollup)?);
        let rollup = rollup.map_err(|error| {
            Failure::input(&files.rollup, None, &error.to_string(), Some(error.hint()))
        })?;
        let (name, batcher) = (files.name.clone(), files.batcher_key.is_some());
        let chain_id = rollup.l2_chain_id;
        Ok(L2 { name, chain_id, batcher, proposer: game_factory(files, chain_id)? })
    };
    snapshot.l2.iter().map(chain).collect()
}

/// The contract in which the proposer of an L2 creates games; `None` without a proposer.
fn game_factory(files: &L2Files, chain_id: u64) -> Result<Option<Address>, Failure> {
    let Some(key) = &files.proposer_key else { return Ok(None) };
    if let Some(file) = &files.game_factory {
        let address = l2::game_factory(&fs::read(file)?);
        let failed = |error: l2::Error| {
            Failure::input(file, None, &error.to_string(), Some("op-deployer inspect l1 prints it"))
        };
        return address.map(Some).map_err(failed);
    }
    let deployed = files.deployed.then(|| fs::read(&files.genesis)).transpose()?;
    let found = deployed.and_then(|state| l2::deployed_game_factory(chain_id, &state));
    found.map(Some).ok_or_else(|| {
        let message = "needs the address of the DisputeGameFactory on the L1";
        let hint = "write it to the file game-factory beside it: op-deployer inspect l1 prints it as \
                    DisputeGameFactoryProxy";
        Failure::input(key, None, message, Some(hint))
    })
}

/// The manifest of the captured enclave of the snapshot in `directory`, if it has one.
pub(super) fn manifest(directory: &Path) -> Result<Option<Manifest>, Failure> {
    let path = directory.join(Manifest::path());
    if !fs::exists(&path) {
        return Ok(None);
    }
    let input = Input::file(path);
    Manifest::parse(&fs::read(&input)?).map(Some).map_err(|error| {
        let hint = "capture the snapshot again, or remove its directory services";
        Failure::input(&input, None, &error.to_string(), Some(hint))
    })
}

/// What the stack of the snapshot in `directory` takes from its captured enclave.
///
/// # Errors
/// The manifest is invalid, or a file that a service mounts is missing or is a link. Docker would mount a new
/// directory instead of a missing file, and would follow a link, which may lead to any file of the machine.
pub(super) fn enclave(directory: &Path) -> Result<Enclave, Failure> {
    let Some(manifest) = manifest(directory)? else { return Ok(Enclave::default()) };
    let enclave = started(&manifest).enclave;
    let services = enclave.services.iter();
    for path in services.flat_map(|one| one.files.keys().chain(one.secrets.values())) {
        let found = find(directory, Path::new(path));
        if !matches!(&found, Ok(Found::Entry(entry)) if entry.is_file()) {
            let message =
                format!("{} is missing, or is not a file", directory.join(path).display());
            let hint = "capture the snapshot again, or get it again from its author";
            return Err(Failure::new(exit::INPUT, message, Some(hint)));
        }
        let input = Input::file(directory.join(path));
        if Path::new(path).extension().is_some_and(|end| end == "sql")
            && !only_describes(&String::from_utf8_lossy(&fs::read(&input)?))
        {
            let message =
                "does more than describe users, databases and tables: it could run any program";
            let hint =
                "if you trust it, load it by hand, and remove it from services/manifest.json";
            return Err(Failure::input(&input, None, message, Some(hint)));
        }
    }
    Ok(enclave)
}

/// What the stack of the snapshot in `directory` depends on: its options and its L2s.
pub(super) fn checked(
    directory: &Path,
    snapshot: &Snapshot,
    clients: Clients,
) -> Result<(Options, Vec<L2>), Failure> {
    if !fs::exists(&directory.join(METADATA)) {
        let message = format!("{}: has no {METADATA}, which up.sh requires", directory.display());
        let hint = "write it: {\"format\": 1, \"name\": \"mine\", \"chain_id\": N}, with config.chainId of \
                    the genesis";
        return Err(Failure::new(exit::INPUT, message, Some(hint)));
    }
    let metadata = pipeline::read_metadata(snapshot, &Files)?;
    if let Some(database) = metadata.and_then(|metadata| metadata.database)
        && !(database.is_of_stack() && clients.execution == Execution::Geth)
    {
        let BakedDatabase { engine, scheme, .. } = &database;
        let message = format!(
            "{}: the execution client of the stack does not open geth's database with {engine} and the \
             {scheme} scheme",
            directory.display()
        );
        let hint =
            "the stack's geth opens leveldb with the hash scheme; run any other geth by hand";
        return Err(Failure::new(exit::INPUT, message, Some(hint)));
    }
    let (_, config) = pipeline::read_config(snapshot, &Files)?;
    let options = Options::in_snapshot(&config, clients)
        .map_err(|error| Failure::config(&snapshot.config, &error))?;
    Ok((options, l2(snapshot)?))
}

/// Writes both files of `snapshot` into `directory`; neither, if one of them was edited.
pub(super) fn write(
    directory: &Path,
    snapshot: &Snapshot,
    clients: Clients,
) -> Result<(), Failure> {
    let (options, chains) = checked(directory, snapshot, clients)?;
    for path in [FILE, UP_FILE].map(|name| directory.join(name)) {
        if !replaced::may_replace(&path)? {
            return Err(disk::Error::Unsealed(path).into());
        }
    }
    let text = compose::file(&stack_of(options, &chains, &enclave(directory)?));
    replace(&directory.join(FILE), seal::seal(&text).as_bytes(), 0o644)?;
    Ok(replace(&directory.join(UP_FILE), seal::seal(UP).as_bytes(), 0o755)?)
}

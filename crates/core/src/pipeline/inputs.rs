//! Reads the small inputs and the execution genesis.

use alloy_primitives::{Address, B256};

use super::Error;
use crate::cl::config::Config;
use crate::cl::config_file;
use crate::el::alloc::{BoundedState, State};
use crate::el::genesis::{self, Document, Genesis};
use crate::el::state_sink::StateSink;
use crate::file::{Input, InputReader};
use crate::progress::Progress;
use crate::snapshot::Snapshot;
use crate::snapshot::metadata::{self, Metadata};
use crate::sort::Space;

/// `config.yaml`: its text and its values.
///
/// # Errors
/// It cannot be read, or is not valid.
pub fn read_config(
    snapshot: &Snapshot,
    reader: &dyn InputReader,
) -> Result<(Vec<u8>, Config), Error> {
    let input = &snapshot.config;
    let text = reader.read(input)?;
    let config = Config::parse(&text).and_then(|config| {
        config_file::check(&config)?;
        Ok(config)
    });
    Ok((text, config.map_err(|error| Error::config(input, error))?))
}

/// An execution genesis that was read to its end.
#[derive(Debug)]
pub struct ReadGenesis<'a> {
    /// All of it but the alloc.
    pub document: Document,
    /// The accounts of the alloc.
    pub state: BoundedState<'a>,
    /// Size of the file in bytes.
    pub size: u64,
}

/// Reads `genesis.json`, hashing the accounts on all cores. `sink` receives the parts of its state. Many
/// accounts are sorted in `space`. The state keeps the entries of the accounts `watched`.
///
/// # Errors
/// It cannot be read, or geth refuses it.
pub fn read_genesis<'a>(
    input: &Input,
    (sink, space): (Option<&'a dyn StateSink>, Option<&'a dyn Space>),
    watched: impl IntoIterator<Item = Address>,
    reader: &dyn InputReader,
    progress: &dyn Progress,
) -> Result<ReadGenesis<'a>, Error> {
    let size = reader.length(input)?;
    let advance = |offset: u64| {
        progress.advance(&|| format!("reading {} of {} MB", offset / 1_000_000, size / 1_000_000));
    };
    let mut state = BoundedState::new(State::with_sink(sink).watching(watched), space);
    let document = genesis::read_into(reader.open(input)?, &mut state, &advance)
        .map_err(|error| Error::genesis(input, error, reader))?;
    Ok(ReadGenesis { document, state, size })
}

/// Passes all parts of the state of a genesis, which a bake has checked before, to `sink`. Many accounts are
/// sorted in `space`. Returns the state root.
///
/// # Errors
/// As [`read_genesis`].
pub fn collect(
    input: &Input,
    (sink, space): (&dyn StateSink, &dyn Space),
    reader: &dyn InputReader,
    progress: &dyn Progress,
) -> Result<B256, Error> {
    let read = read_genesis(input, (Some(sink), Some(space)), [], reader, progress)?;
    read.state.root().map_err(|error| Error::genesis(input, error, reader))
}

/// The values of `genesis.json`, of a chain that a beacon chain can drive.
pub(super) fn genesis_values(
    input: &Input,
    document: &Document,
    reader: &dyn InputReader,
) -> Result<Genesis, Error> {
    let genesis = document.genesis().and_then(|genesis| {
        genesis.config.check_engine()?;
        Ok(genesis)
    });
    genesis.map_err(|error| Error::genesis(input, error, reader))
}

/// `metadata.json`, if the snapshot has it.
///
/// # Errors
/// It cannot be read, or is not a snapshot's metadata.
pub fn read_metadata(
    snapshot: &Snapshot,
    reader: &dyn InputReader,
) -> Result<Option<Metadata>, Error> {
    let Some(input) = &snapshot.metadata else { return Ok(None) };
    let metadata = metadata::parse(&reader.read(input)?);
    metadata.map(Some).map_err(|source| Error::Metadata { input: input.clone(), source })
}

/// The metadata; empty if the snapshot has none. Checks that the chain has an id, and that the metadata
/// names the same one.
pub(super) fn check_metadata(
    snapshot: &Snapshot,
    genesis: &Genesis,
    reader: &dyn InputReader,
) -> Result<Metadata, Error> {
    let chain_id = genesis.config.chain_id_64();
    let chain_id = chain_id.map_err(|error| Error::genesis(&snapshot.genesis, error, reader))?;
    let (Some(input), Some(metadata)) = (&snapshot.metadata, read_metadata(snapshot, reader)?)
    else {
        return Ok(Metadata::default());
    };
    if metadata.chain_id != chain_id {
        let message = format!(
            "chain_id is {}, but config.chainId of {} is {chain_id}",
            metadata.chain_id,
            snapshot.genesis.label()
        );
        let hint = "the snapshot mixes the files of two chains: set both to the same id";
        return Err(Error::snapshot(input, message, hint));
    }
    let found: Vec<&str> = snapshot.l2.iter().map(|l2| &*l2.name).collect();
    if metadata.l2 != found {
        let message = format!(
            "l2 names [{}], but the directory l2 has [{}]",
            metadata.l2.join(", "),
            found.join(", ")
        );
        let hint = "list the directories of l2 in the order of their names: \"l2\": [\"NAME\"]";
        return Err(Error::snapshot(input, message, hint));
    }
    Ok(metadata)
}

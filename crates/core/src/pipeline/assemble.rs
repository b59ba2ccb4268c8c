//! The part of a run that depends on its time: both genesis blocks, and the files.

use alloy_primitives::B256;

use super::{Error, Formats, Prepared, l2};
use crate::cl::config::Config;
use crate::cl::config_file;
use crate::cl::preset;
use crate::cl::state::{self, GenesisState};
use crate::el::block::Block;
use crate::el::genesis::{Document, Genesis as ExecutionGenesis};
use crate::el::header::{Header, make_genesis_header};
use crate::file::{Content, Input, OutFile};
use crate::layout::metadata;
use crate::progress::Progress;
use crate::schedule as schedules;
use crate::stamp::Stamp;
use crate::summary::{Cl, El, Inputs, Keystores, Summary};

/// A genesis of both layers.
#[derive(Debug)]
pub struct Genesis {
    /// The files to write, except keystores and the JWT secret.
    pub files: Vec<OutFile>,
    /// Header of block 0.
    pub header: Header,
    /// `config` of `genesis.json`, as its text; `None` if the key is repeated.
    pub chain_config: Option<Vec<u8>>,
    /// The first fields that `genesis.ssz` must have when it is read back.
    pub state: StateHead,
    /// Describes the genesis. The caller adds what it alone knows: inputs, keystores, the genesis
    /// that this one replaces, digests of the written files, run id and durations.
    pub summary: Summary,
}

/// The first fields of a beacon state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateHead {
    /// Seconds since the epoch.
    pub genesis_time: u64,
    /// Root of the registry.
    pub genesis_validators_root: B256,
    /// Version of the genesis fork.
    pub current_version: [u8; 4],
    /// Bytes of the encoded state.
    pub length: usize,
}

impl StateHead {
    /// Path of the state in the runtime directory.
    pub const PATH: &'static str = "metadata/genesis.ssz";

    /// Whether an encoded state has this length and these fields, at slot 0.
    pub fn matches(&self, state: &[u8]) -> bool {
        state.len() == self.length
            && state[..8] == self.genesis_time.to_le_bytes()
            && state[8..40] == self.genesis_validators_root[..]
            && state[40..48] == [0; 8]
            && state[52..56] == self.current_version
    }
}

/// The files of both layers with one fork schedule.
#[derive(Debug)]
pub struct Schedule {
    /// `genesis.json` with its new time and fork times.
    pub document: Document,
    /// Text of the new `config.yaml`.
    pub config_text: String,
    /// Its values.
    pub config: Config,
    /// The changes, in words.
    pub notes: Vec<String>,
    /// Things that may be wrong.
    pub warnings: Vec<String>,
}

/// Brings the forks of both layers to one schedule at the times of `stamp`.
///
/// # Errors
/// The files contradict each other, or a value is not valid.
pub fn schedule(prepared: &Prepared, stamp: Stamp) -> Result<Schedule, Error> {
    let Prepared { snapshot, config, preset, .. } = prepared;
    let in_config = |error| Error::config(&snapshot.config, error);
    let mut document = prepared.document.clone();
    let restamp = !stamp.keeps_schedule;
    let (mut values, report) =
        schedules::reconcile(&mut document, &prepared.genesis, config, preset, stamp, restamp)
            .map_err(|error| Error::schedule(snapshot, error))?;
    if prepared.history.is_none() {
        document.set_timestamp(stamp.el_timestamp);
    }
    if !config.has("MIN_GENESIS_ACTIVE_VALIDATOR_COUNT") {
        let count = prepared.validators.len().to_string();
        values.insert("MIN_GENESIS_ACTIVE_VALIDATOR_COUNT".to_owned(), count);
    }
    let config_text =
        config_file::complete(&prepared.config_text, config, &values).map_err(in_config)?;
    let config = Config::parse(config_text.as_bytes()).map_err(in_config)?;
    let (notes, warnings) = (report.notes, report.warnings);
    Ok(Schedule { document, config_text, config, notes, warnings })
}

/// The execution layer's genesis.
#[derive(Debug)]
pub struct Execution {
    /// The values of `genesis.json`.
    pub genesis: ExecutionGenesis,
    /// Header of block 0.
    pub header: Header,
}

/// Block 0 of `document` at `timestamp`, in seconds since the epoch. Independent of any consensus
/// layer.
///
/// # Errors
/// geth refuses the document; `input` is its file.
pub fn execution(
    input: &Input,
    document: &Document,
    state_root: B256,
    timestamp: u64,
) -> Result<Execution, Error> {
    let genesis = document.checked_genesis().map_err(|error| in_genesis(input, error))?;
    let header = make_genesis_header(&genesis, state_root, timestamp);
    Ok(Execution { genesis, header })
}

/// The beacon state that continues the execution block `block`. Before bellatrix, `eth1_block` replaces the
/// block's hash.
///
/// # Errors
/// Too few validators are active, the block does not fit into the state, or a value of the config is
/// not valid.
pub fn consensus(
    prepared: &Prepared,
    config: &Config,
    block: &Block,
    eth1_block: Option<B256>,
    genesis_time: u64,
) -> Result<GenesisState, Error> {
    let Prepared { snapshot, preset, validators, .. } = prepared;
    state::genesis_state(config, preset, validators, block, eth1_block, genesis_time)
        .map_err(|error| Error::state(snapshot, error))
}

/// An error of the edited genesis, whose offsets are not those of the file.
fn in_genesis(input: &Input, error: crate::el::Error) -> Error {
    Error::Genesis { input: input.clone(), line: None, source: Box::new(error) }
}

/// The execution block that the beacon chain continues: block 0, which has `header`, or the last one of
/// the history.
///
/// # Errors
/// The history starts from another block 0.
pub fn continued(prepared: &Prepared, header: &Header) -> Result<Block, Error> {
    match &prepared.history {
        None => Ok(Block::genesis(header.clone())),
        Some(history) => {
            history.check(&prepared.snapshot, header)?;
            Ok(history.head.clone())
        }
    }
}

/// Reports every error that [`assemble`] would at `stamp`, without building the beacon state. The
/// caller can write files afterwards.
///
/// # Errors
/// As [`assemble`].
pub fn validate(prepared: &Prepared, stamp: Stamp, formats: &Formats<'_>) -> Result<(), Error> {
    let snapshot = &prepared.snapshot;
    let in_config = |error| Error::config(&snapshot.config, error);
    let Schedule { document, config, .. } = schedule(prepared, stamp)?;
    let Execution { genesis, header } =
        execution(&snapshot.genesis, &document, prepared.state_root, stamp.el_timestamp)?;
    let block = continued(prepared, &header)?;
    state::check(&config, &prepared.preset, &prepared.validators, &block)
        .map_err(|error| Error::state(snapshot, error))?;
    preset::base(&config).map_err(in_config)?;
    genesis.config.chain_id_64().map_err(|error| in_genesis(&snapshot.genesis, error))?;
    config.deposit_contract_address().map_err(in_config)?;
    l2::files(prepared, &document, &block, stamp)?;
    formats.dialects(prepared, &document, &genesis, &header).map(drop)
}

/// Generates the genesis of both layers at `stamp`.
///
/// # Errors
/// The files of the layers contradict each other, a value is not valid, too few validators are
/// active, the history starts from another block 0, or a format cannot express the genesis.
pub fn assemble(
    prepared: &Prepared,
    stamp: Stamp,
    formats: &Formats<'_>,
    progress: &dyn Progress,
) -> Result<Genesis, Error> {
    let snapshot = &prepared.snapshot;
    let in_config = |error| Error::config(&snapshot.config, error);
    let Schedule { document, config_text, config, notes, warnings } = schedule(prepared, stamp)?;
    let mut warnings = [&prepared.warnings[..], &warnings].concat();
    progress.step("stamp", &describe_time(stamp.genesis_time));

    let Execution { genesis, header } =
        execution(&snapshot.genesis, &document, prepared.state_root, stamp.el_timestamp)?;
    let block_hash = header.hash();
    progress.step("el", &format!("block hash {block_hash}"));

    let block = continued(prepared, &header)?;
    if let Some(history) = &prepared.history {
        progress.step("history", &history.to_string());
    }
    let l2 = l2::files(prepared, &document, &block, stamp)?;
    for chain in &l2.summary {
        progress.step("l2", &format!("{}: block hash {}", chain.name, chain.block_hash));
    }
    let state = consensus(prepared, &config, &block, None, stamp.genesis_time)?;
    let base = preset::base(&config).map_err(in_config)?;
    let fork = state.fork;
    progress.step("cl", &format!("{}/{base}, state root {}", fork.name, state.state_root));
    if fork.experimental {
        warnings.push(format!("{} is experimental: few clients read this state", fork.name));
    }

    let chain_id = genesis.config.chain_id_64();
    let chain_id = chain_id.map_err(|error| in_genesis(&snapshot.genesis, error))?;
    let summary = Summary {
        regenesis: env!("CARGO_PKG_VERSION"),
        run_id: String::new(),
        replaces: None,
        snapshot: snapshot.name.clone(),
        inputs: Inputs::default(),
        chain_id,
        el: El {
            timestamp: stamp.el_timestamp,
            state_root: prepared.state_root.to_string(),
            block_hash: block_hash.to_string(),
            accounts: prepared.accounts,
            only_database: prepared.database.is_some(),
        },
        history: prepared.history.as_ref().map(super::ChainHistory::summary),
        l2: l2.summary,
        cl: cl_summary(base, prepared.validators.len(), &state),
        keystores: Keystores::default(),
        files: Vec::new(),
        notes,
        warnings,
        steps: Vec::new(),
    };
    let head = StateHead {
        genesis_time: stamp.genesis_time,
        genesis_validators_root: state.genesis_validators_root,
        current_version: config.version(fork).map_err(in_config)?.unwrap_or_default(),
        length: state.ssz.len(),
    };
    let state_json = formats.state_json(&state);
    let history = prepared.history.as_ref().and_then(|history| history.files.as_ref());
    let mut files = metadata::files(metadata::Metadata {
        genesis: genesis_json(prepared, &document),
        chain: history.map(|files| files.chain.clone()),
        state: state.ssz,
        deposit_contract: config.deposit_contract_address().map_err(in_config)?,
        config: config_text,
        block_hash: block.header.hash(),
        genesis_validators_root: head.genesis_validators_root,
        sources: &prepared.sources,
        boot_enr: formats.boot_enr,
    });
    files.extend(formats.dialects(prepared, &document, &genesis, &header)?);
    files.extend(l2.files);
    files.extend(formats.network(&files, &state_json));
    let chain_config = document.chain_config().map(<[u8]>::to_vec);
    Ok(Genesis { files, header, chain_config, state: head, summary })
}

/// `genesis.json`: that of a history byte for byte, if nothing in it had to change. Without accounts it
/// has no alloc either, so that geth refuses to import it.
fn genesis_json(prepared: &Prepared, document: &Document) -> Content {
    if prepared.database.is_some() {
        return Content::Bytes(document.head_json());
    }
    match prepared.history.as_ref().and_then(|history| history.files.as_ref()) {
        Some(files) if document.head == prepared.document.head => files.genesis.clone(),
        _ => {
            let parts = document.parts(&prepared.added);
            Content::Parts(parts, prepared.snapshot.genesis.clone(), prepared.prefix.clone())
        }
    }
}

fn describe_time(seconds: u64) -> String {
    let time = crate::stamp::calendar_time(seconds);
    let time = time.map_or_else(String::new, |time| format!(" ({time})"));
    format!("genesis time {seconds}{time}")
}

fn cl_summary(preset: &'static str, validators: usize, state: &GenesisState) -> Cl {
    Cl {
        preset,
        fork: state.fork.name.as_str(),
        genesis_time: state.genesis_time,
        genesis_validators_root: state.genesis_validators_root.to_string(),
        state_root: state.state_root.to_string(),
        block_root: state.block_root.to_string(),
        body_root: state.body_root.to_string(),
        validators,
        active_validators: state.active_validators,
    }
}

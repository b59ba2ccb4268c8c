//! The pipeline of `init`, up to the list of files: reads like the picture in the crate's head.

use super::super::Failure;
use super::super::prepare::history::Past;
use super::super::prepare::{Prepared, Steps, inputs};
use super::arrange;
use super::dialects;
use super::settings::Settings;
use crate::cl::config::Config;
use crate::cl::preset;
use crate::cl::state::{self, GenesisState};
use crate::cl::{self, config_file};
use crate::el::block::Block;
use crate::el::genesis::Document;
use crate::el::header::make_genesis_header;
use crate::layout::{Content, OutFile, metadata};
use crate::rim::clock;
use crate::schedule;
use crate::snapshot::Input;
use crate::stamp::{self, Timestamp};
use crate::summary::{Cl, El, Summary};

/// What is written, and what is checked after writing.
#[derive(Debug)]
pub(super) struct Made {
    /// When the clock was read, in seconds since the epoch.
    at: u64,
    pub(super) files: Vec<OutFile>,
    pub(super) state: Expected,
    pub(super) summary: Summary,
}

/// What `genesis.ssz` must say when it is read again.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) genesis_time: u64,
    pub(super) genesis_validators_root: [u8; 32],
    pub(super) current_version: [u8; 4],
    pub(super) length: usize,
}

impl Made {
    /// Whether so much time has passed that it would be missed from the lead.
    pub(super) fn is_stale(&self, settings: &Settings) -> bool {
        settings.timestamp == Timestamp::Now && clock::now() > self.at + 1
    }
}

/// Makes what differs at every boot; writes nothing.
pub(super) fn stamped(
    settings: &Settings,
    prepared: &Prepared,
    dialects: &dialects::Wanted,
    steps: &mut Steps<'_>,
) -> Result<Made, Failure> {
    let snapshot = &settings.snapshot;
    let Prepared { config, preset, validators, .. } = prepared;
    let (mut document, mut warnings) = (prepared.document.clone(), prepared.warnings.clone());
    let in_config = |error: cl::Error| Failure::config(&snapshot.config, &error);
    let lead = settings.lead.seconds(settings.plan.start(), prepared.load());
    let (now, file_time) = (clock::now(), prepared.genesis.timestamp);
    let times = prepared.past_times();
    let stamp = stamp::choose(settings.timestamp, lead, now, file_time, times, config)
        .map_err(|error| Failure::stamp(&snapshot.genesis, &snapshot.config, &error))?;
    let restamp = settings.timestamp != Timestamp::Keep;
    let (mut values, report) =
        schedule::reconcile(&mut document, &prepared.genesis, config, preset, stamp, restamp)
            .map_err(|e| Failure::schedule(&snapshot.genesis, &snapshot.config, &e))?;
    if prepared.past.is_none() {
        document.set_timestamp(stamp.el_timestamp);
    }
    let count = validators.len();
    if !config.has("MIN_GENESIS_ACTIVE_VALIDATOR_COUNT") {
        values.insert("MIN_GENESIS_ACTIVE_VALIDATOR_COUNT".to_owned(), count.to_string());
    }
    let config_yaml =
        config_file::complete(&prepared.config_text, config, &values).map_err(in_config)?;
    // From here on the config is what is written, not what was read.
    let config = Config::parse(config_yaml.as_bytes()).map_err(in_config)?;
    warnings.extend(report.warnings);
    steps.done("stamp", &describe_time(stamp.genesis_time));

    let genesis = document.checked_genesis();
    let genesis = genesis.map_err(|error| Failure::genesis(&snapshot.genesis, &error))?;
    let header = make_genesis_header(&genesis, prepared.state_root, stamp.el_timestamp);
    let block_hash = header.hash();
    steps.done("el", &format!("block hash {block_hash}"));

    let block = match &prepared.past {
        None => Block::genesis(header.clone()),
        Some(past) => {
            past.check(snapshot, &header)?;
            steps.done("past", &past.to_string());
            past.head.clone()
        }
    };
    let state = state::genesis_state(&config, preset, validators, &block, stamp.genesis_time)
        .map_err(|error| inputs::state_failure(snapshot, &error))?;
    let base = preset::base(&config).map_err(in_config)?;
    let fork = state.fork;
    steps.done("cl", &format!("{}/{base}, state root {}", fork.name, hex0x(state.state_root)));
    if fork.experimental {
        warnings.push(format!("{} is experimental: few clients read this state", fork.name));
    }

    let chain_id = genesis.config.chain_id_64();
    let chain_id = chain_id.map_err(|error| Failure::genesis(&snapshot.genesis, &error))?;
    let summary = Summary {
        regenesis: env!("CARGO_PKG_VERSION"),
        // Known when the files are written.
        run_id: String::new(),
        replaces: None,
        snapshot: snapshot.name.clone(),
        inputs: settings.inputs(prepared.digests.clone()),
        chain_id,
        el: El {
            timestamp: stamp.el_timestamp,
            state_root: prepared.state_root.to_string(),
            block_hash: block_hash.to_string(),
            accounts: prepared.accounts,
        },
        history: prepared.past.as_ref().map(Past::summary),
        cl: cl_summary(base, count, &state),
        keystores: arrange::summary(settings, prepared.keystores.len()),
        files: Vec::new(),
        notes: report.notes,
        warnings,
        steps: Vec::new(),
    };
    let expected = Expected {
        genesis_time: stamp.genesis_time,
        genesis_validators_root: state.genesis_validators_root,
        current_version: config.version(fork).map_err(in_config)?.unwrap_or_default(),
        length: state.ssz.len(),
    };
    let state_json = arrange::parsed(settings, &state);
    let kept = prepared.past.as_ref().and_then(|past| past.kept.as_ref());
    let mut files = metadata::files(metadata::Metadata {
        genesis: genesis_json(prepared, &document, &snapshot.genesis),
        chain: kept.map(|kept| kept.chain.clone()),
        state: state.ssz,
        deposit_contract: config.deposit_contract_address().map_err(in_config)?,
        config: config_yaml,
        block_hash: block.header.hash().0,
        genesis_validators_root: expected.genesis_validators_root,
        sources: &prepared.sources,
        boot_enr: settings.boot_enr.as_deref(),
    });
    files.extend(dialects.files(settings, &document, &genesis, &header)?);
    files.extend(arrange::network(settings, &files, &state_json)?);
    Ok(Made { at: now, files, state: expected, summary })
}

/// `genesis.json`: the one of a past byte for byte, if nothing in it had to change.
fn genesis_json(prepared: &Prepared, document: &Document, input: &Input) -> Content {
    match prepared.past.as_ref().and_then(|past| past.kept.as_ref()) {
        Some(kept) if document.head == prepared.document.head => kept.genesis.clone(),
        _ => {
            let pieces = document.pieces(&prepared.added);
            Content::Pieces(pieces, input.clone(), prepared.prefix.clone())
        }
    }
}

fn hex0x(bytes: [u8; 32]) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn describe_time(seconds: u64) -> String {
    let time = calendar_time(seconds).map_or_else(String::new, |time| format!(" ({time})"));
    format!("genesis time {seconds}{time}")
}

/// A time as people read it; `None` if it is beyond every calendar.
pub(super) fn calendar_time(seconds: u64) -> Option<String> {
    let time = jiff::Timestamp::from_second(i64::try_from(seconds).ok()?);
    time.ok().map(|time| time.to_string())
}

fn cl_summary(preset: &'static str, validators: usize, state: &GenesisState) -> Cl {
    Cl {
        preset,
        fork: state.fork.name,
        genesis_time: state.genesis_time,
        genesis_validators_root: hex0x(state.genesis_validators_root),
        state_root: hex0x(state.state_root),
        block_root: hex0x(state.block_root),
        body_root: hex0x(state.body_root),
        validators,
        active_validators: state.active_validators,
    }
}

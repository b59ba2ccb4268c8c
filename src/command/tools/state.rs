//! A genesis state from files that other tools' flags name. No keystores, no clock: the times are those
//! of the files.

use std::path::PathBuf;

use alloy_primitives::B256;

use super::super::Failure;
use super::super::init::{is_phrase, shadow_fork};
use super::super::steps::Steps;
use crate::cl::json;
use crate::file::Input;
use crate::io::console::Console;
use crate::io::fs::Files;
use crate::keys::Entropy;
use crate::layout::metadata::validator_names;
use crate::pipeline::{self, Prepared};
use crate::progress::{Progress, Silent};
use crate::snapshot::Snapshot;
use crate::snapshot::order::Order;
use crate::snapshot::validators::KeyCheck;
use crate::stamp::Stamp;

/// The inputs of a state.
pub(super) struct Sources {
    pub(super) genesis: PathBuf,
    pub(super) config: PathBuf,
    pub(super) mnemonics: Option<PathBuf>,
    pub(super) validators: Option<PathBuf>,
    pub(super) shadow_fork: Option<shadow_fork::Source>,
    pub(super) order: Order,
}

/// A genesis state and what describes it.
pub(super) struct State {
    /// In SSZ.
    pub(super) ssz: Vec<u8>,
    /// In JSON.
    pub(super) json: Vec<u8>,
    /// The sources of the registry, in YAML.
    pub(super) mapping: Vec<u8>,
}

/// Shows the steps on the console, or nothing.
pub(super) fn progress(quiet: bool, console: &Console) -> Box<dyn Progress + '_> {
    if quiet { Box::new(Silent) } else { Box::new(Steps::start(console)) }
}

/// A path; an empty one names no file.
pub(super) fn given(path: Option<PathBuf>) -> Option<PathBuf> {
    path.filter(|path| !path.as_os_str().is_empty())
}

/// The source of a shadow fork. If both are given, the reference reads the file. `flag` names the node.
pub(super) fn shadow_fork(
    block: Option<PathBuf>,
    flag: &'static str,
    url: Option<String>,
) -> Option<shadow_fork::Source> {
    let node = || Some(shadow_fork::Source::Node(flag, url.filter(|url| !url.is_empty())?));
    given(block).map(shadow_fork::Source::File).or_else(node)
}

impl Sources {
    /// Reads the files.
    pub(super) fn prepare(
        self,
        progress: &mut dyn Progress,
        console: &Console,
    ) -> Result<Prepared, Failure> {
        if self.mnemonics.as_deref().is_some_and(is_phrase) {
            let hint = "the file has `- mnemonic: \"…\"` and, indented below, `count: 64`";
            return Err(Failure::usage("--mnemonics is a phrase, expected a file", hint));
        }
        let input = |path: PathBuf| Input::file(path);
        let snapshot = Snapshot::loose(
            "files".to_owned(),
            input(self.genesis),
            input(self.config),
            self.mnemonics.map(input),
            self.validators.map(input),
        );
        let shadow_fork = self.shadow_fork.map(|source| source.read(console)).transpose()?;
        // Without keystores, nothing in the outputs is random.
        let entropy = Entropy::new([0; 32]);
        let request = pipeline::Request {
            shadow_fork: shadow_fork.as_ref(),
            order: self.order,
            // As in `init`. eth-beacon-genesis decompresses the keys of the sync committee only.
            check: KeyCheck::Sample,
            ..pipeline::Request::new(&snapshot, &entropy)
        };
        Ok(pipeline::prepare(&request, &Files, progress)?)
    }
}

/// Builds the state at `stamp`. Before the merge, it refers to `eth1_block` instead of the block of the
/// execution genesis.
pub(super) fn build(
    prepared: &Prepared,
    stamp: Stamp,
    eth1_block: Option<B256>,
    progress: &mut dyn Progress,
) -> Result<State, Failure> {
    let schedule = pipeline::schedule(prepared, stamp)?;
    let genesis = &prepared.snapshot.genesis;
    let (root, time) = (prepared.state_root, stamp.el_timestamp);
    let execution = pipeline::execution(genesis, &schedule.document, root, time)?;
    progress.step("el", &format!("block hash {}", execution.header.hash()));
    let block = pipeline::continued(prepared, &execution.header)?;
    let state =
        pipeline::consensus(prepared, &schedule.config, &block, eth1_block, stamp.genesis_time)?;
    let root = state.state_root;
    progress.step(
        "cl",
        &format!("{}, genesis time {}, state root {root}", state.fork.name, stamp.genesis_time),
    );
    for note in schedule.notes.iter().chain(&prepared.warnings).chain(&schedule.warnings) {
        progress.note(note);
    }
    let mut ssz = Vec::with_capacity(state.ssz.len());
    state.ssz.encode(&mut ssz).map_err(|error| Failure::bug(error.to_string()))?;
    let mapping = validator_names(&prepared.sources).into_bytes();
    Ok(State { ssz, json: json::to_json(&state.ssz), mapping })
}

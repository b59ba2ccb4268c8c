//! Reads the inputs, and computes everything that is independent of the time.

use super::{
    Bake, Error, Keystores, Prepared, ReadGenesis, Request, contracts, database, history, inputs,
    l2, load_bake, read_config, read_genesis, registry,
};
use crate::cl::preset::Preset;
use crate::file::InputReader;
use crate::l2::Rollup;
use crate::progress::Progress;
use crate::snapshot::validators::{KeyCheck, SAMPLE};

/// Prepares a run: from the snapshot's bake if it belongs to these inputs, else by computing.
///
/// # Errors
/// An input cannot be read or is not valid, or the request does not fit the snapshot.
pub fn prepare(
    request: &Request<'_>,
    reader: &dyn InputReader,
    progress: &dyn Progress,
) -> Result<Prepared, Error> {
    match load_bake(request, reader, progress)? {
        Bake::Valid(prepared) => {
            let accounts = prepared.accounts;
            let (all, keystores) = (prepared.validators.len(), prepared.keystores.len());
            let keys = match &prepared.keystores {
                Keystores::Unsealed(keys) if !keys.is_empty() => {
                    format!("{keystores} keys derived")
                }
                _ => format!("{keystores} keystores"),
            };
            progress.step("baked", &format!("{accounts} accounts, {all} validators, {keys}"));
            prepared.ordered(request.order)
        }
        Bake::Stale(reason) => {
            let mut prepared = compute(request, reader, progress)?;
            prepared.warnings.push(format!("{reason}: not used (run regenesis bake again)"));
            Ok(prepared)
        }
        Bake::Incomplete(reason) => {
            let mut prepared = compute(request, reader, progress)?;
            let remedy = "capture the snapshot again with --add-system-contracts";
            prepared.warnings.push(format!("{reason}: not used ({remedy})"));
            Ok(prepared)
        }
        Bake::None => compute(request, reader, progress),
    }
}

/// Prepares a run by computing everything.
///
/// # Errors
/// As [`prepare`].
pub fn compute(
    request: &Request<'_>,
    reader: &dyn InputReader,
    progress: &dyn Progress,
) -> Result<Prepared, Error> {
    let snapshot = request.snapshot;
    let mut warnings = Vec::new();
    let in_config = |error| Error::config(&snapshot.config, error);
    let (config_text, config) = read_config(snapshot, reader)?;
    let preset = Preset::of(&config, request.revision).map_err(in_config)?;
    // Errors in the small file are reported before the large one is read.
    config.genesis_fork().map_err(in_config)?;
    let rollups = l2::rollups(snapshot, reader)?;
    let watched = rollups.iter().filter_map(Rollup::system_config_contract);
    let parts = (request.sink, request.space);
    let ReadGenesis { document, mut state, size } =
        read_genesis(&snapshot.genesis, parts, watched, reader, progress)?;
    let genesis = inputs::genesis_values(&snapshot.genesis, &document, reader)?;
    let metadata = inputs::check_metadata(snapshot, &genesis, reader)?;
    warnings.extend(metadata.warnings());
    let database = metadata.database.clone();
    progress.step("read", &format!("{}: {} accounts", snapshot.genesis.label(), state.len()));

    let history = history::of(request, metadata, &genesis, reader)?;
    if let Some(files) = history.as_ref().and_then(|history| history.files.as_ref()) {
        files.check(reader)?;
    }
    let (accounts, state_root, contracts) = match &database {
        Some(database) => {
            database::check(request, state.len())?;
            (0, database.state_root, contracts::Contracts::default())
        }
        None => {
            let contracts = contracts::complete(
                request,
                &config,
                &genesis,
                (&mut state, reader),
                &mut warnings,
            )?;
            let root =
                state.root().map_err(|error| Error::genesis(&snapshot.genesis, error, reader))?;
            (state.len(), root, contracts)
        }
    };
    progress.step("el", &format!("state root {state_root}"));

    let l2 = l2::read(snapshot, rollups, (&genesis, &state), history.as_ref(), reader, progress)?;

    let registry = registry::read(snapshot, request.check, reader, progress, &mut warnings)?;
    let (all, derived) = (registry.validators.len(), registry.signing_keys.len());
    progress.step("keys", &format!("{all} validators, {derived} derived"));
    if request.check == KeyCheck::Sample && all - derived > SAMPLE {
        let listed = all - derived;
        progress.note(&format!(
            "{SAMPLE} of {listed} listed public keys are checked; regenesis verify checks all"
        ));
    }

    let prepared = Prepared {
        snapshot: snapshot.clone(),
        config_text,
        config,
        preset,
        document,
        genesis,
        history,
        accounts,
        file_size: size,
        added: contracts.added,
        missing: contracts.missing,
        state_root,
        prefix: None,
        l2,
        validators: registry.validators,
        sources: registry.sources,
        keystores: Keystores::Unsealed(registry.signing_keys),
        baked: false,
        geth: None,
        database,
        has_database: false,
        warnings,
    };
    prepared.ordered(request.order)
}

//! An edit that is computed, checked and staged, before the snapshot changes.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::steps::Steps;
use super::super::verify::snapshot::genesis_block;
use super::super::{Failure, snapshot_directory, unchanged};
use crate::capture::edit::{self, Counted, Edited};
use crate::capture::overlay::Overlay;
use crate::exit;
use crate::file::{FileDigest, Input};
use crate::io::atomic_file::replace;
use crate::io::clock;
use crate::io::disk::check_file;
use crate::io::fs::{self, Files};
use crate::io::identity::Watch;
use crate::keys::Entropy;
use crate::pipeline::{self, Request};
use crate::snapshot::metadata::{self, Metadata, Mode};
use crate::snapshot::sealed::{Difference, differences, unsealable};
use crate::snapshot::{
    FILES, GENESIS, L2_CAPTURED, METADATA, Snapshot, bake, is_l2_file, is_service_file,
};
use crate::snapshot_files::work::Work;
use crate::stamp::calendar_time;

/// An edit that is staged.
pub(super) struct Ready {
    /// What it changes.
    pub(super) changes: Vec<String>,
    /// The files that it replaces or removes, as they are.
    pub(super) before: BTreeMap<String, FileDigest>,
}

impl Ready {
    /// Applies `overlay`, seals the files that were edited by hand, and checks the result as a boot
    /// would. `None`: there is no change.
    ///
    /// # Errors
    /// The snapshot cannot be changed in this way, or is not valid afterwards.
    pub(super) fn prepare(
        directory: &Path,
        overlay: Overlay,
        work: &Work,
        steps: &Steps<'_>,
    ) -> Result<Option<Self>, Failure> {
        let mut snapshot = snapshot_directory(directory)?;
        let Some(mut metadata) = read_metadata(directory, &snapshot)? else {
            let message = format!("{}: has no {METADATA} to seal", directory.display());
            let hint = "write it: {\"format\": 1, \"name\": \"mine\", \"chain_id\": N}, with \
                        config.chainId of the genesis";
            return Err(Failure::new(exit::INPUT, message, Some(hint)));
        };
        check_mode(directory, &metadata, &overlay)?;
        let watch = Watch::of(&snapshot.inputs());
        let mut found = files(directory, &snapshot, &metadata, steps)?;
        let known = |path: &str| {
            FILES.contains(&path) || is_l2_file(path, &L2_CAPTURED) || is_service_file(path)
        };
        let mut differences = differences(&metadata, &found, known);
        if let Some(path) = unsealable(&metadata, &differences) {
            let message = format!(
                "{}: was edited, but the blocks of a history determine its state",
                directory.join(path).display()
            );
            let hint =
                "restore the file; to change the state, capture a snapshot with --mode state";
            return Err(Failure::new(exit::INPUT, message, Some(hint)));
        }
        if differences.is_empty() && overlay.is_none() {
            return Ok(None);
        }
        let mut before = BTreeMap::new();
        for path in [METADATA, bake::RECORD, bake::SEEN] {
            check_file(&directory.join(path))?;
            if fs::exists(&directory.join(path)) {
                let bytes = fs::read_file(&directory.join(path))?;
                before.insert(path.to_owned(), FileDigest::of(path, &bytes));
            }
        }
        let by_hand: Vec<_> = differences.iter().map(|(path, d)| d.description(path)).collect();
        let genesis_by_hand = differences.contains_key(snapshot.genesis_path());
        let (mut changes, mut counted) = (Vec::new(), None);
        if overlay.is_none() {
            work.stage(&[])?;
            if genesis_by_hand && metadata.database.is_none() {
                counted = Some(edit::count(&snapshot.genesis, &Files, steps)?);
            }
        } else {
            let edited = edit::edit(&snapshot.genesis, GENESIS, overlay, &Files, work, steps)?;
            let Edited { file, counted: counts, changes: done } = edited;
            let (new, written) = work.stage(&[file])?;
            snapshot.genesis = Input::file(new.join(GENESIS));
            before.extend(found.remove(GENESIS).map(|file| (GENESIS.to_owned(), file)));
            found.extend(written.into_iter().map(|file| (file.path.clone(), file)));
            differences.entry(GENESIS.to_owned()).or_insert(Difference::Edited);
            (changes, counted) = (done, Some(counts));
        }
        let of_state = changes.clone();
        changes.extend(by_hand);
        if let Some(Counted { counts, chain_id }) = counted {
            counts.record(&mut metadata);
            metadata.chain_id = chain_id.unwrap_or(metadata.chain_id);
        }
        let edit = metadata::Edit {
            at: calendar_time(clock::now()).unwrap_or_default(),
            regenesis: env!("CARGO_PKG_VERSION").to_owned(),
            changes: changes.clone(),
            ..metadata::Edit::default()
        };
        metadata.seal(&found, &differences, edit);
        check(snapshot, &mut metadata, of_state, genesis_by_hand, steps)?;
        unchanged(&watch)?;
        replace(&work.staged().join(METADATA), &metadata.to_json(), 0o644)?;
        Ok(Some(Self { changes, before }))
    }
}

fn read_metadata(directory: &Path, snapshot: &Snapshot) -> Result<Option<Metadata>, Failure> {
    if !fs::exists(&directory.join(METADATA)) {
        return Ok(None);
    }
    Ok(pipeline::read_metadata(snapshot, &Files)?)
}

/// Refuses changes of a state that is not in an alloc.
fn check_mode(directory: &Path, metadata: &Metadata, overlay: &Overlay) -> Result<(), Failure> {
    let (what, hint) = match (&metadata.database, metadata.mode) {
        _ if overlay.is_none() => return Ok(()),
        (Some(_), _) => (
            "has its state in geth's database, which edit does not change",
            "start it, send transactions, and capture the running chain",
        ),
        (None, Mode::History) => {
            ("has a history, whose blocks determine its state", "change a snapshot of --mode state")
        }
        (None, Mode::State) => return Ok(()),
    };
    Err(Failure::new(exit::INPUT, format!("{}: {what}", directory.display()), Some(hint)))
}

/// Size and digest of every file that the metadata of a snapshot lists.
fn files(
    directory: &Path,
    snapshot: &Snapshot,
    metadata: &Metadata,
    steps: &Steps<'_>,
) -> Result<BTreeMap<String, FileDigest>, Failure> {
    let of_l2 = |file| snapshot.l2.iter().map(move |l2| l2.path(file).into_owned());
    let l2: Vec<_> = L2_CAPTURED.into_iter().flat_map(of_l2).collect();
    let mut found = BTreeMap::new();
    let services = metadata.files.keys().filter(|path| is_service_file(path)).cloned();
    for path in FILES.into_iter().map(str::to_owned).chain(l2).chain(services) {
        let place = directory.join(&path);
        check_file(&place)?;
        if !fs::exists(&place) {
            continue;
        }
        steps.console.progress(|| format!("hashing {path}"));
        let input = Input::file(place);
        let (size, sha256) = (fs::length(&input)?, fs::sha256(&input)?);
        found.insert(path.clone(), FileDigest { path, size, sha256 });
    }
    Ok(found)
}

/// Computes what a boot computes from the edited snapshot, and records its root and its validators.
fn check(
    mut snapshot: Snapshot,
    metadata: &mut Metadata,
    of_state: Vec<String>,
    genesis_by_hand: bool,
    steps: &Steps<'_>,
) -> Result<(), Failure> {
    snapshot.metadata = Some(Input::memory(METADATA, metadata.to_json()));
    let entropy = Entropy::new([0; 32]);
    let prepared = pipeline::compute(&Request::new(&snapshot, &entropy), &Files, steps)?;
    let (_, of_schedule) = genesis_block(&prepared, clock::now())?;
    let warnings = prepared.warnings.iter().chain(&of_schedule);
    warnings.for_each(|warning| steps.console.warning(warning));
    let root = prepared.captured_state_root();
    // The state of a captured block is no longer that of the block.
    if metadata.proven.is_some() && metadata.state_root != Some(root) {
        metadata.derived.extend(of_state);
        if genesis_by_hand {
            metadata.derived.push(Difference::Edited.description(GENESIS));
        }
    }
    metadata.state_root = Some(root);
    metadata.counts.insert("validators".to_owned(), prepared.validators.len() as u64);
    Ok(())
}

//! From the collected accounts to a snapshot that is proven.

use std::path::PathBuf;

use super::super::Failure;
use super::super::prepare::Steps;
use super::config;
use super::proof;
use super::settings::{Settings, Target};
use super::state::Collected;
use super::validators::{self, Validators};
use crate::capture::chain::Chain;
use crate::capture::chain_config;
use crate::capture::client::ClientKind;
use crate::capture::collect::{Alloc, Counts};
use crate::capture::file;
use crate::capture::overlay::Overlay;
use crate::el::edit::Piece;
use crate::exit;
use crate::layout::{Content, OutFile};
use crate::rim::atomic_file::replace;
use crate::rim::fs;
use crate::rim::rpc::Client;
use crate::rim::staging::Written;
use crate::rim::work::Work;
use crate::rpc::Beacon;
use crate::snapshot::metadata::{self, Metadata, Source, SourceBlock};
use crate::snapshot::{self, Input};

/// Where the rest is asked for.
#[derive(Debug)]
pub(super) struct Nodes<'a> {
    pub(super) execution: Option<&'a Client<'a>>,
    pub(super) beacon: Option<&'a Client<'a>>,
}

/// A snapshot in the work directory.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) directory: PathBuf,
    pub(super) metadata: Metadata,
}

/// Writes and proves the snapshot in the work directory, and changes it as the overlay says.
pub(super) fn make(
    collected: Collected,
    nodes: &Nodes<'_>,
    chain: Option<Chain>,
    target: &Target,
    (settings, overlay): (&Settings, Overlay),
    work: &Work,
    steps: &mut Steps<'_>,
) -> Result<Made, Failure> {
    let client = ClientKind::of(chain.as_ref().and_then(|chain| chain.client.as_deref()));
    if collected.counts.accounts == 0 {
        let what = format!("{} gives no account at all", collected.kind);
        let hint = if collected.kind == "eth_getProof" {
            client.to_name_accounts()
        } else {
            "a chain without accounts is of no use"
        };
        return Err(Failure::new(exit::SOURCE, what, Some(hint)));
    }
    let old = config::old_genesis(&collected, settings)?;
    let (config, from) = config::execution(&collected, nodes.execution, &old, target)?;
    config.warnings.iter().for_each(|warning| steps.console.warning(warning));
    let chain_id = config.config.chain_id.and_then(|id| u64::try_from(id).ok()).unwrap_or_default();
    let head = chain_config::head(&config, collected.block.as_ref(), &old)
        .map_err(|error| Failure::capture(&error))?;
    let (block, execution) = (collected.block.as_ref(), &config.config);
    let config_yaml =
        config::consensus(block, nodes.beacon, execution, chain_id, target, settings)?;
    let consensus = if nodes.beacon.is_some() { "the beacon node" } else { "the sample" };
    steps.done(
        "config",
        &format!("chain {chain_id}: execution from {from}, consensus from {consensus}"),
    );
    let beacon = nodes.beacon.map(|node| node as &dyn Beacon);
    let validators = validators::choose(beacon, settings, steps)?;
    let count = validators.count;

    let files = Files { head, config_yaml, validators };
    let (mut directory, mut written) = files.stage(work.alloc(), work)?;
    let genesis = |directory: &PathBuf| Input::File(directory.join(snapshot::GENESIS));
    let mut root = proof::root(&genesis(&directory), steps)?;
    let proven = proof::check(root, &genesis(&directory), &collected, client, steps)?;
    let (mut counts, mut derived) = (collected.counts, Vec::new());
    if !overlay.is_none() {
        let (alloc, changed, changes) = change(overlay, work)?;
        (directory, written) = files.stage(alloc, work)?;
        root = proof::root(&genesis(&directory), steps)?;
        (counts, derived) = (changed, changes);
        steps.done("change", &format!("{root}: {}", derived.join(", ")));
    }
    let mut metadata = describe(&collected, counts, chain, target, chain_id, &written);
    metadata.counts.insert("validators".to_owned(), count);
    proven.note(&collected, &mut metadata);
    metadata.derived = derived;
    metadata.state_root = Some(root);
    replace(&directory.join(snapshot::METADATA), &metadata.to_json(), 0o644)?;
    metadata.warnings().iter().for_each(|warning| steps.console.warning(warning));
    Ok(Made { directory, metadata })
}

/// What a snapshot has besides its alloc.
struct Files {
    head: String,
    config_yaml: String,
    validators: Validators,
}

impl Files {
    /// Writes a snapshot with this alloc into the work directory.
    fn stage(&self, alloc: Input, work: &Work) -> Result<(PathBuf, Vec<Written>), Failure> {
        let length = fs::length(&alloc)?;
        let pieces = vec![
            Piece::Text(b"{\n  \"alloc\": {\n    ".to_vec()),
            Piece::Source(0..length),
            Piece::Text(format!("\n  }},\n{}\n}}\n", self.head).into_bytes()),
        ];
        let config = Content::Bytes(self.config_yaml.clone().into_bytes());
        let Validators { mnemonics, secret, .. } = &self.validators;
        let mnemonics = Content::Bytes(mnemonics.clone());
        Ok(work.stage(&[
            OutFile::new(snapshot::GENESIS, Content::Pieces(pieces, alloc, None), false),
            OutFile::new(snapshot::CONFIG, config, false),
            OutFile::new(snapshot::MNEMONICS, mnemonics, *secret),
        ])?)
    }
}

/// The alloc as the overlay changes it, its counts, and what was changed.
fn change(overlay: Overlay, work: &Work) -> Result<(Input, Counts, Vec<String>), Failure> {
    let failed = |error| Failure::capture(&error);
    let (out, changed) = work.fresh("changed")?;
    let mut alloc = Alloc::new(out, Counts::default());
    let collected = fs::open(&work.alloc())?;
    let derived =
        overlay.apply(|sink| file::read_entries(collected, sink), &mut alloc).map_err(failed)?;
    let flushed = std::io::Write::flush(alloc.out());
    flushed.map_err(|error| failed(crate::capture::Error::Write(error)))?;
    Ok((changed, alloc.counts, derived))
}

fn describe(
    collected: &Collected,
    counts: Counts,
    chain: Option<Chain>,
    target: &Target,
    chain_id: u64,
    written: &[Written],
) -> Metadata {
    let block = collected.block.as_ref().map(|block| SourceBlock {
        number: block.number,
        hash: block.hash,
        state_root: block.state_root,
        timestamp: block.timestamp,
    });
    let (client, genesis_hash) =
        chain.map_or((None, None), |chain| (chain.client, Some(chain.genesis)));
    let source =
        Source { kind: collected.kind.clone(), client, genesis_hash, block, ..Source::default() };
    let counts = [
        ("accounts", counts.accounts),
        ("contracts", counts.contracts),
        ("storage_slots", counts.storage_slots),
    ];
    let obtained = collected.obtained.clone();
    Metadata { obtained, ..metadata_of(target, chain_id, source, &counts, written) }
}

/// What every captured snapshot says of itself.
pub(super) fn metadata_of(
    target: &Target,
    chain_id: u64,
    source: Source,
    counts: &[(&str, u64)],
    written: &[Written],
) -> Metadata {
    let file = |file: &Written| {
        let (size, sha256) = (file.size, hex::encode(file.sha256));
        (file.path.clone(), metadata::File { size, sha256 })
    };
    Metadata {
        format: metadata::FORMAT,
        name: target.name.clone(),
        chain_id,
        regenesis: Some(env!("CARGO_PKG_VERSION").to_owned()),
        source: Some(source),
        counts: counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        files: written.iter().map(file).collect(),
        ..Metadata::default()
    }
}

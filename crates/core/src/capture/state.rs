//! Turns collected accounts into a verified state snapshot.

use std::io::Write;

use super::alloc_writer::{AllocWriter, Counts};
use super::chain_config;
use super::client::ClientKind;
use super::collected::{ALLOC, shrunk};
use super::config::{self, ExecutionConfig};
use super::context::{CaptureContext, Captured, StateSource};
use super::overlay::Overlay;
use super::proof::{self, GenesisParts};
use super::validators::{self, Validators};
use super::{Error, file, recover, source};
use crate::cl::config::Config;
use crate::file::{Content, FilePart, Input, OutFile};
use crate::schedule::required_contracts;
use crate::snapshot::metadata::{self, Metadata, SourceBlock};
use crate::snapshot::{CONFIG, GENESIS, MNEMONICS};

/// The work file of an alloc with an overlay.
pub(super) const CHANGED: &str = "changed";

/// See [`CaptureContext::state`].
pub(super) fn capture(
    context: &CaptureContext<'_>,
    source: StateSource<'_>,
    mut overlay: Overlay,
) -> Result<Captured, Error> {
    let (node, progress) = (source.node(), context.progress);
    let mut collected = match source {
        StateSource::File(file, node) => source::file::collect(context, file, node)?,
        StateSource::Node(node) => source::collect(context, node)?,
        StateSource::Stopped(rebased) => source::stopped::collect(context, rebased)?,
    };
    if collected.incomplete > 0 {
        recover::recover(context, node, &mut collected)?;
    }
    let client = node.map_or(ClientKind::Other, |node| node.client());
    if collected.counts.accounts == 0 {
        return Err(Error::NoAccounts { kind: collected.kind, client });
    }
    let block = collected.block.as_ref();
    let own_genesis = config::own_genesis(context, &collected)?;
    let ExecutionConfig { flat, from, chain_id } =
        config::execution(context, &own_genesis, node, block)?;
    flat.warnings.iter().for_each(|warning| progress.warning(warning));
    let head = chain_config::head(&flat, block, &own_genesis);
    let config_yaml = config::consensus(context, &flat.config, chain_id, block)?;
    let consensus = config::consensus_source(context);
    let text = format!("chain {chain_id}: execution from {from}, consensus from {consensus}");
    progress.step("config", &text);
    let validators = validators::choose(context)?;

    let alloc = context.work.input(ALLOC);
    let mut genesis = GenesisParts::new(alloc, collected.alloc_length, &head);
    let mut root = genesis.state_root(context)?;
    let proof = proof::check(context, root, &genesis, &collected, client)?;
    let (mut counts, mut derived) = (collected.counts, Vec::new());
    if !overlay.is_none() {
        let config = Config::parse(config_yaml.as_bytes());
        let required = config.and_then(|config| required_contracts(&config, &flat.config));
        overlay.require(required.map_err(|error| Error::Template(Box::new(error)))?)?;
        let changed = change(context, overlay, &genesis)?;
        genesis = GenesisParts::new(changed.alloc, changed.length, &head);
        root = genesis.state_root(context)?;
        (counts, derived) = (changed.counts, changed.descriptions);
        progress.step("change", &format!("{root}: {}", derived.join(", ")));
    }
    let mut metadata = Metadata {
        obtained: collected.obtained.clone(),
        derived,
        state_root: Some(root),
        ..base_metadata(context, chain_id)
    };
    metadata.source = Some(metadata::Source {
        kind: collected.kind.clone(),
        client: node.and_then(|node| node.chain.client.clone()),
        genesis_hash: node.map(|node| node.chain.genesis),
        block: block.map(|block| SourceBlock {
            number: block.number,
            hash: block.hash,
            state_root: block.state_root,
            timestamp: block.timestamp,
        }),
        ..metadata::Source::default()
    });
    counts.record(&mut metadata);
    count(&mut metadata, "validators", validators.count);
    proof.record(&collected, &mut metadata);
    metadata.warnings().iter().for_each(|warning| progress.warning(warning));
    let mut files = vec![genesis.into_file(GENESIS)];
    files.extend(consensus_files(config_yaml, validators));
    Ok(Captured { files, metadata })
}

impl GenesisParts {
    /// The file of the snapshot.
    pub(super) fn into_file(self, path: impl Into<String>) -> OutFile {
        let pieces = vec![
            FilePart::Text(self.prefix),
            FilePart::Source(0..self.alloc_length),
            FilePart::Text(self.suffix),
        ];
        OutFile::new(path, Content::Parts(pieces, self.alloc, None), false)
    }
}

/// The files of the consensus layer, the same in every mode.
pub(super) fn consensus_files(config_yaml: String, validators: Validators) -> [OutFile; 2] {
    let Validators { mnemonics, secret, .. } = validators;
    [
        OutFile::new(CONFIG, Content::Bytes(config_yaml.into_bytes()), false),
        OutFile::new(MNEMONICS, Content::Bytes(mnemonics), secret),
    ]
}

/// Metadata that every captured snapshot has.
pub(super) fn base_metadata(context: &CaptureContext<'_>, chain_id: u64) -> Metadata {
    Metadata {
        format: metadata::FORMAT,
        name: context.request.name.clone(),
        chain_id,
        regenesis: Some(context.request.version.to_owned()),
        ..Metadata::default()
    }
}

pub(super) fn count(metadata: &mut Metadata, name: &str, count: u64) {
    metadata.counts.insert(name.to_owned(), count);
}

/// An alloc with an overlay.
struct Changed {
    alloc: Input,
    length: u64,
    counts: Counts,
    /// The changes, for the user.
    descriptions: Vec<String>,
}

/// Writes the alloc of `genesis` with `overlay` to a work file of its own.
fn change(
    context: &CaptureContext<'_>,
    overlay: Overlay,
    genesis: &GenesisParts,
) -> Result<Changed, Error> {
    let out = context.work.append(CHANGED, 0).map_err(Error::Write)?;
    let mut changed = AllocWriter::new(out.ok_or_else(shrunk)?, Counts::default());
    let alloc = context.open(&genesis.alloc)?;
    let descriptions = overlay.apply(|sink| file::read_entries(alloc, sink), &mut changed)?;
    changed.out().flush().map_err(Error::Write)?;
    Ok(Changed {
        alloc: context.work.input(CHANGED),
        length: changed.out().length(),
        counts: changed.counts,
        descriptions,
    })
}

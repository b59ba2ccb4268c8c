//! A snapshot of the state in a stopped geth's database.

use super::block::Block;
use super::chain_config;
use super::config::{self, ExecutionConfig};
use super::context::{CaptureContext, Captured};
use super::members::Members;
use super::state::{base_metadata, consensus_files, count};
use super::{Error, validators};
use crate::file::{Content, OutFile};
use crate::geth_database::stopped::{Proven, Rebased};
use crate::snapshot::GENESIS;
use crate::snapshot::metadata::{Metadata, Source, SourceBlock};

/// See [`CaptureContext::database`].
pub(super) fn capture(
    context: &CaptureContext<'_>,
    rebased: &Rebased<'_>,
    proven: Option<Proven>,
) -> Result<Captured, Error> {
    let progress = context.progress;
    let header = &rebased.block.header;
    let block = Block::of_header(header, rebased.block.hash);
    let mut own = Members::default();
    own.set("config", String::from_utf8_lossy(rebased.config()));
    let ExecutionConfig { flat, chain_id, .. } =
        config::execution(context, &own, None, Some(&block))?;
    flat.warnings.iter().for_each(|warning| progress.warning(warning));
    let head = chain_config::head(&flat, Some(&block), &own);
    let config_yaml = config::consensus(context, &flat.config, chain_id, Some(&block))?;
    let consensus = config::consensus_source(context);
    progress.step("config", &format!("chain {chain_id}: consensus from {consensus}"));
    let validators = validators::choose(context)?;
    let mut metadata = Metadata {
        proven: proven.map(|_| true),
        state_root: Some(header.state_root),
        ..base_metadata(context, chain_id)
    };
    let stored = if proven.is_some() { "all hashes computed again" } else { "as geth stored it" };
    metadata.source = Some(Source {
        kind: "geth datadir".to_owned(),
        description: Some(format!("{}, {stored}", rebased.describe())),
        genesis_hash: Some(rebased.genesis()),
        block: Some(SourceBlock {
            number: block.number,
            hash: block.hash,
            state_root: block.state_root,
            timestamp: block.timestamp,
        }),
        ..Source::default()
    });
    if let Some(Proven { accounts, contracts, slots }) = proven {
        count(&mut metadata, "accounts", accounts);
        count(&mut metadata, "contracts", contracts);
        count(&mut metadata, "storage_slots", slots);
    }
    count(&mut metadata, "validators", validators.count);
    let text = format!("{{\n{head},\n  \"alloc\": {{}}\n}}\n");
    let mut files = vec![OutFile::new(GENESIS, Content::Bytes(text.into_bytes()), false)];
    files.extend(consensus_files(config_yaml, validators));
    Ok(Captured { files, metadata })
}

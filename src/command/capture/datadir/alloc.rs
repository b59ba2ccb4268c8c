//! `capture --datadir --alloc`: the accounts of a stopped geth become the alloc of a snapshot.

use std::path::Path;

use super::Source;
use crate::capture::overlay::Overlay;
use crate::capture::{CaptureContext, Captured, StateSource};
use crate::command::Failure;
use crate::command::steps::Steps;
use crate::geth_database::reader::Database;
use crate::geth_database::stopped::Chain;
use crate::snapshot_files::stopped_geth::StoppedGeth;

/// Captures the state of the block in the request.
///
/// # Errors
/// geth is running, its database is damaged, or geth has not kept the address of an account.
pub(in crate::command::capture) fn capture(
    context: &CaptureContext<'_>,
    datadir: &Path,
    overlay: Overlay,
    steps: &Steps<'_>,
) -> Result<Captured, Failure> {
    let geth = StoppedGeth::open(datadir)?;
    let source = Source { label: datadir.display().to_string(), geth: &geth };
    let database = Database::open(geth.database()).map_err(|error| source.failed(error.into()))?;
    let freezer = source.freezer()?;
    let chain = Chain::open(&database, freezer.as_ref(), geth.journal()?);
    let chain = chain.map_err(|error| source.failed(error))?;
    let block = source.block(&chain, context.request.block, steps.console)?;
    steps
        .done("block", &format!("{}, state root {}", block.header.number, block.header.state_root));
    let rebased = chain.rebase(block).map_err(|error| source.failed(error))?;
    Ok(context.state(StateSource::Stopped(&rebased), overlay)?)
}

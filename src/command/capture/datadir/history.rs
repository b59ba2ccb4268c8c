//! `capture --datadir --mode history`: all blocks in the files of a stopped geth.

use std::path::Path;

use super::Source;
use crate::capture::chain::BlockId;
use crate::capture::{CaptureContext, Captured};
use crate::command::Failure;
use crate::file::Input;
use crate::geth_database::reader::Database;
use crate::geth_database::stopped::{Blocks, Error};
use crate::snapshot_files::stopped_geth::StoppedGeth;

/// Captures the blocks up to the one in the request. If the database cannot be read, the blocks in
/// `ancient/chain` are enough. `label` is the data directory in messages.
///
/// # Errors
/// geth is running, blocks are missing or damaged, or `genesis` is another chain's.
pub(in crate::command::capture) fn capture(
    context: &CaptureContext<'_>,
    datadir: &Path,
    label: String,
    genesis: &Input,
) -> Result<Captured, Failure> {
    let geth = StoppedGeth::open(datadir)?;
    let source = Source { label, geth: &geth };
    let failed = |error: Error| source.failed(error);
    let freezer = source.freezer()?;
    let database = Database::open(geth.database());
    let (database, problem) = match database {
        Ok(database) => (Some(database), None),
        Err(error) => (None, Some(error)),
    };
    let blocks = Blocks { database: database.as_ref(), freezer: freezer.as_ref() };
    if let Some(error) = problem {
        if freezer.is_none() {
            return Err(failed(error.into()));
        }
        let last = blocks.head().map_err(failed)?.header.number;
        context.progress.warning(&format!(
            "the database cannot be read ({error}): block {last}, the last one in ancient/chain, is the \
             last one of the history"
        ));
    }
    let head = blocks.head().map_err(failed)?;
    let number = match context.request.block {
        BlockId::Latest => head.header.number,
        BlockId::Number(number) => number,
        BlockId::Finalized => blocks.number(None).map_err(failed)?,
        BlockId::Hash(hash) => blocks.number(Some(hash)).map_err(failed)?,
    };
    if number > head.header.number {
        return Err(failed(Error::AfterHead { number, head: head.header.number }));
    }
    let last =
        blocks.header(number).map_err(failed)?.ok_or_else(|| failed(Error::Bodiless(number)))?;
    Ok(context.stored_history(blocks, &last, genesis)?)
}

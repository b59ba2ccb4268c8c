//! anvil: it has no debug namespace, but a complete dump.

use serde_json::json;

use super::Attempt;
use crate::capture::chain::{self, BlockId};
use crate::capture::client::ClientKind;
use crate::capture::collected::{CollectedState, StateFiles};
use crate::capture::context::{CaptureContext, Node};
use crate::capture::{Error, file};
use crate::rpc;

const DUMP: &str = "anvil_dumpState";

/// Reads the dump of the head.
pub(super) fn collect(context: &CaptureContext<'_>, node: Node<'_>) -> Result<Attempt, Error> {
    let failed = |error| node.failed(error);
    context.work.set_resumable(false);
    let mut files = StateFiles::create(context.work)?;
    let answer = node.rpc.stream(DUMP, &json!([])).map_err(|error| failed(error.into()))?;
    let read = file::read_anvil(answer, file::LONGEST_DUMP, &mut |account| {
        context.progress.advance(&|| format!("{} accounts", files.alloc.counts.accounts));
        files.add(&account)
    });
    let header = match read {
        Err(Error::Rpc(error @ rpc::Error::Refused { .. }))
            if error.is_unknown_method() || node.client() != ClientKind::Anvil =>
        {
            return Ok(Attempt::Unsupported(error.into()));
        }
        read => read.map_err(failed)?,
    };
    let dumped = header.block.as_ref().map_or(0, |block| block.number);
    let block = chain::pin(node.rpc, BlockId::Number(dumped)).map_err(failed)?;
    let requested = match context.request.block {
        BlockId::Latest => dumped,
        id => chain::pin(node.rpc, id).map_err(failed)?.number,
    };
    if requested != dumped {
        return Err(Error::HeadOnly { method: DUMP, head: dumped, requested });
    }
    let collected = files.finish()?;
    let counts = collected.counts;
    let text =
        format!("block {dumped}: {} accounts, {} slots", counts.accounts, counts.storage_slots);
    context.progress.step("capture", &text);
    Ok(Attempt::Collected(Box::new(CollectedState {
        kind: DUMP.to_owned(),
        expected_root: header.state_root.map(|_| block.state_root),
        block: Some(block),
        obtained: [(DUMP.to_owned(), counts.accounts)].into(),
        ..collected
    })))
}

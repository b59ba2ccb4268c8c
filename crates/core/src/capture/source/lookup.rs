//! A node without a dump: every address that its blocks name is looked up by proof.

use serde_json::json;

use super::Attempt;
use crate::capture::collected::{CollectedState, StateFiles};
use crate::capture::context::{CaptureContext, Node};
use crate::capture::preimages::Preimages;
use crate::capture::{Error, account_proofs, chain};

const PROOF: &str = "eth_getProof";

/// Looks up all accounts whose addresses can be learnt.
pub(super) fn collect(context: &CaptureContext<'_>, node: Node<'_>) -> Result<Attempt, Error> {
    let failed = |error| node.failed(error);
    let progress = context.progress;
    let block = chain::pin(node.rpc, context.request.block).map_err(failed)?;
    let hash = block.hash.unwrap_or_default();
    let probe = json!([alloy_primitives::Address::ZERO, [], {"blockHash": hash}]);
    if let Err(error) = node.rpc.call(PROOF, &probe, chain::SMALL_LIMIT) {
        return Ok(Attempt::Unsupported(error.into()));
    }
    progress.note("the node has no dump: regenesis looks up every address that its blocks name");
    let mut preimages = Preimages::begin(context, Some(node))?;
    preimages.add_from_blocks(node, block.number, progress)?;
    let mut files = StateFiles::create(context.work)?;
    account_proofs::accounts(node.rpc, hash, &mut preimages.index, &mut |account| {
        progress.advance(&|| format!("{} accounts", files.alloc.counts.accounts));
        files.add(&account)
    })
    .map_err(failed)?;
    let collected = files.finish()?;
    let found = collected.counts.accounts + collected.incomplete;
    progress.step("capture", &format!("block {}: {found} accounts", block.number));
    Ok(Attempt::Collected(Box::new(CollectedState {
        kind: PROOF.to_owned(),
        expected_root: Some(block.state_root),
        block: Some(block),
        obtained: [(PROOF.to_owned(), collected.counts.accounts)].into(),
        preimages: Some(preimages),
        ..collected
    })))
}

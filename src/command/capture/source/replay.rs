//! A node without any dump: every address that its blocks name is looked up by proof.

use serde_json::json;

use super::super::super::Failure;
use super::super::super::prepare::Steps;
use super::super::knowledge::Knowledge;
use super::super::state::{Collected, Files};
use super::{Asked, Attempt};
use crate::capture::{chain, replay};
use crate::rpc::Rpc;

const PROOF: &str = "eth_getProof";

/// The state of a node without any dump: what is known of the chain is looked up.
pub(super) fn collect(asked: &Asked<'_>, steps: &mut Steps<'_>) -> Result<Attempt, Failure> {
    let Asked { node, chain, settings, work } = *asked;
    let failed = |error| asked.failed(&error);
    let block = chain::pin(node, settings.block).map_err(failed)?;
    let hash = block.hash.unwrap_or_default();
    let probe = json!([alloy_primitives::Address::ZERO, [], {"blockHash": hash}]);
    if let Err(error) = node.call(PROOF, &probe, chain::SMALL_LIMIT) {
        return Ok(Attempt::Lacks(error.into()));
    }
    steps.console.note("the node has no dump: every address that the blocks name is looked up");
    let mut knowledge = Knowledge::begin(Some((node, chain)), settings, steps)?;
    knowledge.walk(node, block.number, steps)?;
    let mut files = Files::begin(work)?;
    let console = steps.console;
    replay::accounts(node, hash, &mut knowledge.known, &mut |account| {
        console.progress(|| format!("{} accounts", files.alloc.counts.accounts));
        files.take(&account)
    })
    .map_err(failed)?;
    files.flush()?;
    let counts = files.alloc.counts;
    let found = counts.accounts + files.set_aside;
    steps.done("capture", &format!("block {}: {found} accounts", block.number));
    Ok(Attempt::Has(Box::new(Collected {
        kind: PROOF.to_owned(),
        expected: Some(block.state_root),
        block: Some(block),
        obtained: [(PROOF.to_owned(), counts.accounts)].into(),
        knowledge: Some(knowledge),
        ..files.collected()
    })))
}

//! A file that has a complete state.

use crate::capture::Error;
use crate::capture::chain;
use crate::capture::collected::{CollectedState, StateFiles};
use crate::capture::context::{CaptureContext, Node};
use crate::capture::file::{self, StateFileHeader};
use crate::capture::members::Members;
use crate::file::Input;

/// Reads a file, and finds the block that its state belongs to.
pub(in crate::capture) fn collect(
    context: &CaptureContext<'_>,
    input: &Input,
    node: Option<Node<'_>>,
) -> Result<CollectedState, Error> {
    let progress = context.progress;
    context.work.set_resumable(false);
    let mut files = StateFiles::create(context.work)?;
    let open = || context.open(input);
    let chain_id = context.request.chain_id.or(node.map(|node| node.chain.id));
    let (kind, header) = file::read_chain(&open, chain_id, &mut |account| {
        let counts = files.alloc.counts;
        let text = || format!("{} accounts, {} slots", counts.accounts, counts.storage_slots);
        progress.advance(&text);
        files.add(&account)
    })
    .map_err(|error| error.in_state_file(input))?;
    let StateFileHeader { part, state_root, mut block, genesis } = header;
    let kind = part.map_or_else(|| kind.to_owned(), |part| format!("{kind}, {part}"));
    let mut expected_root = state_root;
    if let Some(node) = node {
        let pinned = chain::pin(node.rpc, context.request.block)?;
        if let Some(found) = state_root.filter(|root| *root != pinned.state_root) {
            let (number, expected) = (pinned.number, pinned.state_root);
            let file = input.label();
            return Err(Error::FileOfAnotherBlock { file, found, number, expected });
        }
        expected_root = Some(pinned.state_root);
        block = Some(pinned);
    }
    let collected = files.finish()?;
    let accounts = collected.counts.accounts;
    let text = format!("{}: {kind}, {} accounts", input.label(), accounts + collected.incomplete);
    progress.step("read", &text);
    Ok(CollectedState {
        obtained: [(kind.clone(), accounts)].into(),
        kind,
        block,
        expected_root,
        genesis: Members::of(&genesis),
        ..collected
    })
}

//! anvil: no debug namespace, and a dump that leaves nothing out.

use serde_json::json;

use super::super::super::Failure;
use super::super::super::prepare::Steps;
use super::super::state::{Collected, Files};
use super::{Asked, Attempt};
use crate::capture;
use crate::capture::chain::{self, BlockId};
use crate::capture::client::ClientKind;
use crate::capture::file;
use crate::rpc::{self, Rpc};

const DUMP: &str = "anvil_dumpState";

/// Takes the dump of the head.
pub(super) fn collect(asked: &Asked<'_>, steps: &mut Steps<'_>) -> Result<Attempt, Failure> {
    let Asked { node, settings, work, .. } = *asked;
    let failed = |error| asked.failed(&error);
    work.keep_on_signal(false);
    let mut files = Files::begin(work)?;
    let console = steps.console;
    let answer = node.stream(DUMP, &json!([])).map_err(|error| failed(error.into()))?;
    let told = file::read_anvil(answer, file::LONGEST_DUMP, &mut |account| {
        console.progress(|| format!("{} accounts", files.alloc.counts.accounts));
        files.take(&account)
    });
    let told = match told {
        Err(capture::Error::Rpc(error @ rpc::Error::Refused { .. }))
            if error.is_unknown_method() || asked.chain.client() != ClientKind::Anvil =>
        {
            return Ok(Attempt::Lacks(error.into()));
        }
        told => told.map_err(failed)?,
    };
    files.flush()?;
    let dumped = told.block.as_ref().map_or(0, |block| block.number);
    let block = chain::pin(node, BlockId::Number(dumped)).map_err(failed)?;
    let wanted = match settings.block {
        BlockId::Latest => dumped,
        id => chain::pin(node, id).map_err(failed)?.number,
    };
    if wanted != dumped {
        let message =
            format!("{DUMP} gives the state of the head, {dumped}, not of block {wanted}");
        return Err(Failure::usage(message, "leave --block out"));
    }
    let counts = files.alloc.counts;
    let text =
        format!("block {dumped}: {} accounts, {} slots", counts.accounts, counts.storage_slots);
    steps.done("capture", &text);
    Ok(Attempt::Has(Box::new(Collected {
        kind: DUMP.to_owned(),
        expected: told.state_root.map(|_| block.state_root),
        block: Some(block),
        obtained: [(DUMP.to_owned(), counts.accounts)].into(),
        ..files.collected()
    })))
}

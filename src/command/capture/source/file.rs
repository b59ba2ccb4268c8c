//! A file that has a whole state.

use super::super::super::Failure;
use super::super::super::prepare::Steps;
use super::super::settings::Settings;
use super::super::state::{Collected, Files};
use crate::capture;
use crate::capture::chain::{self, Chain};
use crate::capture::chain_config::Members;
use crate::capture::file::{self, Told};
use crate::rim::fs;
use crate::rim::rpc::Client;
use crate::rim::work::Work;
use crate::snapshot::Input;

/// Reads a file, and finds the block that its state is of.
pub(in super::super) fn collect(
    input: &Input,
    node: Option<(&Client<'_>, &Chain)>,
    settings: &Settings,
    work: &Work,
    steps: &mut Steps<'_>,
) -> Result<Collected, Failure> {
    let mut files = Files::begin(work)?;
    let console = steps.console;
    let open = || {
        fs::open(input)
            .map_err(|error| capture::Error::Read(std::io::Error::new(error.source.kind(), error)))
    };
    // A file that is not there is told with its own hint.
    fs::open(input)?;
    let chain_id = settings.chain_id.or(node.map(|(_, chain)| chain.id));
    let (kind, told) = file::read_chain(&open, chain_id, &mut |account| {
        let counts = files.alloc.counts;
        console
            .progress(|| format!("{} accounts, {} slots", counts.accounts, counts.storage_slots));
        files.take(&account)
    })
    .map_err(|error| Failure::state_file(input, &error))?;
    files.flush()?;
    let Told { part, state_root, mut block, genesis } = told;
    let kind = part.map_or_else(|| kind.to_owned(), |part| format!("{kind}, {part}"));
    let mut expected = state_root;
    if let Some((node, _)) = node {
        let pinned = chain::pin(node, settings.block).map_err(|e| Failure::capture(&e))?;
        expected = Some(pinned.state_root);
        if state_root.is_some_and(|root| root != pinned.state_root) {
            let what = format!(
                "is of the state {}, but block {} has {}",
                state_root.unwrap_or_default(),
                pinned.number,
                pinned.state_root
            );
            let hint = "name the block that the file is of: --block NUMBER";
            return Err(Failure {
                exit: crate::exit::VERIFICATION,
                ..Failure::input(input, None, &what, Some(hint))
            });
        }
        block = Some(pinned);
    }
    let counts = files.alloc.counts;
    let text = format!("{}: {kind}, {} accounts", input.label(), counts.accounts + files.set_aside);
    steps.done("read", &text);
    Ok(Collected {
        obtained: [(kind.clone(), counts.accounts)].into(),
        kind,
        block,
        expected,
        genesis: Members::of(&genesis),
        ..files.collected()
    })
}

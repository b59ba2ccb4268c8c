//! The proof of a capture: the state root of what was written is the block's.

use std::collections::BTreeMap;

use alloy_primitives::B256;

use super::super::Failure;
use super::super::prepare::Steps;
use super::state::Collected;
use crate::capture::client::ClientKind;
use crate::capture::collect::ZeroSlots;
use crate::el::proof;
use crate::exit;
use crate::rim::fs;
use crate::snapshot::Input;
use crate::snapshot::metadata::{Metadata, ZERO_SLOTS};

/// The state root of what was written, read as `init` reads it.
pub(super) fn root(genesis: &Input, steps: &Steps<'_>) -> Result<B256, Failure> {
    read(genesis, steps, &BTreeMap::new())
}

/// The state root if these accounts have these storage roots.
fn read(genesis: &Input, steps: &Steps<'_>, roots: &BTreeMap<B256, B256>) -> Result<B256, Failure> {
    enum Fault {
        Content(crate::el::Error),
        File(fs::Error),
    }
    impl From<crate::el::Error> for Fault {
        fn from(error: crate::el::Error) -> Self {
            Self::Content(error)
        }
    }
    let size = fs::length(genesis)?;
    let progress = |offset: u64| {
        let percent = offset * 100 / size.max(1);
        steps.console.progress(|| format!("proving: {percent} %"));
    };
    let open = || fs::open(genesis).map_err(Fault::File);
    let root = if roots.is_empty() {
        proof::state_root(open, &progress)
    } else {
        proof::state_root_with(open, roots, &progress)
    };
    root.map_err(|fault| match fault {
        Fault::Content(error) => Failure::bug(format!("what was captured cannot be read: {error}")),
        Fault::File(error) => error.into(),
    })
}

/// What the state root of a capture proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proven {
    /// There is no root to compare with.
    No,
    /// It is the block's.
    Yes,
    /// It is the block's if slots count whose value is 0.
    WithZeroSlots,
}

/// Compares the root of what was written with the block's.
pub(super) fn check(
    root: B256,
    genesis: &Input,
    collected: &Collected,
    client: ClientKind,
    steps: &mut Steps<'_>,
) -> Result<Proven, Failure> {
    let Some(expected) = collected.expected else {
        steps.done("root", &format!("{root}, not proven"));
        return Ok(Proven::No);
    };
    if expected == root {
        steps.done("root", &format!("{root}, proven"));
        return Ok(Proven::Yes);
    }
    let ZeroSlots { count, roots } = &collected.zero_slots;
    if !roots.is_empty() && read(genesis, steps, roots)? == expected {
        steps.done("root", &format!("{expected}, proven"));
        steps.console.note(&format!("{}; without them it is {root}", left_out(*count)));
        return Ok(Proven::WithZeroSlots);
    }
    Err(mismatch(root, expected, collected, client))
}

impl Proven {
    /// Says it in the snapshot's metadata.
    pub(super) fn note(self, collected: &Collected, metadata: &mut Metadata) {
        metadata.proven = Some(self != Self::No);
        if self == Self::WithZeroSlots {
            let count = collected.zero_slots.count;
            metadata.counts.insert(ZERO_SLOTS.to_owned(), count);
            if let Some(source) = &mut metadata.source {
                source.description = Some(left_out(count));
            }
        }
    }
}

fn left_out(count: u64) -> String {
    let slots = if count == 1 { "1 slot" } else { &format!("{count} slots") };
    format!("the source's state root counts {slots} of value 0, which the snapshot leaves out")
}

fn mismatch(root: B256, expected: B256, collected: &Collected, client: ClientKind) -> Failure {
    let accounts = collected.counts.accounts;
    let message = format!(
        "{} gave {accounts} accounts with the state root {root}, but it must be {expected}: \
         the capture is not whole",
        collected.kind
    );
    let hint = if collected.kind == "eth_getProof" {
        client.to_name_accounts()
    } else if collected.kind.contains("anvil") {
        "state that was set without a transaction is in no block yet: mine one (evm_mine)"
    } else if accounts == 256 {
        "exactly 256 accounts are one page of a dump, not the state"
    } else {
        "the source leaves something out: use geth dump, or another source"
    };
    Failure::new(exit::VERIFICATION, message, Some(hint))
}

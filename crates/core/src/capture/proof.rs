//! The proof of a captured state: its root is the one in the block's header.

use std::collections::BTreeMap;
use std::io::Read;

use alloy_primitives::B256;

use super::Error;
use super::alloc_writer::ZeroSlots;
use super::client::ClientKind;
use super::collected::CollectedState;
use super::context::CaptureContext;
use crate::el;
use crate::file::Input;
use crate::snapshot::metadata::{Metadata, ZERO_SLOTS};

/// The genesis that `init` will read: collected entries of an alloc between two texts.
pub(super) struct GenesisParts {
    pub(super) prefix: Vec<u8>,
    pub(super) alloc: Input,
    pub(super) alloc_length: u64,
    pub(super) suffix: Vec<u8>,
}

impl GenesisParts {
    /// A genesis with this alloc, and with these members after it.
    pub(super) fn new(alloc: Input, alloc_length: u64, head: &str) -> Self {
        Self {
            prefix: b"{\n  \"alloc\": {\n    ".to_vec(),
            alloc,
            alloc_length,
            suffix: format!("\n  }},\n{head}\n}}\n").into_bytes(),
        }
    }

    /// Length of the genesis in bytes.
    pub(super) fn length(&self) -> u64 {
        self.alloc_length + (self.prefix.len() + self.suffix.len()) as u64
    }

    pub(super) fn open(&self, context: &CaptureContext<'_>) -> Result<impl Read + Send, Error> {
        let alloc = context.open(&self.alloc)?.take(self.alloc_length);
        Ok(std::io::Cursor::new(self.prefix.clone())
            .chain(alloc)
            .chain(std::io::Cursor::new(self.suffix.clone())))
    }

    /// The state root, read as `init` reads it.
    pub(super) fn state_root(&self, context: &CaptureContext<'_>) -> Result<B256, Error> {
        self.state_root_with(context, &BTreeMap::new())
    }

    /// The state root if the accounts with these hashes have these storage roots.
    fn state_root_with(
        &self,
        context: &CaptureContext<'_>,
        storage_roots: &BTreeMap<B256, B256>,
    ) -> Result<B256, Error> {
        let progress = |offset: u64| {
            let percent = (offset * 100 / self.alloc_length.max(1)).min(100);
            context.progress.advance(&|| format!("proving: {percent} %"));
        };
        let open = || self.open(context).map_err(|error| ReadBack::Source(Box::new(error)));
        let root = if storage_roots.is_empty() {
            el::proof::state_root(open, &progress)
        } else {
            el::proof::state_root_with(open, storage_roots, &progress)
        };
        root.map_err(|error| match error {
            ReadBack::Content(error) => Error::ReadBack(Box::new(error)),
            ReadBack::Source(error) => *error,
        })
    }
}

/// Why a collected state cannot be read back.
enum ReadBack {
    Content(el::Error),
    Source(Box<Error>),
}

impl From<el::Error> for ReadBack {
    fn from(error: el::Error) -> Self {
        Self::Content(error)
    }
}

/// The result of comparing the state root of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// The source has no root to compare with.
    None,
    /// The root is the block's.
    Block,
    /// The root is the block's if slots of value 0 count.
    BlockWithZeroSlots,
}

/// Compares `root` with the block's.
pub(super) fn check(
    context: &CaptureContext<'_>,
    root: B256,
    genesis: &GenesisParts,
    collected: &CollectedState,
    client: ClientKind,
) -> Result<Proof, Error> {
    let progress = context.progress;
    let Some(expected) = collected.expected_root else {
        progress.step("root", &format!("{root}, not proven"));
        return Ok(Proof::None);
    };
    if expected == root {
        progress.step("root", &format!("{root}, proven"));
        return Ok(Proof::Block);
    }
    let ZeroSlots { count, roots } = &collected.zero_slots;
    if !roots.is_empty() && genesis.state_root_with(context, roots)? == expected {
        progress.step("root", &format!("{expected}, proven"));
        progress.note(&format!("{}; without them it is {root}", zero_slots(*count)));
        return Ok(Proof::BlockWithZeroSlots);
    }
    let kind = collected.kind.clone();
    Err(Error::StateRoot { kind, accounts: collected.counts.accounts, root, expected, client })
}

impl Proof {
    /// Records the proof in the snapshot's metadata.
    pub(super) fn record(self, collected: &CollectedState, metadata: &mut Metadata) {
        metadata.proven = Some(self != Self::None);
        if self == Self::BlockWithZeroSlots {
            let count = collected.zero_slots.count;
            metadata.counts.insert(ZERO_SLOTS.to_owned(), count);
            if let Some(source) = &mut metadata.source {
                source.description = Some(zero_slots(count));
            }
        }
    }
}

fn zero_slots(count: u64) -> String {
    let slots = if count == 1 { "1 slot" } else { &format!("{count} slots") };
    format!("the source's state root counts {slots} of value 0, which the snapshot omits")
}

//! The request for a capture, and the snapshot that it returns.

use std::io::Read;

use super::Error;
use super::chain::{BlockId, Chain};
use super::client::ClientKind;
use super::overlay::Overlay;
use super::work_files::WorkFiles;
use crate::file::{Input, InputReader, OutFile};
use crate::geth_database::stopped::{Blocks, Proven, Rebased, StoredBlock};
use crate::progress::Progress;
use crate::rpc::{Beacon, Rpc};
use crate::snapshot::metadata::Metadata;

/// What to capture, whatever the source.
#[derive(Debug)]
pub struct Request {
    /// Name of the snapshot.
    pub name: String,
    /// Chain id, for a source that does not report one.
    pub chain_id: Option<u64>,
    /// The block to capture.
    pub block: BlockId,
    /// The chain's own `genesis.json`. Its config has precedence over the node's, and its accounts
    /// are preimages.
    pub genesis: Option<Input>,
    /// The chain's own `config.yaml`, where no beacon node is.
    pub config: Option<Input>,
    /// `mnemonics.yaml` of the validators; `None`: those of [`Request::sample`].
    pub mnemonics: Option<Input>,
    /// Seconds per slot of the new chain; `None`: the chain's own, else the sample's.
    pub slot_seconds: Option<u64>,
    /// Files of the sample network, for parts that the chain does not have.
    pub sample: Sample,
    /// Version of the program, for the metadata.
    pub version: &'static str,
}

/// Files of the sample network.
#[derive(Debug)]
pub struct Sample {
    /// Its genesis: accounts that most devnets share.
    pub genesis: Input,
    /// Its `mnemonics.yaml`.
    pub mnemonics: Input,
}

/// An execution node, and its chain.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    /// JSON-RPC of the node.
    pub rpc: &'a (dyn Rpc + Sync),
    /// [`Chain::fetch`] of the node, before the capture.
    pub chain: &'a Chain,
}

impl Node<'_> {
    /// Which client the node runs.
    pub fn client(&self) -> ClientKind {
        self.chain.client()
    }

    /// An error with the client's own hint.
    pub(super) fn failed(&self, error: Error) -> Error {
        error.from_client(self.client())
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("chain", self.chain).finish_non_exhaustive()
    }
}

/// Where a state comes from.
#[derive(Debug, Clone, Copy)]
pub enum StateSource<'a> {
    /// A node.
    Node(Node<'a>),
    /// A file, compared with a node's block if there is a node.
    File(&'a Input, Option<Node<'a>>),
    /// The database of a stopped geth.
    Stopped(&'a Rebased<'a>),
}

impl<'a> StateSource<'a> {
    pub(super) fn node(&self) -> Option<Node<'a>> {
        match *self {
            Self::Node(node) => Some(node),
            Self::File(_, node) => node,
            Self::Stopped(_) => None,
        }
    }
}

/// Everything that one capture works with.
#[derive(Clone, Copy)]
pub struct CaptureContext<'a> {
    /// What to capture.
    pub request: &'a Request,
    /// A beacon node of the chain: its config, and its validators to compare with.
    pub beacon: Option<&'a dyn Beacon>,
    /// The user's inputs.
    pub inputs: &'a dyn InputReader,
    /// Files to collect in.
    pub work: &'a dyn WorkFiles,
    /// Where progress is reported.
    pub progress: &'a dyn Progress,
}

/// A snapshot as values: nothing of it is written yet.
#[derive(Debug)]
pub struct Captured {
    /// Its files, except `metadata.json`: the execution genesis, `config.yaml`, `mnemonics.yaml`,
    /// and the blocks of a history. Large ones are ranges of the work files.
    pub files: Vec<OutFile>,
    /// `metadata.json`, without the digests of the files.
    pub metadata: Metadata,
}

impl<'a> CaptureContext<'a> {
    /// Captures the state of one block, which becomes the state of a new block 0. The state root is
    /// computed from the collected accounts, and compared with the block's. `overlay` is applied after
    /// that.
    ///
    /// # Errors
    /// The source fails, or did not return the complete state.
    pub fn state(&self, source: StateSource<'a>, overlay: Overlay) -> Result<Captured, Error> {
        super::state::capture(self, source, overlay)
    }

    /// A snapshot whose state is in the database of a stopped geth. The caller copies the database.
    ///
    /// # Errors
    /// The chain config of the database or an input is not valid.
    pub fn database(
        &self,
        rebased: &Rebased<'_>,
        proven: Option<Proven>,
    ) -> Result<Captured, Error> {
        super::database::capture(self, rebased, proven)
    }

    /// Captures the chain's `genesis` and all blocks up to the requested one. Every hash is checked.
    ///
    /// # Errors
    /// The node fails, a block is not the one that its child names, or the genesis is not the
    /// chain's.
    pub fn history(&self, node: Node<'a>, genesis: &Input) -> Result<Captured, Error> {
        super::history::run::capture(self, node, genesis)
    }

    /// The same from the files of a stopped geth, up to the block `last`.
    ///
    /// # Errors
    /// A block is missing or damaged, or the genesis is not the chain's.
    pub fn stored_history(
        &self,
        blocks: Blocks<'_>,
        last: &StoredBlock,
        genesis: &Input,
    ) -> Result<Captured, Error> {
        super::history::stored::capture(self, blocks, last, genesis)
    }

    /// Opens an input; the error names it.
    pub(super) fn open(&self, input: &Input) -> Result<Box<dyn Read + Send>, Error> {
        Ok(self.inputs.open(input)?)
    }

    /// Length of an input; the error names it.
    pub(super) fn length(&self, input: &Input) -> Result<u64, Error> {
        Ok(self.inputs.length(input)?)
    }
}

impl std::fmt::Debug for CaptureContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaptureContext").field("request", self.request).finish_non_exhaustive()
    }
}

//! Collects preimages of a chain: from its genesis, the node's database and its blocks.

use serde_json::json;

use super::context::{CaptureContext, Node};
use super::preimage_index::PreimageIndex;
use super::{Error, file, scan_blocks};
use crate::progress::Progress;
use crate::rpc;

/// The preimages that are known, and where they were looked for.
#[derive(Debug)]
pub(super) struct Preimages {
    pub(super) index: PreimageIndex,
    /// Whether the blocks were scanned.
    pub(super) has_blocks: bool,
}

impl Preimages {
    /// Preimages that every devnet shares, and those of the chain's genesis: from the given file,
    /// and from the node's database.
    pub(super) fn begin(
        context: &CaptureContext<'_>,
        node: Option<Node<'_>>,
    ) -> Result<Self, Error> {
        let mut index = PreimageIndex::common();
        let request = context.request;
        for input in [Some(&request.sample.genesis), request.genesis.as_ref()].into_iter().flatten()
        {
            let read = file::read(&|| context.open(input), &mut |account| {
                index.add_genesis_account(account);
                Ok(())
            });
            read.map_err(|error| error.in_state_file(input))?;
        }
        if let Some(node) = node {
            match add_stored_genesis(node, &mut index) {
                Ok(()) | Err(Error::Rpc(rpc::Error::Refused { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        context.progress.step("learn", &format!("{} addresses from genesis", index.len()));
        Ok(Self { index, has_blocks: false })
    }

    /// Adds the preimages that blocks 0 to `last` name.
    pub(super) fn add_from_blocks(
        &mut self,
        node: Node<'_>,
        last: u64,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        let report = |block: u64| progress.advance(&|| format!("block {block} of {last}"));
        scan_blocks::scan_blocks(node.rpc, last, &mut self.index, &report)?;
        self.index.guess_mappings();
        self.has_blocks = true;
        let text = format!("{} addresses with those of {last} blocks", self.index.len());
        progress.step("learn", &text);
        Ok(())
    }
}

/// geth keeps the alloc of its genesis. Source: geth `core/rawdb/schema.go` (`genesisPrefix`).
fn add_stored_genesis(node: Node<'_>, index: &mut PreimageIndex) -> Result<(), Error> {
    let genesis = hex::encode(node.chain.genesis);
    let key = format!("0x{}{genesis}", hex::encode("ethereum-genesis-"));
    let answer = node.rpc.stream("debug_dbGet", &json!([key]))?;
    file::read_alloc(answer, &mut |account| {
        index.add_genesis_account(account);
        Ok(())
    })
}

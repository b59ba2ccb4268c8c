//! The history that a new beacon chain continues: the blocks in a snapshot, or for a shadow fork one
//! block alone.

use std::fmt;

use alloy_primitives::B256;
use alloy_rlp::Decodable;

use super::{Error, Request};
use crate::el::block::{self, Block};
use crate::el::genesis::Genesis;
use crate::el::header::Header;
use crate::file::{Content, FileDigest, Input, InputReader};
use crate::snapshot::metadata::{Metadata, Mode};
use crate::snapshot::{CHAIN, History, OWN_GENESIS, Snapshot};
use crate::stamp::HistoryTimes;
use crate::summary;

const CAPTURE_AGAIN: &str = "it was edited or damaged: capture it again";

/// The history of a chain.
#[derive(Debug, Clone)]
pub struct ChainHistory {
    /// The last block.
    pub head: Block,
    /// Its hash.
    pub hash: B256,
    /// Hash of block 0, if it is known.
    pub genesis_hash: Option<B256>,
    /// Its files in the snapshot. A shadow fork has none: the execution clients have the chain.
    pub files: Option<HistoryFiles>,
}

/// The files of a history.
#[derive(Debug, Clone)]
pub struct HistoryFiles {
    /// `genesis.json` as it was captured.
    pub genesis: Content,
    /// `chain.rlp`.
    pub chain: Content,
    /// Bytes of `chain.rlp`.
    pub length: u64,
}

/// The history that the request continues: a shadow fork's block, or the snapshot's blocks.
///
/// # Errors
/// The snapshot's files differ from its metadata; a shadow fork's genesis has a placeholder for its
/// time, and so is not that of an existing chain.
pub(super) fn of(
    request: &Request<'_>,
    metadata: Metadata,
    genesis: &Genesis,
    reader: &dyn InputReader,
) -> Result<Option<ChainHistory>, Error> {
    let Some(history) = request.shadow_fork else {
        return read(request.snapshot, metadata, reader);
    };
    if genesis.timestamp.is_some() {
        return Ok(Some(history.clone()));
    }
    let message = "has a placeholder for its time: the chain to fork has another block 0";
    let hint = "pass the chain's own genesis.json: --genesis FILE";
    Err(Error::snapshot(&request.snapshot.genesis, message, hint))
}

/// Reads the history of a snapshot.
fn read(
    snapshot: &Snapshot,
    metadata: Metadata,
    reader: &dyn InputReader,
) -> Result<Option<ChainHistory>, Error> {
    let metadata_input = snapshot.metadata.as_ref().unwrap_or(&snapshot.genesis);
    let (Some(History { chain, head: input }), Mode::History) = (&snapshot.history, metadata.mode)
    else {
        if snapshot.history.is_none() && metadata.mode == Mode::State {
            return Ok(None);
        }
        let mode = format!("{:?}", metadata.mode).to_lowercase();
        let message = format!("has mode {mode}, but the files of the other mode");
        return Err(Error::snapshot(metadata_input, message, CAPTURE_AGAIN));
    };
    let wrong = |input: &Input, message: String| Error::snapshot(input, message, CAPTURE_AGAIN);
    let bytes = reader.read(input)?;
    let head = Block::decode(&mut &bytes[..]).map_err(block::Error::from).and_then(|block| {
        block.check()?;
        Ok(block)
    });
    let head = head.map_err(|error| wrong(input, error.to_string()))?;
    let hash = head.header.hash();
    let source = metadata.source.unwrap_or_default();
    let named = source.block.and_then(|block| block.hash);
    let (Some(named), Some(genesis_hash), Some(genesis), Some(blocks)) =
        (named, source.genesis_hash, metadata.files.get(OWN_GENESIS), metadata.files.get(CHAIN))
    else {
        let message = "does not describe its history: it needs source.block.hash, \
                       source.genesis_hash and files";
        return Err(wrong(metadata_input, message.to_owned()));
    };
    if named != hash {
        return Err(wrong(input, format!("is block {hash}, but the metadata has {named}")));
    }
    let copy = |input: &Input, file: &FileDigest| {
        let length = reader.length(input)?;
        if length == file.size {
            return Ok(Content::Copy(input.clone(), length, file.sha256));
        }
        Err(wrong(input, format!("has {length} bytes, but the metadata has {}", file.size)))
    };
    let files = HistoryFiles {
        genesis: copy(&snapshot.genesis, genesis)?,
        chain: copy(chain, blocks)?,
        length: blocks.size,
    };
    Ok(Some(ChainHistory { head, hash, genesis_hash: Some(genesis_hash), files: Some(files) }))
}

impl HistoryFiles {
    /// Checks the files against the digests in the metadata, which stand for their content from
    /// here on.
    pub(super) fn check(&self, reader: &dyn InputReader) -> Result<(), Error> {
        for content in [&self.genesis, &self.chain] {
            if let Content::Copy(input, _, sha256) = content
                && reader.sha256(input)? != *sha256
            {
                let message = "differs from its digest in the metadata";
                return Err(Error::snapshot(input, message, CAPTURE_AGAIN));
            }
        }
        Ok(())
    }
}

impl ChainHistory {
    /// Its entry in the summary.
    pub(super) fn summary(&self) -> summary::History {
        let header = &self.head.header;
        summary::History {
            blocks: header.number,
            bytes: self.files.as_ref().map(|files| files.length),
            block_hash: self.hash.to_string(),
            state_root: header.state_root.to_string(),
            timestamp: header.timestamp,
        }
    }

    /// Its times; block 0 is that of `genesis`.
    pub(super) fn times(&self, genesis: &Genesis) -> HistoryTimes {
        HistoryTimes {
            genesis: genesis.timestamp.unwrap_or_default(),
            head: self.head.header.timestamp,
        }
    }

    /// Checks that the history starts from this block 0.
    pub(super) fn check(&self, snapshot: &Snapshot, genesis: &Header) -> Result<(), Error> {
        let hash = genesis.hash();
        let Some(named) = self.genesis_hash.filter(|named| *named != hash) else { return Ok(()) };
        let message = format!("produces block 0 {hash}, but the history starts from {named}");
        let hint = match self.files {
            Some(_) => CAPTURE_AGAIN,
            None => "pass that chain's own genesis.json: --genesis FILE",
        };
        Err(Error::snapshot(&snapshot.genesis, message, hint))
    }
}

impl fmt::Display for ChainHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, hash) = (self.head.header.number, self.hash);
        match &self.files {
            Some(files) => write!(f, "{number} blocks, {} bytes, up to {hash}", files.length),
            None => write!(f, "a shadow fork of block {number} {hash}"),
        }
    }
}

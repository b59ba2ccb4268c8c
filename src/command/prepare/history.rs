//! The past of a chain that goes on: what a snapshot keeps of it, or the block alone that a shadow
//! fork continues.

use std::fmt;

use alloy_primitives::B256;
use alloy_rlp::Decodable;

use super::super::Failure;
use super::Wanted;
use crate::el::block::{self, Block};
use crate::el::genesis::Genesis;
use crate::el::header::Header;
use crate::layout::Content;
use crate::rim::fs;
use crate::snapshot::metadata::{File, Metadata, Mode};
use crate::snapshot::{CHAIN, History, Input, OWN_GENESIS, Snapshot};
use crate::summary;

const HINT: &str = "it was edited or damaged: capture it again";

/// The past of a chain.
#[derive(Debug, Clone)]
pub struct Past {
    /// The last block.
    pub head: Block,
    /// Its hash.
    pub hash: B256,
    /// Hash of block 0, if it is known.
    pub genesis_hash: Option<B256>,
    /// What a snapshot keeps of it. Of a shadow fork the execution clients have it already.
    pub kept: Option<Kept>,
}

/// The files of a past.
#[derive(Debug, Clone)]
pub struct Kept {
    /// `genesis.json` as it was captured.
    pub genesis: Content,
    /// `chain.rlp`.
    pub chain: Content,
    /// Its length in bytes.
    pub length: u64,
}

/// The past that the beacon chain continues, if there is any: that of a shadow fork, or of the
/// snapshot.
///
/// # Errors
/// The files of the snapshot are not those that its metadata name; `genesis` has no time of its
/// own, and so is not the one of a chain that there is.
pub fn of(
    wanted: &Wanted<'_>,
    metadata: Metadata,
    genesis: &Genesis,
) -> Result<Option<Past>, Failure> {
    let Some(past) = wanted.shadow_fork else { return read(wanted.snapshot, metadata) };
    if genesis.timestamp.is_some() {
        return Ok(Some(past.clone()));
    }
    let what = "has a placeholder for its time: the block that is continued has another block 0";
    let hint = "give the chain's own genesis.json: --genesis FILE";
    Err(Failure::input(&wanted.snapshot.genesis, None, what, Some(hint)))
}

/// Reads the past of a snapshot, if it keeps any.
///
/// # Errors
/// Its files are not those that its metadata name.
fn read(snapshot: &Snapshot, metadata: Metadata) -> Result<Option<Past>, Failure> {
    let (Some(History { chain, head: input }), Mode::History) = (&snapshot.history, metadata.mode)
    else {
        if snapshot.history.is_none() && metadata.mode == Mode::State {
            return Ok(None);
        }
        let input = snapshot.metadata.as_ref().unwrap_or(&snapshot.genesis);
        let what = format!("has mode {:?}, but the other mode's files", metadata.mode);
        return Err(Failure::input(input, None, &what.to_lowercase(), Some(HINT)));
    };
    let wrong = |input: &Input, what: &str| Failure::input(input, None, what, Some(HINT));
    let bytes = fs::read(input)?;
    let head = Block::decode(&mut &bytes[..]).map_err(block::Error::from).and_then(|block| {
        block.check()?;
        Ok(block)
    });
    let head = head.map_err(|error| wrong(input, &error.to_string()))?;
    let hash = head.header.hash();
    let source = metadata.source.unwrap_or_default();
    let named = source.block.and_then(|block| block.hash);
    let file = |path: &str| metadata.files.get(path).cloned();
    let (Some(named), Some(genesis_hash), Some(genesis), Some(chain_file)) =
        (named, source.genesis_hash, file(OWN_GENESIS), file(CHAIN))
    else {
        let input = snapshot.metadata.as_ref().unwrap_or(&snapshot.genesis);
        let what = "does not name the past: source.block.hash, source.genesis_hash, files";
        return Err(wrong(input, what));
    };
    if named != hash {
        return Err(wrong(input, &format!("is block {hash}, but the metadata name {named}")));
    }
    let copy = |input: &Input, file: &File| {
        let length = fs::length(input)?;
        if length != file.size {
            let what = format!("has {length} bytes, but the metadata name {}", file.size);
            return Err(wrong(input, &what));
        }
        let mut sha256 = [0; 32];
        let decoded = hex::decode_to_slice(&file.sha256, &mut sha256);
        decoded.map_err(|_| wrong(input, "has a digest in the metadata that is none"))?;
        Ok(Content::Copy(input.clone(), length, sha256))
    };
    let (genesis, length) = (copy(&snapshot.genesis, &genesis)?, chain_file.size);
    let chain = copy(chain, &chain_file)?;
    let kept = Some(Kept { genesis, chain, length });
    Ok(Some(Past { head, hash, genesis_hash: Some(genesis_hash), kept }))
}

impl Kept {
    /// Checks that the files are those that the metadata name: what is written of them is recorded
    /// with these digests.
    ///
    /// # Errors
    /// One is another, or cannot be read.
    pub fn check(&self) -> Result<(), Failure> {
        for content in [&self.genesis, &self.chain] {
            if let Content::Copy(input, _, sha256) = content
                && fs::sha256(input)? != *sha256
            {
                let what = "is not the file that the metadata name";
                return Err(Failure::input(input, None, what, Some(HINT)));
            }
        }
        Ok(())
    }
}

impl Past {
    /// What the summary says of it.
    pub fn summary(&self) -> summary::History {
        let header = &self.head.header;
        summary::History {
            blocks: header.number,
            bytes: self.kept.as_ref().map(|kept| kept.length),
            block_hash: self.hash.to_string(),
            state_root: header.state_root.to_string(),
            timestamp: header.timestamp,
        }
    }

    /// Checks that the past belongs to a genesis.
    ///
    /// # Errors
    /// It is another chain's.
    pub fn check(&self, snapshot: &Snapshot, genesis: &Header) -> Result<(), Failure> {
        let hash = genesis.hash();
        let Some(named) = self.genesis_hash.filter(|named| *named != hash) else { return Ok(()) };
        let what = format!("gives block 0 {hash}, but the past begins with {named}");
        let hint = if self.kept.is_some() { HINT } else { "give the genesis.json of that chain" };
        Err(Failure::input(&snapshot.genesis, None, &what, Some(hint)))
    }
}

impl fmt::Display for Past {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, hash) = (self.head.header.number, self.hash);
        match &self.kept {
            Some(kept) => write!(f, "{number} blocks, {} bytes, up to {hash}", kept.length),
            None => write!(f, "a shadow fork of block {number} {hash}"),
        }
    }
}

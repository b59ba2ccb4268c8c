//! The beacon chain of this node: in memory, and as much of it on disk as a real client would have there.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Genesis;
use crate::log::{Level, log};

/// Which head the node finds on disk when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// The last block: nothing is ever lost.
    Exact,
    /// Lighthouse: the head is persisted lazily. After `kill -9` it is one to five blocks old; a clean
    /// stop writes the last one.
    Lagging,
    /// Prysm without `--sync-from=head`: every start falls back to the finalized block, or to genesis.
    Finalized,
}

impl Manner {
    pub fn parse(text: &str) -> Self {
        match text {
            "" | "exact" => Self::Exact,
            "lagging" => Self::Lagging,
            "finalized" => Self::Finalized,
            other => panic!("--head {other}: expected exact, lagging or finalized"),
        }
    }
}

/// How many blocks pass between two writes of a lazily persisted head.
const LAG: usize = 5;

/// A beacon block, and what of the state after it decides how the chain continues.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Block {
    pub slot: u64,
    pub root: String,
    pub parent_root: String,
    /// Number and hash of its execution block.
    pub number: u64,
    pub hash: String,
    pub justified: u64,
    pub finalized: u64,
    /// The epoch that is voted for, and in how many of its slots.
    voted: (u64, u64),
    /// `ExecutionPayload` and what belongs to it, as the Engine API returned them; null for genesis.
    pub payload: Value,
}

/// A vote of all validators of a slot.
#[derive(Debug, Clone, Copy)]
pub struct Vote {
    pub source: u64,
    pub target: u64,
}

pub struct Chain {
    blocks: Vec<Block>,
    /// Votes that no block has yet.
    pool: Vec<Vote>,
    slots_per_epoch: u64,
    manner: Manner,
    file: File,
    /// How many of `blocks` are on disk; genesis is not.
    written: usize,
    /// Bytes of `file`.
    length: u64,
}

impl Chain {
    pub fn load(genesis: &Genesis, data: &Path, manner: Manner) -> Self {
        let path = data.join("beaconchaindata");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let first = Block {
            slot: 0,
            root: genesis.block_root.clone(),
            parent_root: format!("0x{}", "00".repeat(32)),
            number: genesis.number,
            hash: genesis.block_hash.clone(),
            justified: 0,
            finalized: 0,
            voted: (0, 0),
            payload: Value::Null,
        };
        // The last line may be cut short by kill -9.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut blocks = vec![first];
        blocks.extend(text[..whole].lines().map(|line| serde_json::from_str(line).unwrap()));
        let file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.set_len(whole as u64).unwrap();
        let (written, slots_per_epoch) = (blocks.len(), genesis.slots_per_epoch);
        let length = whole as u64;
        Self { blocks, pool: Vec::new(), slots_per_epoch, manner, file, written, length }
    }

    pub fn head(&self) -> &Block {
        self.blocks.last().unwrap()
    }

    pub fn at(&self, slot: u64) -> Option<&Block> {
        self.blocks.iter().find(|block| block.slot == slot)
    }

    pub fn with_root(&self, root: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.root == root)
    }

    /// The checkpoint block of an epoch: the last one at or before its first slot.
    pub fn checkpoint(&self, epoch: u64) -> &Block {
        let start = epoch * self.slots_per_epoch;
        self.blocks.iter().rev().find(|block| block.slot <= start).unwrap()
    }

    /// The vote that a validator casts in `slot`.
    pub fn vote(&self, slot: u64) -> Vote {
        let (justified, _, _) = self.state_at(slot);
        Vote { source: justified, target: slot / self.slots_per_epoch }
    }

    pub fn add_vote(&mut self, vote: Vote) {
        self.pool.push(vote);
    }

    /// `(justified, finalized, voted)` of the head's state advanced to `slot`: one step of
    /// `process_justification_and_finalization` an epoch, with two thirds of the slots as the quorum.
    fn state_at(&self, slot: u64) -> (u64, u64, (u64, u64)) {
        let head = self.head();
        let (mut justified, mut finalized, voted) = (head.justified, head.finalized, head.voted);
        for epoch in head.slot / self.slots_per_epoch..slot / self.slots_per_epoch {
            // Neither epoch 0 nor 1 is ever justified.
            if epoch >= 2 && voted.0 == epoch && voted.1 * 3 >= self.slots_per_epoch * 2 {
                if justified + 1 == epoch {
                    finalized = justified;
                }
                justified = epoch;
            }
        }
        (justified, finalized, voted)
    }

    /// Appends a block with the votes that it may include.
    ///
    /// # Errors
    /// The disk is full: like in a real client, the block is not imported then.
    pub fn push(&mut self, slot: u64, root: String, payload: Value) -> io::Result<()> {
        let (justified, finalized, mut voted) = self.state_at(slot);
        let epoch = slot / self.slots_per_epoch;
        if voted.0 != epoch {
            voted = (epoch, 0);
        }
        let valid = |vote: &Vote| vote.target == epoch && vote.source == justified;
        voted.1 += self.pool.drain(..).filter(valid).count() as u64;
        let parent_root = self.head().root.clone();
        let number = self.head().number + 1;
        let hash = payload["executionPayload"]["blockHash"].as_str().unwrap().to_owned();
        let block =
            Block { slot, root, parent_root, number, hash, justified, finalized, voted, payload };
        self.blocks.push(block);
        self.persist().inspect_err(|_| {
            self.blocks.pop();
        })
    }

    fn persist(&mut self) -> io::Result<()> {
        let length = self.blocks.len();
        let to = match self.manner {
            Manner::Exact => length,
            // The head of a moment ago.
            Manner::Lagging if length % LAG == 1 => length - 1,
            Manner::Lagging => self.written,
            Manner::Finalized => {
                let finalized = self.checkpoint(self.head().finalized).slot;
                self.blocks.iter().position(|block| block.slot > finalized).unwrap_or(length)
            }
        };
        self.write(to)
    }

    fn write(&mut self, to: usize) -> io::Result<()> {
        while self.written < to {
            let line = serde_json::to_string(&self.blocks[self.written]).unwrap() + "\n";
            if let Err(error) = self.file.write_all(line.as_bytes()) {
                self.file.set_len(self.length)?;
                return Err(error);
            }
            self.length += line.len() as u64;
            self.written += 1;
        }
        Ok(())
    }

    /// What a clean stop writes.
    pub fn close(&mut self) {
        if self.manner != Manner::Finalized
            && let Err(error) = self.write(self.blocks.len())
        {
            log(Level::Critical, &format!("Failed to persist head: {error}"));
        }
    }
}

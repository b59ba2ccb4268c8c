//! Errors in the files of an L2.

use std::fmt;

use alloy_primitives::{Address, B256};

use crate::el;

/// A file of an L2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `rollup.json`.
    Rollup,
    /// `genesis.json`.
    Genesis,
    /// `fund.json`.
    Fund,
    /// `batcher.key`.
    BatcherKey,
    /// `proposer.key`.
    ProposerKey,
    /// `game-factory`.
    GameFactory,
    /// `state.json` of op-deployer.
    State,
}

/// An error in a file of an L2, with the JSON path of the field.
#[derive(Debug, thiserror::Error)]
pub struct Error {
    /// The file.
    pub part: Part,
    /// The JSON path; empty for the document itself.
    pub field: String,
    /// The problem there.
    pub problem: Problem,
}

/// The kinds of problems. In a message, the text follows the JSON path.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The text is not a JSON object.
    #[error("is not a JSON object: {0}")]
    Json(String),
    /// geth rejects the genesis.
    #[error("{0}")]
    Genesis(Box<el::Error>),
    /// A value that op-node requires is absent.
    #[error("is missing")]
    Missing,
    /// A value of the wrong JSON type, form or range.
    #[error("is {value}, expected {expected}")]
    Invalid {
        /// The value in the file.
        value: String,
        /// What op-node accepts here.
        expected: &'static str,
    },
    /// A fork is scheduled, and one before it is not.
    #[error("is set to {at}, but {earlier} is missing")]
    ForkGap {
        /// Its time.
        at: u64,
        /// The key of the missing one.
        earlier: &'static str,
    },
    /// A fork is scheduled before the fork that precedes it.
    #[error("is {at}, but {earlier} is {before}")]
    ForkOrder {
        /// Its time.
        at: u64,
        /// The key of the earlier one.
        earlier: &'static str,
        /// The time of the earlier one.
        before: u64,
    },
    /// The two files name different values of one thing.
    #[error("is {value}, but {other_field} of {other} is {found}")]
    Contradiction {
        /// The value.
        value: String,
        /// The other file.
        other: String,
        /// Its field.
        other_field: &'static str,
        /// The value there.
        found: String,
    },
    /// `rollup.json` belongs to another genesis.
    #[error("is {named}, but block 0 of the genesis has the hash {computed}")]
    Hash {
        /// The hash in `rollup.json`.
        named: B256,
        /// The hash of block 0.
        computed: B256,
    },
    /// The `SystemConfig` contract may have changed since the anchor.
    #[error("is {anchor}, but the L1 history ends at block {end}")]
    OldAnchor {
        /// The number of the anchor block.
        anchor: u64,
        /// The last block of the history.
        end: u64,
    },
    /// The L2 would start before its anchor block.
    #[error("would be {l2_time}, before the time {l1_time} of the L1 anchor block")]
    BeforeAnchor {
        /// The L2's time.
        l2_time: u64,
        /// The time of the anchor block.
        l1_time: u64,
    },
    /// A shifted time does not fit into 64 bits.
    #[error("is {0}: a time near the end of the 64-bit range cannot move")]
    TooLate(u64),
    /// The text is not a private key. It may still be a secret, so that no message quotes it.
    #[error("is not a private key: expected 64 hex digits")]
    NotAKey,
    /// The key is not that of the batcher.
    #[error("is the key of {address}, but batcherAddr of system_config is {batcher}")]
    NotBatcher {
        /// The account of the key.
        address: Address,
        /// The batcher.
        batcher: Address,
    },
    /// Not a fork, but resembles one: op-node would ignore it.
    #[error("is not a fork that op-node knows; did you mean {meant}?")]
    UnknownFork {
        /// The fork that it resembles.
        meant: &'static str,
    },
    /// `state.json` of op-deployer has not deployed this chain.
    #[error("is {id}, but {file} has {}", chains(known))]
    NoDeployment {
        /// The chain's id.
        id: u64,
        /// The state file.
        file: String,
        /// The chains with an alloc in the file.
        known: Vec<u64>,
    },
    /// A value within `state.json` cannot be decoded.
    #[error("{0}")]
    Embedded(String),
    /// The L1 has no blob schedule.
    #[error("needs an L1 with blobs, and its config has no blobSchedule")]
    NoBlobSchedule,
}

impl Error {
    /// A problem at the JSON path `field` of a file.
    pub fn new(part: Part, field: impl Into<String>, problem: Problem) -> Self {
        Self { part, field: field.into(), problem }
    }

    pub(super) fn genesis(error: el::Error) -> Self {
        Self::new(Part::Genesis, "", Problem::Genesis(Box::new(error)))
    }

    /// The remedy.
    pub fn hint(&self) -> &'static str {
        match &self.problem {
            Problem::Json(_) => {
                "copy the file again, from op-deployer inspect or the chain's operator"
            }
            Problem::Genesis(error) => error.hint().unwrap_or("copy the genesis again"),
            Problem::Missing => "add it: op-node refuses to start without it",
            Problem::Invalid { .. } => "correct the value: op-node refuses it",
            Problem::ForkGap { .. } | Problem::ForkOrder { .. } => {
                "schedule all earlier forks too, in order"
            }
            Problem::Contradiction { .. } | Problem::Hash { .. } => {
                "rollup.json and genesis.json must be of the same deployment: op-deployer inspect rollup \
                 and op-deployer inspect genesis print a pair"
            }
            Problem::OldAnchor { .. } => {
                "set genesis.l1.number to the end of the history, and genesis.system_config to the values \
                 that the SystemConfig contract returns at that block, because op-node reads no earlier \
                 update: capture --mode history with --l2-rollup does both"
            }
            Problem::BeforeAnchor { .. } => "let the L1 start earlier, or the L2 later",
            Problem::TooLate(_) => "remove the fork: it never activates",
            Problem::NotAKey => "write the private key as hex, with or without 0x",
            Problem::NotBatcher { .. } => {
                "use the key of the batcher: op-node ignores batches from other accounts"
            }
            Problem::UnknownFork { .. } => {
                "correct the key: op-node ignores one that it does not know"
            }
            Problem::NoDeployment { .. } => {
                "copy rollup.json of one of these chains: op-deployer inspect rollup ID"
            }
            Problem::Embedded(_) => {
                "copy state.json again, or write genesis.json: op-deployer inspect genesis ID"
            }
            Problem::NoBlobSchedule => "schedule cancun on the L1, with its blobSchedule",
        }
    }
}

fn chains(known: &[u64]) -> String {
    match known {
        [] => "no chain with allocs".to_owned(),
        [id] => format!("chain {id} only"),
        ids => format!("chains {}", ids.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{} ", self.field)?;
        }
        write!(f, "{}", self.problem)
    }
}

//! Decides how to restart a stalled chain without a new genesis: observations in, the next stage out.
//!
//! A devnet has one node of each layer and no peers. After a hard stop the two may disagree about the head,
//! and neither has a peer to ask: the chain is stalled forever.
//!
//! | heads | stage | why it helps |
//! |---|---|---|
//! | the execution client is ahead | [`Stage::Confirm`] | geth 1.17 rewinds only when synced; any `engine_forkchoiceUpdated` to its own head marks it synced |
//! | it is still ahead | [`Stage::SetHead`] | `debug_setHead` rewinds geth up to 1.16, a finalized head, or 32 blocks and more |
//! | the execution client is behind, or on another branch | [`Stage::Replay`] | the beacon node has the payloads, and the Engine API accepts them |
//! | a client is silent, or the heads agree and no block comes | [`Stage::Restart`] | on a restart a client reads its state again |
//! | nothing helped, or the data is too old | [`Stage::Renew`] | a new genesis |
//!
//! [`Healer`] chooses. It never acts while the head of either client grows, and never repeats an action
//! before the next block.

pub mod engine;
mod explanation;
mod healer;
pub mod notice;
pub mod request;

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

pub use healer::{BUILDS, EXECUTION_BUILDS, Healer};
use serde::{Deserialize, Serialize};

/// How far healing may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything that keeps the genesis, and a new genesis if nothing else helps.
    Renew,
    /// Everything that keeps the genesis.
    Keep,
    /// Only report the failure.
    Never,
}

/// The constants of a watched chain.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How far healing may go.
    pub mode: Mode,
    /// Seconds since the epoch.
    pub genesis_time: u64,
    /// Seconds.
    pub slot: u64,
    /// Whether the clients have supervisors, which restart them and start them on a new genesis.
    pub supervised: bool,
    /// Number of the block that the first new one follows.
    pub first: u64,
    /// Whether a new genesis starts at the current time: one with a fixed time is as old as this one.
    pub starts_now: bool,
    /// The part of the last requested renewal in the history of this genesis.
    pub renewal: Renewal,
}

/// The part of the last requested renewal in the history of a genesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// None.
    Untried,
    /// It led to this genesis.
    Led,
    /// It failed, and this genesis stayed.
    Failed,
}

/// The answers of the clients at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Seconds since the epoch, by this machine's clock.
    pub now: u64,
    /// The execution client, if it answers.
    pub execution: Option<Execution>,
    /// The beacon node, if it answers.
    pub beacon: Option<Beacon>,
    /// The relation of the heads, if both clients answer.
    pub relation: Option<Relation>,
    /// The data directories of supervised clients, and the states of the clients.
    pub clients: Vec<(String, State)>,
}

/// The state of a supervised client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its process runs.
    Running,
    /// Its supervisor prepares its data.
    Starting,
    /// Neither it nor its supervisor runs: the user, or a failure that no start has followed.
    Stopped,
    /// It ends by itself soon after each start.
    Failing,
    /// Its data is too old: its supervisor waits for a new genesis.
    Waiting,
}

/// An execution client's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// The program, such as `Geth`.
    pub program: String,
    /// Number of the head.
    pub number: u64,
    /// Timestamp of the head.
    pub timestamp: u64,
    /// Number of the finalized block; 0 before the first.
    pub finalized: u64,
}

/// geth refuses a forkchoice update that rewinds this many blocks or more.
const MOST_REWOUND: u64 = 32;

impl Execution {
    /// Whether a forkchoice update may rewind the head to this block.
    fn rewinds_to(&self, number: u64) -> bool {
        number > self.finalized && self.number.saturating_sub(number) < MOST_REWOUND
    }

    /// Whether the program has `debug_setHead`.
    fn is_geth(&self) -> bool {
        self.program.eq_ignore_ascii_case("geth")
    }
}

/// A beacon node's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beacon {
    /// Its slot.
    pub slot: u64,
    /// Number of the execution block in it.
    pub number: u64,
    /// Whether the beacon node reports that it cannot reach the execution client.
    pub el_offline: bool,
}

/// The position of the beacon node's head in the execution client's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// It is the head.
    Head,
    /// It is an ancestor of the head.
    Ahead,
    /// It is absent: these blocks, up to it, are missing.
    Missing(RangeInclusive<u64>),
    /// It is absent, and the beacon node lacks some of the missing blocks.
    Unconnected,
}

/// A program that a supervisor can restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Client {
    /// The execution client.
    #[serde(rename = "el")]
    Execution,
    /// The beacon node.
    #[serde(rename = "cl")]
    Beacon,
    /// The validator client.
    #[serde(rename = "vc")]
    Validator,
    /// A client of an L2. `watch` restarts none, but all of them stop for a new genesis.
    #[serde(rename = "l2")]
    Rollup,
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Execution => "the execution client",
            Self::Beacon => "the beacon node",
            Self::Validator => "the validator client",
            Self::Rollup => "the L2 client",
        })
    }
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Nothing yet.
    Wait,
    /// Send the execution client a forkchoice update to its own head, without attributes.
    Confirm,
    /// Set the execution client's head to the block of this number.
    SetHead(u64),
    /// Send the execution client these blocks of the beacon node, by number, then a forkchoice update.
    Replay(RangeInclusive<u64>),
    /// Stop this client and start it again.
    Restart(Client),
    /// Stop all clients, generate a new genesis, and start them.
    Renew,
    /// A block came after an action, this long after the previous block.
    Recovered(Duration),
    /// No allowed action helps. The text is the remedy for the user.
    GiveUp(String),
}

impl Stage {
    /// Whether it acts on a client.
    pub fn is_action(&self) -> bool {
        !matches!(self, Self::Wait | Self::Recovered(_) | Self::GiveUp(_))
    }
}

/// A stage and the reason for it, in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub stage: Stage,
    /// Why.
    pub reason: String,
}

#[cfg(test)]
mod tests;

//! Whether clients run on the expected genesis and build blocks: pure functions of their answers.
//!
//! A beacon node's `is_syncing` is not a criterion: a node without peers may report it forever while it
//! builds every block, and before genesis there is nothing to sync to. A healthy client answers, has the
//! expected genesis, and its head advances.

/// The commands that lead to a new genesis. Without the variable, a stack with `REGENESIS_RENEW=stale`
/// continues the stalled chain.
macro_rules! renew {
    () => {
        "docker compose stop, then REGENESIS_RENEW=always docker compose up -d"
    };
}
pub(crate) use renew;

pub mod known;
mod l2;
mod log_line;
mod recovery;

use std::fmt;

use crate::cl::{self, config::Config};
use crate::summary::History;
pub use l2::{ExpectedL2, expected_l2s, l2};
pub use log_line::{Level, level as level_of};
pub use recovery::has_new_blocks;

/// A chain is stalled when it has built no block for this many slots and this many seconds.
const STALLED_SLOTS: u64 = 16;
const STALLED_SECONDS: u64 = 30;

/// The commands that lead to a new genesis.
pub const RENEW: &str = renew!();

/// The only remedy for a stalled chain: a restart of all clients on a fresh genesis.
pub const REGENERATE: &str = concat!(renew!(), ": a new genesis");

/// The genesis that `init` wrote.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Hash of the execution genesis block.
    pub block_hash: String,
    /// Number of the execution block that the beacon chain continues: 0, or the last of the history.
    pub first: u64,
    /// Consensus genesis time, in Unix seconds.
    pub genesis_time: u64,
    /// Root of the validator registry at genesis.
    pub genesis_validators_root: String,
    /// Root of the consensus genesis block.
    pub block_root: String,
    /// Slot time, in seconds.
    pub slot: u64,
}

/// A file of the runtime directory is damaged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `regenesis.json`.
    #[error("regenesis.json: {0}")]
    Marker(#[from] serde_json::Error),
    /// `config.yaml`.
    #[error("metadata/config.yaml: {0}")]
    Config(#[from] cl::Error),
}

impl Expected {
    /// Reads `regenesis.json` (`marker`) and `metadata/config.yaml` of a runtime directory.
    ///
    /// # Errors
    /// One of the files is damaged.
    pub fn parse(marker: &[u8], config: &[u8]) -> Result<Self, Error> {
        #[derive(serde::Deserialize)]
        struct Marker {
            el: El,
            history: Option<History>,
            cl: Cl,
        }
        #[derive(serde::Deserialize)]
        struct El {
            block_hash: String,
        }
        #[derive(serde::Deserialize)]
        struct Cl {
            genesis_time: u64,
            genesis_validators_root: String,
            block_root: String,
        }
        let Marker { el, history, cl } = serde_json::from_slice(marker)?;
        Ok(Self {
            block_hash: el.block_hash,
            first: history.map_or(0, |history| history.blocks),
            genesis_time: cl.genesis_time,
            genesis_validators_root: cl.genesis_validators_root,
            block_root: cl.block_root,
            slot: Config::parse(config)?.slot_duration_ms()? / 1000,
        })
    }

    /// Seconds within which a chain that builds has a new block.
    pub fn patience(&self) -> u64 {
        STALLED_SECONDS.max(STALLED_SLOTS.saturating_mul(self.slot))
    }

    /// Seconds since the block of `time`, if they are too many for a chain that builds.
    fn stalled(&self, time: u64, now: u64) -> Option<u64> {
        let since = now.saturating_sub(time.max(self.genesis_time));
        (since > self.patience()).then_some(since)
    }
}

/// The answers of an execution client.
#[derive(Debug, Clone)]
pub struct Execution {
    /// Its chain id.
    pub chain_id: u64,
    /// Hash of its block 0.
    pub genesis_hash: String,
    /// Number of its head.
    pub number: u64,
    /// Timestamp of its head.
    pub timestamp: u64,
}

/// The answers of a beacon node.
#[derive(Debug, Clone)]
pub struct Beacon {
    /// Its genesis time.
    pub genesis_time: u64,
    /// Root of its validator registry at genesis.
    pub genesis_validators_root: String,
    /// Root of its genesis block, if it reports one.
    pub block_root: Option<String>,
    /// Slot of its head; 0 before genesis.
    pub head_slot: u64,
    /// Whether it reports that the execution client has not validated its head.
    pub is_optimistic: bool,
    /// Whether it reports that it cannot reach the execution client.
    pub el_offline: bool,
    /// Number of the execution block in its head, if it reports one.
    pub payload_number: Option<u64>,
}

/// A failure and its remedy.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Finding {
    /// The failure, with its cause as far as it is known.
    pub cause: String,
    /// The remedy.
    pub cure: String,
}

impl Finding {
    /// A failure with its remedy.
    pub fn new(cause: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { cause: cause.into(), cure: cure.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cause)
    }
}

/// The progress of a healthy client, or its failure.
pub type Health = Result<String, Finding>;

/// Health of an execution client; `now` in Unix seconds.
///
/// # Errors
/// It runs on another genesis, lacks history, or is stalled.
pub fn execution(expected: &Expected, el: &Execution, now: u64) -> Health {
    if el.genesis_hash != expected.block_hash {
        if el.chain_id == 1 {
            let cause = "the execution client runs mainnet: it started without a genesis";
            let cure = "run geth init before it starts, or start it with --override.genesis";
            return Err(Finding::new(cause, cure));
        }
        return Err(Finding::new(
            format!(
                "the execution client runs on genesis {}, expected {}: it has data from another run",
                el.genesis_hash, expected.block_hash
            ),
            "start it with regenesis run --datadir, or empty its data directory",
        ));
    }
    if el.number < expected.first {
        return Err(Finding::new(
            format!(
                "the execution client has {} of {} blocks of the history",
                el.number, expected.first
            ),
            "import metadata/chain.rlp before it starts: regenesis run --import",
        ));
    }
    if let Some(stalled) = expected.stalled(el.timestamp, now) {
        return Err(Finding::new(
            format!("no execution block after {} for {stalled} s", el.number),
            REGENERATE,
        ));
    }
    Ok(if el.number == expected.first {
        before_the_first_block(expected, now)
    } else {
        format!("block {}, {} s old", el.number, now.saturating_sub(el.timestamp))
    })
}

/// The number of blocks that the chain has built since its genesis, or after the history that it
/// continues.
///
/// `None` if it is uncertain: the execution client does not answer, runs on another genesis, or lacks
/// blocks that the beacon node has.
pub fn own_blocks(expected: &Expected, el: Option<&Execution>, cl: Option<&Beacon>) -> Option<u64> {
    let el = el.filter(|el| el.genesis_hash == expected.block_hash)?;
    let own = el.number.checked_sub(expected.first)?;
    let lost = own == 0 && cl.is_some_and(|cl| cl.head_slot > 0);
    (!lost).then_some(own)
}

/// Whether both clients have a new block: one alone does not show that the chain builds.
pub fn builds(expected: &Expected, el: Option<&Execution>, cl: Option<&Beacon>) -> bool {
    el.is_none_or(|el| el.number > expected.first) && cl.is_none_or(|cl| cl.head_slot > 0)
}

fn before_the_first_block(expected: &Expected, now: u64) -> String {
    match expected.genesis_time.checked_sub(now) {
        Some(ahead) if ahead > 0 => format!("genesis in {ahead} s"),
        _ => "before the first block".to_owned(),
    }
}

/// Health of a beacon node; `now` in Unix seconds.
///
/// # Errors
/// It has another genesis, cannot reach the execution client, or is stalled.
pub fn beacon(expected: &Expected, cl: &Beacon, now: u64) -> Health {
    if cl.genesis_time != expected.genesis_time
        || cl.genesis_validators_root != expected.genesis_validators_root
    {
        let (what, found, expected) = if cl.genesis_time == expected.genesis_time {
            let root = &expected.genesis_validators_root;
            ("validators root", cl.genesis_validators_root.clone(), root.clone())
        } else {
            ("time", cl.genesis_time.to_string(), expected.genesis_time.to_string())
        };
        return Err(Finding::new(
            format!(
                "the beacon node's genesis {what} is {found}, expected {expected}: it has data from \
                 another run"
            ),
            "start it with regenesis run --datadir, or empty its data directory",
        ));
    }
    if let Some(root) = cl.block_root.as_ref().filter(|&root| *root != expected.block_root) {
        return Err(Finding::new(
            format!(
                "the beacon node's genesis block is {root}, expected {}: it was built with another \
                 revision of the preset",
                expected.block_root
            ),
            "set regenesis init --preset-revision: docs/reference.md has a table of the clients",
        ));
    }
    let head_time = expected.genesis_time + cl.head_slot.saturating_mul(expected.slot);
    let Some(stalled) = expected.stalled(head_time, now) else {
        return Ok(if cl.head_slot == 0 {
            before_the_first_block(expected, now)
        } else {
            format!("head slot {}, {} s old", cl.head_slot, now.saturating_sub(head_time))
        });
    };
    Err(if cl.el_offline {
        Finding::new(
            "the beacon node cannot reach the execution client",
            "check that geth runs, that both have the same JWT secret, and that their clocks agree to \
             within 60 s",
        )
    } else if cl.is_optimistic {
        let cause = "the execution client has not validated the beacon node's head";
        Finding::new(format!("{cause} for {stalled} s"), REGENERATE)
    } else if cl.head_slot == 0 {
        Finding::new(
            format!(
                "no block since genesis, {stalled} s ago: no validator client proposes blocks, or \
                 the clients started too late"
            ),
            format!(
                "check the log of the validator client; if it runs: {REGENERATE}, with a longer \
                 REGENESIS_LEAD if this happens again"
            ),
        )
    } else {
        Finding::new(format!("no block after slot {} for {stalled} s", cl.head_slot), REGENERATE)
    })
}

/// The failures that show only in both clients together: their heads differ, and the chain is stalled.
///
/// # Errors
/// The execution client lacks blocks of the beacon node, or the beacon node has an older head.
pub fn together(expected: &Expected, el: &Execution, cl: &Beacon, now: u64) -> Result<(), Finding> {
    let same_genesis = el.genesis_hash == expected.block_hash
        && cl.genesis_time == expected.genesis_time
        && cl.genesis_validators_root == expected.genesis_validators_root;
    let head_time = expected.genesis_time + cl.head_slot.saturating_mul(expected.slot);
    if !same_genesis || cl.el_offline || expected.stalled(head_time, now).is_none() {
        return Ok(());
    }
    // The genesis block has an empty payload; its state stands for the block that the chain continues.
    let payload = if cl.head_slot == 0 { Some(expected.first) } else { cl.payload_number };
    let Some(payload) = payload else { return Ok(()) };
    let number = el.number;
    if payload > number && number >= expected.first {
        return Err(Finding::new(
            format!(
                "the execution client has {number} blocks, the beacon node {payload}: it was killed \
                 and lost the latest blocks, and the chain cannot continue"
            ),
            format!(
                "run regenesis watch, which sends them again; or {REGENERATE}. geth keeps its blocks \
                 with --db.engine=leveldb --state.scheme=hash --gcmode=archive"
            ),
        ));
    }
    if number > payload {
        return Err(Finding::new(
            format!(
                "the execution client has {number} blocks, the beacon node {payload}: the beacon node \
                 was killed and restarted with an older head, on which geth does not build"
            ),
            format!(
                "run regenesis watch, which sets geth's head to the beacon node's; or call \
                 debug_setHead with [\"{payload:#x}\"] on geth's HTTP port: {} blocks, and possibly \
                 their transactions, are lost. If no block follows within a minute, {REGENERATE}",
                number - payload
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;

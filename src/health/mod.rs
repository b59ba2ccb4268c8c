//! Whether clients live on our genesis, and why not: pure functions of what they answer.
//!
//! `is_syncing` of a beacon node is no sign: a node without peers may say so for ever while it
//! builds every block, and before genesis there is nothing to be synced to. What counts is that it
//! answers, that its genesis is ours, and that blocks come.

pub mod known;
mod log_line;

use std::fmt;

use crate::cl::{self, config::Config};
use crate::summary::History;

/// A chain that built no block for so many slots, and so many seconds, stands still.
const STILL_SLOTS: u64 = 16;
const STILL_SECONDS: u64 = 30;

/// The one cure for a chain that is dead: everything is made anew.
pub const REGENERATE: &str = "docker compose stop, then docker compose up -d: a new genesis";

/// What `init` wrote.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Hash of the execution genesis block.
    pub block_hash: String,
    /// Number of the execution block that the beacon chain continues: 0, or the past's last.
    pub first: u64,
    /// Seconds since the epoch.
    pub genesis_time: u64,
    /// Root of the registry.
    pub genesis_validators_root: String,
    /// Root of the consensus genesis block.
    pub block_root: String,
    /// Seconds.
    pub slot: u64,
}

/// `regenesis.json` and `config.yaml` do not say what is to be expected.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Of `regenesis.json`.
    #[error("regenesis.json: {0}")]
    Marker(#[from] serde_json::Error),
    /// Of `config.yaml`.
    #[error("metadata/config.yaml: {0}")]
    Config(#[from] cl::Error),
}

impl Expected {
    /// From the files of a runtime directory.
    ///
    /// # Errors
    /// They are damaged.
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

    /// How long it is since `time`, if that is too long for a chain that lives.
    fn still(&self, time: u64, now: u64) -> Option<u64> {
        let since = now.saturating_sub(time.max(self.genesis_time));
        (since > STILL_SECONDS.max(STILL_SLOTS.saturating_mul(self.slot))).then_some(since)
    }
}

/// What an execution client answers.
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

/// What a beacon node answers.
#[derive(Debug, Clone)]
pub struct Beacon {
    /// Its genesis time.
    pub genesis_time: u64,
    /// Root of its first registry.
    pub genesis_validators_root: String,
    /// Root of its genesis block, if it tells.
    pub block_root: Option<String>,
    /// Slot of its head; 0 before genesis.
    pub head_slot: u64,
    /// Whether it says that the execution client has not checked the head.
    pub is_optimistic: bool,
    /// Whether it says that it does not reach the execution client.
    pub el_offline: bool,
    /// Number of the execution block in its head, if it tells.
    pub payload_number: Option<u64>,
}

/// Something that is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// What is wrong.
    pub cause: String,
    /// What to do.
    pub cure: String,
}

impl Finding {
    /// A cause and its cure.
    pub fn new(cause: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { cause: cause.into(), cure: cure.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cause)
    }
}

/// How a healthy client does, or what is wrong with it.
pub type Health = Result<String, Finding>;

/// Health of an execution client; `now` in seconds since the epoch.
///
/// # Errors
/// What is wrong.
pub fn execution(expected: &Expected, el: &Execution, now: u64) -> Health {
    if el.genesis_hash != expected.block_hash {
        if el.chain_id == 1 {
            let cure = "give geth the genesis before it starts: geth init, or --override.genesis";
            return Err(Finding::new("the execution client runs mainnet: it had no genesis", cure));
        }
        return Err(Finding::new(
            format!(
                "the execution client runs genesis {}, ours is {}: it has data of another run",
                el.genesis_hash, expected.block_hash
            ),
            "start it by regenesis run --datadir, or empty its data directory",
        ));
    }
    if el.number < expected.first {
        return Err(Finding::new(
            format!(
                "the execution client has {} of {} blocks of the past",
                el.number, expected.first
            ),
            "have it import metadata/chain.rlp before it starts: regenesis run --import",
        ));
    }
    if let Some(still) = expected.still(el.timestamp, now) {
        return Err(Finding::new(
            format!("no execution block after {} for {still} s", el.number),
            REGENERATE,
        ));
    }
    Ok(if el.number == expected.first {
        before_the_first_block(expected, now)
    } else {
        format!("block {}, {} s old", el.number, now.saturating_sub(el.timestamp))
    })
}

/// How many blocks the chain has built since its genesis, or since the past that it continues.
///
/// `None` where that is not certain: the execution client does not answer or runs something else, or
/// the beacon node has blocks that it lacks.
pub fn own_blocks(expected: &Expected, el: Option<&Execution>, cl: Option<&Beacon>) -> Option<u64> {
    let el = el.filter(|el| el.genesis_hash == expected.block_hash)?;
    let own = el.number.checked_sub(expected.first)?;
    let lost = own == 0 && cl.is_some_and(|cl| cl.head_slot > 0);
    (!lost).then_some(own)
}

/// Whether both have a block of their own: neither alone shows that the chain builds.
pub fn builds(expected: &Expected, el: Option<&Execution>, cl: Option<&Beacon>) -> bool {
    el.is_none_or(|el| el.number > expected.first) && cl.is_none_or(|cl| cl.head_slot > 0)
}

fn before_the_first_block(expected: &Expected, now: u64) -> String {
    match expected.genesis_time.checked_sub(now) {
        Some(ahead) if ahead > 0 => format!("genesis in {ahead} s"),
        _ => "before the first block".to_owned(),
    }
}

/// Health of a beacon node; `now` in seconds since the epoch.
///
/// # Errors
/// What is wrong.
pub fn beacon(expected: &Expected, cl: &Beacon, now: u64) -> Health {
    if cl.genesis_time != expected.genesis_time
        || cl.genesis_validators_root != expected.genesis_validators_root
    {
        return Err(Finding::new(
            format!(
                "the beacon node's genesis is of {}, ours of {}: it has data of another run",
                cl.genesis_time, expected.genesis_time
            ),
            "start it by regenesis run --datadir, or empty its data directory",
        ));
    }
    if let Some(root) = cl.block_root.as_ref().filter(|&root| *root != expected.block_root) {
        return Err(Finding::new(
            format!(
                "the beacon node's genesis block is {root}, ours {}: it was built with another \
                 revision of the preset",
                expected.block_root
            ),
            "regenesis init --preset-revision, by the table in docs/reference.md",
        ));
    }
    let head_time = expected.genesis_time + cl.head_slot.saturating_mul(expected.slot);
    let Some(still) = expected.still(head_time, now) else {
        return Ok(if cl.head_slot == 0 {
            before_the_first_block(expected, now)
        } else {
            format!("head slot {}, {} s old", cl.head_slot, now.saturating_sub(head_time))
        });
    };
    Err(if cl.el_offline {
        Finding::new(
            "the beacon node does not reach the execution client",
            "both must have the same JWT secret, and the clocks agree to 60 s; is geth up?",
        )
    } else if cl.is_optimistic {
        let cause = "the execution client did not check the beacon node's head";
        Finding::new(format!("{cause}, for {still} s"), REGENERATE)
    } else if cl.head_slot == 0 {
        Finding::new(
            format!(
                "no block since genesis, {still} s ago: no validator client proposes blocks, or the \
                 clients came up too late"
            ),
            format!(
                "see the validator client's log; if it runs, {REGENERATE}, with a longer \
                 REGENESIS_LEAD if it comes again"
            ),
        )
    } else {
        Finding::new(format!("no block after slot {} for {still} s", cl.head_slot), REGENERATE)
    })
}

/// What neither client shows alone: the execution client lost blocks that the beacon node has.
///
/// # Errors
/// What is wrong.
pub fn together(expected: &Expected, el: &Execution, cl: &Beacon, now: u64) -> Result<(), Finding> {
    let head_time = expected.genesis_time + cl.head_slot.saturating_mul(expected.slot);
    match cl.payload_number {
        Some(number) if number > el.number && expected.still(head_time, now).is_some() => {
            Err(Finding::new(
                format!(
                    "the execution client has {} blocks, the beacon node {number}: killed, it lost \
                     the last ones, and the chain stands",
                    el.number
                ),
                format!(
                    "{REGENERATE}; geth survives it with --db.engine=leveldb --state.scheme=hash \
                     --gcmode=archive"
                ),
            ))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;

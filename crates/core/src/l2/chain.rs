//! A chain of the OP stack, and its files at a new anchor.

use std::io::Read;

use alloy_primitives::{Address, B256, address};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{Error, Part, Problem};
use super::forks::{FORKS, ISTHMUS};
use super::fund::{self, Fund, Funded};
use super::l1_config::l1_chain_config;
use super::rollup::{Anchor, Rollup, moved};
use super::system_config::SystemConfig;
use crate::el::alloc;
use crate::el::edit::set_member;
use crate::el::genesis::{self, Document, Genesis};
use crate::el::header::{Header, make_genesis_header};
use crate::el::json::{fold, unescape};
use crate::file::FilePart;
use crate::keys::SecretText;

/// `L2ToL1MessagePasser`, whose storage root Isthmus puts into the header as `withdrawalsRoot`.
const MESSAGE_PASSER: Address = address!("4200000000000000000000000000000000000016");

/// What the header of block 0 needs of a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Number of accounts.
    pub accounts: usize,
    /// Root of the state as the genesis has it.
    pub own_root: B256,
    /// Root of the state with the funded accounts.
    pub root: B256,
    /// Storage root of the message passer; `None` without that account.
    pub message_passer: Option<B256>,
    /// The funded accounts.
    pub funded: Funded,
    /// What the `SystemConfig` contract has in the state of the L1 that becomes its block 0.
    pub system_config: Option<SystemConfig>,
    /// Size of the genesis file in bytes.
    pub file_size: u64,
}

/// A chain whose `rollup.json` and genesis belong together.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Its `rollup.json`.
    pub rollup: Rollup,
    /// Its genesis without the alloc.
    pub document: Document,
    /// Everything else about its block 0.
    pub state: State,
    /// The key of its batcher, if the snapshot has it.
    pub batcher_key: Option<SecretText>,
    /// The key of its proposer, if the snapshot has it.
    pub proposer_key: Option<SecretText>,
    values: Genesis,
    config: Value,
}

/// The files of a chain at a new anchor.
#[derive(Debug)]
pub struct Anchored {
    /// `genesis.json`; ranges are of the chain's own genesis.
    pub genesis: Vec<FilePart>,
    /// `rollup.json`.
    pub rollup: Vec<u8>,
    /// `l1-chain-config.json`.
    pub l1_chain_config: Vec<u8>,
    /// Header of block 0.
    pub header: Header,
}

/// Reads a chain: its genesis of `file_size` bytes to the end.
///
/// # Errors
/// op-geth refuses it, or it is not that of `rollup`.
pub fn read<R: Read + Send>(
    rollup: Rollup,
    genesis: R,
    file_size: u64,
    fund: &Fund,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Chain, Error> {
    let mut state = alloc::State::default().watching(fund.keys().copied());
    let document = genesis::read_into(genesis, &mut state, progress).map_err(Error::genesis)?;
    let mut found = State::of(&state, file_size);
    found.funded = fund::apply(fund, &mut state).map_err(Error::genesis)?;
    if !found.funded.is_empty() {
        (found.accounts, found.root) = (state.len(), state.root());
    }
    with_state(rollup, document, found)
}

/// A chain whose state was read before.
///
/// # Errors
/// As [`read`].
pub fn with_state(rollup: Rollup, document: Document, state: State) -> Result<Chain, Error> {
    let chain = Chain::assembled(rollup, document, state)?;
    chain.check()?;
    Ok(chain)
}

impl State {
    /// What block 0 needs of `state`, whose genesis has `file_size` bytes.
    pub fn of(state: &alloc::State<'_>, file_size: u64) -> Self {
        let own_root = state.root();
        let message_passer = state.account(MESSAGE_PASSER).map(|account| account.storage_root);
        let (funded, system_config) = (Funded::default(), None);
        let (accounts, root) = (state.len(), own_root);
        Self { accounts, own_root, root, message_passer, funded, system_config, file_size }
    }
}

impl Chain {
    /// A chain whose files may not belong together.
    pub(super) fn assembled(
        rollup: Rollup,
        document: Document,
        state: State,
    ) -> Result<Self, Error> {
        let values = document.genesis().map_err(Error::genesis)?;
        let config = serde_json::from_slice(document.chain_config().unwrap_or_default())
            .map_err(|e| Error::new(Part::Genesis, "config", Problem::Json(e.to_string())))?;
        Ok(Self { rollup, document, state, batcher_key: None, proposer_key: None, values, config })
    }

    /// The account that posts the batches: that of the contract on the L1, where its state has it.
    pub fn batcher(&self) -> Address {
        self.state.system_config.as_ref().map_or(self.rollup.batcher, |config| config.batcher)
    }

    /// The fork times of the genesis that are not 0, those of unknown forks too.
    pub(super) fn fork_keys(&self) -> impl Iterator<Item = (&String, u64)> {
        let members = self.config.as_object().into_iter().flatten();
        members.filter_map(|(key, value)| {
            let time = value.as_u64().filter(|time| *time != 0 && key.ends_with("Time"))?;
            Some((key, time))
        })
    }

    fn config_time(&self, key: &str) -> Option<u64> {
        self.config.get(key).and_then(Value::as_u64)
    }

    /// Checks that the two files are of one chain.
    fn check(&self) -> Result<(), Error> {
        let Self { rollup, values, .. } = self;
        let differs = |field: &str, value: String, other_field, found: String| {
            let other = "genesis.json".to_owned();
            let problem = Problem::Contradiction { value, other, other_field, found };
            Error::new(Part::Rollup, field, problem)
        };
        if self.config.get("optimism").is_none_or(Value::is_null) {
            return Err(Error::new(Part::Genesis, "config.optimism", Problem::Missing));
        }
        let chain_id = values.config.chain_id_64().map_err(Error::genesis)?;
        if chain_id != rollup.l2_chain_id {
            let (named, found) = (rollup.l2_chain_id.to_string(), chain_id.to_string());
            return Err(differs("l2_chain_id", named, "config.chainId", found));
        }
        let timestamp = values.timestamp.unwrap_or_default();
        if timestamp != rollup.l2_time {
            let (named, found) = (rollup.l2_time.to_string(), timestamp.to_string());
            return Err(differs("genesis.l2_time", named, "timestamp", found));
        }
        for fork in &FORKS {
            let Some(key) = fork.genesis else { continue };
            let show =
                |time: Option<u64>| time.map_or_else(|| "not set".to_owned(), |t| t.to_string());
            let own = self.config_time(key);
            if rollup.time(fork.rollup) != own {
                return Err(differs(fork.rollup, show(rollup.time(fork.rollup)), key, show(own)));
            }
            let Some(hardfork) = fork.hardfork else { continue };
            let with = self.config_time(hardfork);
            if with != own {
                return Err(differs(fork.rollup, show(own), hardfork, show(with)));
            }
        }
        let computed = self.header(self.state.own_root).hash();
        if computed != rollup.l2_hash {
            let problem = Problem::Hash { named: rollup.l2_hash, computed };
            return Err(Error::new(Part::Rollup, "genesis.l2.hash", problem));
        }
        Ok(())
    }

    /// The header of block 0 at the time in the genesis.
    pub(super) fn header(&self, state_root: B256) -> Header {
        let timestamp = self.values.timestamp.unwrap_or_default();
        let isthmus = self.config_time(ISTHMUS).is_some_and(|time| time <= timestamp);
        genesis_header(&self.values, isthmus, state_root, self.state.message_passer)
    }

    /// The files of the chain at `anchor`. `l1_config` is the raw `config` of the L1's genesis.
    ///
    /// # Errors
    /// The L2 would start before the anchor block, a time does not fit, or the L1 has no blobs.
    pub fn anchored(&self, anchor: &Anchor, l1_config: &[u8]) -> Result<Anchored, Error> {
        if anchor.l2_time < anchor.l1_time {
            let problem =
                Problem::BeforeAnchor { l2_time: anchor.l2_time, l1_time: anchor.l1_time };
            return Err(Error::new(Part::Rollup, "genesis.l2_time", problem));
        }
        let mut header = self.header(self.state.root);
        header.timestamp = anchor.l2_time;
        Ok(Anchored {
            genesis: self.genesis_parts(anchor.l2_time)?,
            rollup: self.rollup.anchored(
                anchor,
                header.hash(),
                self.state.system_config.as_ref(),
            )?,
            l1_chain_config: l1_chain_config(l1_config)?,
            header,
        })
    }

    /// The genesis with its new times and funded accounts, everything else as in the file.
    fn genesis_parts(&self, l2_time: u64) -> Result<Vec<FilePart>, Error> {
        let mut edits: Vec<(std::ops::Range<u64>, Vec<u8>)> = Vec::new();
        for member in &self.document.head {
            let end = member.offset + member.value.len() as u64;
            let value = if is_named(&member.key, b"timestamp") {
                in_style(&member.value, l2_time)
            } else if is_named(&member.key, b"config") && member.value != b"null" {
                self.config_at(&member.value, l2_time)?
            } else {
                continue;
            };
            edits.push((member.offset..end, value));
        }
        let Funded { added, replaced } = &self.state.funded;
        edits.extend(replaced.iter().map(|(range, value)| (range.clone(), value.clone().into())));
        if let Some(alloc) = self.document.alloc.last().filter(|_| !added.is_empty()) {
            let at = alloc.range.end - 1;
            let comma = if alloc.empty { "" } else { "," };
            edits.push((at..at, format!("{comma}{}", added.join(",")).into_bytes()));
        }
        edits.sort_by_key(|(range, _)| range.start);
        let mut parts = Vec::new();
        let mut at = 0;
        for (range, text) in edits {
            parts.extend([FilePart::Source(at..range.start), FilePart::Text(text)]);
            at = range.end;
        }
        parts.push(FilePart::Source(at..self.state.file_size));
        Ok(parts)
    }

    /// The raw `config` with its fork times moved, those of unknown forks too.
    fn config_at(&self, raw: &[u8], l2_time: u64) -> Result<Vec<u8>, Error> {
        let mut text = raw.to_vec();
        for (key, time) in self.fork_keys() {
            let error = |problem| Error::new(Part::Genesis, format!("config.{key}"), problem);
            let moved = moved(time, self.rollup.l2_time, l2_time);
            let moved = moved.ok_or_else(|| error(Problem::TooLate(time)))?;
            text = set_member(&text, key, &moved.to_string()).map_err(Error::genesis)?;
        }
        Ok(text)
    }
}

/// Block 0 of a chain of the OP stack, at the time in its genesis: the header of geth, and from Isthmus
/// on the storage root of the message passer, or zero without that account.
pub(super) fn genesis_header(
    values: &Genesis,
    isthmus: bool,
    state_root: B256,
    message_passer: Option<B256>,
) -> Header {
    let mut header = make_genesis_header(values, state_root, values.timestamp.unwrap_or_default());
    if isthmus {
        header.withdrawals_root = Some(message_passer.unwrap_or_default());
    }
    header
}

pub(super) fn is_named(key: &[u8], name: &[u8]) -> bool {
    *fold(&unescape(key)) == *name
}

/// `number` in the style of a `math.HexOrDecimal64`: hex or decimal, with or without quotes.
pub(super) fn in_style(raw: &[u8], number: u64) -> Vec<u8> {
    match raw {
        [b'"', b'0', b'x' | b'X', ..] => format!("\"{number:#x}\""),
        [b'"', ..] => format!("\"{number}\""),
        _ => number.to_string(),
    }
    .into_bytes()
}

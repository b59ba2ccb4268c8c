//! `metadata.json` of a snapshot.

use std::collections::BTreeMap;

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::spelling;
use crate::yaml::shown;

/// The snapshot format that this program reads.
pub const FORMAT: u64 = 1;

/// Where a snapshot comes from, and what it has. Of a snapshot that was put together by hand only
/// the first three are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Version of the snapshot format.
    pub format: u64,
    /// Name of the snapshot.
    pub name: String,
    /// Chain id of the execution genesis.
    pub chain_id: u64,
    /// Version of the program that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regenesis: Option<String>,
    /// What it was captured from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What is kept of the source.
    #[serde(default)]
    pub mode: Mode,
    /// Whether the state root of what was captured is the block's. `false`: there was nothing to
    /// compare it with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven: Option<bool>,
    /// What was changed on purpose after the capture, so that the state root is another one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub derived: Vec<String>,
    /// Root of the state in the snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_root: Option<B256>,
    /// How many accounts were obtained in which way.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub obtained: BTreeMap<String, u64>,
    /// How many there are of what.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<String, u64>,
    /// The files by path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, File>,
    /// What this version does not know: it stays in the file.
    #[serde(flatten)]
    pub others: BTreeMap<String, Value>,
}

/// The keys of [`Metadata`].
const KEYS: [&str; 12] = [
    "format",
    "name",
    "chain_id",
    "regenesis",
    "source",
    "mode",
    "proven",
    "derived",
    "state_root",
    "obtained",
    "counts",
    "files",
];
/// The keys of [`Source`].
const SOURCE_KEYS: [&str; 5] = ["kind", "description", "client", "genesis_hash", "block"];

/// What a snapshot keeps of its source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The state behind a block, which becomes that of a new block 0.
    #[default]
    State,
    /// All blocks up to one, which the new beacon chain continues.
    History,
}

/// What a snapshot was captured from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The method or kind of file.
    pub kind: String,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `web3_clientVersion`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Hash of the chain's block 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub genesis_hash: Option<B256>,
    /// The captured block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block: Option<SourceBlock>,
    /// What this version does not know: it stays in the file.
    #[serde(flatten)]
    pub others: BTreeMap<String, Value>,
}

/// A captured block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceBlock {
    /// Its number.
    pub number: u64,
    /// Its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<B256>,
    /// Root of the state behind it, as its header says.
    pub state_root: B256,
    /// Seconds since the epoch.
    pub timestamp: u64,
}

/// A file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Bytes.
    pub size: u64,
    /// Digest of all bytes.
    pub sha256: String,
}

/// What can be wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not the JSON of a snapshot's metadata.
    #[error("is not a snapshot's metadata: {0}")]
    Json(#[from] serde_json::Error),
    /// Made by a later version of this program.
    #[error("has format {0}, this version reads format {FORMAT}")]
    Format(u64),
}

/// Reads `metadata.json`.
///
/// # Errors
/// The text is something else, or of another format.
pub fn parse(text: &[u8]) -> Result<Metadata, Error> {
    // A map first: of a list, serde would take the fields in their order. And the format before
    // the rest: another one may have other keys.
    let members: serde_json::Map<String, Value> = serde_json::from_slice(text)?;
    match members.get("format").and_then(Value::as_u64) {
        Some(format) if format != FORMAT => Err(Error::Format(format)),
        _ => Ok(serde_json::from_slice(text)?),
    }
}

/// Counts slots whose value is 0: they count in the block's state root, and the snapshot leaves them
/// out.
pub const ZERO_SLOTS: &str = "zero_slots_left_out";

impl Metadata {
    /// Whether the snapshot has the state root of its block.
    pub fn has_root_of_block(&self) -> bool {
        let zero_slots = self.counts.contains_key(ZERO_SLOTS);
        self.proven == Some(true) && self.derived.is_empty() && !zero_slots
    }

    /// As the file has it.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }

    /// What every command says that uses the snapshot.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.proven == Some(false) {
            warnings.push(format!(
                "the state of {} is not proven: its source has no state root to compare with",
                self.name
            ));
        }
        if !self.derived.is_empty() {
            let changes = self.derived.join(", ");
            warnings.push(format!("the state of {} was changed on purpose: {changes}", self.name));
        }
        let source = self.source.iter().flat_map(|source| source.others.keys());
        let unknown = (self.others.keys().map(|key| (key, &KEYS[..])))
            .chain(source.map(|key| (key, &SOURCE_KEYS[..])));
        let mut others = Vec::new();
        for (key, known) in unknown {
            let meant = spelling::nearest(key, known.iter().copied());
            let key = shown(key);
            match meant {
                Some(meant) => warnings.push(format!(
                    "metadata.json: {key} is unknown, and has no effect. Did you mean {meant}?"
                )),
                None => others.push(key),
            }
        }
        if !others.is_empty() {
            let names = others.join(", ");
            warnings.push(format!("metadata.json: keys without effect, kept as they are: {names}"));
        }
        warnings
    }
}

//! `metadata.json` of a snapshot.

use std::collections::BTreeMap;

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::file::{FileDigest, by_path};
use crate::geth_database::BakedDatabase;
use crate::spelling;
use crate::yaml::shown;

/// The snapshot format that this program reads.
pub const FORMAT: u64 = 1;

/// The source and the contents of a snapshot. One that was written by hand has the first three fields
/// only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Version of the snapshot format.
    pub format: u64,
    /// Name of the snapshot.
    pub name: String,
    /// Chain id of the execution genesis.
    pub chain_id: u64,
    /// Version of the program that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regenesis: Option<String>,
    /// The source of the capture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// State alone, or all blocks.
    #[serde(default)]
    pub mode: Mode,
    /// Whether the captured state has the block's state root. `false`: the source has no root to
    /// compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven: Option<bool>,
    /// Changes on purpose after the capture, which change the state root.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub derived: Vec<String>,
    /// Edits by `regenesis edit`, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edited: Vec<Edit>,
    /// Root of the state in the snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_root: Option<B256>,
    /// Number of accounts by the method that obtained them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub obtained: BTreeMap<String, u64>,
    /// Names of the OP-stack L2s, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub l2: Vec<String>,
    /// geth's database in [`DATABASE`](super::DATABASE), which has the state instead of the alloc.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<BakedDatabase>,
    /// Counts by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<String, u64>,
    /// The files by path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "by_path")]
    pub files: BTreeMap<String, FileDigest>,
    /// Keys that this version does not know. They stay in the file.
    #[serde(flatten)]
    pub others: BTreeMap<String, Value>,
}

/// The keys of [`Metadata`].
const KEYS: [&str; 15] = [
    "format",
    "name",
    "chain_id",
    "regenesis",
    "source",
    "mode",
    "proven",
    "derived",
    "edited",
    "state_root",
    "obtained",
    "l2",
    "database",
    "counts",
    "files",
];
/// The keys of [`Source`].
const SOURCE_KEYS: [&str; 5] = ["kind", "description", "client", "genesis_hash", "block"];

/// An edit, which sealed the snapshot again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// When, in RFC 3339.
    pub at: String,
    /// Version of the program.
    pub regenesis: String,
    /// What was changed: by flags, and the files that were edited by hand.
    pub changes: Vec<String>,
    /// The files that it changed, as they were before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "by_path")]
    pub before: BTreeMap<String, FileDigest>,
    /// Root of the state before, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_root: Option<B256>,
}

/// What a snapshot contains of its source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The state after a block, which becomes the state at a new block 0.
    #[default]
    State,
    /// All blocks up to one that the new beacon chain continues.
    History,
}

/// The source of a capture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The method or kind of file.
    pub kind: String,
    /// A description.
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
    /// Keys that this version does not know. They stay in the file.
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
    /// Root of the state after it, from its header.
    pub state_root: B256,
    /// Seconds since the epoch.
    pub timestamp: u64,
}

/// Metadata that is not valid.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not the JSON of a snapshot's metadata.
    #[error("is not a snapshot's metadata: {0}")]
    Json(#[from] serde_json::Error),
    /// A required key is missing, and an unknown one resembles it.
    #[error("has {found} instead of {meant}")]
    Misspelt {
        /// The key in the file.
        found: String,
        /// The missing key.
        meant: &'static str,
    },
    /// Made by another version of this program.
    #[error("has format {0}, expected {FORMAT}")]
    Format(u64),
}

impl Error {
    /// The remedy.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Format(_) => "use the version of regenesis that wrote the snapshot",
            Self::Misspelt { .. } => "correct the key",
            Self::Json(_) => {
                "it must have format, name and chain_id; loose files need none: use --genesis"
            }
        }
    }
}

/// Reads `metadata.json`.
///
/// # Errors
/// The text is not JSON metadata, or has another format.
pub fn parse(text: &[u8]) -> Result<Metadata, Error> {
    // As a map first, because serde accepts a list as fields in order; and the format before the rest,
    // because another format may have other keys.
    let members: serde_json::Map<String, Value> = serde_json::from_slice(text)?;
    match members.get("format").and_then(Value::as_u64) {
        Some(format) if format != FORMAT => Err(Error::Format(format)),
        _ => match misspelt(&members) {
            Some(error) => Err(error),
            None => Ok(serde_json::from_slice(text)?),
        },
    }
}

/// A required key that the file has in another spelling.
fn misspelt(members: &serde_json::Map<String, Value>) -> Option<Error> {
    let missing = KEYS[..3].iter().find(|key| !members.contains_key(**key))?;
    let unknown = members.keys().filter(|key| !KEYS.contains(&&***key));
    let found = unknown.into_iter().find(|key| spelling::nearest(key, [*missing]).is_some())?;
    Some(Error::Misspelt { found: shown(found), meant: missing })
}

/// The count of slots with value 0, which are part of the block's state root but not of the snapshot.
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

    /// Warnings for every command that uses the snapshot.
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
                    "metadata.json: {key} is unknown and has no effect. Did you mean {meant}?"
                )),
                None => others.push(key),
            }
        }
        if !others.is_empty() {
            let names = others.join(", ");
            warnings.push(format!("metadata.json: keys without effect, left in the file: {names}"));
        }
        warnings
    }
}

//! `regenesis.json`: what a run made. The marker of a finished run, and what `--json` prints.

use serde::{Deserialize, Serialize};

/// The summary.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct Summary {
    /// Version of the program.
    pub regenesis: &'static str,
    /// Differs for every genesis.
    pub run_id: String,
    pub snapshot: String,
    pub chain_id: u64,
    pub el: El,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    pub cl: Cl,
    pub keystores: Keystores,
    pub files: Vec<File>,
    pub notes: Vec<String>,
    pub warnings: Vec<String>,
    pub steps: Vec<Step>,
}

/// The execution genesis.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct El {
    pub timestamp: u64,
    pub state_root: String,
    pub block_hash: String,
    pub accounts: usize,
}

/// The past that the chain keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct History {
    /// As many as the number of the last one.
    pub blocks: u64,
    /// Of the blocks for the execution client to import. A shadow fork has none: the client has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    pub block_hash: String,
    pub state_root: String,
    pub timestamp: u64,
}

/// The consensus genesis.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct Cl {
    pub preset: &'static str,
    pub fork: &'static str,
    pub genesis_time: u64,
    pub genesis_validators_root: String,
    pub state_root: String,
    pub block_root: String,
    pub body_root: String,
    pub validators: usize,
    pub active_validators: usize,
}

/// The validator keystores.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct Keystores {
    /// `light` protects nothing: it is for keys that anybody may know.
    pub kdf: String,
    pub count: usize,
}

/// A file of the runtime directory.
#[derive(Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct File {
    pub path: String,
    pub size: u64,
    #[serde(with = "hex::serde")]
    pub sha256: [u8; 32],
}

/// How long a step took.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct Step {
    pub step: &'static str,
    pub milliseconds: f64,
}

impl Summary {
    /// As the file has it.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }
}

/// What is needed of the summary of a run that is in use.
#[derive(Debug, Deserialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct Finished {
    pub run_id: String,
    #[serde(default)]
    pub history: Option<History>,
    pub files: Vec<File>,
}

impl Finished {
    /// Reads a summary.
    ///
    /// # Errors
    /// It is not one.
    pub fn parse(marker: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(marker)
    }
}

//! `regenesis.json`: what a run made. The marker of a finished run, and what `--json` prints.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use crate::keys::Entropy;

/// The files that make the chain: two geneses that differ, differ in one of them.
const OF_THE_GENESIS: [&str; 4] =
    ["metadata/genesis.json", "metadata/chain.rlp", "metadata/genesis.ssz", "metadata/config.yaml"];

/// The summary.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct Summary {
    /// Version of the program.
    pub regenesis: &'static str,
    /// Names this genesis and no other: [`run_id`].
    pub run_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Replaces>,
    pub snapshot: String,
    pub inputs: Inputs,
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

/// The genesis that was there before, as far as its summary could be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct Replaces {
    pub run_id: Option<String>,
    pub genesis_time: Option<u64>,
}

/// What a genesis is made from, but for times and secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// Digests of the input files by path in a snapshot.
    pub files: BTreeMap<String, String>,
    /// The flags that change the genesis, and their values.
    pub settings: BTreeMap<String, String>,
    /// The flags that only decide which files are made of it, and their values.
    #[serde(default)]
    pub arrangement: BTreeMap<String, String>,
}

/// The names that two maps do not agree on.
fn differing<'a>(
    these: &'a BTreeMap<String, String>,
    those: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = &'a str> {
    let names: BTreeSet<&str> = these.keys().chain(those.keys()).map(|name| &**name).collect();
    names.into_iter().filter(|name| these.get(*name) != those.get(*name))
}

impl Inputs {
    /// The files and flags by which these inputs and others make two geneses.
    pub fn differences<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let files = differing(&self.files, &other.files);
        files.chain(differing(&self.settings, &other.settings)).collect()
    }

    /// The flags by which they make other files of one genesis.
    pub fn rearranged<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        differing(&self.arrangement, &other.arrangement).collect()
    }
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

/// The id of a run: the same for the same seed, inputs and times, and another one for every other
/// genesis, because clients go on with their data where it is the same.
pub fn run_id(entropy: &Entropy, summary: &Summary) -> String {
    let mut context = Vec::new();
    let mut put = |text: &str| {
        context.extend_from_slice(&(text.len() as u64).to_le_bytes());
        context.extend_from_slice(text.as_bytes());
    };
    let Summary { el, cl, files, .. } = summary;
    [&el.block_hash, &cl.state_root, &cl.block_root].into_iter().for_each(|hash| put(hash));
    put(&cl.genesis_time.to_string());
    for file in files.iter().filter(|file| OF_THE_GENESIS.contains(&file.path.as_str())) {
        put(&file.path);
        put(&hex::encode(file.sha256));
    }
    hex::encode(&entropy.derive("run id", &context)[..8])
}

/// What is needed of the summary of a finished run.
#[derive(Debug, Deserialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct Finished {
    pub run_id: String,
    #[serde(default)]
    pub snapshot: Option<String>,
    /// Runs of older versions do not say it.
    #[serde(default)]
    pub inputs: Option<Inputs>,
    #[serde(default)]
    pub history: Option<History>,
    #[serde(default)]
    pub cl: Option<FinishedCl>,
    pub files: Vec<File>,
}

/// The consensus genesis of a finished run.
#[derive(Debug, Deserialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct FinishedCl {
    pub genesis_time: u64,
}

impl Finished {
    /// Reads a summary.
    ///
    /// # Errors
    /// It is not one.
    pub fn parse(marker: &[u8]) -> Result<Self, serde_json::Error> {
        let finished: Self = serde_json::from_slice(marker)?;
        let is_id = |byte: u8| byte.is_ascii_alphanumeric();
        if finished.run_id.is_empty() || !finished.run_id.bytes().all(is_id) {
            return Err(serde_json::Error::custom("run_id is not the id of a run"));
        }
        Ok(finished)
    }
}

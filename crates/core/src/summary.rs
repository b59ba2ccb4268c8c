//! `regenesis.json`, the summary of a run: the marker of a finished run, which `--json` prints.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use crate::file::FileDigest;
use crate::keys::Entropy;
use crate::stamp::ImportEstimate;

/// The files that determine the chain.
const OF_THE_GENESIS: [&str; 4] =
    ["metadata/genesis.json", "metadata/chain.rlp", "metadata/genesis.ssz", "metadata/config.yaml"];

/// The summary.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct Summary {
    /// Version of the program.
    pub regenesis: &'static str,
    /// Identifies the genesis: [`run_id`].
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub l2: Vec<L2>,
    pub keystores: Keystores,
    pub files: Vec<FileDigest>,
    pub notes: Vec<String>,
    pub warnings: Vec<String>,
    pub steps: Vec<Step>,
}

/// The previous genesis, as far as its summary could be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct Replaces {
    pub run_id: Option<String>,
    pub genesis_time: Option<u64>,
}

/// The inputs of a genesis, except times and secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// Digests of the input files by path in a snapshot.
    pub files: BTreeMap<String, String>,
    /// The flags that change the genesis, and their values.
    pub settings: BTreeMap<String, String>,
    /// The flags that only decide which files are written, and their values.
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
    /// The files and flags in which these inputs differ from others.
    pub fn differences<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let files = differing(&self.files, &other.files);
        files.chain(differing(&self.settings, &other.settings)).collect()
    }

    /// The clients of the genesis, by the flags that name them; empty by default.
    pub fn clients(&self) -> String {
        let flag = |name| self.arrangement.get(name).map(String::as_str);
        [flag("--layout"), flag("--split")].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The flags that only change which files of the same genesis are written.
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
    /// The state is in geth's database alone.
    #[serde(skip_serializing_if = "is_false")]
    pub only_database: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Block 0 of an OP-stack L2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct L2 {
    pub name: String,
    pub chain_id: u64,
    pub timestamp: u64,
    pub state_root: String,
    pub block_hash: String,
    pub accounts: usize,
    /// Number of the L1 block that it starts from.
    pub l1_block: u64,
}

/// The history that the chain continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct History {
    /// Number of blocks after block 0, which is the number of the last one.
    pub blocks: u64,
    /// Bytes that the execution client imports. A shadow fork has none: the client has the blocks.
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
#[derive(Debug, Default, Serialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct Keystores {
    /// `light` protects nothing: it is for keys that are not secret.
    pub kdf: String,
    pub count: usize,
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

/// The id of a run: the same for the same seed, inputs and times, and different for every other
/// genesis, because clients continue with their data while it stays the same.
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

/// The part of a finished run's summary that later runs read.
#[derive(Debug, Deserialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct Finished {
    pub run_id: String,
    #[serde(default)]
    pub replaces: Option<Replaces>,
    #[serde(default)]
    pub snapshot: Option<String>,
    /// Older versions do not record it.
    #[serde(default)]
    pub inputs: Option<Inputs>,
    #[serde(default)]
    pub history: Option<History>,
    #[serde(default)]
    pub el: Option<FinishedEl>,
    #[serde(default)]
    pub cl: Option<FinishedCl>,
    pub files: Vec<FileDigest>,
}

/// The execution genesis of a finished run.
#[derive(Debug, Deserialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct FinishedEl {
    #[serde(default)]
    pub accounts: u64,
    #[serde(default)]
    pub only_database: bool,
}

/// The consensus genesis of a finished run.
#[derive(Debug, Deserialize)]
#[allow(missing_docs, reason = "the names are the file's")]
pub struct FinishedCl {
    pub genesis_time: u64,
}

impl Finished {
    /// What the execution client had to import before it started.
    pub fn import_estimate(&self) -> ImportEstimate {
        let (blocks, chain_bytes) = match &self.history {
            None => (0, 0),
            Some(History { bytes: None, .. }) => return ImportEstimate::default(),
            Some(History { blocks, bytes: Some(bytes), .. }) => (*blocks, *bytes),
        };
        let genesis = self.files.iter().find(|file| file.path == "metadata/genesis.json");
        ImportEstimate {
            accounts: self.el.as_ref().map_or(0, |el| el.accounts),
            bytes: genesis.map_or(0, |file| file.size),
            blocks,
            chain_bytes,
        }
    }

    /// The clients, as [`Inputs::clients`].
    pub fn clients(&self) -> String {
        self.inputs.as_ref().map(Inputs::clients).unwrap_or_default()
    }

    /// Reads a summary.
    ///
    /// # Errors
    /// It is not one.
    pub fn parse(marker: &[u8]) -> Result<Self, serde_json::Error> {
        let finished: Self = serde_json::from_slice(marker)?;
        let is_id = |byte: u8| byte.is_ascii_alphanumeric();
        if finished.run_id.is_empty() || !finished.run_id.bytes().all(is_id) {
            return Err(serde_json::Error::custom("run_id is not a run id"));
        }
        Ok(finished)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_whose_files_lead_out_of_the_directory_is_refused() {
        let summary = |path: &str| {
            let digest = "00".repeat(32);
            let files = serde_json::json!([{"path": path, "size": 0, "sha256": digest}]);
            serde_json::json!({"run_id": "1a", "files": files}).to_string().into_bytes()
        };
        assert_eq!(Finished::parse(&summary("metadata/genesis.ssz")).unwrap().files.len(), 1);
        for path in ["../secret", "/etc/hostname", "metadata/../../secret"] {
            let error = Finished::parse(&summary(path)).unwrap_err().to_string();
            assert!(error.contains(&format!("files lists {path:?}, outside")), "{error}");
        }
    }
}

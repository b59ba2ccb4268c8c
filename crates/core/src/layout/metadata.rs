//! The metadata directory: the superset of the files that Lighthouse, Lodestar, Teku, Nimbus, Prysm and
//! Grandine look for under the names of ethereum-genesis-generator.

use crate::file::{Content, OutFile};
use std::fmt::Write as _;
use std::sync::Arc;

use alloy_primitives::{Address, B256};
use serde_json::Value as Json;

use crate::cl::ssz::Value;
use crate::snapshot::validators::Source;

/// The contents of the files.
#[derive(Debug)]
pub struct Metadata<'a> {
    /// `genesis.json`.
    pub genesis: Content,
    /// `chain.rlp`, for a chain with history.
    pub chain: Option<Content>,
    /// `genesis.ssz`.
    pub state: Value,
    /// `config.yaml`.
    pub config: String,
    /// Address of the deposit contract.
    pub deposit_contract: Address,
    /// Hash of the execution block that the beacon chain continues.
    pub block_hash: B256,
    /// Root of the validator registry.
    pub genesis_validators_root: B256,
    /// The sources of the validators.
    pub sources: &'a [Source],
    /// ENR of a boot node.
    pub boot_enr: Option<&'a str>,
}

/// The files of `metadata/`.
pub fn files(metadata: Metadata<'_>) -> Vec<OutFile> {
    let public = |path: &str, content| OutFile::new(path, content, false);
    let (boot_enr, bootstrap_nodes) = match metadata.boot_enr {
        None => ("[]\n".to_owned(), String::new()),
        Some(enr) => (format!("- {enr}\n"), format!("{enr}\n")),
    };
    let chain = metadata.chain.map(|chain| public("metadata/chain.rlp", chain));
    let files = [
        public("metadata/genesis.json", metadata.genesis),
        public("metadata/genesis.ssz", Content::Encoded(Arc::new(metadata.state))),
        OutFile::public("metadata/config.yaml", metadata.config),
        OutFile::public("metadata/deposit_contract.txt", metadata.deposit_contract.to_string()),
        // Lighthouse and Grandine refuse to start without it; older releases read deploy_block.txt.
        OutFile::public("metadata/deposit_contract_block.txt", "0"),
        OutFile::public("metadata/deploy_block.txt", "0"),
        OutFile::public(
            "metadata/deposit_contract_block_hash.txt",
            metadata.block_hash.to_string(),
        ),
        OutFile::public("metadata/boot_enr.yaml", boot_enr),
        OutFile::public("metadata/bootstrap_nodes.txt", bootstrap_nodes),
        OutFile::public(
            "metadata/genesis_validators_root.txt",
            metadata.genesis_validators_root.to_string(),
        ),
        OutFile::public("metadata/validator_names.yaml", validator_names(metadata.sources)),
    ];
    files.into_iter().chain(chain).collect()
}

/// `validator_names.yaml`: the source of each range of validators; adjacent ranges are merged.
pub fn validator_names(sources: &[Source]) -> String {
    let mut ranges: Vec<Source> = Vec::new();
    for source in sources.iter().filter(|source| source.count > 0) {
        match ranges.last_mut() {
            Some(last) if last.name == source.name && last.first + last.count == source.first => {
                last.count += source.count;
            }
            _ => ranges.push(source.clone()),
        }
    }
    let mut start = 0;
    let mut out = String::new();
    for Source { name, first, count } in ranges {
        let (end, last) = (start + count - 1, first + count - 1);
        let name = quoted(&name);
        let _ = writeln!(out, "- {start}-{end}: {{ src: {name}, from: {first}, to: {last} }}");
        start += count;
    }
    out
}

/// Quoted text with the same meaning in JSON and in every version of YAML.
fn quoted(text: &str) -> String {
    let json = Json::from(text).to_string();
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        // Valid in JSON; YAML 1.1 refuses them, or reads them as line ends.
        if c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

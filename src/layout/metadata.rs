//! The metadata directory: the superset of what Lighthouse, Lodestar, Teku, Nimbus, Prysm and
//! Grandine look for under the names of ethereum-genesis-generator.

use std::fmt::Write as _;

use alloy_primitives::Address;
use serde_json::Value as Json;

use super::{Content, OutFile};
use crate::cl::ssz::Value;
use crate::snapshot::validators::Source;

/// What the files say.
#[derive(Debug)]
pub struct Metadata<'a> {
    /// `genesis.json`.
    pub genesis: Content,
    /// `chain.rlp`, if the chain keeps its past.
    pub chain: Option<Content>,
    /// `genesis.ssz`.
    pub state: Value,
    /// `config.yaml`.
    pub config: String,
    /// Address of the deposit contract.
    pub deposit_contract: Address,
    /// Hash of the execution block that the beacon chain continues.
    pub block_hash: [u8; 32],
    /// Root of the registry.
    pub genesis_validators_root: [u8; 32],
    /// Where the validators come from.
    pub sources: &'a [Source],
    /// Record (ENR) of a boot node.
    pub boot_enr: Option<&'a str>,
}

/// The files.
pub fn files(metadata: Metadata<'_>) -> Vec<OutFile> {
    let hash = |bytes: [u8; 32]| format!("0x{}", hex::encode(bytes));
    let public = |path: &str, content| OutFile::new(path, content, false);
    let (boot_enr, bootstrap_nodes) = match metadata.boot_enr {
        None => ("[]\n".to_owned(), String::new()),
        Some(enr) => (format!("- {enr}\n"), format!("{enr}\n")),
    };
    let chain = metadata.chain.map(|chain| public("metadata/chain.rlp", chain));
    let files = [
        public("metadata/genesis.json", metadata.genesis),
        public("metadata/genesis.ssz", Content::Ssz(metadata.state)),
        OutFile::public("metadata/config.yaml", metadata.config),
        OutFile::public("metadata/deposit_contract.txt", metadata.deposit_contract.to_string()),
        // Lighthouse and Grandine refuse to start without it; older releases want the other name.
        OutFile::public("metadata/deposit_contract_block.txt", "0"),
        OutFile::public("metadata/deploy_block.txt", "0"),
        OutFile::public("metadata/deposit_contract_block_hash.txt", hash(metadata.block_hash)),
        OutFile::public("metadata/boot_enr.yaml", boot_enr),
        OutFile::public("metadata/bootstrap_nodes.txt", bootstrap_nodes),
        OutFile::public(
            "metadata/genesis_validators_root.txt",
            hash(metadata.genesis_validators_root),
        ),
        OutFile::public("metadata/validator_names.yaml", validator_names(metadata.sources)),
    ];
    files.into_iter().chain(chain).collect()
}

/// `validator_names.yaml`: which validators come from which source; runs that touch are joined.
fn validator_names(sources: &[Source]) -> String {
    let mut runs: Vec<Source> = Vec::new();
    for source in sources.iter().filter(|source| source.count > 0) {
        match runs.last_mut() {
            Some(last) if last.name == source.name && last.first + last.count == source.first => {
                last.count += source.count;
            }
            _ => runs.push(source.clone()),
        }
    }
    let mut start = 0;
    let mut out = String::new();
    for Source { name, first, count } in runs {
        let (end, last) = (start + count - 1, first + count - 1);
        let name = quoted(&name);
        let _ = writeln!(out, "- {start}-{end}: {{ src: {name}, from: {first}, to: {last} }}");
        start += count;
    }
    out
}

/// A text in quotes that JSON and every version of YAML read alike.
fn quoted(text: &str) -> String {
    let json = Json::from(text).to_string();
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        // JSON may have them as they are. YAML 1.1 refuses them, or takes them for the end of a line.
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

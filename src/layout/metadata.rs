//! The metadata directory: the superset of what Lighthouse, Lodestar, Teku, Nimbus, Prysm and
//! Grandine look for under the names of ethereum-genesis-generator (dossier `consume.md` §1.1).

use std::fmt::Write as _;

use alloy_primitives::Address;

use super::{Content, OutFile};
use crate::el::edit::Piece;
use crate::snapshot::Input;

/// What the files say.
#[derive(Debug)]
pub struct Metadata<'a> {
    /// `genesis.json` in pieces, and the file that some of them are ranges of.
    pub genesis: (Vec<Piece>, Input),
    /// `genesis.ssz`.
    pub state: Vec<u8>,
    /// `config.yaml`.
    pub config: String,
    /// Address of the deposit contract.
    pub deposit_contract: Address,
    /// Hash of the execution genesis block.
    pub block_hash: [u8; 32],
    /// Root of the registry.
    pub genesis_validators_root: [u8; 32],
    /// Source and index in it, for each validator.
    pub sources: &'a [(String, u64)],
}

/// The files.
pub fn files(metadata: Metadata<'_>) -> Vec<OutFile> {
    let hash = |bytes: [u8; 32]| format!("0x{}", hex::encode(bytes));
    let (pieces, input) = metadata.genesis;
    vec![
        OutFile {
            path: "metadata/genesis.json".to_owned(),
            content: Content::Pieces(pieces, input),
            secret: false,
        },
        OutFile::public("metadata/genesis.ssz", metadata.state),
        OutFile::public("metadata/config.yaml", metadata.config),
        OutFile::public("metadata/deposit_contract.txt", metadata.deposit_contract.to_string()),
        // Lighthouse and Grandine refuse to start without it; older releases want the other name.
        OutFile::public("metadata/deposit_contract_block.txt", "0"),
        OutFile::public("metadata/deploy_block.txt", "0"),
        OutFile::public("metadata/deposit_contract_block_hash.txt", hash(metadata.block_hash)),
        OutFile::public("metadata/boot_enr.yaml", "[]\n"),
        OutFile::public("metadata/bootstrap_nodes.txt", ""),
        OutFile::public(
            "metadata/genesis_validators_root.txt",
            hash(metadata.genesis_validators_root),
        ),
        OutFile::public("metadata/validator_names.yaml", validator_names(metadata.sources)),
    ]
}

/// `validator_names.yaml`: which validators come from which mnemonic, runs joined.
fn validator_names(sources: &[(String, u64)]) -> String {
    let mut out = String::new();
    let mut start = 0;
    for index in 1..=sources.len() {
        let (name, last) = &sources[index - 1];
        let continues = sources.get(index).is_some_and(|(n, i)| n == name && *i == last + 1);
        if !continues {
            let first = sources[start].1;
            let _ = writeln!(
                out,
                "- {start}-{}: {{ src: {name:?}, from: {first}, to: {last} }}",
                index - 1
            );
            start = index;
        }
    }
    out
}

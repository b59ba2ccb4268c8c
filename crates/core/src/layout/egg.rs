//! The files of ethereum-genesis-generator that no other layout has: `metadata/mnemonics.yaml` and
//! `parsed/parsedConsensusGenesis.json`. With `--out /data`, every file has the same path as there.

use super::Network;
use crate::file::OutFile;

/// The files.
pub fn files(network: &Network<'_>) -> Vec<OutFile> {
    let state = OutFile::public("parsed/parsedConsensusGenesis.json", network.state_json);
    let mnemonics = network.mnemonics;
    let mnemonics = mnemonics.map(|text| OutFile::secret("metadata/mnemonics.yaml", text));
    mnemonics.into_iter().chain([state]).collect()
}

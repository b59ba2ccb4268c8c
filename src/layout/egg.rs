//! What ethereum-genesis-generator has in its output directory beside what every layout has:
//! `metadata/mnemonics.yaml` and `parsed/parsedConsensusGenesis.json`. With `--out /data` its
//! users find every file where they look for it.

use super::{Network, OutFile};

/// The files.
pub fn files(network: &Network<'_>) -> Vec<OutFile> {
    let state = OutFile::public("parsed/parsedConsensusGenesis.json", network.state_json);
    let mnemonics = network.mnemonics;
    let mnemonics = mnemonics.map(|text| OutFile::secret("metadata/mnemonics.yaml", text));
    mnemonics.into_iter().chain([state]).collect()
}

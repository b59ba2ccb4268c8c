//! ethereum-package's artifact `el_cl_genesis_data`, which its clients mount at
//! `/network-configs`: ethereum-genesis-generator's `metadata/`, flat, and `parsed/` in it.

use super::{Network, egg};
use crate::file::OutFile;

/// `network-configs/`.
pub fn files(network: &Network<'_>) -> Vec<OutFile> {
    let metadata = network.metadata.iter().cloned().chain(egg::files(network));
    let moved = metadata.map(|mut file| {
        file.path = match file.path.strip_prefix("metadata/") {
            Some(name) => format!("network-configs/{name}"),
            None => format!("network-configs/{}", file.path),
        };
        file
    });
    moved.collect()
}

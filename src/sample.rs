//! The embedded snapshots.

#[cfg(feature = "host")]
mod op;

use crate::file::Input;
use crate::snapshot::{Snapshot, bake};

/// The embedded files, by their paths in a snapshot.
macro_rules! embedded {
    ($($path:literal)*) => {
        [$(($path, include_bytes!(concat!("../sample/", $path)).as_slice())),*]
    };
}

const FILES: [(&str, &[u8]); 7] = embedded!(
    "metadata.json"
    "el/genesis.template.json"
    "cl/config.yaml"
    "val/mnemonics.yaml"
    "baked/bake.json"
    "baked/validators.bin"
    "baked/keystores.jsonl"
);

/// The embedded sample: a network with 64 validators of a public mnemonic, minimal preset.
pub fn sample() -> Snapshot {
    let find = |path: &str| FILES.iter().find(|(known, _)| *known == path);
    let file = |path: &str| match find(path) {
        Some(&(path, bytes)) => Input::Embedded(path, bytes),
        // Only a file on disk has an identity.
        None => Input::Embedded(bake::SEEN, b""),
    };
    Snapshot::new("sample".to_owned(), Vec::new(), file, |path| find(path).is_some())
}

/// The samples, by name.
#[cfg(feature = "host")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Sample {
    /// An L1
    // Compose files leave variables empty.
    #[value(alias = "")]
    L1,
    /// The same with the contracts of an OP-stack L2, and that L2
    Op,
}

#[cfg(feature = "host")]
impl Sample {
    /// The sample as a snapshot.
    pub fn snapshot(self) -> Snapshot {
        match self {
            Self::L1 => sample(),
            Self::Op => op::snapshot(),
        }
    }

    /// Its files, by their paths in a snapshot; `metadata.json` is the last.
    pub fn files(self) -> Vec<(&'static str, Vec<u8>)> {
        let mut files = match self {
            Self::L1 => FILES.map(|(path, bytes)| (path, bytes.to_vec())).to_vec(),
            Self::Op => op::files(),
        };
        files.sort_by_key(|(path, _)| *path == crate::snapshot::METADATA);
        files
    }
}

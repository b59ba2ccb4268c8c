//! Snapshots: what `init` is made from.
//!
//! ```text
//! SNAPSHOT/
//!   metadata.json               format version, name, chain id, where it comes from
//!   el/genesis.template.json    geth's genesis, "timestamp": "TIMESTAMP_PLACEHOLDER"
//!   cl/config.yaml              the consensus config
//!   val/mnemonics.yaml          validators by mnemonic; val/validators.txt: by public key
//!   baked/                      what does not depend on time, computed once: see [`bake`]
//! ```
//!
//! One that keeps its past has, instead of the template:
//!
//! ```text
//!   el/genesis.json             the chain's own genesis, byte for byte
//!   el/chain.rlp                the blocks behind it, one after the other, as clients import them
//!   el/head.rlp                 the last of them: the beacon chain continues it
//! ```

pub mod bake;
pub mod foreign;
pub mod metadata;
pub mod mnemonics;
pub mod order;
pub mod seen;
pub mod validators;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Paths within a snapshot.
pub const METADATA: &str = "metadata.json";
/// The execution genesis.
pub const GENESIS: &str = "el/genesis.template.json";
/// The execution genesis of a chain that keeps its past.
pub const OWN_GENESIS: &str = "el/genesis.json";
/// The blocks behind that genesis.
pub const CHAIN: &str = "el/chain.rlp";
/// The last of the blocks.
pub const HEAD: &str = "el/head.rlp";
/// The consensus config.
pub const CONFIG: &str = "cl/config.yaml";
/// Validators by mnemonic.
pub const MNEMONICS: &str = "val/mnemonics.yaml";
/// Validators by public key.
pub const VALIDATORS: &str = "val/validators.txt";

/// The directories of a snapshot.
pub const DIRECTORIES: [&str; 4] = ["el", "cl", "val", bake::DIRECTORY];
/// Every file that a snapshot may have beside its metadata and its bake.
pub const FILES: [&str; 7] = [GENESIS, OWN_GENESIS, CHAIN, HEAD, CONFIG, MNEMONICS, VALIDATORS];

/// Where the bytes of an input are.
#[derive(Clone, PartialEq, Eq)]
pub enum Input {
    /// In the binary, with a name for messages.
    Embedded(&'static str, &'static [u8]),
    /// In memory, made of what a message calls by this name.
    Made(Arc<str>, Arc<[u8]>),
    /// In a file.
    File(PathBuf),
}

impl Input {
    /// How messages call it.
    pub fn label(&self) -> String {
        match self {
            Self::Embedded(name, _) => format!("(embedded) {name}"),
            Self::Made(name, _) => name.to_string(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Input({})", self.label())
    }
}

/// The inputs of a run.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Name for the summary.
    pub name: String,
    /// `metadata.json`; loose files have none.
    pub metadata: Option<Input>,
    /// `genesis.json`.
    pub genesis: Input,
    /// The past, if the chain keeps it.
    pub history: Option<History>,
    /// `config.yaml`.
    pub config: Input,
    /// `mnemonics.yaml`.
    pub mnemonics: Option<Input>,
    /// `validators.txt`.
    pub validators: Option<Input>,
    /// The bake, if there is one.
    pub baked: Option<Baked>,
}

/// The files of a past.
#[derive(Debug, Clone)]
pub struct History {
    /// `chain.rlp`.
    pub chain: Input,
    /// `head.rlp`.
    pub head: Input,
}

/// The files of a bake.
#[derive(Debug, Clone)]
pub struct Baked {
    /// `bake.json`.
    pub record: Input,
    /// `validators.bin`.
    pub validators: Input,
    /// `keystores.jsonl`, which may not be there.
    pub keystores: Input,
    /// `seen.json`, which may not be there.
    pub seen: Input,
}

impl Snapshot {
    /// The sample snapshot in the binary.
    pub fn sample() -> Self {
        macro_rules! embedded {
            ($path:literal) => {
                Input::Embedded($path, include_bytes!(concat!("../../sample/", $path)))
            };
        }
        Self {
            name: "sample".to_owned(),
            metadata: Some(embedded!("metadata.json")),
            genesis: embedded!("el/genesis.template.json"),
            history: None,
            config: embedded!("cl/config.yaml"),
            mnemonics: Some(embedded!("val/mnemonics.yaml")),
            validators: None,
            baked: Some(Baked {
                record: embedded!("baked/bake.json"),
                validators: embedded!("baked/validators.bin"),
                keystores: embedded!("baked/keystores.jsonl"),
                // What is in the binary has no identity.
                seen: Input::Embedded(bake::SEEN, b""),
            }),
        }
    }

    /// Files that belong to no snapshot.
    pub fn loose(
        name: String,
        genesis: Input,
        config: Input,
        mnemonics: Option<Input>,
        validators: Option<Input>,
    ) -> Self {
        Self {
            name,
            metadata: None,
            genesis,
            history: None,
            config,
            mnemonics,
            validators,
            baked: None,
        }
    }

    /// The snapshot in `directory`; `has` tells which of its files exist.
    pub fn directory(directory: &Path, has: impl Fn(&Path) -> bool) -> Self {
        let file = |path: &str| Input::File(directory.join(path));
        let optional = |path: &str| has(&directory.join(path)).then(|| file(path));
        let history = optional(CHAIN).map(|chain| History { chain, head: file(HEAD) });
        let name = directory.file_name().map(|name| name.to_string_lossy().into_owned());
        Self {
            name: name.unwrap_or_else(|| "snapshot".to_owned()),
            metadata: Some(file(METADATA)),
            genesis: file(if history.is_some() { OWN_GENESIS } else { GENESIS }),
            history,
            config: file(CONFIG),
            mnemonics: optional(MNEMONICS),
            validators: optional(VALIDATORS),
            baked: optional(bake::RECORD).map(|record| Baked {
                record,
                validators: file(bake::VALIDATORS),
                keystores: file(bake::KEYSTORES),
                seen: file(bake::SEEN),
            }),
        }
    }

    /// Where a snapshot has its execution genesis.
    pub fn genesis_path(&self) -> &'static str {
        if self.history.is_some() { OWN_GENESIS } else { GENESIS }
    }

    /// The large inputs with their paths in a snapshot.
    pub fn large_files(&self) -> Vec<(&'static str, &Input)> {
        let chain = self.history.as_ref().map(|history| (CHAIN, &history.chain));
        [(self.genesis_path(), &self.genesis)].into_iter().chain(chain).collect()
    }

    /// All inputs, without the bake.
    pub fn inputs(&self) -> Vec<&Input> {
        self.small_files().into_iter().chain(self.large_files()).map(|(_, input)| input).collect()
    }

    /// The small inputs with their paths in a snapshot.
    pub fn small_files(&self) -> Vec<(&'static str, &Input)> {
        [
            (METADATA, self.metadata.as_ref()),
            (HEAD, self.history.as_ref().map(|history| &history.head)),
            (CONFIG, Some(&self.config)),
            (MNEMONICS, self.mnemonics.as_ref()),
            (VALIDATORS, self.validators.as_ref()),
        ]
        .into_iter()
        .filter_map(|(path, input)| input.map(|input| (path, input)))
        .collect()
    }
}

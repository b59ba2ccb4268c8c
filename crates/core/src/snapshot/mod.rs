//! Snapshots: the inputs of a genesis.
//!
//! ```text
//! SNAPSHOT/
//!   metadata.json               format version, name, chain id, source
//!   el/genesis.template.json    geth's genesis, "timestamp": "TIMESTAMP_PLACEHOLDER"
//!   cl/config.yaml              the consensus config
//!   val/mnemonics.yaml          validators by mnemonic; val/validators.txt: by public key
//!   l2/NAME/                    an OP-stack L2: rollup.json; genesis.json, or op-deployer's state.json;
//!                               optional: fund.json, batcher.key, proposer.key,
//!                               game-factory
//!   services/NETWORK/SERVICE/   configs, keystores and command lines of a captured enclave
//!   services/networks.json      its networks, and the accounts that run them
//!   services/summary.json       its networks, contracts, services and accounts
//!   services/snapshot.log       what its capture printed
//!   baked/                      everything independent of the time, computed once: see [`bake`]
//! ```
//!
//! A snapshot with the full block history has, instead of the template:
//!
//! ```text
//!   el/genesis.json             the chain's own genesis, byte for byte
//!   el/chain.rlp                the blocks after block 0, concatenated, as clients import them
//!   el/head.rlp                 the last of them, which the beacon chain continues
//! ```

pub mod bake;
pub mod foreign;
pub mod metadata;
pub mod mnemonics;
pub mod order;
pub mod sealed;
pub mod seen;
pub mod validators;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::file::Input;

/// Paths within a snapshot.
pub const METADATA: &str = "metadata.json";
/// The execution genesis.
pub const GENESIS: &str = "el/genesis.template.json";
/// The execution genesis of a chain with its history.
pub const OWN_GENESIS: &str = "el/genesis.json";
/// The blocks after that genesis.
pub const CHAIN: &str = "el/chain.rlp";
/// Directory of geth's database, if the snapshot has that and no accounts.
pub const DATABASE: &str = "el/geth";
/// The last of the blocks.
pub const HEAD: &str = "el/head.rlp";
/// The consensus config.
pub const CONFIG: &str = "cl/config.yaml";
/// Validators by mnemonic.
pub const MNEMONICS: &str = "val/mnemonics.yaml";
/// Validators by public key.
pub const VALIDATORS: &str = "val/validators.txt";
/// The networks of the captured enclave, for people and other tools: `init` does not read it.
pub const NETWORKS: &str = "services/networks.json";

/// The directory of the L2s.
pub const L2: &str = "l2";
/// The key of an L2's batcher, in the directory of the L2 and in that of the runtime.
pub const BATCHER_KEY: &str = "batcher.key";
/// The key of an L2's proposer, likewise.
pub const PROPOSER_KEY: &str = "proposer.key";
/// The address of the contract in which the proposer creates games.
pub const GAME_FACTORY: &str = "game-factory";

/// Every file that the directory of an L2 may have.
pub const L2_FILES: [&str; 7] = [
    "rollup.json",
    "genesis.json",
    "state.json",
    "fund.json",
    BATCHER_KEY,
    PROPOSER_KEY,
    GAME_FACTORY,
];

/// Those that a capture writes.
pub const L2_CAPTURED: [&str; 2] = ["rollup.json", "genesis.json"];
/// Those that stay when another capture replaces the snapshot.
pub const L2_KEPT: [&str; 4] = ["fund.json", BATCHER_KEY, PROPOSER_KEY, GAME_FACTORY];

/// The directory of a captured enclave's other services: configs, keystores and command lines.
pub const SERVICES: &str = "services";
/// What was captured of an enclave: networks, contracts, services, accounts.
pub const SUMMARY: &str = "services/summary.json";
/// What the capture of an enclave printed, for people.
pub const LOG: &str = "services/snapshot.log";

/// The directories of a snapshot.
pub const DIRECTORIES: [&str; 6] = ["el", "cl", "val", L2, SERVICES, bake::DIRECTORY];
/// Every file that a snapshot may have beside its metadata, its bake and its directories of services.
pub const FILES: [&str; 7] = [GENESIS, OWN_GENESIS, CHAIN, HEAD, CONFIG, MNEMONICS, VALIDATORS];

/// Digests of the inputs as hex, by path in a snapshot: SHA-256 of small files; of large ones the
/// tree that [`bake::Record`] describes.
pub type Digests = BTreeMap<String, String>;

/// The inputs of a run.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Name for the summary.
    pub name: String,
    /// `metadata.json`; loose files have none.
    pub metadata: Option<Input>,
    /// `genesis.json`.
    pub genesis: Input,
    /// The history, if the snapshot has it.
    pub history: Option<History>,
    /// `config.yaml`.
    pub config: Input,
    /// `mnemonics.yaml`.
    pub mnemonics: Option<Input>,
    /// `validators.txt`.
    pub validators: Option<Input>,
    /// The OP-stack L2s, in the order of their names.
    pub l2: Vec<L2Files>,
    /// The bake, if there is one.
    pub baked: Option<Baked>,
}

/// The files of an OP-stack L2.
#[derive(Debug, Clone)]
pub struct L2Files {
    /// Its name, which is that of its directory.
    pub name: String,
    /// `rollup.json`.
    pub rollup: Input,
    /// `genesis.json`, or `state.json`.
    pub genesis: Input,
    /// Whether that is `state.json` of op-deployer.
    pub deployed: bool,
    /// `fund.json`.
    pub fund: Option<Input>,
    /// `batcher.key`.
    pub batcher_key: Option<Input>,
    /// `proposer.key`.
    pub proposer_key: Option<Input>,
    /// `game-factory`.
    pub game_factory: Option<Input>,
}

/// The files of a history.
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
    /// `keystores.jsonl`, which may be missing.
    pub keystores: Input,
    /// `seen.json`, which may be missing.
    pub seen: Input,
}

impl Snapshot {
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
            l2: Vec::new(),
            baked: None,
        }
    }

    /// The snapshot `name` with the L2s of these names: `file` returns the input at one of its paths,
    /// `has` whether an optional file exists.
    pub fn new(
        name: String,
        l2_names: Vec<String>,
        file: impl Fn(&str) -> Input,
        has: impl Fn(&str) -> bool,
    ) -> Self {
        let optional = |path: &str| has(path).then(|| file(path));
        let history = optional(CHAIN).map(|chain| History { chain, head: file(HEAD) });
        let l2 = |name: String| {
            let path = |file: &str| format!("{L2}/{name}/{file}");
            let own = path("genesis.json");
            let state = optional(&path("state.json")).filter(|_| !has(&own));
            L2Files {
                rollup: file(&path("rollup.json")),
                deployed: state.is_some(),
                genesis: state.unwrap_or_else(|| file(&own)),
                fund: optional(&path("fund.json")),
                batcher_key: optional(&path(BATCHER_KEY)),
                proposer_key: optional(&path(PROPOSER_KEY)),
                game_factory: optional(&path(GAME_FACTORY)),
                name,
            }
        };
        Self {
            name,
            metadata: Some(file(METADATA)),
            genesis: file(if history.is_some() { OWN_GENESIS } else { GENESIS }),
            history,
            config: file(CONFIG),
            mnemonics: optional(MNEMONICS),
            validators: optional(VALIDATORS),
            l2: l2_names.into_iter().map(l2).collect(),
            baked: optional(bake::RECORD).map(|record| Baked {
                record,
                validators: file(bake::VALIDATORS),
                keystores: file(bake::KEYSTORES),
                seen: file(bake::SEEN),
            }),
        }
    }

    /// Path of the execution genesis in the snapshot.
    pub fn genesis_path(&self) -> &'static str {
        if self.history.is_some() { OWN_GENESIS } else { GENESIS }
    }

    /// The large inputs with their paths in a snapshot.
    pub fn large_files(&self) -> Vec<(Cow<'static, str>, &Input)> {
        let chain = self.history.as_ref().map(|history| (Cow::Borrowed(CHAIN), &history.chain));
        let l2 = self.l2.iter().map(|l2| (l2.path(l2.genesis_name()), &l2.genesis));
        let genesis = (Cow::Borrowed(self.genesis_path()), &self.genesis);
        [genesis].into_iter().chain(chain).chain(l2).collect()
    }

    /// All inputs, without the bake.
    pub fn inputs(&self) -> Vec<&Input> {
        self.small_files().into_iter().chain(self.large_files()).map(|(_, input)| input).collect()
    }

    /// The small inputs with their paths in a snapshot.
    pub fn small_files(&self) -> Vec<(Cow<'static, str>, &Input)> {
        let l2 = self.l2.iter().flat_map(|l2| {
            let optional = [
                ("fund.json", &l2.fund),
                (BATCHER_KEY, &l2.batcher_key),
                (PROPOSER_KEY, &l2.proposer_key),
                (GAME_FACTORY, &l2.game_factory),
            ];
            let optional = optional
                .into_iter()
                .filter_map(move |(name, input)| Some((l2.path(name), input.as_ref()?)));
            [(l2.path("rollup.json"), &l2.rollup)].into_iter().chain(optional)
        });
        let files = [
            (METADATA, self.metadata.as_ref()),
            (HEAD, self.history.as_ref().map(|history| &history.head)),
            (CONFIG, Some(&self.config)),
            (MNEMONICS, self.mnemonics.as_ref()),
            (VALIDATORS, self.validators.as_ref()),
        ];
        let present = |(path, input)| Option::map(input, |input| (Cow::Borrowed(path), input));
        files.into_iter().filter_map(present).chain(l2).collect()
    }
}

impl L2Files {
    /// The name of the file with the genesis.
    pub fn genesis_name(&self) -> &'static str {
        if self.deployed { "state.json" } else { "genesis.json" }
    }

    /// The path in the snapshot of one of its files.
    pub fn path(&self, file: &str) -> Cow<'static, str> {
        Cow::Owned(format!("{L2}/{}/{file}", self.name))
    }
}

/// Whether `path` in a snapshot is one of these files of an L2.
pub fn is_l2_file(path: &str, files: &[&str]) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(&parts[..], [L2, name, file] if is_l2_name(name) && files.contains(file))
}

/// Whether a file of a captured enclave's service may have this path below [`SERVICES`].
pub fn is_service_file(path: &str) -> bool {
    let below = path.strip_prefix(SERVICES).and_then(|rest| rest.strip_prefix('/'));
    below.is_some_and(|rest| {
        rest.split('/').count() <= MAX_DEPTH && rest.split('/').all(is_service_name)
    })
}

/// Whether a directory or a file below [`SERVICES`] may have this name: letters, digits, `-`, `_` and `.`,
/// without a leading dot.
pub fn is_service_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.starts_with('.') && !name.is_empty() && name.bytes().all(is_allowed)
}

/// Names on the path of a service's file.
const MAX_DEPTH: usize = 16;

/// Whether an L2 may have this name: services and directories get it. Lower case letters, digits and
/// `-`, at most 40.
pub fn is_l2_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.starts_with('-') && (1..=40).contains(&name.len()) && name.bytes().all(is_allowed)
}

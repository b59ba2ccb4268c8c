//! The forks of both layers: one row each, in the order of activation.
//!
//! A row has the names of a fork, its EIPs, its blob limits and its marks in other formats. The
//! fields that a fork adds to the beacon state are code, in `cl/fork/NAME.rs`. To add a fork, add
//! its row in `forks/table.rs` and that file.

mod by_block;
mod table;

use std::fmt;

pub use by_block::{BLOCK_FORKS, BlockFork, LONDON};
pub(crate) use table::fork_table;

macro_rules! declare {
    (
        $(
            $($fork:ident($file:ident) $({ engine: $engine:expr })?)?
            $(=> $hardfork:ident($name:literal) { $($column:ident: $value:expr,)* })?
            ;
        )*
        #[cfg(test)]
        $test_fork:ident($test_file:ident) =>
            $test_hardfork:ident($test_name:literal) { $($test_column:ident: $test_value:expr,)* };
    ) => {
        /// A fork of the beacon chain, in the order of activation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the names are the specification's")]
        pub enum ForkName {
            $($($fork,)?)*
            #[cfg(test)]
            $test_fork,
        }

        impl ForkName {
            /// Its name in lower case, as the Beacon API spells it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$fork => stringify!($file),)?)*
                    #[cfg(test)]
                    Self::$test_fork => stringify!($test_file),
                }
            }
        }

        /// The [`EngineVersions`] of each fork of the beacon chain, oldest first.
        const ENGINE: &[(ForkName, Option<(u8, u8)>)] =
            &[$($((ForkName::$fork, [$(Some($engine),)? None][0]),)?)*];

        /// A fork of the execution layer that is scheduled by time, in the order of activation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the names are those of the execution specification")]
        pub enum Hardfork {
            $($($hardfork,)?)*
            #[cfg(test)]
            $test_hardfork,
        }

        impl Hardfork {
            /// All of them.
            pub const ALL: &[Self] = &[
                $($(Self::$hardfork,)?)*
                #[cfg(test)]
                Self::$test_hardfork,
            ];
        }

        /// The columns of each hardfork, in the order of [`Hardfork::ALL`].
        #[allow(clippy::needless_update, reason = "a row may have every column")]
        const COLUMNS: &[Columns] = &[
            $($(Columns {
                name: $name,
                key: concat!($name, "Time"),
                $($column: $value,)*
                ..Columns::NONE
            },)?)*
            #[cfg(test)]
            Columns {
                name: $test_name,
                key: concat!($test_name, "Time"),
                $($test_column: $test_value,)*
                ..Columns::NONE
            },
        ];

        /// The forks as the two layers name them.
        const PAIRS: &[(Option<ForkName>, Option<Hardfork>)] = &[
            $((
                [$(Some(ForkName::$fork),)? None][0],
                [$(Some(Hardfork::$hardfork),)? None][0],
            ),)*
            #[cfg(test)]
            (Some(ForkName::$test_fork), Some(Hardfork::$test_hardfork)),
        ];
    };
}
fork_table!(declare);

/// The columns of a hardfork.
#[derive(Debug, Clone, Copy)]
struct Columns {
    /// Lower case, as in `blobSchedule`.
    name: &'static str,
    key: &'static str,
    eips: &'static [u16],
    blobs: Blobs,
    header_field: Option<&'static str>,
    eth_config: Option<(&'static str, &'static str)>,
    besu: &'static [(&'static str, &'static str)],
}

impl Columns {
    const NONE: Self = Self {
        name: "",
        key: "",
        eips: &[],
        blobs: Blobs::None,
        header_field: None,
        eth_config: None,
        besu: &[],
    };
}

/// The blob limits of a hardfork where `genesis.json` has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blobs {
    /// There are no blobs yet, and no entry in `blobSchedule`.
    None,
    /// The hardfork's own.
    Limits {
        /// geth's defaults.
        params: BlobParams,
        /// The key of `config.yaml` that sets another maximum.
        max_key: Option<&'static str>,
    },
    /// Those of the hardfork before.
    Inherited,
    /// No client has a default: `genesis.json` must have the entry.
    Required,
}

/// How many blobs a block may carry from a hardfork on (EIP-7840).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobParams {
    /// Blobs per block at which the blob base fee stays the same.
    pub target: u64,
    /// Blobs per block at most.
    pub max: u64,
    /// `baseFeeUpdateFraction`.
    pub update_fraction: u64,
}

impl fmt::Display for BlobParams {
    /// As JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, max, update_fraction } = self;
        write!(
            f,
            r#"{{"target": {target}, "max": {max}, "baseFeeUpdateFraction": {update_fraction}}}"#
        )
    }
}

/// The versions of the Engine API's methods that carry the payloads of a fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineVersions {
    /// Version of `engine_newPayload`.
    pub new_payload: u8,
    /// Version of `engine_forkchoiceUpdated`.
    pub forkchoice_updated: u8,
}

impl fmt::Display for ForkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ForkName {
    /// Its key in `config.yaml` for the fork version; phase0's is `GENESIS_FORK_VERSION`.
    pub fn version_key(self) -> String {
        let name = if self == Self::Phase0 { "genesis" } else { self.as_str() };
        format!("{}_FORK_VERSION", name.to_ascii_uppercase())
    }

    /// Its key in `config.yaml` for the epoch; phase0 has none.
    pub fn epoch_key(self) -> Option<String> {
        (self != Self::Phase0).then(|| format!("{}_FORK_EPOCH", self.as_str().to_ascii_uppercase()))
    }

    /// The Engine API of its payloads; `None` before the merge, and where a beacon block has no
    /// complete payload (EIP-7732).
    pub fn engine(self) -> Option<EngineVersions> {
        let (_, versions) = ENGINE.iter().find(|(fork, _)| *fork == self)?;
        versions.map(|(new_payload, forkchoice_updated)| EngineVersions {
            new_payload,
            forkchoice_updated,
        })
    }

    /// The fork that the Beacon API calls `name`.
    pub fn parse(name: &str) -> Option<Self> {
        PAIRS.iter().filter_map(|(fork, _)| *fork).find(|fork| fork.as_str() == name)
    }

    /// The hardfork that activates with it; `None` before capella: hardforks then activate by block number.
    pub const fn hardfork(self) -> Option<Hardfork> {
        let mut row = 0;
        while row < PAIRS.len() {
            if let (Some(fork), hardfork) = PAIRS[row]
                && fork as usize == self as usize
            {
                return hardfork;
            }
            row += 1;
        }
        None
    }
}

impl Hardfork {
    /// The number of hardforks, the length of an array indexed by one.
    pub const COUNT: usize = Self::ALL.len();

    fn columns(self) -> &'static Columns {
        &COLUMNS[self as usize]
    }

    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        self.columns().name
    }

    /// Its key in the `config` of a genesis, for example `cancunTime`.
    pub fn key(self) -> &'static str {
        self.columns().key
    }

    /// Its key in `config.blobSchedule`; Shanghai has no blobs.
    pub fn blob_schedule_key(self) -> Option<&'static str> {
        (self.blobs() != Blobs::None).then_some(self.name())
    }

    /// Its blob limits where the genesis has none.
    pub fn blobs(self) -> Blobs {
        self.columns().blobs
    }

    /// Its EIPs that change the execution layer.
    pub fn eips(self) -> &'static [u16] {
        self.columns().eips
    }

    /// The field of a block header, in JSON, that it introduces.
    pub fn header_field(self) -> Option<&'static str> {
        self.columns().header_field
    }

    /// The list and the name in an answer to `eth_config` that it introduces (EIP-7910).
    pub fn eth_config(self) -> Option<(&'static str, &'static str)> {
        self.columns().eth_config
    }

    /// The members that Besu requires in `config`, with their raw values.
    pub fn besu(self) -> &'static [(&'static str, &'static str)] {
        self.columns().besu
    }

    /// The fork of the beacon chain that activates with it; a blob-parameter-only fork has none.
    pub fn fork(self) -> Option<ForkName> {
        PAIRS.iter().find(|(_, hardfork)| *hardfork == Some(self))?.0
    }

    /// The blob-parameter-only forks (EIP-7892), in order.
    pub fn bpo() -> impl DoubleEndedIterator<Item = Self> + Clone {
        Self::ALL.iter().copied().filter(|hardfork| hardfork.fork().is_none())
    }
}

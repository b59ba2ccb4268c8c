//! Presets: the sizes that are compiled into clients. Sources: consensus-specs `presets/`
//! (a08d8a6), gnosischain/specs `consensus/preset/gnosis` (1b05504).

use super::config::Config;
use super::error::Error;

/// The maximum of a size in a config. Vectors are in memory; members of committees are selected one
/// by one; rounds are counted in a `uint8`. The other sizes only limit lists that are empty at
/// genesis; the product of two of them must be below 2⁶³.
fn maximum(key: &str) -> u64 {
    match key {
        "SLOTS_PER_HISTORICAL_ROOT"
        | "EPOCHS_PER_HISTORICAL_VECTOR"
        | "EPOCHS_PER_SLASHINGS_VECTOR" => 1 << 20,
        "SLOTS_PER_EPOCH" | "SYNC_COMMITTEE_SIZE" | "PTC_SIZE" => 1 << 11,
        "SHUFFLE_ROUND_COUNT" => 255,
        _ => 1 << 50,
    }
}

macro_rules! preset {
    ($($field:ident $key:literal $mainnet:literal $minimal:literal $gnosis:literal)*) => {
        /// Named sizes of the specification, in lower case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the names are the specification's")]
        pub struct Preset { $(pub $field: u64,)* }

        /// The specification's names of the sizes.
        pub const KEYS: &[&str] = &[$($key,)*];

        const MAINNET: Preset = Preset { $($field: $mainnet,)* };
        const MINIMAL: Preset = Preset { $($field: $minimal,)* };
        const GNOSIS: Preset = Preset { $($field: $gnosis,)* };

        impl Preset {
            /// The size with the specification's name `key`.
            pub fn get(&self, key: &str) -> Option<u64> {
                match key {
                    $($key => Some(self.$field),)*
                    _ => None,
                }
            }

            /// Applies the preset keys in `config`, as eth-beacon-genesis does.
            fn override_from(&mut self, config: &Config) -> Result<(), Error> {
                $(if let Some(value) = config.optional_u64($key)? {
                    let maximum = maximum($key);
                    if value == 0 || value > maximum {
                        return Err(config.invalid($key, format!("a number from 1 to {maximum}")));
                    }
                    self.$field = value;
                })*
                Ok(())
            }
        }
    };
}

preset! {
    slots_per_epoch "SLOTS_PER_EPOCH" 32 8 16
    slots_per_historical_root "SLOTS_PER_HISTORICAL_ROOT" 8192 64 8192
    epochs_per_historical_vector "EPOCHS_PER_HISTORICAL_VECTOR" 65_536 64 65_536
    epochs_per_slashings_vector "EPOCHS_PER_SLASHINGS_VECTOR" 8192 64 8192
    epochs_per_eth1_voting_period "EPOCHS_PER_ETH1_VOTING_PERIOD" 64 4 64
    historical_roots_limit "HISTORICAL_ROOTS_LIMIT" 16_777_216 16_777_216 16_777_216
    validator_registry_limit "VALIDATOR_REGISTRY_LIMIT" 1_099_511_627_776 1_099_511_627_776 1_099_511_627_776
    shuffle_round_count "SHUFFLE_ROUND_COUNT" 90 10 90
    max_committees_per_slot "MAX_COMMITTEES_PER_SLOT" 64 4 64
    target_committee_size "TARGET_COMMITTEE_SIZE" 128 4 128
    max_effective_balance "MAX_EFFECTIVE_BALANCE" 32_000_000_000 32_000_000_000 32_000_000_000
    max_proposer_slashings "MAX_PROPOSER_SLASHINGS" 16 16 16
    max_attester_slashings "MAX_ATTESTER_SLASHINGS" 2 2 2
    max_attestations "MAX_ATTESTATIONS" 128 128 128
    max_deposits "MAX_DEPOSITS" 16 16 16
    max_voluntary_exits "MAX_VOLUNTARY_EXITS" 16 16 16
    sync_committee_size "SYNC_COMMITTEE_SIZE" 512 32 512
    max_transactions_per_payload "MAX_TRANSACTIONS_PER_PAYLOAD" 1_048_576 1_048_576 1_048_576
    max_extra_data_bytes "MAX_EXTRA_DATA_BYTES" 32 32 32
    max_bls_to_execution_changes "MAX_BLS_TO_EXECUTION_CHANGES" 16 16 16
    max_withdrawals_per_payload "MAX_WITHDRAWALS_PER_PAYLOAD" 16 4 8
    max_blob_commitments_per_block "MAX_BLOB_COMMITMENTS_PER_BLOCK" 4096 4096 4096
    max_effective_balance_electra "MAX_EFFECTIVE_BALANCE_ELECTRA" 2_048_000_000_000 2_048_000_000_000 2_048_000_000_000
    max_attester_slashings_electra "MAX_ATTESTER_SLASHINGS_ELECTRA" 1 1 1
    max_attestations_electra "MAX_ATTESTATIONS_ELECTRA" 8 8 8
    max_deposit_requests_per_payload "MAX_DEPOSIT_REQUESTS_PER_PAYLOAD" 8192 8192 8192
    max_withdrawal_requests_per_payload "MAX_WITHDRAWAL_REQUESTS_PER_PAYLOAD" 16 16 16
    max_consolidation_requests_per_payload "MAX_CONSOLIDATION_REQUESTS_PER_PAYLOAD" 2 2 2
    pending_deposits_limit "PENDING_DEPOSITS_LIMIT" 134_217_728 134_217_728 134_217_728
    pending_partial_withdrawals_limit "PENDING_PARTIAL_WITHDRAWALS_LIMIT" 134_217_728 64 134_217_728
    pending_consolidations_limit "PENDING_CONSOLIDATIONS_LIMIT" 262_144 64 262_144
    ptc_size "PTC_SIZE" 512 16 512
}

/// The name of the preset of `config`.
///
/// # Errors
/// `PRESET_BASE` is missing or not one of the three.
pub fn base(config: &Config) -> Result<&'static str, Error> {
    const KEY: &str = "PRESET_BASE";
    match config.text(KEY)? {
        Some("mainnet") => Ok("mainnet"),
        Some("minimal") => Ok("minimal"),
        Some("gnosis") => Ok("gnosis"),
        Some(_) => Err(config.invalid(KEY, "mainnet, minimal or gnosis")),
        None => Err(Error::Missing(KEY.to_owned())),
    }
}

/// Releases of the specification that changed the limits of the *minimal* preset, and with them the
/// root of the genesis block's body. It must match the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the names are the specification's releases")]
pub enum Revision {
    V150Alpha8,
    V150Beta0,
    V150,
    #[default]
    V160,
}

impl Revision {
    /// Every revision, oldest first.
    pub const ALL: [Self; 4] = [Self::V150Alpha8, Self::V150Beta0, Self::V150, Self::V160];

    /// The first release of the specification that has these limits.
    pub fn name(self) -> &'static str {
        match self {
            Self::V150Alpha8 => "v1.5.0-alpha.8",
            Self::V150Beta0 => "v1.5.0-beta.0",
            Self::V150 => "v1.5.0",
            Self::V160 => "v1.6.0",
        }
    }

    /// The maximum of blob commitments in a block, and of deposit, withdrawal and consolidation
    /// requests in a payload.
    fn limits(self) -> [u64; 4] {
        match self {
            Self::V150Alpha8 => [16, 4, 2, 1],
            Self::V150Beta0 => [32, 4, 2, 2],
            Self::V150 => [32, 8192, 16, 2],
            Self::V160 => [4096, 8192, 16, 2],
        }
    }
}

impl Preset {
    /// The preset of `config`: its base at `revision`, overridden by the preset keys in the config.
    ///
    /// # Errors
    /// `PRESET_BASE` is missing or unknown, or a preset key is out of range.
    pub fn of(config: &Config, revision: Revision) -> Result<Self, Error> {
        let mut preset = match base(config)? {
            "mainnet" => MAINNET,
            "gnosis" => GNOSIS,
            _ => {
                let [blobs, deposits, withdrawals, consolidations] = revision.limits();
                Self {
                    max_blob_commitments_per_block: blobs,
                    max_deposit_requests_per_payload: deposits,
                    max_withdrawal_requests_per_payload: withdrawals,
                    max_consolidation_requests_per_payload: consolidations,
                    ..MINIMAL
                }
            }
        };
        preset.override_from(config)?;
        Ok(preset)
    }

    /// A size in memory, or an index below it.
    ///
    /// # Panics
    /// Never on 64-bit machines.
    pub fn vector(size: u64) -> usize {
        usize::try_from(size).expect("a vector's size fits into memory")
    }
}

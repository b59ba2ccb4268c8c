//! The variables of ethereum-genesis-generator and what each is for: to add one, add its line.
//!
//! Source: ethereum-genesis-generator (1e01e5d) `defaults/{defaults,minimal}.env`, `entrypoint.sh`,
//! `apps/el-gen/generate_genesis.sh`, `config-example/cl/config.yaml`.

/// `FAR_FUTURE_EPOCH`: never.
pub const NEVER: &str = "18446744073709551615";

/// What a variable is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The key of `config.yaml` by the same name.
    Config,
    /// The key of `config.yaml` by the same name, and a hardfork's time.
    Fork,
    /// Both layers, or the execution's; what is made of it stands in the code by its name.
    Made,
    /// Nothing: it belongs to one that is not supported.
    Idle,
    /// No script of theirs reads it, or its other values are not to be had here: only the default
    /// is taken. With what to do instead.
    Only(&'static str),
}

/// A variable.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it is if nobody sets it; of a [`Meaning::Config`] that is empty, the preset's value.
    pub default: &'static str,
    /// What it is for.
    pub meaning: Meaning,
}

macro_rules! variables {
    ($($meaning:expr => { $($name:literal $default:expr,)* })*) => {
        /// All of them.
        pub const VARIABLES: &[Variable] = &[$($(
            Variable { name: $name, default: $default, meaning: $meaning },
        )*)*];
    };
}

const UNREAD: Meaning = Meaning::Only("ethereum-genesis-generator itself makes nothing of it");
const GATED: Meaning = Meaning::Only(
    "the gated deposit contract is not in this program: leave it out, or give its alloc as \
     ADDITIONAL_PRELOADED_CONTRACTS",
);

variables! {
    Meaning::Made => {
        "PRESET_BASE" "mainnet",
        "CHAIN_ID" "1337",
        "EL_AND_CL_MNEMONIC" "sleep moment list remain like wall lake industry canvas wonder ecology elite duck salad naive syrup frame brass utility club odor country obey pudding",
        "CL_ADDITIONAL_VALIDATORS" "",
        "ADDITIONAL_VALIDATOR_MNEMONICS" "[]",
        "SHUFFLE_VALIDATORS" "false",
        "NUMBER_OF_VALIDATORS" "16384",
        "VALIDATOR_BALANCE" "32000000000",
        "WITHDRAWAL_TYPE" "0x00",
        "WITHDRAWAL_ADDRESS" "0x454b0EA7d8aD3C56D0CF2e44Ed97b2Feab4D7AF2",
        "BEACON_STATIC_ENR" "",
        "SHADOW_FORK_RPC" "",
        "SHADOW_FORK_FILE" "",
        "GENESIS_TIMESTAMP" "0",
        "GENESIS_DELAY" "60",
        "GENESIS_GASLIMIT" "200000000",
        "GENESIS_DIFFICULTY" "0",
        "DEPOSIT_CONTRACT_ADDRESS" "0x00000000219ab540356cBB839Cbe05303d7705Fa",
        "SLOT_DURATION_MS" "",
        "SLOT_DURATION_IN_SECONDS" "",
        "EL_PREMINE_COUNT" "21",
        "EL_PREMINE_BALANCE" "1000000000ETH",
        "EL_PREMINE_ADDRS" "{}",
        "ADDITIONAL_PRELOADED_CONTRACTS" "{}",
        "PRELOAD_WELL_KNOWN_CONTRACTS" "true",
        "DEPLOY_EIP8282_CONTRACTS" "true",
        "MAX_BLOBS_PER_BLOCK_ELECTRA" "9",
        "TARGET_BLOBS_PER_BLOCK_ELECTRA" "6",
        "BASEFEE_UPDATE_FRACTION_ELECTRA" "5007716",
        "BPO_1_EPOCH" "0",
        "BPO_1_MAX_BLOBS" "15",
        "BPO_1_TARGET_BLOBS" "10",
        "BPO_1_BASE_FEE_UPDATE_FRACTION" "0",
        "BPO_2_EPOCH" "0",
        "BPO_2_MAX_BLOBS" "21",
        "BPO_2_TARGET_BLOBS" "14",
        "BPO_2_BASE_FEE_UPDATE_FRACTION" "0",
        "BPO_3_EPOCH" NEVER,
        "BPO_3_MAX_BLOBS" "33",
        "BPO_3_TARGET_BLOBS" "22",
        "BPO_3_BASE_FEE_UPDATE_FRACTION" "0",
        "BPO_4_EPOCH" NEVER,
        "BPO_4_MAX_BLOBS" "48",
        "BPO_4_TARGET_BLOBS" "32",
        "BPO_4_BASE_FEE_UPDATE_FRACTION" "0",
        "BPO_5_EPOCH" NEVER,
        "BPO_5_MAX_BLOBS" "72",
        "BPO_5_TARGET_BLOBS" "48",
        "BPO_5_BASE_FEE_UPDATE_FRACTION" "0",
    }
    Meaning::Fork => {
        "ALTAIR_FORK_EPOCH" "0",
        "BELLATRIX_FORK_EPOCH" "0",
        "CAPELLA_FORK_EPOCH" "0",
        "DENEB_FORK_EPOCH" "0",
        "ELECTRA_FORK_EPOCH" "0",
        "FULU_FORK_EPOCH" "0",
        "GLOAS_FORK_EPOCH" NEVER,
    }
    Meaning::Config => {
        "GENESIS_FORK_VERSION" "0x10000000",
        "ALTAIR_FORK_VERSION" "0x20000000",
        "BELLATRIX_FORK_VERSION" "0x30000000",
        "CAPELLA_FORK_VERSION" "0x40000000",
        "DENEB_FORK_VERSION" "0x50000000",
        "ELECTRA_FORK_VERSION" "0x60000000",
        "FULU_FORK_VERSION" "0x70000000",
        "GLOAS_FORK_VERSION" "0x80000000",
        "HEZE_FORK_VERSION" "0x90000000",
        "MAX_PER_EPOCH_ACTIVATION_CHURN_LIMIT" "",
        "MIN_PER_EPOCH_CHURN_LIMIT" "",
        "CHURN_LIMIT_QUOTIENT" "",
        "EJECTION_BALANCE" "",
        "ETH1_FOLLOW_DISTANCE" "",
        "ATTESTATION_DUE_BPS_GLOAS" "",
        "AGGREGATE_DUE_BPS_GLOAS" "",
        "SYNC_MESSAGE_DUE_BPS_GLOAS" "",
        "CONTRIBUTION_DUE_BPS_GLOAS" "",
        "PAYLOAD_DUE_BPS" "",
        "PAYLOAD_ATTESTATION_DUE_BPS" "",
        "MIN_PER_EPOCH_CHURN_LIMIT_ELECTRA" "",
        "MAX_PER_EPOCH_ACTIVATION_EXIT_CHURN_LIMIT" "",
        "MIN_BUILDER_WITHDRAWABILITY_DELAY" "",
        "CHURN_LIMIT_QUOTIENT_GLOAS" "",
        "CONSOLIDATION_CHURN_LIMIT_QUOTIENT" "",
        "MAX_PER_EPOCH_ACTIVATION_CHURN_LIMIT_GLOAS" "",
        "MIN_VALIDATOR_WITHDRAWABILITY_DELAY" "",
        "SHARD_COMMITTEE_PERIOD" "",
        "SAMPLES_PER_SLOT" "",
        "CUSTODY_REQUIREMENT" "",
        "MAX_PAYLOAD_SIZE" "",
        "MAX_REQUEST_BLOCKS_DENEB" "",
        "SECONDS_PER_ETH1_BLOCK" "",
        "MIN_EPOCHS_FOR_BLOB_SIDECARS_REQUESTS" "",
        "MIN_EPOCHS_FOR_DATA_COLUMN_SIDECARS_REQUESTS" "",
        "CONFIRMATION_BYZANTINE_THRESHOLD" "",
    }
    Meaning::Only("the chain begins merged") => { "TERMINAL_TOTAL_DIFFICULTY" "0", }
    Meaning::Only("the chain begins with block 0") => { "CL_EXEC_BLOCK" "0", }
    Meaning::Only("no client reads heze yet: leave it out") => { "HEZE_FORK_EPOCH" NEVER, }
    Meaning::Only("serve the files with another program, such as python3 -m http.server") => {
        "SERVER_ENABLED" "false",
    }
    GATED => {
        "DEPOSIT_CONTRACT_GATED" "false",
        "DEPOSIT_CONTRACT_ADMINS" "[]",
        "DEPOSIT_CONTRACT_SETTINGS" "{}",
    }
    Meaning::Idle => { "SERVER_PORT" "8000", }
    UNREAD => {
        "DEPOSIT_CONTRACT_BLOCK" "0x0000000000000000000000000000000000000000000000000000000000000000",
        "EIP7441_FORK_VERSION" "0xa0000000",
        "EIP7441_FORK_EPOCH" NEVER,
        "EIP7928_FORK_VERSION" "0xa1000000",
        "EIP7928_FORK_EPOCH" NEVER,
        "FULU_MAX_BLOBS_PER_TX" "0",
        "MIN_EPOCHS_FOR_BLOCK_REQUESTS" "33024",
    }
}

/// Beginnings of names that nobody else has: one that is not in the table is misspelt, or of a
/// newer release.
const FAMILIES: [&str; 12] = [
    "BPO_",
    "EL_PREMINE",
    "EL_AND_CL_",
    "SHADOW_FORK_",
    "DEPOSIT_CONTRACT_",
    "WITHDRAWAL_",
    "ADDITIONAL_VALIDATOR_",
    "ADDITIONAL_PRELOADED_",
    "GENESIS_",
    "MAX_BLOBS_PER_BLOCK_",
    "TARGET_BLOBS_PER_BLOCK_",
    "CHURN_LIMIT_",
];

/// The variable called `name`.
pub fn find(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.name == name)
}

/// Whether a variable of the environment is meant for ethereum-genesis-generator.
pub fn is_theirs(name: &str) -> bool {
    let fork = name.ends_with("_FORK_EPOCH") || name.ends_with("_FORK_VERSION");
    fork || find(name).is_some() || FAMILIES.iter().any(|family| name.starts_with(family))
}

/// The name that `name` may have been meant for.
pub fn nearest(name: &str) -> Option<&'static str> {
    let distance = |variable: &&Variable| edit_distance(variable.name, name);
    let nearest = VARIABLES.iter().min_by_key(distance)?;
    (distance(&nearest) <= 3).then_some(nearest.name)
}

fn edit_distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, b) in other.bytes().enumerate() {
            let replaced = before + usize::from(a != b);
            before = row[j + 1];
            row[j + 1] = replaced.min(before + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_once() {
        for (index, variable) in VARIABLES.iter().enumerate() {
            let twin = VARIABLES[index + 1..].iter().find(|twin| twin.name == variable.name);
            assert!(twin.is_none(), "{}", variable.name);
        }
        assert_eq!(nearest("NUMBER_OF_VALIDATOR"), Some("NUMBER_OF_VALIDATORS"));
        assert_eq!(nearest("PATH"), None);
        assert!(is_theirs("EIP9999_FORK_EPOCH") && !is_theirs("HOME"));
    }
}

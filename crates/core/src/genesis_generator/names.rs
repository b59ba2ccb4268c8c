//! The variables of all releases of ethereum-genesis-generator. To add one, add its line.
//!
//! Each has its default and the releases that read it. A variable with an empty range appears in
//! public files, but no release reads it.
//!
//! Sources: the tags 1.0.0 to 6.1.6 of ethereum-genesis-generator and its first commits of 6.2.0
//! (`entrypoint.sh`, `apps/el-gen`, `config-example`, `defaults`); names that no release reads:
//! `values.env` of ethereum-package 1.0.0 to 6.1.0 and of ethpandaops' devnets.

use super::table::{Meaning, NEVER, Variable};

macro_rules! variables {
    ($($meaning:expr => { $($name:literal $default:tt $releases:literal,)* })*) => {
        /// All variables.
        pub const VARIABLES: &[Variable] = &[$($(
            Variable { name: $name, default: $default, meaning: $meaning, releases: $releases },
        )*)*];
    };
}

const GATED: Meaning = Meaning::Only(
    "leave it out, or set the alloc of the gated deposit contract in ADDITIONAL_PRELOADED_CONTRACTS",
);

variables! {
    Meaning::Derived => {
        "PRESET_BASE" "mainnet" "3.0.1-",
        "CHAIN_ID" "1337" "1.0.0-",
        "EL_AND_CL_MNEMONIC" "sleep moment list remain like wall lake industry canvas wonder ecology elite duck salad naive syrup frame brass utility club odor country obey pudding" "1.0.3-",
        "CL_ADDITIONAL_VALIDATORS" "" "2.0.9-",
        "ADDITIONAL_VALIDATOR_MNEMONICS" "[]" "5.2.1-",
        "SHUFFLE_VALIDATORS" "false" "6.0.8-",
        "NUMBER_OF_VALIDATORS" "16384" "1.0.3-",
        "VALIDATOR_BALANCE" "32000000000" "4.0.7, 4.1.6-",
        "WITHDRAWAL_TYPE" "0x00" "1.0.3-",
        "WITHDRAWAL_ADDRESS" "0x454b0EA7d8aD3C56D0CF2e44Ed97b2Feab4D7AF2" "1.0.3-",
        "BEACON_STATIC_ENR" "" "1.0.0-",
        "SHADOW_FORK_RPC" "" "1.0.9-",
        "SHADOW_FORK_FILE" "" "2.0.10-",
        "GENESIS_TIMESTAMP" "0" "1.0.0-",
        "GENESIS_DELAY" "60" "1.0.3-",
        "GENESIS_GASLIMIT" "200000000" "2.0.9-",
        "GENESIS_DIFFICULTY" "0" "4.0.1-",
        "DEPOSIT_CONTRACT_ADDRESS" "0x00000000219ab540356cBB839Cbe05303d7705Fa" "1.0.0-",
        "SLOT_DURATION_MS" "" "5.0.1-",
        "SLOT_DURATION_IN_SECONDS" "" "1.3.0-6.1.4",
        "EL_PREMINE_COUNT" "21" "5.2.4-",
        "EL_PREMINE_BALANCE" "1000000000ETH" "5.2.4-",
        "EL_PREMINE_ADDRS" "{}" "3.2.0-",
        "ADDITIONAL_PRELOADED_CONTRACTS" "{}" "3.2.0-",
        "PRELOAD_WELL_KNOWN_CONTRACTS" "true" "6.0.8-",
        "DEPLOY_EIP8282_CONTRACTS" "true" "6.1.3-",
        "MAX_BLOBS_PER_BLOCK_ELECTRA" "9" "3.4.4-",
        "TARGET_BLOBS_PER_BLOCK_ELECTRA" "6" "3.4.4-",
        "BASEFEE_UPDATE_FRACTION_ELECTRA" "5007716" "3.7.0-",
        "BPO_1_EPOCH" "0" "4.1.0-",
        "BPO_1_MAX_BLOBS" "15" "4.1.0-",
        "BPO_1_TARGET_BLOBS" "10" "4.1.0-",
        "BPO_1_BASE_FEE_UPDATE_FRACTION" "0" "4.1.0-",
        "BPO_2_EPOCH" "0" "4.1.0-",
        "BPO_2_MAX_BLOBS" "21" "4.1.0-",
        "BPO_2_TARGET_BLOBS" "14" "4.1.0-",
        "BPO_2_BASE_FEE_UPDATE_FRACTION" "0" "4.1.0-",
        "BPO_3_EPOCH" NEVER "4.1.0-",
        "BPO_3_MAX_BLOBS" "33" "4.1.0-",
        "BPO_3_TARGET_BLOBS" "22" "4.1.0-",
        "BPO_3_BASE_FEE_UPDATE_FRACTION" "0" "4.1.0-",
        "BPO_4_EPOCH" NEVER "4.1.0-",
        "BPO_4_MAX_BLOBS" "48" "4.1.0-",
        "BPO_4_TARGET_BLOBS" "32" "4.1.0-",
        "BPO_4_BASE_FEE_UPDATE_FRACTION" "0" "4.1.0-",
        "BPO_5_EPOCH" NEVER "4.1.0-",
        "BPO_5_MAX_BLOBS" "72" "4.1.0-",
        "BPO_5_TARGET_BLOBS" "48" "4.1.0-",
        "BPO_5_BASE_FEE_UPDATE_FRACTION" "0" "4.1.0-",
        "GAS_LIMIT_SCHEDULE" "" "6.2.0-",
    }
    Meaning::Fork => {
        "ALTAIR_FORK_EPOCH" "0" "3.4.3-",
        "BELLATRIX_FORK_EPOCH" "0" "3.4.3-",
        "CAPELLA_FORK_EPOCH" "0" "1.0.0-1.3.4, 1.3.12-1.3.13, 1.3.15, 3.4.3-",
        "DENEB_FORK_EPOCH" "0" "1.2.0-2.0.12, 3.4.3-",
        "ELECTRA_FORK_EPOCH" "0" "3.0.0-",
        "FULU_FORK_EPOCH" "0" "3.4.0-",
        "GLOAS_FORK_EPOCH" NEVER "5.0.2-",
    }
    Meaning::Config => {
        "GENESIS_FORK_VERSION" "0x10000000" "1.0.0-",
        "ALTAIR_FORK_VERSION" "0x20000000" "1.0.0-",
        "BELLATRIX_FORK_VERSION" "0x30000000" "1.0.0-",
        "CAPELLA_FORK_VERSION" "0x40000000" "1.0.0-",
        "DENEB_FORK_VERSION" "0x50000000" "1.2.0-",
        "ELECTRA_FORK_VERSION" "0x60000000" "3.0.0-",
        "FULU_FORK_VERSION" "0x70000000" "3.4.0-",
        "GLOAS_FORK_VERSION" "0x80000000" "5.0.2-",
        "HEZE_FORK_VERSION" "0x90000000" "5.3.0-",
        "MAX_PER_EPOCH_ACTIVATION_CHURN_LIMIT" "" "3.1.5-",
        "MIN_PER_EPOCH_CHURN_LIMIT" "" "5.3.5-",
        "CHURN_LIMIT_QUOTIENT" "" "3.1.5-",
        "EJECTION_BALANCE" "" "1.3.14, 2.0.1-",
        "ETH1_FOLLOW_DISTANCE" "" "2.0.8-",
        "ATTESTATION_DUE_BPS_GLOAS" "" "5.0.2-",
        "AGGREGATE_DUE_BPS_GLOAS" "" "5.0.4-",
        "SYNC_MESSAGE_DUE_BPS_GLOAS" "" "5.0.2-",
        "CONTRIBUTION_DUE_BPS_GLOAS" "" "5.0.2-",
        "PAYLOAD_DUE_BPS" "" "6.0.7-",
        "PAYLOAD_ATTESTATION_DUE_BPS" "" "5.0.1-",
        "MIN_PER_EPOCH_CHURN_LIMIT_ELECTRA" "" "5.3.5-",
        "MAX_PER_EPOCH_ACTIVATION_EXIT_CHURN_LIMIT" "" "5.3.5-",
        "MIN_BUILDER_WITHDRAWABILITY_DELAY" "" "5.2.3-",
        "CHURN_LIMIT_QUOTIENT_GLOAS" "" "6.0.5-",
        "CONSOLIDATION_CHURN_LIMIT_QUOTIENT" "" "6.0.5-",
        "MAX_PER_EPOCH_ACTIVATION_CHURN_LIMIT_GLOAS" "" "6.0.5-",
        "MIN_VALIDATOR_WITHDRAWABILITY_DELAY" "" "2.0.12-",
        "SHARD_COMMITTEE_PERIOD" "" "2.0.12-",
        "SAMPLES_PER_SLOT" "" "3.1.6-",
        "CUSTODY_REQUIREMENT" "" "3.1.6-",
        "MAX_PAYLOAD_SIZE" "" "3.7.1-",
        "MAX_REQUEST_BLOCKS_DENEB" "" "3.4.4-",
        "SECONDS_PER_ETH1_BLOCK" "" "3.7.3-",
        "MIN_EPOCHS_FOR_BLOB_SIDECARS_REQUESTS" "" "5.2.5-",
        "MIN_EPOCHS_FOR_DATA_COLUMN_SIDECARS_REQUESTS" "" "4.1.11-",
        "CONFIRMATION_BYZANTINE_THRESHOLD" "" "5.3.6-",
    }
    Meaning::Only("leave it out: the chain starts merged") => {
        "TERMINAL_TOTAL_DIFFICULTY" "0" "3.4.3-",
    }
    Meaning::Only("leave it out: the chain starts with block 0") => {
        "CL_EXEC_BLOCK" "0" "1.0.0-",
    }
    Meaning::Only("leave it out: no client supports heze yet") => {
        "HEZE_FORK_EPOCH" NEVER "5.3.0-",
    }
    Meaning::Only("leave it out, and serve the files with a web server such as python3 -m http.server") => {
        "SERVER_ENABLED" "false" "1.2.4-",
    }
    GATED => {
        "DEPOSIT_CONTRACT_GATED" "false" "5.3.0-",
        "DEPOSIT_CONTRACT_ADMINS" "[]" "5.3.0-",
        "DEPOSIT_CONTRACT_SETTINGS" "{}" "5.3.0-",
    }
    Meaning::Idle => {
        "SERVER_PORT" "8000" "1.0.0-",
        "FRAMES_ENABLED" "false" "6.2.0-",
    }
    Meaning::Unread => {
        "AGGREGATE_DUE_BPS" "" "5.0.4-5.0.5",
        "AGGREGRATE_DUE_BPS" "" "5.0.1-5.0.3",
        "AGGREGRATE_DUE_BPS_EIP7732" "" "5.0.1",
        "AGGREGRATE_DUE_BPS_GLOAS" "" "5.0.2-5.0.3",
        "ATTESTATION_DUE_BPS" "" "5.0.1-5.0.5",
        "ATTESTATION_DUE_BPS_EIP7732" "" "5.0.1",
        "BASEFEE_UPDATE_FRACTION_FULU" "" "3.7.0-4.0.7",
        "BPO_1_MAX_BLOBS_PER_TX" "" "4.1.12-5.0.8",
        "BPO_2_MAX_BLOBS_PER_TX" "" "4.1.12-5.0.8",
        "BPO_3_MAX_BLOBS_PER_TX" "" "4.1.12-5.0.8",
        "BPO_4_MAX_BLOBS_PER_TX" "" "4.1.12-5.0.8",
        "BPO_5_MAX_BLOBS_PER_TX" "" "4.1.12-5.0.8",
        "CONTRIBUTION_DUE_BPS" "" "5.0.1-5.0.5",
        "CONTRIBUTION_DUE_BPS_EIP7732" "" "5.0.1",
        "DATA_COLUMN_SIDECAR_SUBNET_COUNT" "" "3.1.6-5.3.1",
        "DENCUN_FORK_EPOCH" "" "1.2.0-1.2.1",
        "DEPOSIT_CONTRACT_BLOCK" "" "1.0.0-1.0.14",
        "EIP4844_FORK_EPOCH" "" "1.0.5-1.1.0",
        "EIP4844_FORK_VERSION" "" "1.0.5-1.1.0",
        "EIP7441_FORK_EPOCH" "" "3.7.3-5.3.1",
        "EIP7441_FORK_VERSION" "" "3.7.3-5.3.1",
        "EIP7594_FORK_EPOCH" "" "3.1.0-3.4.5",
        "EIP7594_FORK_VERSION" "" "3.1.0-3.4.5",
        "EIP7732_FORK_EPOCH" "" "3.6.0-5.0.1",
        "EIP7732_FORK_VERSION" "" "3.6.0-5.0.1",
        "EIP7805_FORK_EPOCH" "" "3.6.0-5.2.5",
        "EIP7805_FORK_VERSION" "" "3.6.0-5.2.5",
        "EIP7928_FORK_EPOCH" "" "5.0.5-6.1.2",
        "EIP7928_FORK_VERSION" "" "5.0.5-6.1.2",
        "EIP8025_FORK_EPOCH" "" "5.3.2-5.3.4",
        "EIP8025_FORK_VERSION" "" "5.3.2-5.3.4",
        "EL_MNEMONIC" "" "1.0.0-1.0.2",
        "EOF_ACTIVATION_EPOCH" "" "3.3.0-3.3.8",
        "FULU_MAX_BLOBS_PER_TX" "" "4.1.12-4.1.16",
        "GOSSIP_MAX_SIZE" "" "3.4.5-3.7.0",
        "INCLUSION_LIST_SUBMISSION_DUE_BPS" "" "5.0.1-6.0.4",
        "MAX_BLOBS_PER_BLOCK" "" "3.3.6-3.4.3",
        "MAX_BLOBS_PER_BLOCK_EIP7594" "" "3.4.4-3.4.6",
        "MAX_BLOBS_PER_BLOCK_FULU" "" "3.4.7-4.0.7",
        "MAX_CHUNK_SIZE" "" "3.4.6-3.7.0",
        "MAX_CHURN" "" "1.3.14, 2.0.1-3.1.4",
        "MAX_REQUEST_BLOB_SIDECARS_EIP7594" "" "3.4.4-3.4.6",
        "MAX_REQUEST_BLOB_SIDECARS_ELECTRA" "" "3.4.4-5.3.1, 6.0.0-6.1.4",
        "MAX_REQUEST_BLOB_SIDECARS_FULU" "" "3.4.7-3.5.4",
        "MIN_EPOCHS_FOR_BLOCK_REQUESTS" "" "5.0.8-5.3.1",
        "MIN_GENESIS_ACTIVE_VALIDATOR_COUNT" "" "1.0.0-1.0.2",
        "PROPOSER_INCLUSION_LIST_CUTOFF_BPS" "" "5.0.1-6.0.4",
        "PROPOSER_REORG_CUTOFF_BPS" "" "5.0.1-5.0.5",
        "SYNC_MESSAGE_DUE_BPS" "" "5.0.1-5.0.5",
        "SYNC_MESSAGE_DUE_BPS_EIP7732" "" "5.0.1",
        "TARGET_BLOBS_PER_BLOCK_EIP7594" "" "3.4.4-3.4.6",
        "TARGET_BLOBS_PER_BLOCK_FULU" "" "3.4.7-4.0.7",
        "TARGET_NUMBER_OF_PEERS" "" "3.1.6-3.3.5",
        "VIEW_FREEZE_CUTOFF_BPS" "" "5.0.1-6.0.4",
        "BASE_FEE_UPDATE_FRACTION_ELECTRA" "" "",
        "BASE_FEE_UPDATE_FRACTION_FULU" "" "",
        "EIP6110_FORK_EPOCH" "" "",
        "EIP6110_FORK_VERSION" "" "",
        "EIP6111_FORK_EPOCH" "" "",
        "EIP7782_FORK_EPOCH" "" "",
        "EIP7782_FORK_VERSION" "" "",
        "EIP7919_FORK_EPOCH" "" "",
        "PRESET" "" "",
    }
}

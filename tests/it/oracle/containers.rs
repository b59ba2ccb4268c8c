//! The containers of fulu as `ssz_rs` types. Source: consensus-specs `specs/`.

use ssz_rs::prelude::*;

pub const VALIDATOR_REGISTRY_LIMIT: usize = 1 << 40;

pub type Bytes32 = [u8; 32];
// ssz_rs supports arrays of at most 32 bytes.
pub type BLSPubkey = Vector<u8, 48>;
pub type BLSSignature = Vector<u8, 96>;
pub type Validators = List<Validator, VALIDATOR_REGISTRY_LIMIT>;
pub type Balances = List<u64, VALIDATOR_REGISTRY_LIMIT>;

#[derive(Debug, Default, Clone, PartialEq, Eq, SimpleSerialize)]
pub struct Validator {
    pub pubkey: BLSPubkey,
    pub withdrawal_credentials: Bytes32,
    pub effective_balance: u64,
    pub slashed: bool,
    pub activation_eligibility_epoch: u64,
    pub activation_epoch: u64,
    pub exit_epoch: u64,
    pub withdrawable_epoch: u64,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, SimpleSerialize)]
pub struct Fork {
    pub previous_version: [u8; 4],
    pub current_version: [u8; 4],
    pub epoch: u64,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, SimpleSerialize)]
pub struct BeaconBlockHeader {
    pub slot: u64,
    pub proposer_index: u64,
    pub parent_root: Bytes32,
    pub state_root: Bytes32,
    pub body_root: Bytes32,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, SimpleSerialize)]
pub struct Eth1Data {
    pub deposit_root: Bytes32,
    pub deposit_count: u64,
    pub block_hash: Bytes32,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, SimpleSerialize)]
pub struct Checkpoint {
    pub epoch: u64,
    pub root: Bytes32,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, SimpleSerialize)]
pub struct HistoricalSummary {
    pub block_summary_root: Bytes32,
    pub state_summary_root: Bytes32,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, SimpleSerialize)]
pub struct PendingDeposit {
    pub pubkey: BLSPubkey,
    pub withdrawal_credentials: Bytes32,
    pub amount: u64,
    pub signature: BLSSignature,
    pub slot: u64,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, SimpleSerialize)]
pub struct PendingPartialWithdrawal {
    pub validator_index: u64,
    pub amount: u64,
    pub withdrawable_epoch: u64,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, SimpleSerialize)]
pub struct PendingConsolidation {
    pub source_index: u64,
    pub target_index: u64,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, SimpleSerialize)]
pub struct ExecutionPayloadHeader {
    pub parent_hash: Bytes32,
    pub fee_recipient: [u8; 20],
    pub state_root: Bytes32,
    pub receipts_root: Bytes32,
    pub logs_bloom: Vector<u8, 256>,
    pub prev_randao: Bytes32,
    pub block_number: u64,
    pub gas_limit: u64,
    pub gas_used: u64,
    pub timestamp: u64,
    pub extra_data: List<u8, 32>,
    pub base_fee_per_gas: U256,
    pub block_hash: Bytes32,
    pub transactions_root: Bytes32,
    pub withdrawals_root: Bytes32,
    pub blob_gas_used: u64,
    pub excess_blob_gas: u64,
}

/// An element of a list that is empty at genesis: the list's root depends only on its limit.
pub type Operation = Checkpoint;

/// The containers whose sizes the preset sets: a trait's constants cannot size a type.
macro_rules! preset {
    ($preset:ident { $($size:ident $value:literal)* }) => {
        pub mod $preset {
            use ssz_rs::prelude::*;

            use super::*;

            $(const $size: usize = $value;)*

            #[derive(Debug, Default, Clone, PartialEq, Eq, SimpleSerialize)]
            pub struct SyncCommittee {
                pub pubkeys: Vector<BLSPubkey, SYNC_COMMITTEE_SIZE>,
                pub aggregate_pubkey: BLSPubkey,
            }

            #[derive(Debug, Default, Clone, PartialEq, Eq, SimpleSerialize)]
            pub struct BeaconState {
                pub genesis_time: u64,
                pub genesis_validators_root: Bytes32,
                pub slot: u64,
                pub fork: Fork,
                pub latest_block_header: BeaconBlockHeader,
                pub block_roots: Vector<Bytes32, SLOTS_PER_HISTORICAL_ROOT>,
                pub state_roots: Vector<Bytes32, SLOTS_PER_HISTORICAL_ROOT>,
                pub historical_roots: List<Bytes32, 16_777_216>,
                pub eth1_data: Eth1Data,
                pub eth1_data_votes: List<Eth1Data, ETH1_DATA_VOTES_LIMIT>,
                pub eth1_deposit_index: u64,
                pub validators: Validators,
                pub balances: Balances,
                pub randao_mixes: Vector<Bytes32, EPOCHS_PER_HISTORICAL_VECTOR>,
                pub slashings: Vector<u64, EPOCHS_PER_SLASHINGS_VECTOR>,
                pub previous_epoch_participation: List<u8, VALIDATOR_REGISTRY_LIMIT>,
                pub current_epoch_participation: List<u8, VALIDATOR_REGISTRY_LIMIT>,
                pub justification_bits: Bitvector<4>,
                pub previous_justified_checkpoint: Checkpoint,
                pub current_justified_checkpoint: Checkpoint,
                pub finalized_checkpoint: Checkpoint,
                pub inactivity_scores: List<u64, VALIDATOR_REGISTRY_LIMIT>,
                pub current_sync_committee: SyncCommittee,
                pub next_sync_committee: SyncCommittee,
                pub latest_execution_payload_header: ExecutionPayloadHeader,
                pub next_withdrawal_index: u64,
                pub next_withdrawal_validator_index: u64,
                pub historical_summaries: List<HistoricalSummary, 16_777_216>,
                pub deposit_requests_start_index: u64,
                pub deposit_balance_to_consume: u64,
                pub exit_balance_to_consume: u64,
                pub earliest_exit_epoch: u64,
                pub consolidation_balance_to_consume: u64,
                pub earliest_consolidation_epoch: u64,
                pub pending_deposits: List<PendingDeposit, 134_217_728>,
                pub pending_partial_withdrawals:
                    List<PendingPartialWithdrawal, PENDING_PARTIAL_WITHDRAWALS_LIMIT>,
                pub pending_consolidations:
                    List<PendingConsolidation, PENDING_CONSOLIDATIONS_LIMIT>,
                pub proposer_lookahead: Vector<u64, PROPOSER_LOOKAHEAD_SLOTS>,
            }

            #[derive(Debug, Default, Clone, PartialEq, Eq, SimpleSerialize)]
            pub struct SyncAggregate {
                pub sync_committee_bits: Bitvector<SYNC_COMMITTEE_SIZE>,
                pub sync_committee_signature: BLSSignature,
            }

            #[derive(Debug, Default, Clone, PartialEq, Eq, SimpleSerialize)]
            pub struct ExecutionPayload {
                pub parent_hash: Bytes32,
                pub fee_recipient: [u8; 20],
                pub state_root: Bytes32,
                pub receipts_root: Bytes32,
                pub logs_bloom: Vector<u8, 256>,
                pub prev_randao: Bytes32,
                pub block_number: u64,
                pub gas_limit: u64,
                pub gas_used: u64,
                pub timestamp: u64,
                pub extra_data: List<u8, 32>,
                pub base_fee_per_gas: U256,
                pub block_hash: Bytes32,
                pub transactions: List<List<u8, 1_073_741_824>, 1_048_576>,
                pub withdrawals: List<Operation, MAX_WITHDRAWALS_PER_PAYLOAD>,
                pub blob_gas_used: u64,
                pub excess_blob_gas: u64,
            }

            #[derive(Debug, Default, Clone, PartialEq, Eq, SimpleSerialize)]
            pub struct ExecutionRequests {
                pub deposits: List<Operation, 8192>,
                pub withdrawals: List<Operation, 16>,
                pub consolidations: List<Operation, 2>,
            }

            #[derive(Debug, Default, Clone, PartialEq, Eq, SimpleSerialize)]
            pub struct BeaconBlockBody {
                pub randao_reveal: BLSSignature,
                pub eth1_data: Eth1Data,
                pub graffiti: Bytes32,
                pub proposer_slashings: List<Operation, 16>,
                pub attester_slashings: List<Operation, 1>,
                pub attestations: List<Operation, 8>,
                pub deposits: List<Operation, 16>,
                pub voluntary_exits: List<Operation, 16>,
                pub sync_aggregate: SyncAggregate,
                pub execution_payload: ExecutionPayload,
                pub bls_to_execution_changes: List<Operation, 16>,
                pub blob_kzg_commitments: List<BLSPubkey, 4096>,
                pub execution_requests: ExecutionRequests,
            }
        }
    };
}

preset! {
    mainnet {
        SLOTS_PER_HISTORICAL_ROOT 8192
        EPOCHS_PER_HISTORICAL_VECTOR 65_536
        EPOCHS_PER_SLASHINGS_VECTOR 8192
        ETH1_DATA_VOTES_LIMIT 2048
        SYNC_COMMITTEE_SIZE 512
        PENDING_PARTIAL_WITHDRAWALS_LIMIT 134_217_728
        PENDING_CONSOLIDATIONS_LIMIT 262_144
        PROPOSER_LOOKAHEAD_SLOTS 64
        MAX_WITHDRAWALS_PER_PAYLOAD 16
    }
}

preset! {
    minimal {
        SLOTS_PER_HISTORICAL_ROOT 64
        EPOCHS_PER_HISTORICAL_VECTOR 64
        EPOCHS_PER_SLASHINGS_VECTOR 64
        ETH1_DATA_VOTES_LIMIT 32
        SYNC_COMMITTEE_SIZE 32
        PENDING_PARTIAL_WITHDRAWALS_LIMIT 64
        PENDING_CONSOLIDATIONS_LIMIT 64
        PROPOSER_LOOKAHEAD_SLOTS 16
        MAX_WITHDRAWALS_PER_PAYLOAD 4
    }
}

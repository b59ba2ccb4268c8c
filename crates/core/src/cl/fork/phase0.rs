//! Source: consensus-specs `specs/phase0/beacon-chain.md`.

use alloy_primitives::B256;

use super::{Edits, Fields, Inputs};
use crate::cl::preset::Preset;
use crate::cl::ssz::{
    Value, bytes, bytes32, container, empty_list, list_uint64, uint64, vector_of, zeros_uint64,
};
use crate::cl::validator::list_of_validators;

pub(super) const EDITS: Edits = Edits { state, body, ..Edits::NONE };

/// `DEPOSIT_CONTRACT_TREE_DEPTH`.
const DEPOSIT_CONTRACT_TREE_DEPTH: u64 = 32;

fn state(state: &mut Fields, g: &Inputs<'_>) {
    let p = g.preset;
    let eth1_votes = p.epochs_per_eth1_voting_period.saturating_mul(p.slots_per_epoch);
    let attestations = p.max_attestations.saturating_mul(p.slots_per_epoch);
    let validators = list_of_validators(g.validators, p.validator_registry_limit);
    let slots_per_historical_root = Preset::vector(p.slots_per_historical_root);
    let historical_roots = || vector_of(bytes32(B256::ZERO), slots_per_historical_root);
    let epochs_per_historical_vector = Preset::vector(p.epochs_per_historical_vector);
    state.push("genesis_time", uint64(g.genesis_time));
    state.push("genesis_validators_root", bytes32(validators.root()));
    state.push("slot", uint64(0));
    let fork = [
        ("previous_version", bytes(g.previous_version)),
        ("current_version", bytes(g.current_version)),
        ("epoch", uint64(0)),
    ];
    state.push("fork", container(fork));
    // `Fork::state_fields` sets the body's root when all forks have edited the body.
    state.push("latest_block_header", block_header(B256::ZERO, B256::ZERO));
    state.push("block_roots", historical_roots());
    state.push("state_roots", historical_roots());
    state.push("historical_roots", empty_list(p.historical_roots_limit));
    // The deposit contract may have counted deposits on the captured chain. With all three at zero,
    // new deposit requests (EIP-6110) apply at any index.
    let deposit_root = empty_list(1 << DEPOSIT_CONTRACT_TREE_DEPTH).root();
    state.push("eth1_data", eth1_data(deposit_root, g.block_hash));
    state.push("eth1_data_votes", empty_list(eth1_votes));
    state.push("eth1_deposit_index", uint64(0));
    state.push("validators", validators);
    state.push("balances", list_uint64(g.balances, p.validator_registry_limit));
    state.push("randao_mixes", vector_of(bytes32(g.block_hash), epochs_per_historical_vector));
    state.push("slashings", zeros_uint64(Preset::vector(p.epochs_per_slashings_vector)));
    state.push("previous_epoch_attestations", empty_list(attestations));
    state.push("current_epoch_attestations", empty_list(attestations));
    state.push("justification_bits", bytes([0]));
    state.push("previous_justified_checkpoint", checkpoint());
    state.push("current_justified_checkpoint", checkpoint());
    state.push("finalized_checkpoint", checkpoint());
}

fn body(body: &mut Fields, g: &Inputs<'_>) {
    let p = g.preset;
    body.push("randao_reveal", bytes([0; 96]));
    body.push("eth1_data", eth1_data(B256::ZERO, B256::ZERO));
    body.push("graffiti", bytes([0; 32]));
    body.push("proposer_slashings", empty_list(p.max_proposer_slashings));
    body.push("attester_slashings", empty_list(p.max_attester_slashings));
    body.push("attestations", empty_list(p.max_attestations));
    body.push("deposits", empty_list(p.max_deposits));
    body.push("voluntary_exits", empty_list(p.max_voluntary_exits));
}

/// `BeaconBlockHeader` of the genesis block.
pub(in crate::cl) fn block_header(state_root: B256, body_root: B256) -> Value {
    container([
        ("slot", uint64(0)),
        ("proposer_index", uint64(0)),
        ("parent_root", bytes32(B256::ZERO)),
        ("state_root", bytes32(state_root)),
        ("body_root", bytes32(body_root)),
    ])
}

/// `Eth1Data`.
fn eth1_data(deposit_root: B256, block_hash: B256) -> Value {
    container([
        ("deposit_root", bytes32(deposit_root)),
        ("deposit_count", uint64(0)),
        ("block_hash", bytes32(block_hash)),
    ])
}

/// `Checkpoint` of the genesis epoch.
fn checkpoint() -> Value {
    container([("epoch", uint64(0)), ("root", bytes32(B256::ZERO))])
}

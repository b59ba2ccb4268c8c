//! Source: consensus-specs `specs/phase0/beacon-chain.md`.

use super::{Fields, Fork, Inputs};
use crate::cl::preset::Preset;
use crate::cl::ssz::{
    Root, Value, bytes, container, empty_list, list_uint64, uint64, vector_of, zeros_uint64,
};
use crate::cl::validator::list_of_validators;

pub(super) const FORK: Fork =
    Fork { name: "phase0", hardfork: None, state, body, progressive: false, experimental: false };

/// `DEPOSIT_CONTRACT_TREE_DEPTH`.
const DEPOSIT_CONTRACT_TREE_DEPTH: u64 = 32;

fn state(state: &mut Fields, g: &Inputs<'_>) {
    let p = g.preset;
    let eth1_votes = p.epochs_per_eth1_voting_period.saturating_mul(p.slots_per_epoch);
    let attestations = p.max_attestations.saturating_mul(p.slots_per_epoch);
    let validators = list_of_validators(g.validators, p.validator_registry_limit);
    let historical_root =
        || vector_of(&bytes([0; 32]), Preset::vector(p.slots_per_historical_root));
    state.push("genesis_time", uint64(g.genesis_time));
    state.push("genesis_validators_root", bytes(validators.root()));
    state.push("slot", uint64(0));
    state.push("fork", container([bytes(g.previous_version), bytes(g.current_version), uint64(0)]));
    // The body's root is known when the genesis fork is.
    state.push("latest_block_header", latest_block_header([0; 32]));
    state.push("block_roots", historical_root());
    state.push("state_roots", historical_root());
    state.push("historical_roots", empty_list(p.historical_roots_limit));
    // The contract may have counted deposits on the captured chain. Zero of all three lets new
    // deposit requests (EIP-6110) apply whatever their index.
    let deposit_root = empty_list(1 << DEPOSIT_CONTRACT_TREE_DEPTH).root();
    state.push("eth1_data", eth1_data(deposit_root, g.block_hash));
    state.push("eth1_data_votes", empty_list(eth1_votes));
    state.push("eth1_deposit_index", uint64(0));
    state.push("validators", validators);
    state.push("balances", list_uint64(g.balances, p.validator_registry_limit));
    state.push(
        "randao_mixes",
        vector_of(&bytes(g.block_hash), Preset::vector(p.epochs_per_historical_vector)),
    );
    state.push("slashings", zeros_uint64(Preset::vector(p.epochs_per_slashings_vector)));
    state.push("previous_epoch_attestations", empty_list(attestations));
    state.push("current_epoch_attestations", empty_list(attestations));
    state.push("justification_bits", bytes([0]));
    for name in ["previous_justified_checkpoint", "current_justified_checkpoint"] {
        state.push(name, checkpoint());
    }
    state.push("finalized_checkpoint", checkpoint());
}

fn body(body: &mut Fields, g: &Inputs<'_>) {
    let p = g.preset;
    body.push("randao_reveal", bytes([0; 96]));
    body.push("eth1_data", eth1_data([0; 32], [0; 32]));
    body.push("graffiti", bytes([0; 32]));
    body.push("proposer_slashings", empty_list(p.max_proposer_slashings));
    body.push("attester_slashings", empty_list(p.max_attester_slashings));
    body.push("attestations", empty_list(p.max_attestations));
    body.push("deposits", empty_list(p.max_deposits));
    body.push("voluntary_exits", empty_list(p.max_voluntary_exits));
}

/// `BeaconBlockHeader` of the genesis block: all zero but the body's root.
pub(super) fn latest_block_header(body_root: Root) -> Value {
    container([uint64(0), uint64(0), bytes([0; 32]), bytes([0; 32]), bytes(body_root)])
}

fn eth1_data(deposit_root: Root, block_hash: Root) -> Value {
    container([bytes(deposit_root), uint64(0), bytes(block_hash)])
}

fn checkpoint() -> Value {
    container([uint64(0), bytes([0; 32])])
}

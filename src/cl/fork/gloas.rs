//! Source: consensus-specs 1.7.0-alpha.13 `specs/gloas/beacon-chain.md` (EIP-7732, EIP-7688,
//! EIP-8282). Experimental: the bytes changed in most alphas. Builders of the genesis state are
//! left out.

use super::{Fields, Fork, Inputs};
use crate::cl::preset::Preset;
use crate::cl::shuffle::ptc_window;
use crate::cl::ssz::{
    Value, bytes, container, pack, progressive_container, progressive_list, uint64, vector_of,
    vector_uint64,
};
use crate::cl::validator;
use crate::el::chain_config::Hardfork;

pub(super) const FORK: Fork = Fork {
    name: "gloas",
    hardfork: Some(Hardfork::Amsterdam),
    state,
    body,
    progressive: true,
    experimental: true,
};

fn state(state: &mut Fields, g: &Inputs<'_>) {
    let p = g.preset;
    let (encoding, roots) = validator::encode_all(g.validators);
    let validators = progressive_list(encoding, &roots, g.validators.len());
    let packed = |data: Vec<u8>, length| {
        let chunks = pack(&data);
        progressive_list(data, &chunks, length)
    };
    let count = g.validators.len();
    let balances = g.balances.iter().flat_map(|gwei| gwei.to_le_bytes()).collect();
    state.replace("genesis_validators_root", bytes(validators.root()));
    state.replace("validators", validators);
    state.replace("balances", packed(balances, count));
    state.replace("previous_epoch_participation", packed(vec![0; count], count));
    state.replace("current_epoch_participation", packed(vec![0; count], count));
    state.replace("inactivity_scores", packed(vec![0; 8 * count], count));
    state.rename("latest_execution_payload_header", "latest_block_hash", bytes(g.block_hash));
    for name in ["pending_deposits", "pending_partial_withdrawals", "pending_consolidations"] {
        state.replace(name, empty());
    }
    state.push("builders", empty());
    state.push("next_withdrawal_builder_index", uint64(0));
    let slots = Preset::vector(p.slots_per_historical_root);
    state.push("execution_payload_availability", bytes(vec![0xff; slots.div_ceil(8)]));
    let withdrawal = container([bytes([0; 20]), uint64(0), uint64(0)]);
    let payment = container([uint64(0), withdrawal, uint64(0)]);
    let payments = 2 * Preset::vector(p.slots_per_epoch);
    state.push("builder_pending_payments", vector_of(&payment, payments));
    state.push("builder_pending_withdrawals", empty());
    state.push("latest_execution_payload_bid", bid(g.block_hash, execution_requests().root()));
    state.push("payload_expected_withdrawals", empty());
    let window = ptc_window(g).iter().map(|row| vector_uint64(row)).collect::<Vec<_>>();
    state.push("ptc_window", container(window));
}

fn body(body: &mut Fields, g: &Inputs<'_>) {
    for name in [
        "proposer_slashings",
        "attester_slashings",
        "attestations",
        "deposits",
        "voluntary_exits",
        "bls_to_execution_changes",
    ] {
        body.replace(name, empty());
    }
    body.remove("execution_payload");
    body.remove("blob_kzg_commitments");
    body.remove("execution_requests");
    let message = bid(g.block_hash, execution_requests().root());
    body.push("signed_execution_payload_bid", container([message, bytes([0; 96])]));
    body.push("payload_attestations", empty());
    body.push("parent_execution_requests", execution_requests());
}

/// An empty `ProgressiveList`.
fn empty() -> Value {
    progressive_list(Vec::new(), &[], 0)
}

fn execution_requests() -> Value {
    progressive_container([empty(), empty(), empty(), empty(), empty()])
}

/// `ExecutionPayloadBid` at genesis: only the parent's hash and the root of no requests.
fn bid(parent_block_hash: [u8; 32], execution_requests_root: [u8; 32]) -> Value {
    progressive_container([
        bytes(parent_block_hash),
        bytes([0; 32]),
        bytes([0; 32]),
        bytes([0; 32]),
        bytes([0; 20]),
        uint64(0),
        uint64(0),
        uint64(0),
        uint64(0),
        uint64(0),
        empty(),
        bytes(execution_requests_root),
    ])
}

//! Source: consensus-specs 1.7.0-alpha.13 `specs/gloas/beacon-chain.md` (EIP-7732, EIP-7688,
//! EIP-8282). Experimental: most alphas changed the encoding. The genesis state has no builders.

use alloy_primitives::B256;

use super::{Edits, Fields, Inputs};
use crate::cl::preset::Preset;
use crate::cl::shuffle::ptc_window;
use crate::cl::ssz::{
    Element, Value, address, bytes, bytes32, container, empty_progressive_list, pack,
    progressive_container, progressive_list, uint64, vector, vector_of, vector_uint64,
};
use crate::cl::validator;

pub(super) const EDITS: Edits = Edits { state, body, progressive: true, experimental: true };

fn state(state: &mut Fields, g: &Inputs<'_>) {
    let p = g.preset;
    let count = g.validators.len();
    let validators = validator::progressive_list_of_validators(g.validators);
    let packed = |size, data: Vec<u8>| {
        let chunks = pack(&data);
        progressive_list(Element::Uint(size), data, &chunks, count)
    };
    let balances = g.balances.iter().flat_map(|gwei| gwei.to_le_bytes()).collect();
    state.replace("genesis_validators_root", bytes32(validators.root()));
    state.replace("validators", validators);
    state.replace("balances", packed(8, balances));
    state.replace("previous_epoch_participation", packed(1, vec![0; count]));
    state.replace("current_epoch_participation", packed(1, vec![0; count]));
    state.replace("inactivity_scores", packed(8, vec![0; 8 * count]));
    state.rename("latest_execution_payload_header", "latest_block_hash", bytes32(g.block_hash));
    state.replace("pending_deposits", empty_progressive_list());
    state.replace("pending_partial_withdrawals", empty_progressive_list());
    state.replace("pending_consolidations", empty_progressive_list());
    state.push("builders", empty_progressive_list());
    state.push("next_withdrawal_builder_index", uint64(0));
    let slots = Preset::vector(p.slots_per_historical_root);
    state.push("execution_payload_availability", bytes(vec![0xff; slots.div_ceil(8)]));
    let payments = 2 * Preset::vector(p.slots_per_epoch);
    state.push("builder_pending_payments", vector_of(builder_pending_payment(), payments));
    state.push("builder_pending_withdrawals", empty_progressive_list());
    state.push("latest_execution_payload_bid", execution_payload_bid(g.block_hash));
    state.push("payload_expected_withdrawals", empty_progressive_list());
    state.push("ptc_window", vector(ptc_window(g).iter().map(|row| vector_uint64(row))));
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
        body.replace(name, empty_progressive_list());
    }
    body.remove("execution_payload");
    body.remove("blob_kzg_commitments");
    body.remove("execution_requests");
    let signed_bid =
        [("message", execution_payload_bid(g.block_hash)), ("signature", bytes([0; 96]))];
    body.push("signed_execution_payload_bid", container(signed_bid));
    body.push("payload_attestations", empty_progressive_list());
    body.push("parent_execution_requests", execution_requests());
}

/// The default `BuilderPendingPayment`.
fn builder_pending_payment() -> Value {
    let withdrawal =
        [("fee_recipient", address([0; 20])), ("amount", uint64(0)), ("builder_index", uint64(0))];
    container([
        ("weight", uint64(0)),
        ("withdrawal", container(withdrawal)),
        ("proposer_index", uint64(0)),
    ])
}

/// The default `ExecutionRequests`.
fn execution_requests() -> Value {
    progressive_container([
        ("deposits", empty_progressive_list()),
        ("withdrawals", empty_progressive_list()),
        ("consolidations", empty_progressive_list()),
        ("builder_deposits", empty_progressive_list()),
        ("builder_exits", empty_progressive_list()),
    ])
}

/// `ExecutionPayloadBid` at genesis: default but for the parent's hash and the root of the default
/// requests.
fn execution_payload_bid(parent_block_hash: B256) -> Value {
    progressive_container([
        ("parent_block_hash", bytes32(parent_block_hash)),
        ("parent_block_root", bytes32(B256::ZERO)),
        ("block_hash", bytes32(B256::ZERO)),
        ("prev_randao", bytes32(B256::ZERO)),
        ("fee_recipient", address([0; 20])),
        ("gas_limit", uint64(0)),
        ("builder_index", uint64(0)),
        ("slot", uint64(0)),
        ("value", uint64(0)),
        ("execution_payment", uint64(0)),
        ("blob_kzg_commitments", empty_progressive_list()),
        ("execution_requests_root", bytes32(execution_requests().root())),
    ])
}

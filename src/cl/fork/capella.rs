//! Source: consensus-specs `specs/capella/beacon-chain.md`.

use super::{Fields, Fork, Inputs, bellatrix};
use crate::cl::ssz::{Value, bytes, container, empty_list, list_of, uint64};
use crate::el::block::Withdrawal;
use crate::el::chain_config::Hardfork;

pub(super) const FORK: Fork = Fork {
    name: "capella",
    hardfork: Some(Hardfork::Shanghai),
    state,
    body,
    progressive: false,
    experimental: false,
};

fn state(state: &mut Fields, g: &Inputs<'_>) {
    state.replace("latest_execution_payload_header", payload_header(g).container());
    state.push("next_withdrawal_index", uint64(0));
    state.push("next_withdrawal_validator_index", uint64(0));
    state.push("historical_summaries", empty_list(g.preset.historical_roots_limit));
}

fn body(body: &mut Fields, g: &Inputs<'_>) {
    body.replace("execution_payload", payload(g).container());
    body.push("bls_to_execution_changes", empty_list(g.preset.max_bls_to_execution_changes));
}

pub(super) fn payload_header(g: &Inputs<'_>) -> Fields {
    let mut fields = bellatrix::payload_header(g);
    let list = g.block.withdrawals.as_deref().unwrap_or_default();
    let roots = list.iter().map(|one| withdrawal(one).root()).collect();
    let withdrawals = list_of(Vec::new(), roots, g.preset.max_withdrawals_per_payload);
    // A block from before Shanghai has no list; eth-beacon-genesis then leaves the root zero.
    let root = g.block.withdrawals.as_ref().map_or([0; 32], |_| withdrawals.root());
    fields.push("withdrawals_root", bytes(root));
    fields
}

pub(super) fn payload(g: &Inputs<'_>) -> Fields {
    let mut fields = bellatrix::payload(g);
    fields.push("withdrawals", empty_list(g.preset.max_withdrawals_per_payload));
    fields
}

/// `Withdrawal`.
fn withdrawal(one: &Withdrawal) -> Value {
    container([
        uint64(one.index),
        uint64(one.validator_index),
        bytes(one.address.into_array()),
        uint64(one.amount),
    ])
}

//! Source: consensus-specs `specs/capella/beacon-chain.md` (EIP-4895).

use alloy_primitives::B256;

use super::{Edits, Fields, Inputs, bellatrix};
use crate::cl::ssz::{Value, address, bytes32, container, empty_list, list_root, uint64};
use crate::el::block::Withdrawal;

pub(super) const EDITS: Edits = Edits { state, body, ..Edits::NONE };

fn state(state: &mut Fields, g: &Inputs<'_>) {
    state.replace("latest_execution_payload_header", execution_payload_header(g).container());
    state.push("next_withdrawal_index", uint64(0));
    state.push("next_withdrawal_validator_index", uint64(0));
    state.push("historical_summaries", empty_list(g.preset.historical_roots_limit));
}

fn body(body: &mut Fields, g: &Inputs<'_>) {
    body.replace("execution_payload", execution_payload(g).container());
    body.push("bls_to_execution_changes", empty_list(g.preset.max_bls_to_execution_changes));
}

/// `ExecutionPayloadHeader` of the execution block.
pub(super) fn execution_payload_header(g: &Inputs<'_>) -> Fields {
    let mut fields = bellatrix::execution_payload_header(g);
    // A block before Shanghai has no withdrawals; the root is then zero, as in eth-beacon-genesis.
    let withdrawals_root = g.block.withdrawals.as_ref().map_or(B256::ZERO, |withdrawals| {
        let roots = withdrawals.iter().map(|one| withdrawal(one).root()).collect();
        list_root(roots, g.preset.max_withdrawals_per_payload)
    });
    fields.push("withdrawals_root", bytes32(withdrawals_root));
    fields
}

/// The default `ExecutionPayload`.
pub(super) fn execution_payload(g: &Inputs<'_>) -> Fields {
    let mut fields = bellatrix::execution_payload(g);
    fields.push("withdrawals", empty_list(g.preset.max_withdrawals_per_payload));
    fields
}

/// `Withdrawal`.
fn withdrawal(withdrawal: &Withdrawal) -> Value {
    container([
        ("index", uint64(withdrawal.index)),
        ("validator_index", uint64(withdrawal.validator_index)),
        ("address", address(withdrawal.address.into_array())),
        ("amount", uint64(withdrawal.amount)),
    ])
}

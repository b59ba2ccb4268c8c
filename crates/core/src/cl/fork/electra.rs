//! Source: consensus-specs `specs/electra/beacon-chain.md` (EIP-6110, EIP-7002, EIP-7251,
//! EIP-7549).

use super::{Edits, Fields, Inputs};
use crate::cl::ssz::{container, empty_list, uint64};

pub(super) const EDITS: Edits = Edits { state, body, ..Edits::NONE };

fn state(state: &mut Fields, g: &Inputs<'_>) {
    let p = g.preset;
    // 0 rather than UNSET_DEPOSIT_REQUESTS_START_INDEX: see eth1_data in phase0.
    state.push("deposit_requests_start_index", uint64(0));
    state.push("deposit_balance_to_consume", uint64(0));
    // The churn functions take the maximum of these and the current epoch, so 0 is right at
    // genesis.
    state.push("exit_balance_to_consume", uint64(0));
    state.push("earliest_exit_epoch", uint64(0));
    state.push("consolidation_balance_to_consume", uint64(0));
    state.push("earliest_consolidation_epoch", uint64(0));
    state.push("pending_deposits", empty_list(p.pending_deposits_limit));
    state.push("pending_partial_withdrawals", empty_list(p.pending_partial_withdrawals_limit));
    state.push("pending_consolidations", empty_list(p.pending_consolidations_limit));
}

fn body(body: &mut Fields, g: &Inputs<'_>) {
    let p = g.preset;
    body.replace("attester_slashings", empty_list(p.max_attester_slashings_electra));
    body.replace("attestations", empty_list(p.max_attestations_electra));
    let execution_requests = [
        ("deposits", empty_list(p.max_deposit_requests_per_payload)),
        ("withdrawals", empty_list(p.max_withdrawal_requests_per_payload)),
        ("consolidations", empty_list(p.max_consolidation_requests_per_payload)),
    ];
    body.push("execution_requests", container(execution_requests));
}

//! Source: consensus-specs `specs/electra/beacon-chain.md` (EIP-6110, EIP-7002, EIP-7251,
//! EIP-7549).

use super::{Fields, Fork, Inputs};
use crate::cl::ssz::{container, empty_list, uint64};
use crate::el::chain_config::Hardfork;

pub(super) const FORK: Fork = Fork {
    name: "electra",
    hardfork: Some(Hardfork::Prague),
    state,
    body,
    progressive: false,
    experimental: false,
};

fn state(state: &mut Fields, g: &Inputs<'_>) {
    let p = g.preset;
    // 0 rather than UNSET_DEPOSIT_REQUESTS_START_INDEX: see the deposit root in phase0.
    state.push("deposit_requests_start_index", uint64(0));
    state.push("deposit_balance_to_consume", uint64(0));
    // The churn functions take the maximum of these and the present, so 0 is right at genesis.
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
    let execution_requests = container([
        empty_list(p.max_deposit_requests_per_payload),
        empty_list(p.max_withdrawal_requests_per_payload),
        empty_list(p.max_consolidation_requests_per_payload),
    ]);
    body.push("execution_requests", execution_requests);
}

//! Source: consensus-specs `specs/deneb/beacon-chain.md` (EIP-4844).

use super::{Fields, Fork, Inputs, capella};
use crate::cl::ssz::{empty_list, uint64};
use crate::el::chain_config::Hardfork;

pub(super) const FORK: Fork = Fork {
    name: "deneb",
    hardfork: Some(Hardfork::Cancun),
    state,
    body,
    progressive: false,
    experimental: false,
};

fn state(state: &mut Fields, g: &Inputs<'_>) {
    let mut header = capella::payload_header(g);
    let h = &g.block.header;
    header.push("blob_gas_used", uint64(h.blob_gas_used.unwrap_or(0)));
    header.push("excess_blob_gas", uint64(h.excess_blob_gas.unwrap_or(0)));
    state.replace("latest_execution_payload_header", header.container());
}

fn body(body: &mut Fields, g: &Inputs<'_>) {
    let mut payload = capella::payload(g);
    payload.push("blob_gas_used", uint64(0));
    payload.push("excess_blob_gas", uint64(0));
    body.replace("execution_payload", payload.container());
    body.push("blob_kzg_commitments", empty_list(g.preset.max_blob_commitments_per_block));
}

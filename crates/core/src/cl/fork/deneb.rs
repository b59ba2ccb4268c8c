//! Source: consensus-specs `specs/deneb/beacon-chain.md` (EIP-4844).

use super::{Edits, Fields, Inputs, capella};
use crate::cl::ssz::{empty_list, uint64};

pub(super) const EDITS: Edits = Edits { state, body, ..Edits::NONE };

fn state(state: &mut Fields, g: &Inputs<'_>) {
    let h = &g.block.header;
    let mut execution_payload_header = capella::execution_payload_header(g);
    execution_payload_header.push("blob_gas_used", uint64(h.blob_gas_used.unwrap_or(0)));
    execution_payload_header.push("excess_blob_gas", uint64(h.excess_blob_gas.unwrap_or(0)));
    state.replace("latest_execution_payload_header", execution_payload_header.container());
}

fn body(body: &mut Fields, g: &Inputs<'_>) {
    let mut execution_payload = capella::execution_payload(g);
    execution_payload.push("blob_gas_used", uint64(0));
    execution_payload.push("excess_blob_gas", uint64(0));
    body.replace("execution_payload", execution_payload.container());
    body.push("blob_kzg_commitments", empty_list(g.preset.max_blob_commitments_per_block));
}

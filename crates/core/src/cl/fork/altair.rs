//! Source: consensus-specs `specs/altair/beacon-chain.md`.

use super::{Edits, Fields, Inputs};
use crate::cl::preset::Preset;
use crate::cl::ssz::{bytes, container, list_uint8, list_uint64};

pub(super) const EDITS: Edits = Edits { state, body, ..Edits::NONE };

fn state(state: &mut Fields, g: &Inputs<'_>) {
    let limit = g.preset.validator_registry_limit;
    let participation = || list_uint8(vec![0; g.validators.len()], limit);
    state.rename("previous_epoch_attestations", "previous_epoch_participation", participation());
    state.rename("current_epoch_attestations", "current_epoch_participation", participation());
    state.push("inactivity_scores", list_uint64(&vec![0; g.validators.len()], limit));
    for field in ["current_sync_committee", "next_sync_committee"] {
        if let Some(committee) = &g.sync_committee {
            state.push(field, committee.clone());
        }
    }
}

fn body(body: &mut Fields, g: &Inputs<'_>) {
    let bits = vec![0; Preset::vector(g.preset.sync_committee_size).div_ceil(8)];
    let sync_aggregate =
        [("sync_committee_bits", bytes(bits)), ("sync_committee_signature", bytes([0; 96]))];
    body.push("sync_aggregate", container(sync_aggregate));
}

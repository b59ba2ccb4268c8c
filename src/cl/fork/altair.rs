//! Source: consensus-specs `specs/altair/beacon-chain.md`.

use super::{Fields, Fork, Inputs};
use crate::cl::preset::Preset;
use crate::cl::ssz::{bytes, container, list_uint8, list_uint64};
use crate::cl::sync_committee::sync_committee;

pub(super) const FORK: Fork =
    Fork { name: "altair", hardfork: None, state, body, progressive: false, experimental: false };

fn state(state: &mut Fields, g: &Inputs<'_>) {
    let limit = g.preset.validator_registry_limit;
    let participation = || list_uint8(vec![0; g.validators.len()], limit);
    state.rename("previous_epoch_attestations", "previous_epoch_participation", participation());
    state.rename("current_epoch_attestations", "current_epoch_participation", participation());
    state.push("inactivity_scores", list_uint64(&vec![0; g.validators.len()], limit));
    let committee = sync_committee(g);
    state.push("current_sync_committee", committee.clone());
    state.push("next_sync_committee", committee);
}

fn body(body: &mut Fields, g: &Inputs<'_>) {
    let bits = vec![0; Preset::vector(g.preset.sync_committee_size).div_ceil(8)];
    body.push("sync_aggregate", container([bytes(bits), bytes([0; 96])]));
}

//! The sync committee of the genesis state. Source: consensus-specs
//! `specs/altair/beacon-chain.md` (`get_next_sync_committee`), with the choices of
//! eth-beacon-genesis (`docs/reference.md`): the seed is that of epoch 0, and since electra the
//! random values have 16 bits while 32 ETH are still always accepted.

use std::collections::HashMap;

use blst::min_pk::{AggregatePublicKey, PublicKey};
use rayon::prelude::*;

use super::inputs::Inputs;
use super::preset::Preset;
use super::shuffle::{Acceptance, DOMAIN_SYNC_COMMITTEE, seed, select};
use super::ssz::{Value, bytes, container};

/// `SyncCommittee` of epoch 0. Validators come several times when there are few of them.
///
/// # Panics
/// A public key is no point of G1; [`super::state::genesis_state`] checks them before.
pub fn sync_committee(inputs: &Inputs<'_>) -> Value {
    let preset = inputs.preset;
    let acceptance =
        Acceptance { wide: inputs.electra, max_effective_balance: preset.max_effective_balance };
    let seed = seed(&inputs.block_hash, 0, DOMAIN_SYNC_COMMITTEE);
    let members = select(inputs, seed, acceptance, Preset::vector(preset.sync_committee_size));
    let mut distinct = members.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let points: HashMap<usize, PublicKey> = distinct
        .into_par_iter()
        .map(|index| {
            let point = PublicKey::uncompress(&inputs.validators[index].pubkey);
            (index, point.expect("public keys were checked"))
        })
        .collect();
    let keys: Vec<&PublicKey> = members.iter().map(|index| &points[index]).collect();
    let aggregate = AggregatePublicKey::aggregate(&keys, false).expect("a committee has members");
    let pubkeys = members.iter().map(|index| bytes(inputs.validators[*index].pubkey));
    container([container(pubkeys), bytes(aggregate.to_public_key().compress())])
}

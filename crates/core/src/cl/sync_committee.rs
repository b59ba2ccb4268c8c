//! The sync committee of the genesis state. Source: consensus-specs
//! `specs/altair/beacon-chain.md` (`get_next_sync_committee`), with the choices of
//! eth-beacon-genesis (`docs/reference.md`): the seed is that of epoch 0, and from electra on the
//! random values have 16 bits, but 32 ETH is still always accepted.

use std::collections::HashMap;

use blst::min_pk::{AggregatePublicKey, PublicKey};
use rayon::prelude::*;

use super::error::Error;
use super::inputs::Inputs;
use super::preset::Preset;
use super::shuffle::{Acceptance, DOMAIN_SYNC_COMMITTEE, seed, select};
use super::ssz::{Value, bytes, container, vector};

/// `SyncCommittee` of epoch 0. With few validators, each of them is a member several times.
///
/// # Errors
/// The public key of a member is not a point of G1.
///
/// # Panics
/// The committee of the preset has no members.
pub fn sync_committee(inputs: &Inputs<'_>) -> Result<Value, Error> {
    let preset = inputs.preset;
    let acceptance =
        Acceptance { wide: inputs.electra, max_effective_balance: preset.max_effective_balance };
    let seed = seed(&inputs.block_hash, 0, DOMAIN_SYNC_COMMITTEE);
    let members = select(inputs, seed, acceptance, Preset::vector(preset.sync_committee_size));
    let mut distinct = members.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let point = |index: usize| {
        let key = &inputs.validators[index].pubkey;
        let point = PublicKey::uncompress(key);
        point.map(|point| (index, point)).map_err(|_| Error::PublicKey(*key))
    };
    let points: Result<HashMap<usize, PublicKey>, _> =
        distinct.into_par_iter().map(point).collect();
    let points = points?;
    let keys: Vec<&PublicKey> = members.iter().map(|index| &points[index]).collect();
    let aggregate = AggregatePublicKey::aggregate(&keys, false).expect("a committee has members");
    let pubkeys = members.iter().map(|index| bytes(inputs.validators[*index].pubkey));
    Ok(container([
        ("pubkeys", vector(pubkeys)),
        ("aggregate_pubkey", bytes(aggregate.to_public_key().compress())),
    ]))
}

//! What the fields of a genesis state and block are made of.

use super::preset::Preset;
use super::ssz::Root;
use super::validator::Validator;
use crate::el::block::Block;

/// What a genesis state is made of, besides constants.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// The sizes.
    pub preset: &'a Preset,
    /// Seconds since the epoch.
    pub genesis_time: u64,
    /// Version of the fork before the genesis fork.
    pub previous_version: [u8; 4],
    /// Version of the genesis fork.
    pub current_version: [u8; 4],
    /// The registry.
    pub validators: &'a [Validator],
    /// Gwei, one for each validator.
    pub balances: &'a [u64],
    /// Indices of the validators that are active in epoch 0.
    pub active: &'a [usize],
    /// Whether the genesis fork is electra or later.
    pub electra: bool,
    /// The execution block that the chain continues.
    pub block: &'a Block,
    /// Its hash.
    pub block_hash: Root,
}

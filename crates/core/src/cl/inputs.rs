//! The inputs of a genesis state.

use alloy_primitives::B256;

use super::preset::Preset;
use super::ssz::Value;
use super::validator::Validator;
use crate::el::block::Block;

/// Everything that the fields of a genesis state and block depend on.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// Sizes and limits.
    pub preset: &'a Preset,
    /// Seconds since the epoch.
    pub genesis_time: u64,
    /// Version of the fork before the genesis fork.
    pub previous_version: [u8; 4],
    /// Version of the genesis fork.
    pub current_version: [u8; 4],
    /// The registry.
    pub validators: &'a [Validator],
    /// Gwei, one per validator.
    pub balances: &'a [u64],
    /// Indices of the validators that are active in epoch 0.
    pub active: &'a [usize],
    /// Whether the genesis fork is electra or later.
    pub electra: bool,
    /// The execution block that the chain continues.
    pub block: &'a Block,
    /// Its hash.
    pub block_hash: B256,
    /// The sync committee, from altair on.
    pub sync_committee: Option<Value>,
}

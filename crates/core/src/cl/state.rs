//! The genesis state: config, validators and execution block → `genesis.ssz`.

use alloy_primitives::{B256, hex};
use blst::min_pk::PublicKey;
use rayon::prelude::*;

use super::config::Config;
use super::error::Error;
use super::fork::{Fork, block_header};
use super::inputs::Inputs;
use super::preset::Preset;
use super::ssz::Value;
use super::sync_committee::sync_committee;
use super::validator::{self, GenesisValidator, Validator};
use crate::el::block::Block;
use crate::forks::ForkName;

/// A genesis state and the values that other files and the summary need.
#[derive(Debug)]
pub struct GenesisState {
    /// The fork of the state.
    pub fork: &'static Fork,
    /// The state: its encoding is `genesis.ssz`.
    pub ssz: Value,
    /// `hash_tree_root` of the state.
    pub state_root: B256,
    /// `hash_tree_root` of the genesis block.
    pub block_root: B256,
    /// `hash_tree_root` of the genesis block's body.
    pub body_root: B256,
    /// `hash_tree_root` of the registry, which is part of every signing domain.
    pub genesis_validators_root: B256,
    /// Seconds since the epoch.
    pub genesis_time: u64,
    /// Validators that are active in epoch 0.
    pub active_validators: usize,
}

/// Builds the state of the newest fork of `config` with epoch 0.
///
/// `genesis_time` is in seconds since the Unix epoch. `block` is the execution block that the chain
/// continues: block 0, or the last block of its history. Before bellatrix, the state has only the hash of a
/// block: `eth1_block`, or that of `block`.
///
/// # Errors
/// No validator is active, or from gloas on fewer than an epoch has slots. There are more
/// validators than `VALIDATOR_REGISTRY_LIMIT`. A member of the sync committee has an invalid public
/// key. A fork version is missing. The execution block lacks
/// a field of the fork's payload header, or has more `extraData` or withdrawals than the preset
/// allows.
pub fn genesis_state(
    config: &Config,
    preset: &Preset,
    validators: &[GenesisValidator],
    block: &Block,
    eth1_block: Option<B256>,
    genesis_time: u64,
) -> Result<GenesisState, Error> {
    let fork = config.genesis_fork()?;
    check_payload(fork, preset, block)?;
    let Registry { validators: registry, balances, active } =
        registry(config, fork, preset, validators)?;
    let (previous_version, current_version) = versions(config, fork)?;
    let mut inputs = Inputs {
        preset,
        genesis_time,
        previous_version,
        current_version,
        validators: &registry,
        balances: &balances,
        active: &active,
        electra: fork.is_at_least(ForkName::Electra),
        block,
        block_hash: eth1_block
            .filter(|_| !fork.is_at_least(ForkName::Bellatrix))
            .unwrap_or_else(|| block.header.hash()),
        sync_committee: None,
    };
    if fork.is_at_least(ForkName::Altair) {
        inputs.sync_committee = Some(sync_committee(&inputs)?);
    }
    let fields = fork.state_fields(&inputs);
    let root_of = |name: &str| fields.get(name).map(Value::root).unwrap_or_default();
    // The root of a Root is that Root.
    let genesis_validators_root = root_of("genesis_validators_root");
    let body_root = fork.container(fork.body_fields(&inputs)).root();
    let state = fork.container(fields);
    Ok(GenesisState {
        fork,
        // A block and its header have the same root.
        block_root: block_header(state.root(), body_root).root(),
        state_root: state.root(),
        ssz: state,
        body_root,
        genesis_validators_root,
        genesis_time,
        active_validators: active.len(),
    })
}

/// Reports every error of [`genesis_state`], without building the state.
///
/// # Errors
/// As [`genesis_state`].
pub fn check(
    config: &Config,
    preset: &Preset,
    validators: &[GenesisValidator],
    block: &Block,
) -> Result<(), Error> {
    let fork = config.genesis_fork()?;
    check_payload(fork, preset, block)?;
    registry(config, fork, preset, validators)?;
    versions(config, fork).map(drop)
}

/// The registry as the state has it.
struct Registry {
    validators: Vec<Validator>,
    /// Gwei, one for each validator.
    balances: Vec<u64>,
    /// Indices of the validators that are active in epoch 0.
    active: Vec<usize>,
}

fn registry(
    config: &Config,
    fork: &Fork,
    preset: &Preset,
    validators: &[GenesisValidator],
) -> Result<Registry, Error> {
    let electra = fork.is_at_least(ForkName::Electra);
    let registry: Vec<Validator> = validators.iter().map(|v| v.record(preset, electra)).collect();
    if registry.len() as u64 > preset.validator_registry_limit {
        let expected = format!("at least {}, the number of validators", registry.len());
        return Err(config.invalid("VALIDATOR_REGISTRY_LIMIT", expected));
    }
    let balances: Vec<u64> = validators.iter().map(|v| v.balance(preset)).collect();
    let active: Vec<usize> = (0..registry.len()).filter(|i| registry[*i].is_active()).collect();
    if active.is_empty() {
        return Err(Error::NoActiveValidator(registry.len()));
    }
    let slots = Preset::vector(preset.slots_per_epoch);
    if fork.is_at_least(ForkName::Gloas) && active.len() < slots {
        // compute_ptc would find no committee in some slots.
        return Err(Error::TooFewActiveValidators { active: active.len(), slots });
    }
    Ok(Registry { validators: registry, balances, active })
}

/// Versions of the fork before `fork`, and of `fork`.
fn versions(config: &Config, fork: &Fork) -> Result<([u8; 4], [u8; 4]), Error> {
    let version =
        |fork: &Fork| config.version(fork)?.ok_or_else(|| Error::Missing(fork.version_key()));
    Ok((version(fork.previous())?, version(fork)?))
}

/// The root of the registry of `validators` in a state of `fork`.
pub fn genesis_validators_root(
    fork: &Fork,
    preset: &Preset,
    validators: &[GenesisValidator],
) -> B256 {
    let electra = fork.is_at_least(ForkName::Electra);
    let registry: Vec<Validator> = validators.iter().map(|v| v.record(preset, electra)).collect();
    if fork.is_at_least(ForkName::Gloas) {
        return validator::progressive_list_of_validators(&registry).root();
    }
    validator::list_of_validators(&registry, preset.validator_registry_limit).root()
}

/// Checks that every `step`-th public key, and the last one, is a point of the right subgroup of G1, and
/// that all others have the form of one. Keys derived here are valid; keys listed in a file may not be.
///
/// # Errors
/// The index of the first invalid key.
pub fn check_public_keys(keys: &[[u8; 48]], step: usize) -> Result<(), usize> {
    let is_valid = |index: usize, key: &[u8; 48]| {
        if index.is_multiple_of(step) || index + 1 == keys.len() {
            return PublicKey::key_validate(key).is_ok();
        }
        has_form_of_point(key)
    };
    let invalid = keys.par_iter().enumerate().position_first(|(index, key)| !is_valid(index, key));
    invalid.map_or(Ok(()), Err)
}

/// The order of the base field of BLS12-381.
const FIELD: [u8; 48] = hex!(
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab"
);

/// Whether a key is compressed, not the point at infinity, and has a coordinate in the field.
fn has_form_of_point(key: &[u8; 48]) -> bool {
    const COMPRESSED: u8 = 0x80;
    const INFINITY: u8 = 0x40;
    const FLAGS: u8 = 0xe0;
    let mut coordinate = *key;
    coordinate[0] &= !FLAGS;
    key[0] & (COMPRESSED | INFINITY) == COMPRESSED && coordinate < FIELD
}

fn check_payload(fork: &Fork, preset: &Preset, block: &Block) -> Result<(), Error> {
    let header = &block.header;
    let error = |problem: String| Err(Error::Payload(problem));
    if !fork.is_at_least(ForkName::Bellatrix) {
        return Ok(());
    }
    if header.base_fee_per_gas.is_none() {
        return error("has no base fee: set londonBlock to 0 in genesis.json".to_owned());
    }
    if header.extra_data.len() as u64 > preset.max_extra_data_bytes {
        let (length, most) = (header.extra_data.len(), preset.max_extra_data_bytes);
        return Err(Error::ExtraData { length, most });
    }
    let (withdrawals, most) =
        (block.withdrawals.as_ref().map_or(0, Vec::len), preset.max_withdrawals_per_payload);
    if withdrawals as u64 > most {
        return error(format!(
            "has {withdrawals} withdrawals, expected at most {most} (MAX_WITHDRAWALS_PER_PAYLOAD)"
        ));
    }
    if fork.is_at_least(ForkName::Deneb) && header.blob_gas_used.is_none() {
        return error("has no blob gas fields: set cancunTime to 0 in genesis.json".to_owned());
    }
    Ok(())
}

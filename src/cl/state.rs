//! The genesis state: from config, validators and execution block to the bytes of `genesis.ssz`.

use blst::min_pk::PublicKey;
use rayon::prelude::*;

use super::config::Config;
use super::error::Error;
use super::fork::Fork;
use super::inputs::Inputs;
use super::preset::Preset;
use super::ssz::{Root, Value, container, list_of, progressive_list, uint64};
use super::validator::{self, GenesisValidator, Validator};
use crate::el::block::Block;

/// A genesis state and what a summary says of it.
#[derive(Debug)]
pub struct GenesisState {
    /// The fork of the state.
    pub fork: &'static Fork,
    /// The names of its fields.
    pub fields: Vec<&'static str>,
    /// The state: its encoding is `genesis.ssz`.
    pub ssz: Value,
    /// `hash_tree_root` of the state.
    pub state_root: Root,
    /// `hash_tree_root` of the genesis block's header, which names the state.
    pub block_root: Root,
    /// `hash_tree_root` of the genesis block's body.
    pub body_root: Root,
    /// `hash_tree_root` of the registry: what all signing domains are bound to.
    pub genesis_validators_root: Root,
    /// Seconds since the epoch.
    pub genesis_time: u64,
    /// Validators that are active in epoch 0.
    pub active_validators: usize,
}

/// Builds the state of the newest fork of `config` whose epoch is 0.
///
/// `genesis_time` is in seconds since the epoch; `block` is the execution block that the chain
/// continues: block 0, or the last of a past.
///
/// # Errors
/// No validator is active, or since gloas fewer than an epoch has slots; there are more than the
/// registry may hold; a fork version is missing; the execution block lacks what the fork's payload header holds, or
/// has more `extraData` or withdrawals than fit.
pub fn genesis_state(
    config: &Config,
    preset: &Preset,
    validators: &[GenesisValidator],
    block: &Block,
    genesis_time: u64,
) -> Result<GenesisState, Error> {
    let fork = config.genesis_fork()?;
    check_payload(fork, preset, block)?;
    let electra = fork.is_at_least("electra");
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
    if fork.is_at_least("gloas") && active.len() < slots {
        // A slot would have no committee, from which compute_ptc could choose.
        return Err(Error::TooFewActiveValidators { active: active.len(), slots });
    }
    let version =
        |fork: &Fork| config.version(fork)?.ok_or_else(|| Error::Missing(fork.version_key()));
    let inputs = Inputs {
        preset,
        genesis_time,
        previous_version: version(fork.previous())?,
        current_version: version(fork)?,
        validators: &registry,
        balances: &balances,
        active: &active,
        electra,
        block,
        block_hash: block.header.hash().0,
    };
    let fields = fork.state_fields(&inputs);
    let root_of = |name: &str| fields.get(name).map(Value::root).unwrap_or_default();
    // A Root's own root is itself.
    let genesis_validators_root = root_of("genesis_validators_root");
    let body_root = fork.container(fork.body_fields(&inputs)).root();
    let names = fields.names().collect();
    let state = fork.container(fields);
    let block = container([
        uint64(0),
        uint64(0),
        super::ssz::bytes([0; 32]),
        super::ssz::bytes(state.root()),
        super::ssz::bytes(body_root),
    ]);
    Ok(GenesisState {
        fork,
        fields: names,
        state_root: state.root(),
        ssz: state,
        block_root: block.root(),
        body_root,
        genesis_validators_root,
        genesis_time,
        active_validators: active.len(),
    })
}

/// The root that the registry of `validators` has in a state of `fork`.
pub fn genesis_validators_root(
    fork: &Fork,
    preset: &Preset,
    validators: &[GenesisValidator],
) -> Root {
    let electra = fork.is_at_least("electra");
    let registry: Vec<Validator> = validators.iter().map(|v| v.record(preset, electra)).collect();
    let (encoding, roots) = validator::encode_all(&registry);
    if fork.is_at_least("gloas") {
        return progressive_list(encoding, &roots, registry.len()).root();
    }
    list_of(encoding, roots, preset.validator_registry_limit).root()
}

/// Checks that every public key is a point of the right subgroup of G1.
///
/// Keys that were derived here are; keys that a file lists may be anything.
///
/// # Errors
/// The index of the first key that is not.
pub fn check_public_keys(keys: &[[u8; 48]]) -> Result<(), usize> {
    let faulty = keys.par_iter().position_first(|key| PublicKey::key_validate(key).is_err());
    faulty.map_or(Ok(()), Err)
}

fn check_payload(fork: &Fork, preset: &Preset, block: &Block) -> Result<(), Error> {
    let header = &block.header;
    let fault = |what: &str| Err(Error::Payload(what.to_owned()));
    if !fork.is_at_least("bellatrix") {
        return Ok(());
    }
    if header.base_fee_per_gas.is_none() {
        return fault("has no base fee: set londonBlock to 0 in genesis.json");
    }
    if header.extra_data.len() as u64 > preset.max_extra_data_bytes {
        let length = header.extra_data.len();
        return fault(&format!(
            "has {length} bytes of extraData, expected at most {}, as a beacon block holds",
            preset.max_extra_data_bytes
        ));
    }
    let (withdrawals, most) =
        (block.withdrawals.as_ref().map_or(0, Vec::len), preset.max_withdrawals_per_payload);
    if withdrawals as u64 > most {
        return fault(&format!("has {withdrawals} withdrawals, this preset has room for {most}"));
    }
    if fork.is_at_least("deneb") && header.blob_gas_used.is_none() {
        return fault("has no blob gas fields: set cancunTime to 0 in genesis.json");
    }
    Ok(())
}

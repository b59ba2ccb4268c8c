//! The validator registry. Source: consensus-specs `specs/phase0/beacon-chain.md` (`Validator`),
//! `specs/electra/beacon-chain.md` (EIP-7251); the choices of eth-beacon-genesis where the two
//! differ (`docs/reference.md`).

use alloy_primitives::B256;
use rayon::prelude::*;

use super::config::FAR_FUTURE_EPOCH;
use super::preset::Preset;
use super::ssz::{Element, Kind, Value, hash, list_of, pack, progressive_list};

/// `BLS_WITHDRAWAL_PREFIX`.
pub const BLS_WITHDRAWAL_PREFIX: u8 = 0x00;
/// `ETH1_ADDRESS_WITHDRAWAL_PREFIX`.
pub const ETH1_ADDRESS_WITHDRAWAL_PREFIX: u8 = 0x01;
/// `COMPOUNDING_WITHDRAWAL_PREFIX` (EIP-7251).
pub const COMPOUNDING_WITHDRAWAL_PREFIX: u8 = 0x02;

/// `Validator` in a list.
const VALIDATOR: Element = Element::Container(&[
    ("pubkey", Kind::Bytes, 48),
    ("withdrawal_credentials", Kind::Bytes, 32),
    ("effective_balance", Kind::Uint, 8),
    ("slashed", Kind::Boolean, 1),
    ("activation_eligibility_epoch", Kind::Uint, 8),
    ("activation_epoch", Kind::Uint, 8),
    ("exit_epoch", Kind::Uint, 8),
    ("withdrawable_epoch", Kind::Uint, 8),
]);

/// The state of a validator at genesis: `status` in `mnemonics.yaml` of eth-beacon-genesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// Active, if its balance is high enough.
    #[default]
    Active,
    /// Slashed and exited in epoch 0.
    Slashed,
    /// Exited in epoch 0.
    Exited,
}

/// A validator as a snapshot lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenesisValidator {
    /// Compressed point of G1.
    pub pubkey: [u8; 48],
    /// The prefix, then a hash or an address.
    pub withdrawal_credentials: [u8; 32],
    /// Gwei; `None`: 32 ETH.
    pub balance: Option<u64>,
    /// Active, slashed or exited.
    pub status: Status,
}

/// A record of the registry, the specification's `Validator`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the specification's")]
pub struct Validator {
    pub pubkey: [u8; 48],
    pub withdrawal_credentials: [u8; 32],
    pub effective_balance: u64,
    pub slashed: bool,
    pub activation_eligibility_epoch: u64,
    pub activation_epoch: u64,
    pub exit_epoch: u64,
    pub withdrawable_epoch: u64,
}

impl GenesisValidator {
    /// Balance in gwei.
    pub fn balance(&self, preset: &Preset) -> u64 {
        self.balance.unwrap_or(preset.max_effective_balance)
    }

    /// Its record at genesis. `electra`: whether the genesis fork is electra or later.
    ///
    /// The effective balance is capped, but not rounded down to an increment, as in
    /// eth-beacon-genesis.
    pub fn record(&self, preset: &Preset, electra: bool) -> Validator {
        let compounding =
            electra && self.withdrawal_credentials[0] == COMPOUNDING_WITHDRAWAL_PREFIX;
        let cap = if compounding {
            preset.max_effective_balance_electra
        } else {
            preset.max_effective_balance
        };
        let effective_balance = self.balance(preset).min(cap);
        let exited = self.status != Status::Active;
        let activated = exited || effective_balance >= preset.max_effective_balance;
        let epoch = |happened| if happened { 0 } else { FAR_FUTURE_EPOCH };
        Validator {
            pubkey: self.pubkey,
            withdrawal_credentials: self.withdrawal_credentials,
            effective_balance,
            slashed: self.status == Status::Slashed,
            activation_eligibility_epoch: epoch(activated),
            activation_epoch: epoch(activated),
            exit_epoch: epoch(exited),
            withdrawable_epoch: epoch(exited),
        }
    }
}

impl Validator {
    /// `is_active_validator` in epoch 0.
    pub fn is_active(&self) -> bool {
        self.activation_epoch == 0 && self.exit_epoch > 0
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.pubkey);
        out.extend_from_slice(&self.withdrawal_credentials);
        out.extend_from_slice(&self.effective_balance.to_le_bytes());
        out.push(u8::from(self.slashed));
        for epoch in [
            self.activation_eligibility_epoch,
            self.activation_epoch,
            self.exit_epoch,
            self.withdrawable_epoch,
        ] {
            out.extend_from_slice(&epoch.to_le_bytes());
        }
    }

    fn root(&self) -> B256 {
        let word = |value: u64| pack(&value.to_le_bytes())[0];
        let pubkey = pack(&self.pubkey);
        let credentials = hash(&hash(&pubkey[0], &pubkey[1]), &self.withdrawal_credentials.into());
        let balance = hash(&word(self.effective_balance), &word(self.slashed.into()));
        let activation =
            hash(&word(self.activation_eligibility_epoch), &word(self.activation_epoch));
        let exit = hash(&word(self.exit_epoch), &word(self.withdrawable_epoch));
        hash(&hash(&credentials, &balance), &hash(&activation, &exit))
    }
}

/// The joint encoding of `validators` and the root of each.
fn encode_all(validators: &[Validator]) -> (Vec<u8>, Vec<B256>) {
    let mut encoding = Vec::with_capacity(validators.len() * VALIDATOR.size());
    validators.iter().for_each(|validator| validator.encode(&mut encoding));
    (encoding, validators.par_iter().with_min_len(256).map(Validator::root).collect())
}

/// `List[Validator, limit]`.
pub fn list_of_validators(validators: &[Validator], limit: u64) -> Value {
    let (encoding, roots) = encode_all(validators);
    list_of(VALIDATOR, encoding, roots, limit)
}

/// `ProgressiveList[Validator]` (EIP-7688).
pub fn progressive_list_of_validators(validators: &[Validator]) -> Value {
    let (encoding, roots) = encode_all(validators);
    progressive_list(VALIDATOR, encoding, &roots, validators.len())
}

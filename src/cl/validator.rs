//! The validator registry. Source: consensus-specs `specs/phase0/beacon-chain.md` (`Validator`),
//! `specs/electra/beacon-chain.md` (EIP-7251); the choices of eth-beacon-genesis where the two
//! differ (`docs/reference.md`).

use rayon::prelude::*;

use super::config::FAR_FUTURE_EPOCH;
use super::preset::Preset;
use super::ssz::{Root, Value, hash, list_of, pack};

/// `BLS_WITHDRAWAL_PREFIX`.
pub const BLS_WITHDRAWAL_PREFIX: u8 = 0x00;
/// `ETH1_ADDRESS_WITHDRAWAL_PREFIX`.
pub const ETH1_ADDRESS_WITHDRAWAL_PREFIX: u8 = 0x01;
/// `COMPOUNDING_WITHDRAWAL_PREFIX` (EIP-7251).
pub const COMPOUNDING_WITHDRAWAL_PREFIX: u8 = 0x02;

/// Length of an encoded `Validator`.
const VALIDATOR_SIZE: usize = 121;

/// Where a validator stands at genesis: eth-beacon-genesis' `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// Takes part, if its balance suffices.
    #[default]
    Active,
    /// Slashed and exited in epoch 0.
    Slashed,
    /// Exited in epoch 0.
    Exited,
}

/// A validator as a snapshot asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenesisValidator {
    /// Compressed point of G1.
    pub pubkey: [u8; 48],
    /// Prefix and hash or address.
    pub withdrawal_credentials: [u8; 32],
    /// Gwei; `None`: 32 ETH.
    pub balance: Option<u64>,
    /// Whether it takes part.
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
    /// The effective balance is capped but not rounded down to an increment: so does
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
        let left = self.status != Status::Active;
        let activated = left || effective_balance >= preset.max_effective_balance;
        let since = |happened| if happened { 0 } else { FAR_FUTURE_EPOCH };
        Validator {
            pubkey: self.pubkey,
            withdrawal_credentials: self.withdrawal_credentials,
            effective_balance,
            slashed: self.status == Status::Slashed,
            activation_eligibility_epoch: since(activated),
            activation_epoch: since(activated),
            exit_epoch: since(left),
            withdrawable_epoch: since(left),
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

    fn root(&self) -> Root {
        let word = |value: u64| pack(&value.to_le_bytes())[0];
        let pubkey = pack(&self.pubkey);
        let credentials = hash(&hash(&pubkey[0], &pubkey[1]), &self.withdrawal_credentials);
        let balance = hash(&word(self.effective_balance), &word(self.slashed.into()));
        let activation =
            hash(&word(self.activation_eligibility_epoch), &word(self.activation_epoch));
        let exit = hash(&word(self.exit_epoch), &word(self.withdrawable_epoch));
        hash(&hash(&credentials, &balance), &hash(&activation, &exit))
    }
}

/// The joint encoding of `validators` and the root of each.
pub fn encode_all(validators: &[Validator]) -> (Vec<u8>, Vec<Root>) {
    let mut encoding = Vec::with_capacity(validators.len() * VALIDATOR_SIZE);
    validators.iter().for_each(|validator| validator.encode(&mut encoding));
    (encoding, validators.par_iter().with_min_len(256).map(Validator::root).collect())
}

/// `List[Validator, limit]`.
pub fn list_of_validators(validators: &[Validator], limit: u64) -> Value {
    let (encoding, roots) = encode_all(validators);
    list_of(encoding, roots, limit)
}

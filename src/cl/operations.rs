//! Messages that validators sign: deposits and changes of their withdrawal credentials.
//!
//! Source: consensus-specs `specs/phase0/beacon-chain.md` (`DepositData`, `compute_domain`,
//! `compute_signing_root`), `specs/capella/beacon-chain.md` (`BLSToExecutionChange`).

use super::ssz::{Root, Value, bytes, container, uint64};
use crate::keys::{PublicKey, SecretKey, Signature, verify};

/// `DOMAIN_DEPOSIT`.
const DOMAIN_DEPOSIT: [u8; 4] = [3, 0, 0, 0];
/// `DOMAIN_BLS_TO_EXECUTION_CHANGE`.
const DOMAIN_BLS_TO_EXECUTION_CHANGE: [u8; 4] = [10, 0, 0, 0];

/// `compute_domain`.
fn compute_domain(
    domain_type: [u8; 4],
    fork_version: [u8; 4],
    genesis_validators_root: Root,
) -> Root {
    let fork_data = container([bytes(fork_version), bytes(genesis_validators_root)]);
    let mut domain = [0; 32];
    domain[..4].copy_from_slice(&domain_type);
    domain[4..].copy_from_slice(&fork_data.root()[..28]);
    domain
}

/// `compute_signing_root`.
fn compute_signing_root(object: &Value, domain: Root) -> Root {
    container([bytes(object.root()), bytes(domain)]).root()
}

/// `DepositData`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the specification's")]
pub struct DepositData {
    pub pubkey: PublicKey,
    pub withdrawal_credentials: [u8; 32],
    /// Gwei.
    pub amount: u64,
    pub signature: Signature,
}

impl DepositData {
    /// A deposit signed with the validator's key, for the chain whose genesis fork version is
    /// `fork_version`: the domain has no registry, so that a deposit may come before genesis.
    pub fn signed(
        secret: &SecretKey,
        withdrawal_credentials: [u8; 32],
        amount: u64,
        fork_version: [u8; 4],
    ) -> Self {
        let (pubkey, signature) = (secret.public_key(), [0; 96]);
        let mut deposit = Self { pubkey, withdrawal_credentials, amount, signature };
        deposit.signature = secret.sign(&deposit.signing_root(fork_version));
        deposit
    }

    /// Whether the chain with this genesis fork version takes the deposit
    /// (`is_valid_deposit_signature`).
    pub fn is_valid(&self, fork_version: [u8; 4]) -> bool {
        verify(&self.pubkey, &self.signing_root(fork_version), &self.signature)
    }

    fn signing_root(&self, fork_version: [u8; 4]) -> Root {
        let domain = compute_domain(DOMAIN_DEPOSIT, fork_version, [0; 32]);
        compute_signing_root(&container(self.message()), domain)
    }

    /// The members of `DepositMessage`.
    fn message(&self) -> [Value; 3] {
        [bytes(self.pubkey), bytes(self.withdrawal_credentials), uint64(self.amount)]
    }

    /// `hash_tree_root`.
    pub fn root(&self) -> Root {
        let [pubkey, credentials, amount] = self.message();
        container([pubkey, credentials, amount, bytes(self.signature)]).root()
    }
}

/// What a change of credentials is signed for. The domain is always that of the genesis fork, so
/// that a change stays valid over forks.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the names are the specification's")]
pub struct Chain {
    pub genesis_fork_version: [u8; 4],
    pub genesis_validators_root: Root,
}

/// `SignedBLSToExecutionChange`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the specification's")]
pub struct SignedBlsToExecutionChange {
    pub validator_index: u64,
    pub from_bls_pubkey: PublicKey,
    pub to_execution_address: [u8; 20],
    pub signature: Signature,
}

impl SignedBlsToExecutionChange {
    /// A change signed with the validator's withdrawal key.
    pub fn signed(
        withdrawal_key: &SecretKey,
        validator_index: u64,
        to_execution_address: [u8; 20],
        chain: Chain,
    ) -> Self {
        let (from_bls_pubkey, signature) = (withdrawal_key.public_key(), [0; 96]);
        let mut change = Self { validator_index, from_bls_pubkey, to_execution_address, signature };
        change.signature = withdrawal_key.sign(&change.signing_root(chain));
        change
    }

    /// Whether the signature is right; `process_bls_to_execution_change` also compares the key
    /// with the validator's credentials.
    pub fn is_valid(&self, chain: Chain) -> bool {
        verify(&self.from_bls_pubkey, &self.signing_root(chain), &self.signature)
    }

    fn signing_root(&self, chain: Chain) -> Root {
        let message = container([
            uint64(self.validator_index),
            bytes(self.from_bls_pubkey),
            bytes(self.to_execution_address),
        ]);
        let domain = compute_domain(
            DOMAIN_BLS_TO_EXECUTION_CHANGE,
            chain.genesis_fork_version,
            chain.genesis_validators_root,
        );
        compute_signing_root(&message, domain)
    }
}

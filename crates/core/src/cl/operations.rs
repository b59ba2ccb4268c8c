//! Messages signed by validators: deposits and changes of their withdrawal credentials.
//!
//! Sources: consensus-specs `specs/phase0/beacon-chain.md` (`DepositData`, `compute_domain`,
//! `compute_signing_root`), `specs/capella/beacon-chain.md` (`BLSToExecutionChange`).

use alloy_primitives::B256;

use super::ssz::{Field, Value, address, bytes, bytes32, container, uint64};
use crate::keys::{PublicKey, SecretKey, Signature, verify};

/// `DOMAIN_DEPOSIT`.
const DOMAIN_DEPOSIT: [u8; 4] = [3, 0, 0, 0];
/// `DOMAIN_BLS_TO_EXECUTION_CHANGE`.
const DOMAIN_BLS_TO_EXECUTION_CHANGE: [u8; 4] = [10, 0, 0, 0];

/// `compute_domain`.
fn compute_domain(
    domain_type: [u8; 4],
    fork_version: [u8; 4],
    genesis_validators_root: B256,
) -> B256 {
    let fork_data = container([
        ("current_version", bytes(fork_version)),
        ("genesis_validators_root", bytes32(genesis_validators_root)),
    ]);
    let mut domain = B256::ZERO;
    domain[..4].copy_from_slice(&domain_type);
    domain[4..].copy_from_slice(&fork_data.root()[..28]);
    domain
}

/// `compute_signing_root`.
fn compute_signing_root(object: &Value, domain: B256) -> B256 {
    container([("object_root", bytes32(object.root())), ("domain", bytes32(domain))]).root()
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
    /// A deposit signed with the validator's key, for the chain with the genesis fork version
    /// `fork_version`. The domain does not include a registry: deposits may precede genesis.
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

    /// Whether the signature is valid on the chain with this genesis fork version
    /// (`is_valid_deposit_signature`).
    pub fn is_valid(&self, fork_version: [u8; 4]) -> bool {
        verify(&self.pubkey, &self.signing_root(fork_version), &self.signature)
    }

    fn signing_root(&self, fork_version: [u8; 4]) -> B256 {
        let domain = compute_domain(DOMAIN_DEPOSIT, fork_version, B256::ZERO);
        compute_signing_root(&container(self.message()), domain)
    }

    /// The fields of `DepositMessage`.
    fn message(&self) -> [Field; 3] {
        [
            ("pubkey", bytes(self.pubkey)),
            ("withdrawal_credentials", bytes(self.withdrawal_credentials)),
            ("amount", uint64(self.amount)),
        ]
    }

    /// `hash_tree_root`.
    pub fn root(&self) -> B256 {
        container(self.message().into_iter().chain([("signature", bytes(self.signature))])).root()
    }
}

/// The chain that a change of credentials is signed for. The domain is always that of the genesis
/// fork, so that a change remains valid after later forks.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the names are the specification's")]
pub struct Chain {
    pub genesis_fork_version: [u8; 4],
    pub genesis_validators_root: B256,
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

    /// Whether the signature is valid. `process_bls_to_execution_change` also compares the key with
    /// the validator's credentials.
    pub fn is_valid(&self, chain: Chain) -> bool {
        verify(&self.from_bls_pubkey, &self.signing_root(chain), &self.signature)
    }

    fn signing_root(&self, chain: Chain) -> B256 {
        let message = container([
            ("validator_index", uint64(self.validator_index)),
            ("from_bls_pubkey", bytes(self.from_bls_pubkey)),
            ("to_execution_address", address(self.to_execution_address)),
        ]);
        let domain = compute_domain(
            DOMAIN_BLS_TO_EXECUTION_CHANGE,
            chain.genesis_fork_version,
            chain.genesis_validators_root,
        );
        compute_signing_root(&message, domain)
    }
}

//! The address of a key.

use alloy_primitives::{Address, keccak256};
use bip32::secp256k1::ecdsa::VerifyingKey;

/// The last 20 bytes of the Keccak-256 hash of the public key. Source: the Yellow Paper, appendix F.
pub fn address_of(key: &VerifyingKey) -> Address {
    let point = key.to_sec1_point(false);
    Address::from_slice(&keccak256(&point.as_bytes()[1..])[12..])
}

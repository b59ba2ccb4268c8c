//! Signatures with Ed25519, and with ECDSA on P-256 and SHA-256.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair, UnparsedPublicKey,
};

use crate::archive::oci::{PrivateKey, PublicKey};

/// A key that signs, with its public key.
#[derive(Debug)]
pub struct Signer {
    key: Key,
    /// The public key.
    pub public: PublicKey,
}

#[derive(Debug)]
enum Key {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl Signer {
    /// A key; `None` if it is damaged.
    pub fn new(key: &PrivateKey) -> Option<Self> {
        Some(match key {
            PrivateKey::Ed25519(der) => {
                let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok()?;
                let public = PublicKey::Ed25519(key.public_key().as_ref().to_vec());
                Self { key: Key::Ed25519(key), public }
            }
            PrivateKey::P256(der) => {
                let kind = &ECDSA_P256_SHA256_ASN1_SIGNING;
                let key = EcdsaKeyPair::from_pkcs8(kind, der, &SystemRandom::new()).ok()?;
                let public = PublicKey::P256(key.public_key().as_ref().to_vec());
                Self { key: Key::P256(key), public }
            }
        })
    }

    /// Signs a text; `None` if the system provides no randomness.
    pub fn sign(&self, text: &[u8]) -> Option<Vec<u8>> {
        match &self.key {
            Key::Ed25519(key) => Some(key.sign(text).as_ref().to_vec()),
            Key::P256(key) => Some(key.sign(&SystemRandom::new(), text).ok()?.as_ref().to_vec()),
        }
    }
}

/// Whether a signature is of this text and this key.
pub fn is_signed(key: &PublicKey, text: &[u8], signature: &[u8]) -> bool {
    match key {
        PublicKey::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(text, signature),
        PublicKey::P256(key) => {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(text, signature)
        }
    }
    .is_ok()
}

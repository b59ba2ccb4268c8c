//! Validator keys and related secrets, as pure functions of their inputs.
//!
//! | module | computes | source |
//! |---|---|---|
//! | [`entropy`] | everything random in a run, from one seed | HMAC-SHA-256, RFC 2104 |
//! | [`mnemonic`] | the seed of a phrase | BIP-39 |
//! | [`accounts`] | the keys of a phrase's validators | EIP-2334 |
//! | [`mod@derive`] | secret keys in the tree of a seed | EIP-2333, EIP-2334 |
//! | [`sign`] | signatures, and their verification | consensus-specs, phase0 |
//! | [`keystore`] | the encrypted file of a secret key | EIP-2335, version 4 |
//! | [`sealed`] | a keystore with its password | |
//! | [`jwt`] | the secret that both layers of a node share | Engine API, authentication |

pub mod accounts;
pub mod derive;
pub mod entropy;
pub mod jwt;
pub mod keystore;
pub mod mnemonic;
pub mod sealed;
pub mod secret_text;
pub mod sign;

pub use accounts::Accounts;
pub use derive::{Path, PublicKey, SecretKey, derive_child_sk, derive_master_sk};
pub use entropy::Entropy;
pub use keystore::{AccountKeystore, Kdf, Keystore, Wallet, password};
pub use mnemonic::Mnemonic;
pub use sealed::Sealed;
pub use secret_text::SecretText;
pub use sign::{Signature, verify};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// An input of this module is invalid.
///
/// Variants contain numbers and fixed texts only, never a part of the input: printing an error cannot
/// print a secret that was passed by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The phrase has a number of words that BIP-39 does not allow.
    #[error("{0} words, expected 12, 15, 18, 21 or 24")]
    WordCount(usize),
    /// The word at this position, counted from 1, is unknown.
    #[error("word {0} is not in the English BIP-39 word list")]
    UnknownWord(usize),
    /// The last word of the phrase does not match the others.
    #[error("the checksum does not match")]
    PhraseChecksum,
    /// The seed of a key tree has too few bytes.
    #[error("the seed has {0} bytes, expected at least 32")]
    SeedLength(usize),
    /// The secret key is zero or at least the group order.
    #[error("the secret key is zero, or not below the group order r of BLS12-381")]
    SecretKeyRange,
    /// The key path does not start at the master node.
    #[error("the path does not start with segment \"m\"")]
    PathRoot,
    /// The segment at this position, counted from 1 after `m`, is not an index.
    #[error("path segment {0} after \"m\" is not a plain decimal number from 0 to 4294967295")]
    PathSegment(usize),
    /// The key path has too few segments after `m`.
    #[error("{0} path segments after \"m\", expected at least 4")]
    PathLength(usize),
    /// The name of the key derivation function is unknown.
    #[error("unknown key derivation function, expected light, pbkdf2 or scrypt")]
    KdfName,
    /// The text is not the JSON of a keystore.
    #[error("not an EIP-2335 keystore: {what} at line {line}, column {column}")]
    KeystoreJson {
        /// The kind of error.
        what: &'static str,
        /// Line, counted from 1.
        line: usize,
        /// Column, counted from 1.
        column: usize,
    },
    /// The keystore has a version other than 4.
    #[error("keystore version {0}, expected 4")]
    KeystoreVersion(u64),
    /// The text is not the JSON of an account's keystore.
    #[error("not a keystore of an account: Web3 Secret Storage, version 3")]
    AccountKeystoreJson,
    /// The parameters of the key derivation are invalid or too expensive.
    #[error("the keystore's key derivation is not accepted: {0}")]
    KdfParams(&'static str),
    /// The checksum of the keystore does not match the password.
    #[error("wrong password, or the keystore has been changed")]
    KeystoreChecksum,
    /// The public key in the keystore does not match its secret key.
    #[error("the keystore's public key does not match its secret key")]
    PublicKeyMismatch,
    /// The JWT secret has a wrong number of characters after an optional `0x`.
    #[error("the JWT secret has {0} characters, expected 64 hex digits with or without 0x")]
    JwtLength(usize),
    /// The JWT secret has 64 characters, but not all are hex digits.
    #[error("the JWT secret contains a character that is not a hex digit")]
    JwtDigit,
}

/// HMAC-SHA-256 of the concatenated parts.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC accepts keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

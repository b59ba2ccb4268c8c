//! Validator keys and the secrets beside them, as pure functions of their inputs.
//!
//! | module | computes | source |
//! |---|---|---|
//! | [`entropy`] | everything random in a run, from one seed | HMAC-SHA-256, RFC 2104 |
//! | [`mnemonic`] | the seed of a phrase | BIP-39 |
//! | [`accounts`] | the keys of its validators | EIP-2334 |
//! | [`mod@derive`] | secret keys in the tree of a seed | EIP-2333, EIP-2334 |
//! | [`sign`] | signatures and their check | consensus-specs, phase0 |
//! | [`keystore`] | the encrypted file of a secret key | EIP-2335, version 4 |
//! | [`sealed`] | a keystore and what opens it | |
//! | [`jwt`] | the secret shared by the two layers of a node | Engine API, authentication |

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
pub use keystore::{Kdf, Keystore, Wallet, password};
pub use mnemonic::Mnemonic;
pub use sealed::Sealed;
pub use secret_text::SecretText;
pub use sign::{Signature, verify};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What can be wrong with an input of this module.
///
/// A variant holds numbers and fixed texts only, never a piece of the input, so that printing an
/// error cannot print a secret, whatever was passed in by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The phrase has a length that BIP-39 does not know.
    #[error("{0} words, expected 12, 15, 18, 21 or 24")]
    WordCount(usize),
    /// The word at this position, counted from 1, is unknown.
    #[error("word {0} is not in the English BIP-39 word list")]
    UnknownWord(usize),
    /// The last word of the phrase does not fit those before it.
    #[error("the checksum does not match")]
    PhraseChecksum,
    /// The seed of a key tree has this many bytes.
    #[error("{0} bytes of seed, expected at least 32")]
    SeedLength(usize),
    /// The secret key is zero or at least the group order.
    #[error("the secret key is not between 0 and the group order r of BLS12-381, both excluded")]
    SecretKeyRange,
    /// The key path starts with something else than the master node.
    #[error("the path does not start with segment \"m\"")]
    PathRoot,
    /// The segment at this position, counted from 1 after `m`, is not an index.
    #[error("path segment {0} after \"m\" is not a plain decimal number from 0 to 4294967295")]
    PathSegment(usize),
    /// The key path has this many segments after `m`.
    #[error("{0} path segments after \"m\", expected at least 4")]
    PathLength(usize),
    /// The name of the key derivation function is unknown.
    #[error("unknown key derivation function, expected light, pbkdf2 or scrypt")]
    KdfName,
    /// The text is not the JSON of a keystore.
    #[error("not an EIP-2335 keystore: {what} at line {line}, column {column}")]
    KeystoreJson {
        /// Which kind of fault.
        what: &'static str,
        /// Line of the fault, counted from 1.
        line: usize,
        /// Column of the fault, counted from 1.
        column: usize,
    },
    /// The keystore has this version.
    #[error("keystore version {0}, expected 4")]
    KeystoreVersion(u64),
    /// The keystore asks for a key derivation that is invalid or too expensive.
    #[error("keystore key derivation refused: {0}")]
    KdfParams(&'static str),
    /// The checksum of the keystore does not match the password.
    #[error("wrong password, or the keystore was altered")]
    KeystoreChecksum,
    /// The public key written in the keystore is not that of its secret key.
    #[error("the public key of the keystore does not belong to its secret key")]
    PublicKeyMismatch,
    /// The JWT secret has this many characters after an optional `0x`.
    #[error("{0} characters of JWT secret, expected 64 hex digits with or without 0x")]
    JwtLength(usize),
    /// The JWT secret has 64 characters, but not all are hex digits.
    #[error("the JWT secret holds a character that is not a hex digit")]
    JwtDigit,
}

/// HMAC-SHA-256 of the concatenated parts.
fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

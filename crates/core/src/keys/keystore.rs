//! The encrypted file of one secret key: EIP-2335, version 4.
//!
//! The JSON has exactly the fields that every client accepts. The strictest are Lighthouse and
//! Grandine, which refuse unknown fields; Grandine also refuses a missing `uuid` or `path`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Entropy, Error, Path, PublicKey, SecretKey, SecretText};

mod account;
mod crypto;
mod wallet;

pub use account::AccountKeystore;
pub use wallet::Wallet;

const VERSION: u64 = 4;

/// How a new keystore derives its decryption key from the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kdf {
    /// PBKDF2 with two rounds: no protection against guessing, for devnet keys that protect
    /// nothing.
    Light,
    /// PBKDF2 with the 262144 rounds of EIP-2335.
    Pbkdf2,
    /// scrypt with the `n` 262144, `r` 8 and `p` 1 of EIP-2335, which takes 256 MiB of memory.
    Scrypt,
}

impl FromStr for Kdf {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "light" => Ok(Self::Light),
            "pbkdf2" => Ok(Self::Pbkdf2),
            "scrypt" => Ok(Self::Scrypt),
            _ => Err(Error::KdfName),
        }
    }
}

impl fmt::Display for Kdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Light => "light",
            Self::Pbkdf2 => "pbkdf2",
            Self::Scrypt => "scrypt",
        })
    }
}

/// An EIP-2335 keystore with one BLS12-381 secret key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keystore {
    crypto: crypto::Crypto,
    #[serde(default)]
    description: String,
    #[serde(with = "hex::serde")]
    pubkey: PublicKey,
    path: String,
    uuid: String,
    version: u64,
}

impl Keystore {
    /// Encrypts `secret` under `password`; salt, IV and UUID follow from `entropy` and `pubkey`.
    ///
    /// # Errors
    /// [`Error::KdfParams`] if the key derivation fails; no [`Kdf`] does.
    pub fn seal(
        secret: &SecretKey,
        pubkey: &PublicKey,
        path: &Path,
        password: &str,
        kdf: Kdf,
        entropy: &Entropy,
    ) -> Result<Self, Error> {
        let salt = entropy.derive("keystore-salt", pubkey);
        let iv = first_half(entropy.derive("keystore-iv", pubkey));
        Ok(Self {
            crypto: crypto::Crypto::encrypt(secret.as_bytes(), password, kdf, salt, iv)?,
            description: String::new(),
            pubkey: *pubkey,
            path: path.to_string(),
            uuid: uuid_v4(first_half(entropy.derive("keystore-uuid", pubkey))),
            version: VERSION,
        })
    }

    /// Decrypts the secret key and checks it against the public key.
    ///
    /// # Errors
    /// [`Error::KdfParams`], [`Error::KeystoreChecksum`], [`Error::SecretKeyRange`] (also for a
    /// secret of another length) or [`Error::PublicKeyMismatch`].
    pub fn open(&self, password: &str) -> Result<SecretKey, Error> {
        let secret = self.crypto.decrypt(password)?;
        let secret = secret.as_slice().try_into().map_err(|_| Error::SecretKeyRange)?;
        let secret = SecretKey::from_bytes(secret)?;
        if secret.public_key() == self.pubkey { Ok(secret) } else { Err(Error::PublicKeyMismatch) }
    }

    /// Returns the public key, 48 bytes, as the file states it.
    pub fn pubkey(&self) -> &PublicKey {
        &self.pubkey
    }

    /// Returns the key derivation; `None` if it is not one of [`Kdf`].
    pub fn kdf(&self) -> Option<Kdf> {
        self.crypto.kdf()
    }

    /// Writes the keystore as one line of JSON.
    #[expect(clippy::missing_panics_doc, reason = "texts, numbers and hex always serialise")]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts, numbers and hex always serialise")
    }

    /// Reads a keystore from JSON.
    ///
    /// # Errors
    /// [`Error::KeystoreJson`] or [`Error::KeystoreVersion`].
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        // serde_json's messages quote the input, which may be a secret file passed by mistake.
        let keystore: Self = serde_json::from_slice(json).map_err(|error| Error::KeystoreJson {
            what: if error.is_data() { "missing, unknown or wrong field" } else { "broken JSON" },
            line: error.line(),
            column: error.column(),
        })?;
        if keystore.version == VERSION {
            Ok(keystore)
        } else {
            Err(Error::KeystoreVersion(keystore.version))
        }
    }
}

/// Returns the password of a new keystore: 64 lower-case hex digits.
pub fn password(entropy: &Entropy, pubkey: &PublicKey) -> SecretText {
    let bytes = Zeroizing::new(entropy.derive("keystore-password", pubkey));
    hex::encode(*bytes).into()
}

fn first_half(bytes: [u8; 32]) -> [u8; 16] {
    std::array::from_fn(|i| bytes[i])
}

/// The text of a version 4 UUID, RFC 9562 section 5.4, over 122 of the 128 bits.
fn uuid_v4(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex::encode(bytes);
    let groups = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    groups.join("-")
}

#[cfg(test)]
mod tests;

//! The keystore of an Ethereum account: Web3 Secret Storage, version 3, as geth and `cast wallet` write it.

use alloy_primitives::keccak256;
use serde::Deserialize;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::super::Error;
use super::crypto::{Pbkdf2Params, ScryptParams, aes_128_ctr};

/// An encrypted private key. The address is not read: some files have none.
#[derive(Clone, Debug, Deserialize)]
pub struct AccountKeystore {
    #[serde(alias = "Crypto")]
    crypto: Crypto,
    version: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Crypto {
    cipher: Cipher,
    cipherparams: CipherParams,
    #[serde(with = "hex::serde")]
    ciphertext: Vec<u8>,
    #[serde(flatten)]
    kdf: Kdf,
    #[serde(with = "hex::serde")]
    mac: [u8; 32],
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum Cipher {
    #[serde(rename = "aes-128-ctr")]
    Aes128Ctr,
}

#[derive(Clone, Debug, Deserialize)]
struct CipherParams {
    #[serde(with = "hex::serde")]
    iv: [u8; 16],
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kdf", content = "kdfparams", rename_all = "lowercase")]
enum Kdf {
    Pbkdf2(Pbkdf2Params),
    Scrypt(ScryptParams),
}

impl AccountKeystore {
    /// Reads a keystore from JSON.
    ///
    /// # Errors
    /// [`Error::AccountKeystoreJson`].
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        // serde_json's messages quote the input, which may be a secret file passed by mistake.
        let keystore: Self =
            serde_json::from_slice(json).map_err(|_| Error::AccountKeystoreJson)?;
        if keystore.version == 3 { Ok(keystore) } else { Err(Error::AccountKeystoreJson) }
    }

    /// Decrypts the private key, 32 bytes.
    ///
    /// # Errors
    /// [`Error::KdfParams`], or [`Error::KeystoreChecksum`] for a wrong password.
    pub fn open(&self, password: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        let Crypto { cipher: Cipher::Aes128Ctr, cipherparams, ciphertext, kdf, mac } = &self.crypto;
        let key = match kdf {
            Kdf::Pbkdf2(params) => params.derive(password.as_bytes()),
            Kdf::Scrypt(params) => params.derive(password.as_bytes()),
        }?;
        let expected = keccak256([&key[16..], ciphertext].concat());
        if !bool::from(expected.ct_eq(mac)) {
            return Err(Error::KeystoreChecksum);
        }
        Ok(aes_128_ctr(&key, &cipherparams.iv, ciphertext))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: the test vectors of the Web3 Secret Storage definition, with its password.
    const PBKDF2: &str = r#"{"crypto": {"cipher": "aes-128-ctr",
        "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
        "kdf": "pbkdf2", "kdfparams": {"c": 262144, "dklen": 32, "prf": "hmac-sha256",
        "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
        "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6", "version": 3}"#;
    const KEY: &str = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

    #[test]
    fn the_vector_of_the_definition_opens() {
        let keystore = AccountKeystore::from_json(PBKDF2.as_bytes()).unwrap();
        assert_eq!(hex::encode(&**keystore.open("testpassword").unwrap()), KEY);
        assert_eq!(keystore.open("other").unwrap_err(), Error::KeystoreChecksum);
    }

    #[test]
    fn another_file_is_refused_without_its_text() {
        for text in ["{}", &PBKDF2.replace("\"version\": 3", "\"version\": 4"), "secretword", ""] {
            let error = AccountKeystore::from_json(text.as_bytes()).unwrap_err();
            assert_eq!(error, Error::AccountKeystoreJson);
        }
    }
}

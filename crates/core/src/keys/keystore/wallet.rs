//! Prysm's wallet file: all keys of a client in one EIP-2335 `crypto` object.
//!
//! Source: Prysm `validator/keymanager/local/keymanager.go` (`accountStore`,
//! `AccountsKeystoreRepresentation`). The plaintext is JSON with two lists in base64.

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::super::{Entropy, Error, Kdf, PublicKey, SecretKey};
use super::{crypto, first_half, uuid_v4};

/// `all-accounts.keystore.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wallet {
    crypto: crypto::Crypto,
    uuid: String,
    version: u64,
    name: String,
}

impl Wallet {
    /// Encrypts `keys` under `password`; salt, IV and UUID follow from `entropy` and `context`, which must
    /// differ between the wallets of a run.
    ///
    /// # Errors
    /// [`Error::KdfParams`] if the key derivation fails; no [`Kdf`] does.
    pub fn seal(
        keys: &[(PublicKey, SecretKey)],
        password: &str,
        kdf: Kdf,
        entropy: &Entropy,
        context: &str,
    ) -> Result<Self, Error> {
        let derive = |label: &str| entropy.derive(label, context.as_bytes());
        let (salt, iv) = (derive("wallet-salt"), first_half(derive("wallet-iv")));
        Ok(Self {
            crypto: crypto::Crypto::encrypt(&account_store(keys), password, kdf, salt, iv)?,
            uuid: uuid_v4(first_half(derive("wallet-uuid"))),
            version: super::VERSION,
            name: "keystore".to_owned(),
        })
    }

    /// Decrypts the JSON with the keys.
    ///
    /// # Errors
    /// [`Error::KdfParams`] or [`Error::KeystoreChecksum`].
    pub fn open(&self, password: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.crypto.decrypt(password)
    }

    /// Writes the wallet as JSON.
    #[expect(clippy::missing_panics_doc, reason = "texts, numbers and hex always serialise")]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts, numbers and hex always serialise")
    }
}

/// Prysm's `accountStore` as JSON.
fn account_store(keys: &[(PublicKey, SecretKey)]) -> Zeroizing<Vec<u8>> {
    // Allocated at once: a string that grows leaves copies of the secrets in memory.
    let mut out = Zeroizing::new(String::with_capacity(64 + keys.len() * 128));
    out.push_str("{\"private_keys\":[");
    for (index, (_, secret)) in keys.iter().enumerate() {
        push_base64(&mut out, index, secret.as_bytes());
    }
    out.push_str("],\"public_keys\":[");
    for (index, (pubkey, _)) in keys.iter().enumerate() {
        push_base64(&mut out, index, pubkey);
    }
    out.push_str("]}");
    Zeroizing::new(out.as_bytes().to_vec())
}

fn push_base64(out: &mut String, index: usize, bytes: &[u8]) {
    out.push_str(if index == 0 { "\"" } else { ",\"" });
    out.push_str(&Zeroizing::new(Base64::encode_string(bytes)));
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallet_opens_to_the_lists_that_prysm_reads() {
        let keys = [1_u8, 2].map(|byte| {
            let secret = SecretKey::from_bytes(&[byte; 32]).unwrap();
            (secret.public_key(), secret)
        });
        let entropy = Entropy::new([9; 32]);
        let wallet = Wallet::seal(&keys, "password", Kdf::Light, &entropy, "1").unwrap();
        let again: Wallet = serde_json::from_slice(&wallet.to_json()).unwrap();
        assert!(again.open("other").is_err());
        let store: serde_json::Value =
            serde_json::from_slice(&again.open("password").unwrap()).unwrap();
        for (index, (pubkey, secret)) in keys.iter().enumerate() {
            let list = |name: &str| store[name][index].as_str().unwrap().to_owned();
            assert_eq!(Base64::decode_vec(&list("private_keys")).unwrap(), secret.as_bytes());
            assert_eq!(Base64::decode_vec(&list("public_keys")).unwrap(), pubkey);
        }
        let other = Wallet::seal(&keys, "password", Kdf::Light, &entropy, "2").unwrap();
        assert_ne!(other, wallet, "no two wallets share salt and IV");
    }
}

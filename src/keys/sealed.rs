//! A validator's key as it is handed over.

use super::{Error, Keystore, PublicKey, SecretKey, SecretText};

/// A keystore and the password that opens it.
#[derive(Debug)]
pub struct Sealed {
    /// Public key of the validator.
    pub pubkey: PublicKey,
    /// The encrypted key: the JSON of EIP-2335.
    pub keystore: Vec<u8>,
    /// What opens it.
    pub password: SecretText,
}

impl Sealed {
    /// Opens the keystore. Compares the secret key with the public key.
    ///
    /// # Errors
    /// Those of [`Keystore::from_json`] and [`Keystore::open`]; the key is another validator's.
    pub fn open(&self) -> Result<SecretKey, Error> {
        let keystore = Keystore::from_json(&self.keystore)?;
        if *keystore.pubkey() == self.pubkey {
            keystore.open(&self.password)
        } else {
            Err(Error::PublicKeyMismatch)
        }
    }
}

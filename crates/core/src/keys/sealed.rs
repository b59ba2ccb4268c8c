//! A validator's key as a client receives it.

use super::{Error, Keystore, PublicKey, SecretKey, SecretText};

/// A keystore and the password that opens it.
#[derive(Debug)]
pub struct Sealed {
    /// Public key of the validator.
    pub pubkey: PublicKey,
    /// The encrypted key: the JSON of EIP-2335.
    pub keystore: Vec<u8>,
    /// Its password.
    pub password: SecretText,
}

impl Sealed {
    /// Opens the keystore, and checks that the key belongs to the validator.
    ///
    /// # Errors
    /// Those of [`Keystore::from_json`] and [`Keystore::open`], or [`Error::PublicKeyMismatch`].
    pub fn open(&self) -> Result<SecretKey, Error> {
        let keystore = Keystore::from_json(&self.keystore)?;
        if *keystore.pubkey() == self.pubkey {
            keystore.open(&self.password)
        } else {
            Err(Error::PublicKeyMismatch)
        }
    }
}

//! Lighthouse's validator directories, which Lodestar reads too:
//! `keys/0x<pubkey>/voting-keystore.json` and `secrets/0x<pubkey>`.

use super::{OutFile, SECRETS};
use crate::keys::{Keystore, PublicKey, SecretText};

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
    /// Whether the password opens the keystore, and the key in it is the validator's.
    pub fn opens(&self) -> bool {
        // Opening compares the secret key with the public key that the keystore states.
        Keystore::from_json(&self.keystore).is_ok_and(|keystore| {
            *keystore.pubkey() == self.pubkey && keystore.open(&self.password).is_ok()
        })
    }
}

/// Path of a validator's keystore.
pub fn keystore_path(pubkey: &PublicKey) -> String {
    format!("{SECRETS}/keys/0x{}/voting-keystore.json", hex::encode(pubkey))
}

/// Path of its password.
pub fn secret_path(pubkey: &PublicKey) -> String {
    format!("{SECRETS}/secrets/0x{}", hex::encode(pubkey))
}

/// Two files for each key.
pub fn files(sealed: &[Sealed]) -> Vec<OutFile> {
    sealed
        .iter()
        .flat_map(|key| {
            [
                OutFile::secret(keystore_path(&key.pubkey), key.keystore.clone()),
                OutFile::secret(secret_path(&key.pubkey), key.password.as_bytes()),
            ]
        })
        .collect()
}

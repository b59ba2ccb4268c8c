//! The tree that `eth2-val-tools keystores` (0d6d1dd) writes, for every client at once: a start
//! script then picks the directories of its client.

use super::prysm;
use super::{Error, KeyLayout, Keyring, OutFile};

/// The whole tree, and the password of Prysm's wallet.
pub const LAYOUT: KeyLayout = KeyLayout {
    start: super::START,
    takes: &[
        "keys",
        "secrets",
        "nimbus-keys",
        "teku-keys",
        "teku-secrets",
        "lodestar-secrets",
        "prysm",
        "prysm-password.txt",
        "pubkeys.json",
    ],
    each: |key| {
        let name = key.name();
        vec![
            key.keystore_at(format!("keys/{name}/voting-keystore.json")),
            key.keystore_at(format!("nimbus-keys/{name}/keystore.json")),
            key.keystore_at(format!("teku-keys/{name}.json")),
            key.password_at(format!("secrets/{name}")),
            key.password_at(format!("teku-secrets/{name}.txt")),
            // Its README says without 0x, its code writes with it.
            key.password_at(format!("lodestar-secrets/{name}")),
        ]
    },
    together: Some(|keyring| {
        let mut files = together(keyring)?;
        files.push(prysm::password(keyring));
        Ok(files)
    }),
};

/// Prysm's wallet and `pubkeys.json`.
///
/// # Errors
/// As [`crate::keys::Wallet::seal`].
pub fn together(keyring: &Keyring<'_>) -> Result<Vec<OutFile>, Error> {
    let mut files = prysm::wallet(keyring)?;
    let pubkeys = keyring.keys.iter().map(|(pubkey, _)| format!("\"0x{}\"", hex::encode(pubkey)));
    let pubkeys = format!("[{}]", pubkeys.collect::<Vec<_>>().join(","));
    files.push(OutFile::secret("pubkeys.json", pubkeys));
    Ok(files)
}

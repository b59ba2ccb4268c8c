//! The tree that `eth2-val-tools keystores` (0d6d1dd) writes for all clients at once: a start script then
//! picks the directories of its client.

use super::prysm;
use super::{Error, KeyLayout, Keyring};
use crate::file::OutFile;

/// The complete tree, and the password of Prysm's wallet.
pub const LAYOUT: KeyLayout = KeyLayout {
    start: super::START,
    shortest_slot: None,
    paths: &[
        &["keys", "0x", "voting-keystore.json"],
        &["secrets", "0x"],
        &["nimbus-keys", "0x", "keystore.json"],
        &["teku-keys", "0x.json"],
        &["teku-secrets", "0x.txt"],
        &["lodestar-secrets", "0x"],
        &["prysm", "direct", "accounts", "all-accounts.keystore.json"],
        &["prysm", "keymanageropts.json"],
        &["prysm-password.txt"],
        &["pubkeys.json"],
    ],
    each: |key| {
        let name = key.name();
        vec![
            key.keystore_at(format!("keys/{name}/voting-keystore.json")),
            key.keystore_at(format!("nimbus-keys/{name}/keystore.json")),
            key.keystore_at(format!("teku-keys/{name}.json")),
            key.password_at(format!("secrets/{name}")),
            key.password_at(format!("teku-secrets/{name}.txt")),
            // Its README omits the 0x; its code writes it.
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

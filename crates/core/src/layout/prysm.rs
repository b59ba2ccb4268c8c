//! Prysm: `--wallet-dir=prysm --wallet-password-file=prysm-password.txt`. All keys are in one
//! file.

use super::{Error, KeyLayout, Keyring, ShortestSlot};
use crate::file::OutFile;
use crate::keys::Wallet;

/// A `direct` wallet and its password.
pub const LAYOUT: KeyLayout = KeyLayout {
    start: super::START,
    shortest_slot: Some(ShortestSlot {
        milliseconds: 2000,
        failure: "Prysm 7 panics with slots shorter than 2 s",
    }),
    paths: &[
        &["prysm", "direct", "accounts", "all-accounts.keystore.json"],
        &["prysm", "keymanageropts.json"],
        &["prysm-password.txt"],
    ],
    each: |_| Vec::new(),
    together: Some(|keyring| {
        let mut files = wallet(keyring)?;
        files.push(password(keyring));
        Ok(files)
    }),
};

/// `prysm/direct/accounts/all-accounts.keystore.json` and `prysm/keymanageropts.json`.
///
/// # Errors
/// As [`Wallet::seal`].
pub fn wallet(keyring: &Keyring<'_>) -> Result<Vec<OutFile>, Error> {
    let Keyring { keys, password, kdf, entropy, client } = keyring;
    let wallet = Wallet::seal(keys, password, *kdf, entropy, client)?;
    let options = r#"{"direct_eip_version": "EIP-2335"}"#;
    Ok(vec![
        OutFile::secret("prysm/direct/accounts/all-accounts.keystore.json", wallet.to_json()),
        OutFile::secret("prysm/keymanageropts.json", options),
    ])
}

/// `prysm-password.txt`, its name in ethereum-package.
pub fn password(keyring: &Keyring<'_>) -> OutFile {
    OutFile::secret("prysm-password.txt", keyring.password.as_bytes())
}

//! Prysm: `--wallet-dir=prysm --wallet-password-file=prysm-password.txt`. All keys are in one
//! file.

use super::{Error, KeyLayout, Keyring, OutFile};
use crate::keys::Wallet;

/// A wallet of the kind `direct`, and its password.
pub const LAYOUT: KeyLayout = KeyLayout {
    start: super::START,
    takes: &["prysm", "prysm-password.txt"],
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

/// `prysm-password.txt`, the name that ethereum-package gives it.
pub fn password(keyring: &Keyring<'_>) -> OutFile {
    OutFile::secret("prysm-password.txt", keyring.password.as_bytes())
}

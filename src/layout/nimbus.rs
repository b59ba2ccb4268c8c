//! Nimbus: `--validators-dir=nimbus-keys --secrets-dir=nimbus-secrets`. It takes back its own
//! access rights on both (0700, 0600), so they must be its user's.

use super::KeyLayout;

/// `nimbus-keys/0x<pubkey>/keystore.json`, `nimbus-secrets/0x<pubkey>`.
pub const LAYOUT: KeyLayout = KeyLayout {
    start: super::START,
    takes: &["nimbus-keys", "nimbus-secrets"],
    each: |key| {
        vec![
            key.keystore_at(format!("nimbus-keys/{}/keystore.json", key.name())),
            key.password_at(format!("nimbus-secrets/{}", key.name())),
        ]
    },
    together: None,
};

//! Nimbus: `--validators-dir=nimbus-keys --secrets-dir=nimbus-secrets`. It sets the
//! modes of both (0700, 0600), so its user must own them.

use super::KeyLayout;

/// `nimbus-keys/0x<pubkey>/keystore.json`, `nimbus-secrets/0x<pubkey>`.
pub const LAYOUT: KeyLayout = KeyLayout {
    start: super::START,
    shortest_slot: None,
    paths: &[&["nimbus-keys", "0x", "keystore.json"], &["nimbus-secrets", "0x"]],
    each: |key| {
        vec![
            key.keystore_at(format!("nimbus-keys/{}/keystore.json", key.name())),
            key.password_at(format!("nimbus-secrets/{}", key.name())),
        ]
    },
    together: None,
};

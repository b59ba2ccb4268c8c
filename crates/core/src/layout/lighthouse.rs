//! Lighthouse: `--validators-dir keys --secrets-dir secrets`.

use super::KeyLayout;

/// `keys/0x<pubkey>/voting-keystore.json`, `secrets/0x<pubkey>`.
pub const LAYOUT: KeyLayout = KeyLayout {
    start: 8,
    shortest_slot: None,
    paths: &[&["keys", "0x", "voting-keystore.json"], &["secrets", "0x"]],
    each: |key| {
        vec![
            key.keystore_at(format!("keys/{}/voting-keystore.json", key.name())),
            key.password_at(format!("secrets/{}", key.name())),
        ]
    },
    together: None,
};

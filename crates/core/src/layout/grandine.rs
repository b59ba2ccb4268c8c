//! Grandine: `--keystore-dir grandine-keys --keystore-password-file grandine-secrets`. Flat
//! directories; a keystore and its password have the same stem.

use super::KeyLayout;

/// `grandine-keys/0x<pubkey>.json`, `grandine-secrets/0x<pubkey>.txt`.
pub const LAYOUT: KeyLayout = KeyLayout {
    start: super::START,
    shortest_slot: None,
    paths: &[&["grandine-keys", "0x.json"], &["grandine-secrets", "0x.txt"]],
    each: |key| {
        vec![
            key.keystore_at(format!("grandine-keys/{}.json", key.name())),
            key.password_at(format!("grandine-secrets/{}.txt", key.name())),
        ]
    },
    together: None,
};

//! Teku: `--validator-keys=teku-keys:teku-secrets`. A keystore and its password have the same
//! stem.

use super::KeyLayout;

/// `teku-keys/0x<pubkey>.json`, `teku-secrets/0x<pubkey>.txt`.
pub const LAYOUT: KeyLayout = KeyLayout {
    start: super::START,
    shortest_slot: None,
    paths: &[&["teku-keys", "0x.json"], &["teku-secrets", "0x.txt"]],
    each: |key| {
        vec![
            key.keystore_at(format!("teku-keys/{}.json", key.name())),
            key.password_at(format!("teku-secrets/{}.txt", key.name())),
        ]
    },
    together: None,
};

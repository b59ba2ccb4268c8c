//! Lodestar: `--keystoresDir lodestar-keys --secretsDir lodestar-secrets`. It locks each keystore
//! with a file beside it.

use super::KeyLayout;

/// `lodestar-keys/0x<pubkey>/voting-keystore.json`, `lodestar-secrets/0x<pubkey>`.
pub const LAYOUT: KeyLayout = KeyLayout {
    paths: &[&["lodestar-keys", "0x", "voting-keystore.json"], &["lodestar-secrets", "0x"]],
    each: |key| {
        vec![
            key.keystore_at(format!("lodestar-keys/{}/voting-keystore.json", key.name())),
            key.password_at(format!("lodestar-secrets/{}", key.name())),
        ]
    },
    together: None,
    // It needs 8 to 12 s, and never proposes if genesis is an epoch ago by then.
    start: 15,
    shortest_slot: None,
};

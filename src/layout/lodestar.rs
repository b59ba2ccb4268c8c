//! Lodestar: `--keystoresDir lodestar-keys --secretsDir lodestar-secrets`. It locks each keystore
//! by a file beside it.

use super::KeyLayout;

/// `lodestar-keys/0x<pubkey>/voting-keystore.json`, `lodestar-secrets/0x<pubkey>`.
pub const LAYOUT: KeyLayout = KeyLayout {
    takes: &["lodestar-keys", "lodestar-secrets"],
    each: |key| {
        vec![
            key.keystore_at(format!("lodestar-keys/{}/voting-keystore.json", key.name())),
            key.password_at(format!("lodestar-secrets/{}", key.name())),
        ]
    },
    together: None,
    // 8 to 12 s, and it never proposes when genesis is an epoch past by then.
    start: 15,
};

//! File names that do not depend on the client: keys, and the records that validators keep beside them.

use super::any;

/// Where clients keep the keys of accounts and validators. They outlive every chain.
const KEYS: &[&str] = &[
    "keystore",
    "keystores",
    "validators",
    "secrets",
    "wallet*",
    "direct",
    "remoteKeys",
    "accounts",
];

/// Lighthouse's list of keys.
pub const DEFINITIONS: &str = "validator_definitions.yml";

/// Records of a validator client about its keys: lists of keys, slashing protection. They may list or
/// protect imported keys.
const VALIDATOR_RECORDS: &[&str] = &[
    DEFINITIONS,
    "slashing_protection.sqlite*",
    "slashprotection",
    "validator.db*",
    "validator-db",
];

/// Files that a validator client creates beside its keys at every start.
const CREATED_AT_START: &[&str] = &[
    "*.lock",
    "*.log",
    "logs",
    "LOCK",
    "validator_key_cache.json",
    "api-token.txt",
    "auth-token",
    "tosaccepted",
    ".secp-sk",
];

/// Files that file systems, repositories and desktops leave in a directory.
const IGNORED: &[&str] = &["lost+found", ".gitkeep", ".gitignore", ".keep", ".DS_Store"];

/// The hexadecimal digits of a validator's public key.
const PUBLIC_KEY: usize = 96;

/// Whether the entry is neither data nor a reason to refuse a directory.
pub fn is_ignored(entry: &str) -> bool {
    IGNORED.contains(&entry)
}

/// Whether the entry is a directory for keys.
pub fn is_keys(entry: &str) -> bool {
    any(KEYS, entry)
}

/// Whether a file or directory of this name contains the key of a validator or an account: it is named
/// like a keystore, or after a public key.
pub fn is_key(name: &str) -> bool {
    let starts_with_public_key = || {
        let hex = name.strip_prefix("0x").unwrap_or(name).as_bytes();
        hex.len() >= PUBLIC_KEY && hex[..PUBLIC_KEY].iter().all(u8::is_ascii_hexdigit)
    };
    let is_keystore = any(&["*.keystore", "*keystore*.json", "UTC--*"], name);
    (is_keystore || starts_with_public_key()) && !any(&["*.lock"], name)
}

/// Whether a validator client keeps records about its keys under this name.
pub fn is_validator_record(name: &str) -> bool {
    any(VALIDATOR_RECORDS, name)
}

/// Whether a validator client creates this beside its keys without any request of the user.
pub fn is_created_at_start(name: &str) -> bool {
    any(CREATED_AT_START, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keystores_are_recognised_by_their_names() {
        let key = "ab".repeat(48);
        let named_after_key = [format!("0x{key}"), key.clone(), format!("0x{key}.json")];
        let names = named_after_key.iter().map(String::as_str);
        for name in names.chain(["keystore-m_12381_3600_0_0_0.json"]) {
            assert!(is_key(name), "{name}");
        }
        assert!(is_key("UTC--2026-01-01T00-00-00Z--aa") && is_key("all-accounts.keystore.json"));
        for name in ["voting-keystore.json.lock", "validator_definitions.yml", "0xab", "logs"] {
            assert!(!is_key(name), "{name}");
        }
    }
}

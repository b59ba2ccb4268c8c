//! The name of the Compose project of a snapshot's directory, the same as in `up.sh`. It depends on the
//! complete path, so that two directories with the same name never share volumes.

use sha2::{Digest, Sha256};

/// The most characters that come from the name of the directory.
const LONGEST: usize = 40;
/// Hex digits of the path's SHA-256.
pub const DIGITS: usize = 10;

/// The name of the project for `directory`, an absolute path without symbolic links.
pub fn of(directory: &[u8]) -> String {
    let name = directory.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let name = name.to_ascii_lowercase();
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let name: String = name
        .iter()
        .filter(|byte| allowed(byte))
        .skip_while(|byte| matches!(byte, b'_' | b'-'))
        .take(LONGEST)
        .map(|&byte| char::from(byte))
        .collect();
    let name = if name.is_empty() { "regenesis" } else { &name };
    let digest = hex::encode(Sha256::digest(directory));
    format!("{name}-{}", &digest[..DIGITS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compose_accepts_the_name_of_a_project() {
        let name = |path: &str| of(path.as_bytes()).rsplit_once('-').unwrap().0.to_owned();
        assert_eq!(name("/x/Chain 7.1"), "chain71");
        assert_eq!(name("/x/_-a_b-C"), "a_b-c");
        assert_eq!(name("/x/\u{e9}"), "regenesis");
        assert_eq!(name(&format!("/{}", "a".repeat(60))), "a".repeat(40));
        // printf %s /x1/chain-7 | sha256sum
        assert_eq!(of(b"/x1/chain-7"), "chain-7-357914c12c");
        assert_ne!(of(b"/x1/chain-7"), of(b"/x2/chain-7"));
    }
}

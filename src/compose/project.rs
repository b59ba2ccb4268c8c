//! The Compose project of a snapshot's directory, as `up.sh` names it: by the whole path, so that
//! two directories of one name never share volumes.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use sha2::{Digest, Sha256};

/// As many characters as the name of the directory gives.
const LONGEST: usize = 40;
/// Hex digits of the path's SHA-256.
const DIGITS: usize = 10;

/// The name of the project for a directory, given by its absolute path without links.
pub fn of(directory: &Path) -> String {
    let name = directory.file_name().unwrap_or_default().as_bytes().to_ascii_lowercase();
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let name: String = name
        .iter()
        .filter(|byte| allowed(byte))
        .skip_while(|byte| matches!(byte, b'_' | b'-'))
        .take(LONGEST)
        .map(|&byte| char::from(byte))
        .collect();
    let name = if name.is_empty() { "regenesis" } else { &name };
    let digest = hex::encode(Sha256::digest(directory.as_os_str().as_bytes()));
    format!("{name}-{}", &digest[..DIGITS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_has_a_name_that_compose_takes() {
        let name = |path: &str| of(Path::new(path)).rsplit_once('-').unwrap().0.to_owned();
        assert_eq!(name("/x/Chain 7.1"), "chain71");
        assert_eq!(name("/x/_-a_b-C"), "a_b-c");
        assert_eq!(name("/x/\u{e9}"), "regenesis");
        assert_eq!(name(&format!("/{}", "a".repeat(60))), "a".repeat(40));
        // printf %s /x1/chain-7 | sha256sum
        assert_eq!(of(Path::new("/x1/chain-7")), "chain-7-357914c12c");
        assert_ne!(of(Path::new("/x1/chain-7")), of(Path::new("/x2/chain-7")));
    }
}

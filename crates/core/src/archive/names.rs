//! Which paths an archive may have.

use super::Refusal;

/// Bytes of a path; the directory that it is extracted into comes on top of it (`PATH_MAX` is 4096).
const LONGEST: usize = 2048;
/// Bytes of a name: `NAME_MAX`.
const LONGEST_NAME: usize = 255;
/// Directories below each other.
const DEEPEST: usize = 64;

/// The path of an entry below the directory: names separated by `/`. Empty for the directory itself.
///
/// # Errors
/// The path is absolute, leads out of the directory, or is no valid name.
pub(super) fn inner(path: &[u8]) -> Result<String, Refusal> {
    let path = str::from_utf8(path).map_err(|_| Refusal::Name)?;
    if path.is_empty() {
        return Err(Refusal::Name);
    }
    if path.starts_with('/') {
        return Err(Refusal::Absolute);
    }
    if path.chars().any(char::is_control) {
        return Err(Refusal::Control);
    }
    let names: Vec<&str> = path.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
    if names.contains(&"..") {
        return Err(Refusal::Traversal);
    }
    let is_long = names.iter().any(|name| name.len() > LONGEST_NAME);
    if is_long || names.len() > DEEPEST || path.len() > LONGEST {
        return Err(Refusal::Long);
    }
    Ok(names.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_in_its_directory() {
        for (path, inside) in [
            ("a", "a"),
            ("./a/b", "a/b"),
            ("a//b/", "a/b"),
            (".", ""),
            ("./", ""),
            ("a..b", "a..b"),
        ] {
            assert_eq!(inner(path.as_bytes()).unwrap(), inside);
        }
        let long = "x".repeat(256);
        let deep = "x/".repeat(65);
        for (path, why) in [
            ("", Refusal::Name),
            ("/etc/passwd", Refusal::Absolute),
            ("//x", Refusal::Absolute),
            ("..", Refusal::Traversal),
            ("a/../../b", Refusal::Traversal),
            ("a/..", Refusal::Traversal),
            ("a\nb", Refusal::Control),
            ("a\0b", Refusal::Control),
            (&long, Refusal::Long),
            (&deep, Refusal::Long),
        ] {
            assert_eq!(inner(path.as_bytes()).unwrap_err(), why, "{path:?}");
        }
        assert_eq!(inner(b"\xff").unwrap_err(), Refusal::Name);
    }
}

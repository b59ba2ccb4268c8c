//! Where a symbolic link of an archive may lead.

use super::Refusal;

/// Checks the target of the symbolic link at `path`, which is below the directory.
///
/// The target starts with at most as many `..` as the link has directories above it, and has none later:
/// `x/..` is not `.` if `x` is a link. So no chain of such links leads out of the directory.
///
/// # Errors
/// The target leads out of the directory.
pub(super) fn check(path: &str, target: &[u8]) -> Result<String, Refusal> {
    let text = str::from_utf8(target).map_err(|_| Refusal::Name)?;
    let out = || Refusal::LinkOut(text.to_owned());
    if text.is_empty() || text.starts_with('/') || text.chars().any(char::is_control) {
        return Err(out());
    }
    let names = text.split('/').filter(|name| !matches!(*name, "" | "."));
    let (mut above, mut has_left) = (path.split('/').count() - 1, false);
    for name in names {
        match (name, has_left) {
            ("..", true) => return Err(out()),
            ("..", false) => above = above.checked_sub(1).ok_or_else(out)?,
            _ => has_left = true,
        }
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_stays_in_its_directory() {
        for (path, target) in [("a", "b"), ("a/b", "../c"), ("a/b/c", "../../d/e"), ("a/b", "..")] {
            check(path, target.as_bytes()).unwrap();
        }
        for (path, target) in [
            ("a", ".."),
            ("a", "../b"),
            ("a/b", "../../c"),
            ("a", "/etc"),
            ("a", ""),
            ("a/b/c", "x/../../y"),
            ("a", "b/.."),
            ("a", "b\nc"),
        ] {
            assert!(check(path, target.as_bytes()).is_err(), "{path} -> {target}");
        }
    }
}

//! Digests of archives, as users and sidecar files write them.

/// A SHA-256: 64 hex digits, also with `sha256:` before them.
pub fn parse_digest(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    let mut digest = [0; 32];
    hex::decode_to_slice(digits, &mut digest).ok()?;
    Some(digest)
}

/// The digest in a sidecar file, which `sha256sum` writes: `<digest>  <name>`, or only the digest.
pub fn sidecar(text: &[u8]) -> Option<[u8; 32]> {
    let line = str::from_utf8(text).ok()?.lines().next()?;
    parse_digest(line.trim_start_matches('\\').split_whitespace().next()?)
}

/// The line of a sidecar file for the archive `name`.
pub fn sidecar_line(digest: &[u8; 32], name: &str) -> String {
    format!("{}  {name}\n", hex::encode(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sidecar_is_read_as_sha256sum_writes_it() {
        let digest = [0xab; 32];
        let digits = "ab".repeat(32);
        for text in [
            sidecar_line(&digest, "snapshot.tar.zst"),
            digits.clone(),
            format!("{digits} *binary.tar\n"),
            format!("\\{digits}  with\\nfeed\n"),
            format!("sha256:{}\n", digits.to_uppercase()),
        ] {
            assert_eq!(sidecar(text.as_bytes()), Some(digest), "{text}");
        }
        for text in ["", "\n", "<html>", "ab", &digits[1..], &format!("{digits}00")] {
            assert_eq!(sidecar(text.as_bytes()), None, "{text}");
        }
    }
}

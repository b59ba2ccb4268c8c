//! Names that Kubernetes accepts.

use sha2::{Digest, Sha256};

/// The longest name of a chain: names of objects end in the name of a service, and have at most 63
/// characters.
const LONGEST: usize = 30;
const FALLBACK: &str = "devnet";

/// Whether objects may have this name: lower case letters, digits and `-`; a letter first, no `-` last.
pub fn is_valid(name: &str) -> bool {
    name.len() <= LONGEST && name == label(name, LONGEST)
}

/// A name for objects from a text, such as the name of a snapshot.
pub fn of(text: &str) -> String {
    label(text, LONGEST)
}

/// The name of the claim with the files of an archive: two archives never share a claim, also if their
/// file names are equal. It does not show what else is in the URL.
pub fn claim(url: &str, sha256: Option<&str>) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default();
    let digest = Sha256::digest(format!("{url}\n{}", sha256.unwrap_or_default()));
    format!("snapshot-{}-{}", label(stem, LONGEST), hex::encode(&digest[..4]))
}

/// A DNS label of at most `longest` characters that starts with a letter.
fn label(text: &str, longest: usize) -> String {
    let mut out = String::new();
    for char in text.chars() {
        let char = char.to_ascii_lowercase();
        if char.is_ascii_lowercase() || (char.is_ascii_digit() && !out.is_empty()) {
            out.push(char);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(longest);
    let out = out.trim_end_matches('-');
    if out.is_empty() { FALLBACK.to_owned() } else { out.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_dns_label() {
        for (text, name) in [
            ("my-chain", "my-chain"),
            ("My Chain_7.1", "my-chain-7-1"),
            ("7 chains", "chains"),
            ("é", "devnet"),
            ("", "devnet"),
            ("a--b-", "a-b"),
        ] {
            assert_eq!(of(text), name);
        }
        assert_eq!(of(&"x".repeat(80)).len(), LONGEST);
        for (name, valid) in [("a1", true), ("1a", false), ("a-", false), ("A", false), ("", false)]
        {
            assert_eq!(is_valid(name), valid, "{name:?}");
        }
    }

    #[test]
    fn a_claim_belongs_to_one_url_and_one_digest() {
        let names = [
            claim("s3://one/db.tar.gz", None),
            claim("s3://two/db.tar.gz", None),
            claim("s3://one/db.tar.gz", Some("ab")),
        ];
        assert!(names.iter().all(|name| name.starts_with("snapshot-db-")), "{names:?}");
        assert!(names[0] != names[1] && names[0] != names[2] && names[1] != names[2]);
        // printf 's3://one/db.tar.gz\n' | sha256sum
        assert_eq!(claim("https://x/a?key=secret", None).matches("secret").count(), 0);
    }
}

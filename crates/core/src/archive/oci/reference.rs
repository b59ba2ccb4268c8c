//! `oci://REGISTRY/REPOSITORY[:TAG][@sha256:DIGEST]`

use std::fmt;

use super::super::parse_digest;
use super::digest_text;

/// The scheme.
pub const SCHEME: &str = "oci://";
/// The tag without one.
const LATEST: &str = "latest";

/// A manifest in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Host, with its port if it is not that of the scheme.
    pub host: String,
    /// Path of the repository.
    pub repository: String,
    /// Its tag.
    pub tag: Option<String>,
    /// Its digest.
    pub digest: Option<[u8; 32]>,
}

/// Why a text is not a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadReference {
    /// Another scheme.
    #[error("does not start with oci://")]
    Scheme,
    /// No host, or an invalid one.
    #[error("has no valid registry")]
    Host,
    /// A user and a password do not belong here.
    #[error("has an @ that does not start a digest")]
    User,
    /// Not a repository.
    #[error("has no valid repository: lower case letters, digits, and . _ - / between them")]
    Repository,
    /// Not a tag.
    #[error("has no valid tag: at most 128 letters, digits, and . _ -")]
    Tag,
    /// Not a digest.
    #[error("has no valid digest, such as @sha256: and 64 hex digits")]
    Digest,
}

impl BadReference {
    /// The remedy.
    pub fn hint(self) -> &'static str {
        match self {
            Self::User => "credentials come from docker login; a reference has none",
            _ => "for example oci://ghcr.io/team/my-snapshot:v1",
        }
    }
}

impl Reference {
    /// Whether a text is meant to be a reference.
    pub fn is_meant(text: &str) -> bool {
        text.get(..SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(SCHEME))
    }

    /// Whether a registry may have this tag.
    pub fn is_tag(text: &str) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let bytes = text.as_bytes();
        bytes.len() <= 128
            && bytes.first().copied().is_some_and(is_plain)
            && bytes.iter().all(|byte| is_plain(*byte) || b".-".contains(byte))
    }

    /// Reads a reference.
    ///
    /// # Errors
    /// A part of it is invalid.
    pub fn parse(text: &str) -> Result<Self, BadReference> {
        let text = text.trim();
        if !Self::is_meant(text) {
            return Err(BadReference::Scheme);
        }
        let rest = &text[SCHEME.len()..];
        let (rest, digest) = match rest.split_once('@') {
            None => (rest, None),
            Some((rest, digest)) if digest.starts_with("sha256:") => {
                (rest, Some(parse_digest(digest).ok_or(BadReference::Digest)?))
            }
            Some((_, rest)) if rest.contains('/') => return Err(BadReference::User),
            Some(_) => return Err(BadReference::Digest),
        };
        let (host, path) = rest.split_once('/').ok_or(BadReference::Repository)?;
        if !is_host(host) {
            return Err(BadReference::Host);
        }
        let (repository, tag) = match path.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (path, None),
        };
        if repository.len() > 255 || !repository.split('/').all(is_component) {
            return Err(BadReference::Repository);
        }
        if !tag.is_none_or(Self::is_tag) {
            return Err(BadReference::Tag);
        }
        let tag = tag.map(str::to_owned);
        Ok(Self { host: host.to_ascii_lowercase(), repository: repository.to_owned(), tag, digest })
    }

    /// The tag, `latest` by default.
    pub fn tag(&self) -> &str {
        self.tag.as_deref().unwrap_or(LATEST)
    }

    /// What a manifest is requested by: the digest, or else the tag.
    pub fn name(&self) -> String {
        self.digest.as_ref().map_or_else(|| self.tag().to_owned(), digest_text)
    }

    /// The same repository, by digest.
    #[must_use]
    pub fn with_digest(&self, digest: [u8; 32]) -> Self {
        Self { digest: Some(digest), ..self.clone() }
    }

    /// Registry and repository.
    pub fn place(&self) -> String {
        format!("{}/{}", self.host, self.repository)
    }

    /// Whether the registry is on this machine: only such a one is reached without TLS.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// The URL of the registry. Docker Hub's API has another host than its name.
    pub fn url(&self) -> String {
        let scheme = if self.is_loopback() { "http" } else { "https" };
        let host = match self.host.as_str() {
            "docker.io" | "index.docker.io" => "registry-1.docker.io",
            host => host,
        };
        format!("{scheme}://{host}")
    }
}

/// Whether `host[:port]` is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let address: Result<core::net::IpAddr, _> = name.parse();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((name, "")) => (name, None),
            Some((name, port)) => (name, port.strip_prefix(':').or(Some("?"))),
            None => return false,
        },
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    let is_name = if host.starts_with('[') {
        name.parse::<core::net::Ipv6Addr>().is_ok()
    } else {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
    };
    is_name && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// The distribution specification: `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`.
fn is_component(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    let is_separator =
        |part: &str| matches!(part, "." | "_" | "__") || part.bytes().all(|byte| byte == b'-');
    ends.into_iter().all(|end| end.copied().is_some_and(is_plain))
        && text
            .split(|char: char| char.is_ascii_lowercase() || char.is_ascii_digit())
            .filter(|part| !part.is_empty())
            .all(is_separator)
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.place())?;
        match (&self.tag, &self.digest) {
            (Some(tag), None) => write!(f, ":{tag}"),
            (None, None) => write!(f, ":{LATEST}"),
            (Some(tag), Some(digest)) => write!(f, ":{tag}@{}", digest_text(digest)),
            (None, Some(digest)) => write!(f, "@{}", digest_text(digest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_registry_repository_tag_and_digest() {
        let digest = "ab".repeat(32);
        for (text, shown, url) in [
            ("oci://ghcr.io/team/a:v1", "oci://ghcr.io/team/a:v1", "https://ghcr.io"),
            ("OCI://GHCR.io/a", "oci://ghcr.io/a:latest", "https://ghcr.io"),
            (
                "oci://docker.io/u/a-b__c.d",
                "oci://docker.io/u/a-b__c.d:latest",
                "https://registry-1.docker.io",
            ),
            ("oci://127.0.0.1:5000/a", "oci://127.0.0.1:5000/a:latest", "http://127.0.0.1:5000"),
            ("oci://localhost/a", "oci://localhost/a:latest", "http://localhost"),
            ("oci://[::1]:5000/a", "oci://[::1]:5000/a:latest", "http://[::1]:5000"),
            ("oci://registry:5000/a", "oci://registry:5000/a:latest", "https://registry:5000"),
        ] {
            let reference = Reference::parse(text).unwrap();
            assert_eq!((&*reference.to_string(), &*reference.url()), (shown, url), "{text}");
        }
        let pinned = Reference::parse(&format!("oci://h/a:v1@sha256:{digest}")).unwrap();
        assert_eq!(pinned.name(), format!("sha256:{digest}"));
        assert_eq!(pinned.tag(), "v1");
        assert_eq!(Reference::parse(&pinned.to_string()), Ok(pinned));
    }

    #[test]
    fn other_texts_are_no_references() {
        use BadReference as Bad;
        for (text, why) in [
            ("https://h/a", Bad::Scheme),
            ("ghcr.io/a", Bad::Scheme),
            ("oci://", Bad::Repository),
            ("oci://host", Bad::Repository),
            ("oci:///a", Bad::Host),
            ("oci://h:x/a", Bad::Host),
            ("oci://h_/a", Bad::Host),
            ("oci://[::1/a", Bad::Host),
            ("oci://h/", Bad::Repository),
            ("oci://h/A", Bad::Repository),
            ("oci://h/a/../b", Bad::Repository),
            ("oci://h/a//b", Bad::Repository),
            ("oci://h/-a", Bad::Repository),
            ("oci://h/a._b", Bad::Repository),
            ("oci://h/a?x", Bad::Repository),
            ("oci://h/a:", Bad::Tag),
            ("oci://h/a:-x", Bad::Tag),
            ("oci://u:p@h/a", Bad::User),
            ("oci://h/a@sha256:12", Bad::Digest),
            ("oci://h/a@sha512:12", Bad::Digest),
        ] {
            assert_eq!(Reference::parse(text), Err(why), "{text}");
        }
    }
}

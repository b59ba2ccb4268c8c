//! How a registry asks for credentials: `WWW-Authenticate` (RFC 9110, section 11; distribution's token
//! specification).

use super::super::encoded;
use super::reference::is_loopback;

/// What a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    /// A token of another server.
    Bearer(Bearer),
    /// User and password with every request.
    Basic,
}

/// Where a token is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The URL.
    pub realm: String,
    /// What the token is for.
    pub service: Option<String>,
    /// Which rights it has.
    pub scope: Option<String>,
}

impl Challenge {
    /// Reads the headers of an answer; a token is preferred.
    pub fn of<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut found = None;
        for header in headers {
            let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
            if scheme.eq_ignore_ascii_case("bearer") {
                let mut bearer = Bearer { realm: String::new(), service: None, scope: None };
                for (name, value) in parameters(rest) {
                    match name.to_ascii_lowercase().as_str() {
                        "realm" => bearer.realm = value,
                        "service" => bearer.service = Some(value),
                        "scope" => bearer.scope = Some(value),
                        _ => {}
                    }
                }
                return Some(Self::Bearer(bearer));
            }
            if scheme.eq_ignore_ascii_case("basic") {
                found = Some(Self::Basic);
            }
        }
        found
    }
}

impl Bearer {
    /// Whether a password may be sent there.
    pub fn is_safe(&self) -> bool {
        match self.realm.split_once("://") {
            Some((scheme, rest)) => {
                let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
                let is_http = scheme.eq_ignore_ascii_case("http") && is_loopback(host);
                !host.contains('@') && (scheme.eq_ignore_ascii_case("https") || is_http)
            }
            None => false,
        }
    }

    /// The URL with service and scope.
    pub fn url(&self) -> String {
        let mut url = self.realm.clone();
        let mut separator = if url.contains('?') { '&' } else { '?' };
        for (name, value) in [("service", &self.service), ("scope", &self.scope)] {
            if let Some(value) = value {
                url.push(separator);
                url += name;
                url.push('=');
                url += &encoded(value);
                separator = '&';
            }
        }
        url
    }

    /// The body of a request with an identity token (OAuth 2).
    pub fn form(&self, token: &str) -> String {
        let plain = |text: &Option<String>| encoded(text.as_deref().unwrap_or_default());
        format!(
            "grant_type=refresh_token&client_id=regenesis&service={}&scope={}&refresh_token={}",
            plain(&self.service),
            plain(&self.scope),
            encoded(token)
        )
    }
}

/// `name="value", name=value`
fn parameters(text: &str) -> Vec<(String, String)> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', ',']).to_owned();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let (mut value, mut is_escaped, mut end) = (String::new(), false, quoted.len());
                for (at, char) in quoted.char_indices() {
                    match char {
                        '\\' if !is_escaped => is_escaped = true,
                        '"' if !is_escaped => {
                            end = at;
                            break;
                        }
                        char => {
                            is_escaped = false;
                            value.push(char);
                        }
                    }
                }
                (value, quoted.get(end + 1..).unwrap_or_default())
            }
            None => {
                let (value, next) = after.split_once(',').unwrap_or((after, ""));
                (value.trim().to_owned(), next)
            }
        };
        found.push((name, value));
        rest = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_names_where_the_token_is() {
        let header = r#"Bearer realm="https://auth.docker.io/token?x=1",service="registry.docker.io",scope="repository:a/b:pull,push",error="invalid_token""#;
        let Some(Challenge::Bearer(bearer)) = Challenge::of(["Basic realm=x", header].into_iter())
        else {
            panic!("no bearer")
        };
        assert!(bearer.is_safe());
        assert_eq!(
            bearer.url(),
            "https://auth.docker.io/token?x=1&service=registry.docker.io&scope=repository%3Aa/b%3Apull%2Cpush"
        );
        assert!(bearer.form("a+b").ends_with("&refresh_token=a%2Bb"));
        assert_eq!(Challenge::of([r#"basic realm="x""#].into_iter()), Some(Challenge::Basic));
        assert_eq!(Challenge::of(["Negotiate", ""].into_iter()), None);
    }

    #[test]
    fn a_password_stays_on_safe_ways() {
        for (realm, is_safe) in [
            ("https://h/token", true),
            ("http://127.0.0.1:5001/token", true),
            ("http://localhost/token", true),
            ("http://h/token", false),
            ("http://127.0.0.1.example.org/token", false),
            ("http://localhost@h/token", false),
            ("ftp://h", false),
            ("/token", false),
        ] {
            let bearer = Bearer { realm: realm.to_owned(), service: None, scope: None };
            assert_eq!(bearer.is_safe(), is_safe, "{realm}");
        }
    }
}

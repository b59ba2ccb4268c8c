//! The address of a node: a URL, split into the parts that are sent and those that may be shown.

use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding};

use crate::keys::SecretText;

/// Why a text is not the URL of a server. No variant quotes the text: it may have a password.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The scheme is not http.
    #[error("has the scheme {0}, expected http")]
    Scheme(String),
    /// https without the feature.
    #[error("is https, which this build does not support")]
    Tls,
    /// Not a URL.
    #[error("is not the URL of a server, such as 127.0.0.1:8545")]
    Invalid,
    /// A password whose `/`, `?` or `#` ends the host early.
    #[error("has an @ after the host")]
    Ambiguous,
    /// A user that Basic authentication cannot send.
    #[error(
        "has a user or password that HTTP cannot send: a colon in the user, or a control character"
    )]
    Credentials,
}

impl Error {
    /// How to fix it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Tls => {
                "use a release binary, build with the feature tls (a default), or use a tunnel to a plain \
                 port"
            }
            Self::Scheme(_) => "use the HTTP port, not the WebSocket or IPC one",
            Self::Invalid => "for example http://127.0.0.1:8545",
            Self::Ambiguous => {
                "in a user or password write / as %2F, ? as %3F and # as %23; in a path, @ as %40"
            }
            Self::Credentials => "for example http://user:password@127.0.0.1:8545",
        }
    }
}

/// A server's address.
#[derive(Debug)]
pub struct Address {
    /// Where requests go, without user and password.
    pub url: SecretText,
    /// Scheme, host and port: nothing secret.
    pub label: String,
    /// `Authorization` of every request (RFC 7617), if the URL names a user.
    pub authorization: Option<SecretText>,
    /// Texts that no message may show, even if the server sends them back.
    pub secrets: Vec<SecretText>,
}

/// A part of a path with fewer characters is not an API key.
const LEAST_SECRET: usize = 8;

impl Address {
    /// Splits a URL. The scheme is optional: Kurtosis prints URLs without.
    ///
    /// # Errors
    /// The text is not the URL of a server.
    pub fn parse(text: &str, tls: bool) -> Result<Self, Error> {
        let (scheme, rest) = text.trim().split_once("://").unwrap_or(("http", text.trim()));
        let scheme = scheme.to_ascii_lowercase();
        if !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
            return Err(Error::Invalid);
        }
        match scheme.as_str() {
            "http" => {}
            "https" if tls => {}
            "https" => return Err(Error::Tls),
            _ => return Err(Error::Scheme(scheme)),
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        // Before the fragment is dropped: it may be the rest of a password.
        if path.contains('@') {
            return Err(Error::Ambiguous);
        }
        let path = path.split('#').next().unwrap_or_default().trim_end_matches('/');
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let label = format!("{scheme}://{host}");
        let uri: http::Uri = format!("{label}{path}").parse().map_err(|_| Error::Invalid)?;
        let port = host.rsplit(']').next().and_then(|after| after.split_once(':'));
        let is_port = port.is_none_or(|(_, port)| port.parse::<u16>().is_ok());
        if !is_port || uri.host().is_none_or(str::is_empty) {
            return Err(Error::Invalid);
        }
        let mut secrets = keys(path);
        let authorization = user.filter(|user| !user.is_empty()).map(basic).transpose()?;
        let authorization = authorization.map(|Basic { value, forms }| {
            secrets.extend(forms);
            format!("Basic {value}").into()
        });
        let secrets = secrets.into_iter().filter(|secret| !secret.is_empty()).map(Into::into);
        let url = format!("{label}{path}").into();
        Ok(Self { url, label, authorization, secrets: secrets.collect() })
    }
}

/// Possible API keys in a path and its query: the complete path, each segment, each value.
fn keys(path: &str) -> Vec<String> {
    let parts = path.split(['/', '?', '&']);
    let parts = parts.flat_map(|part| [Some(part), part.split_once('=').map(|(_, value)| value)]);
    let parts = parts.flatten().chain([path.trim_start_matches('/')]);
    let forms = parts.flat_map(|part| {
        let decoded = String::from_utf8_lossy(&percent_decoded(part)).into_owned();
        [part.to_owned(), decoded]
    });
    forms.filter(|part| part.chars().count() >= LEAST_SECRET).collect()
}

/// The value of the header, and the forms in which a server may send it back.
struct Basic {
    value: String,
    forms: Vec<String>,
}

/// `user:password` as RFC 7617 sends it.
fn basic(user_info: &str) -> Result<Basic, Error> {
    let (encoded_user, encoded) = user_info.split_once(':').unwrap_or((user_info, ""));
    let (user, password) = (percent_decoded(encoded_user), percent_decoded(encoded));
    if user.contains(&b':') || user.iter().chain(&password).any(u8::is_ascii_control) {
        return Err(Error::Credentials);
    }
    let both = [&user[..], b":", &password].concat();
    // Without a password, the user is a token.
    let (secret, encoded) =
        if password.is_empty() { (&user, encoded_user) } else { (&password, encoded) };
    let text = String::from_utf8_lossy(secret).into_owned();
    let in_base64 = [&both, secret].into_iter().flat_map(|bytes| {
        [
            Base64::encode_string(bytes),
            Base64Unpadded::encode_string(bytes),
            Base64Url::encode_string(bytes),
            Base64UrlUnpadded::encode_string(bytes),
        ]
    });
    let forms = in_base64.chain([text, encoded.to_owned()]).collect();
    Ok(Basic { value: Base64::encode_string(&both), forms })
}

/// Percent-decoding of the URL standard: a `%` without two hex digits stands for itself.
fn percent_decoded(text: &str) -> Vec<u8> {
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte = digits.and_then(|digits| Some(hex::decode(digits).ok()?[0]));
        out.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::secrets;
    use super::*;

    fn parsed(url: &str) -> (String, String, Option<String>) {
        let Address { url, label, authorization, .. } = Address::parse(url, false).unwrap();
        (url.to_string(), label, authorization.map(|text| text.to_string()))
    }

    #[test]
    fn urls_are_split() {
        let plain = |url: &str, label: &str| (url.to_owned(), label.to_owned(), None);
        for (text, url, label) in [
            ("127.0.0.1:8545", "http://127.0.0.1:8545", "http://127.0.0.1:8545"),
            (" HTTP://node/ ", "http://node", "http://node"),
            ("http://node:1/v3/key?a=b", "http://node:1/v3/key?a=b", "http://node:1"),
            ("http://[::1]:8545/#x", "http://[::1]:8545", "http://[::1]:8545"),
            ("http://@node", "http://node", "http://node"),
        ] {
            assert_eq!(parsed(text), plain(url, label), "{text}");
        }
        for (user, sent) in [
            ("Aladdin:open%20sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            ("user", "dXNlcjo="),
            (":pass", "OnBhc3M="),
            ("a:b:c@d", "YTpiOmNAZA=="),
            ("a:50%off", "YTo1MCVvZmY="),
            ("%C3%BC:%c3%bc", "w7w6w7w="),
        ] {
            for place in ["127.0.0.1:8545", "[::1]:1", "node/path"] {
                let (url, label, authorization) = parsed(&format!("http://{user}@{place}"));
                assert_eq!(url, format!("http://{place}"));
                assert_eq!(label, format!("http://{}", place.trim_end_matches("/path")));
                assert_eq!(authorization, Some(format!("Basic {sent}")), "{user}");
                assert_eq!(parsed(&format!("{user}@{place}")).2, Some(format!("Basic {sent}")));
            }
        }
    }

    #[test]
    fn errors_do_not_show_the_password() {
        for (text, what) in [
            ("ws://node", "has the scheme ws"),
            ("https://node", "is https"),
            ("http://", "is not the URL"),
            ("http://u:hunter2@", "is not the URL"),
            ("http://u:12/hunter2@node", "has an @ after the host"),
            ("http://u:12?hunter2@node", "has an @ after the host"),
            ("http://u:12#hunter2@node", "has an @ after the host"),
            ("u:12#hunter2@node", "has an @ after the host"),
            ("http://u:p@hunter2/x@node", "has an @ after the host"),
            ("http://u:p@hunter2#x@node", "has an @ after the host"),
            ("u:hunter2://x@node", "is not the URL"),
            ("http://u:hun ter2@no de", "is not the URL"),
            ("http://u:hunter2@node:port", "is not the URL"),
            ("http://u:hunter2", "is not the URL"),
            ("u:hunter2/", "is not the URL"),
            ("http://u%3Ax:hunter2@node", "a colon in the user"),
            ("http://u:hunter2%0a@node", "a control character"),
        ] {
            let error = Address::parse(text, false).unwrap_err();
            let shown = format!("{error} {error:?} {}", error.hint());
            assert!(shown.contains(what) && !shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn echoed_secrets_are_hidden() {
        let hidden = |url: &str, text: &str| {
            let address = Address::parse(url, false).unwrap();
            secrets::hide(text, &address.secrets, usize::MAX)
        };
        let url = "http://u:h%75nter2@node/v3/0123456789";
        let address = format!("{:?}", Address::parse(url, false).unwrap());
        assert!(!address.contains("0123456789") && !address.contains("nter2"), "{address}");
        let echo = "no hunter2, h%75nter2, dTpodW50ZXIy, aHVudGVyMg or POST /v3/0123456789";
        assert_eq!(hidden(url, echo), "no ***, ***, ***, *** or POST /***");
        for (path, text, shown) in [
            ("v3/0123456789abcdef/", "no key 0123456789abcdef", "no key ***"),
            ("v3/0123456789abcdef#x", "no key 0123456789ABCDEF", "no key ***"),
            ("v3?apikey=01234567&x=1", "no key 01234567 at v3, 1", "no key *** at v3, 1"),
            ("?0123456789", "no key 0123456789", "no key ***"),
            ("a/0123%2F5678%20a/b", "no key 0123/5678 a", "no key ***"),
            ("eth/v1", "no method of eth v1", "no method of eth v1"),
        ] {
            assert_eq!(hidden(&format!("http://node/{path}"), text), shown, "{path}");
        }
        for url in ["http://to-ken@node", "http://to-ken:@node"] {
            assert_eq!(hidden(url, "no to-ken, dG8ta2VuOg=="), "no ***, ***", "{url}");
        }
        assert_eq!(hidden("http://me:hunter2@node", "not hunter2, me"), "not ***, me");
    }
}

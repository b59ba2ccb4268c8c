//! Credentials that `docker login` keeps in `~/.docker/config.json`.

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding};
use serde::Deserialize;

use crate::keys::SecretText;

/// Who a registry is accessed as.
#[derive(Debug)]
pub enum Login {
    /// A user, with a password.
    Password(SecretText, SecretText),
    /// A token that other tokens are obtained with.
    Identity(SecretText),
}

/// Where the credentials of a registry are.
#[derive(Debug)]
pub enum Stored {
    /// The program `docker-credential-NAME` has them under this name of the registry.
    Helper(String, String),
    /// In the file.
    Login(Login),
    /// Nowhere.
    Nowhere,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    auths: BTreeMap<String, Entry>,
    #[serde(rename = "credsStore")]
    store: Option<String>,
    #[serde(rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    #[serde(rename = "identitytoken")]
    identity: Option<String>,
}

/// The names of Docker Hub.
const HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];
const HUB_NAME: &str = "https://index.docker.io/v1/";

impl Stored {
    /// Reads the file for the registry at `host`. No error quotes it.
    ///
    /// # Errors
    /// It is not such a file.
    pub fn read(json: &[u8], host: &str, skips_helpers: bool) -> Result<Self, String> {
        let config: Config = serde_json::from_slice(json)
            .map_err(|error| format!("line {} is not valid", error.line()))?;
        let names = if HUB.contains(&host) {
            [vec![HUB_NAME.to_owned()], HUB.map(str::to_owned).to_vec()].concat()
        } else {
            let with = |start: &str, end: &str| format!("{start}{host}{end}");
            let forms = [("", ""), ("https://", ""), ("http://", ""), ("https://", "/")];
            let versions = [("https://", "/v1/"), ("https://", "/v2/"), ("", "/v2/")];
            forms.into_iter().chain(versions).map(|(start, end)| with(start, end)).collect()
        };
        let name = names.first().cloned().unwrap_or_default();
        let helper =
            names.iter().find_map(|name| config.helpers.get(name)).or(config.store.as_ref());
        if let Some(helper) = helper.filter(|helper| !helper.is_empty() && !skips_helpers) {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            if !helper.bytes().all(is_plain) {
                return Err("credsStore or credHelpers has no name of a program".to_owned());
            }
            return Ok(Self::Helper(helper.clone(), name));
        }
        let Some(entry) = names.iter().find_map(|name| config.auths.get(name)) else {
            return Ok(Self::Nowhere);
        };
        if let Some(token) = entry.identity.as_ref().filter(|token| !token.is_empty()) {
            return Ok(Self::Login(Login::Identity(token.clone().into())));
        }
        let Some(auth) = entry.auth.as_ref().filter(|auth| !auth.is_empty()) else {
            return Ok(Self::Nowhere);
        };
        let invalid = || format!("auths of {host}: auth is not the base64 of user:password");
        let decoded = Base64::decode_vec(auth).map_err(|_| invalid())?;
        let decoded = String::from_utf8(decoded).map_err(|_| invalid())?;
        let (user, password) =
            decoded.trim_end_matches('\0').split_once(':').ok_or_else(invalid)?;
        Ok(Self::Login(Login::Password(user.to_owned().into(), password.to_owned().into())))
    }
}

/// The header of a request with user and password (RFC 7617): `Basic …`.
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", Base64::encode_string(format!("{user}:{password}").as_bytes()))
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Username")]
    user: String,
    #[serde(rename = "Secret")]
    secret: String,
}

/// What `docker-credential-NAME get` prints.
pub fn helper_answer(json: &[u8]) -> Option<Login> {
    let answer: Answer = serde_json::from_slice(json).ok()?;
    Some(match answer.user.as_str() {
        "<token>" => Login::Identity(answer.secret.into()),
        _ => Login::Password(answer.user.into(), answer.secret.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(stored: Result<Stored, String>) -> String {
        match stored {
            Ok(Stored::Helper(program, name)) => format!("{program} has {name}"),
            Ok(Stored::Login(Login::Password(user, password))) => {
                format!("{}:{}", &*user, &*password)
            }
            Ok(Stored::Login(Login::Identity(token))) => format!("token {}", &*token),
            Ok(Stored::Nowhere) => "nowhere".to_owned(),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn credentials_are_found_as_docker_finds_them() {
        let config = br#"{
            "auths": {
                "ghcr.io": {"auth": "dTpwOnE="},
                "https://index.docker.io/v1/": {"auth": "aHViOnA="},
                "https://quay.io": {"identitytoken": "tok", "auth": "dTpw"},
                "bad.io": {"auth": "%"},
                "empty.io": {}
            },
            "credHelpers": {"gcr.io": "gcloud", "evil.io": "../x"},
            "HttpHeaders": {"x": "y"}
        }"#;
        let read = |host| shown(Stored::read(config, host, false));
        assert_eq!(read("ghcr.io"), "u:p:q");
        assert_eq!(read("docker.io"), "hub:p");
        assert_eq!(read("quay.io"), "token tok");
        assert_eq!(read("gcr.io"), "gcloud has gcr.io");
        assert_eq!(read("empty.io"), "nowhere");
        assert_eq!(read("other.io"), "nowhere");
        assert_eq!(
            read("bad.io"),
            "error: auths of bad.io: auth is not the base64 of user:password"
        );
        assert!(read("evil.io").starts_with("error: "));
        assert!(shown(Stored::read(b"{", "h", false)).starts_with("error: line 1"));
        let store = br#"{"credsStore": "pass", "auths": {"h": {"auth": "dTpw"}}}"#;
        assert_eq!(shown(Stored::read(store, "h", false)), "pass has h");
        assert_eq!(shown(Stored::read(store, "h", true)), "u:p");
        let answer = helper_answer(br#"{"ServerURL": "h", "Username": "<token>", "Secret": "s"}"#);
        assert_eq!(shown(answer.map(Stored::Login).ok_or_else(String::new)), "token s");
        assert!(helper_answer(b"credentials not found in native keychain").is_none());
    }
}

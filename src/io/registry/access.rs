//! The token dance: a registry asks, and a token or a password answers.

use std::io::Read;
use std::sync::{Mutex, OnceLock, PoisonError};

use serde::Deserialize;

use super::credentials;
use crate::archive::SecretText;
use crate::archive::oci::{self, Bearer, Challenge, Login};
use crate::io::download::Error;
use crate::io::download::web::{convert, refusal};
use crate::rpc::secrets;

/// Bytes of an answer with a token.
const MOST: u64 = 1 << 20;

/// What requests to a registry are authorized with.
pub(super) struct Access {
    host: String,
    login: OnceLock<Result<Option<Login>, String>>,
    authorization: Mutex<Option<String>>,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Access {
    pub(super) fn new(host: &str) -> Self {
        Self { host: host.to_owned(), login: OnceLock::new(), authorization: Mutex::new(None) }
    }

    /// The header of the next request.
    pub(super) fn authorization(&self) -> Option<SecretText> {
        let authorization = self.authorization.lock().unwrap_or_else(PoisonError::into_inner);
        authorization.clone().map(SecretText::from)
    }

    /// Answers a challenge. Returns whether the request may succeed now.
    pub(super) fn answer<'a>(
        &self,
        headers: impl Iterator<Item = &'a str>,
        agent: &ureq::Agent,
    ) -> Result<bool, Error> {
        let login = self.login.get_or_init(|| credentials::login(&self.host));
        let login = login.as_ref().map_err(|what| Error::Denied(what.clone()))?.as_ref();
        let value = match (Challenge::of(headers), login) {
            (Some(Challenge::Bearer(bearer)), login) => {
                format!("Bearer {}", token(&bearer, login, agent)?)
            }
            (Some(Challenge::Basic), Some(Login::Password(user, password))) => {
                basic(user, password)
            }
            (Some(Challenge::Basic), Some(Login::Identity(token))) => {
                format!("Bearer {}", &**token)
            }
            (Some(Challenge::Basic), None) | (None, _) => return Ok(false),
        };
        secrets::add(vec![value.clone().into()]);
        *self.authorization.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        Ok(true)
    }
}

fn basic(user: &str, password: &str) -> String {
    let value = oci::basic(user, password);
    let encoded = value.trim_start_matches("Basic ").to_owned();
    secrets::add(vec![encoded.into()]);
    value
}

fn token(bearer: &Bearer, login: Option<&Login>, agent: &ureq::Agent) -> Result<String, Error> {
    let unsafe_realm = || Error::Status("asks for a token from a server without TLS".to_owned());
    if !bearer.is_safe() {
        return Err(unsafe_realm());
    }
    let answer = match login {
        Some(Login::Identity(token)) => {
            let form = "application/x-www-form-urlencoded";
            agent.post(&bearer.realm).content_type(form).send(bearer.form(token))
        }
        Some(Login::Password(user, password)) => {
            agent.get(bearer.url()).header("Authorization", basic(user, password)).call()
        }
        None => agent.get(bearer.url()).call(),
    };
    let mut answer = answer.map_err(convert)?;
    if !answer.status().is_success() {
        return Err(match refusal(answer) {
            Error::Status(what) | Error::NotThere(what) | Error::Denied(what) => {
                Error::Denied(format!("the token server {what}"))
            }
            error => error,
        });
    }
    let mut json = Vec::new();
    let read = answer.body_mut().as_reader().take(MOST).read_to_end(&mut json);
    read.map_err(|error| Error::Unreachable(format!("breaks the connection: {error}")))?;
    let found: Option<Token> = serde_json::from_slice(&json).ok();
    let found = found.and_then(|found| found.token.or(found.access_token));
    let found =
        found.filter(|token| !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic()));
    let found =
        found.ok_or_else(|| Error::Denied("the token server returned no token".to_owned()))?;
    secrets::add(vec![found.clone().into()]);
    Ok(found)
}

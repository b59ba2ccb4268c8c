//! JSON over HTTP from a client's own interface: no TLS, no redirects, bounded time and size.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// No answer that is asked for here is larger.
const MAX_ANSWER: u64 = 16 << 20;

/// A client does not answer, or with something else.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be reached, or refuses.
    #[error("{url}: {source}")]
    Exchange {
        /// What was asked.
        url: String,
        /// Why.
        source: Box<ureq::Error>,
    },
    /// The answer is not what the interface says.
    #[error("{url}: {what}")]
    Answer {
        /// What was asked.
        url: String,
        /// What is wrong.
        what: String,
    },
}

/// Asks clients.
#[derive(Debug)]
pub struct Client(Agent);

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    /// One that keeps its connections.
    pub fn new() -> Self {
        let config = Agent::config_builder().timeout_global(Some(PATIENCE)).max_redirects(0);
        Self(config.build().into())
    }

    /// `data` of a beacon node's answer to `path`.
    ///
    /// # Errors
    /// It does not answer, or without data.
    pub fn beacon(&self, base: &str, path: &str) -> Result<Value, Error> {
        let url = format!("{}{path}", base.trim_end_matches('/'));
        let answer = self.0.get(&url).header("Accept", "application/json").call();
        take(&url, answer, "data")
    }

    /// `result` of an execution client's answer to a JSON-RPC call.
    ///
    /// # Errors
    /// It does not answer, or with an error.
    pub fn call(&self, url: &str, method: &str, params: &Value) -> Result<Value, Error> {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let request = self.0.post(url).header("Content-Type", "application/json");
        take(url, request.send(body.to_string()), "result")
    }
}

fn take(
    url: &str,
    answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    field: &str,
) -> Result<Value, Error> {
    let failed = |source| Error::Exchange { url: url.to_owned(), source: Box::new(source) };
    let mut answer = answer.map_err(failed)?;
    let text = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec().map_err(failed)?;
    let wrong = |what: String| Error::Answer { url: url.to_owned(), what };
    let mut answer: Value =
        serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
    match answer.get_mut(field).map(Value::take) {
        Some(value) if !value.is_null() => Ok(value),
        _ => Err(wrong(match answer.get("error").or(answer.get("message")) {
            Some(error) => error.to_string(),
            None => format!("the answer has no {field}"),
        })),
    }
}

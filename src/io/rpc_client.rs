//! JSON-RPC and the beacon API over HTTP.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use crate::io::http::{self, Endpoint};
use crate::rpc::message::{request, result, results};
use crate::rpc::{Beacon, Error, Rpc, secrets};

/// A node.
#[derive(Debug)]
pub struct Client<'a> {
    endpoint: Endpoint<'a>,
    id: AtomicU64,
}

impl<'a> Client<'a> {
    /// The node at `endpoint`.
    pub fn new(endpoint: Endpoint<'a>) -> Self {
        Self { endpoint, id: AtomicU64::new(1) }
    }

    /// Name in messages: the URL without anything secret.
    pub fn label(&self) -> &str {
        &self.endpoint.address.label
    }

    fn error(&self, method: &str, limit: u64, error: http::Error) -> Error {
        let (node, method) = (self.endpoint.address.label.clone(), method.to_owned());
        match error {
            http::Error::Unreachable(what) => Error::Unreachable { node, what },
            http::Error::Status(what) => Error::Foreign { node, what },
            http::Error::Denied(what) => Error::Denied { node, what },
            http::Error::TooLarge => Error::TooLarge { method, limit },
            http::Error::Slow => {
                Error::Slow { method, seconds: self.endpoint.retry.timeout.as_secs() }
            }
        }
    }
}

/// A result without secrets. Data is hex or a tree; any other string is the node's own text, such as
/// the version of its client.
fn without_secrets(raw: Vec<u8>) -> Vec<u8> {
    if !raw.starts_with(b"\"") || raw.starts_with(b"\"0x") {
        return raw;
    }
    match serde_json::from_slice::<String>(&raw) {
        Ok(text) => Value::from(secrets::hidden(&text)).to_string().into_bytes(),
        Err(_) => raw,
    }
}

impl Beacon for Client<'_> {
    fn get(&self, path: &str, limit: u64) -> Result<Vec<u8>, Error> {
        self.endpoint.get(path, limit).map_err(|error| self.error(path, limit, error))
    }
}

impl Rpc for Client<'_> {
    fn call(&self, method: &str, params: &Value, limit: u64) -> Result<Vec<u8>, Error> {
        let id = self.id.fetch_add(1, Ordering::Relaxed);
        let body = request(id, method, params).to_string();
        let answer = self.endpoint.post(body.as_bytes(), limit);
        let answer = answer.map_err(|error| self.error(method, limit, error))?;
        result(&answer, id, method, self.label()).map(without_secrets)
    }

    fn batch_of_each(
        &self,
        calls: &[(&str, Value)],
        limit: u64,
    ) -> Result<Vec<Result<Vec<u8>, Error>>, Error> {
        let first = self.id.fetch_add(calls.len() as u64, Ordering::Relaxed);
        let requests: Vec<_> = (first..)
            .zip(calls)
            .map(|(id, (method, params))| request(id, method, params))
            .collect();
        let methods: Vec<_> = calls.iter().map(|(method, _)| *method).collect();
        let body = Value::from(requests).to_string();
        let answer = self.endpoint.post(body.as_bytes(), limit);
        let method = methods.first().copied().unwrap_or_default();
        let answer = answer.map_err(|error| self.error(method, limit, error))?;
        let results = results(&answer, first, &methods, self.label())?;
        Ok(results.into_iter().map(|one| one.map(without_secrets)).collect())
    }

    fn stream(&self, method: &str, params: &Value) -> Result<Box<dyn Read + Send>, Error> {
        let id = self.id.fetch_add(1, Ordering::Relaxed);
        let body = request(id, method, params).to_string();
        let answer = self.endpoint.post_streaming(body.as_bytes());
        answer.map_err(|error| self.error(method, u64::MAX, error))
    }
}

//! Requests to nodes: JSON-RPC 2.0 to the execution layer, the beacon API to the consensus layer.

pub mod address;
pub mod message;
pub mod secrets;

use std::io::Read;

use serde_json::Value;

/// A node that answers JSON-RPC.
pub trait Rpc {
    /// The raw JSON of a method's `result`, `null` included; at most `limit` bytes.
    ///
    /// # Errors
    /// The node cannot be reached, or answers with an error.
    fn call(&self, method: &str, params: &Value, limit: u64) -> Result<Vec<u8>, Error>;

    /// The raw results of many calls, in their order; each call may fail on its own.
    ///
    /// # Errors
    /// The node cannot be reached, or does not accept batches.
    fn batch_of_each(
        &self,
        calls: &[(&str, Value)],
        limit: u64,
    ) -> Result<Vec<Result<Vec<u8>, Error>>, Error>;

    /// The raw results of many calls, in their order.
    ///
    /// # Errors
    /// As [`Rpc::call`]: that of the first call that fails.
    fn batch(&self, calls: &[(&str, Value)], limit: u64) -> Result<Vec<Vec<u8>>, Error> {
        self.batch_of_each(calls, limit)?.into_iter().collect()
    }

    /// The complete answer to a call, as a stream.
    ///
    /// # Errors
    /// The node cannot be reached.
    fn stream(&self, method: &str, params: &Value) -> Result<Box<dyn Read + Send>, Error>;
}

/// The result of a method as a tree of values; `null` is an error.
///
/// # Errors
/// As [`Rpc::call`], or the answer is `null`.
pub fn value(rpc: &dyn Rpc, method: &str, params: &Value, limit: u64) -> Result<Value, Error> {
    let raw = rpc.call(method, params, limit)?;
    match serde_json::from_slice(&raw) {
        Ok(value) if raw != b"null" => Ok(value),
        _ => Err(Error::Foreign {
            node: "the node".to_owned(),
            what: format!("answers {method} with {}", message::excerpt(&raw)),
        }),
    }
}

/// A beacon node.
pub trait Beacon {
    /// The answer to a GET of `path`: at most `limit` bytes.
    ///
    /// # Errors
    /// The node cannot be reached, or answers with an error.
    fn get(&self, path: &str, limit: u64) -> Result<Vec<u8>, Error>;
}

/// `data` of a beacon node's answer.
///
/// # Errors
/// As [`Beacon::get`], or the answer has no `data`.
pub fn data(node: &dyn Beacon, path: &str, limit: u64) -> Result<Value, Error> {
    let raw = node.get(path, limit)?;
    let mut answer: Value = serde_json::from_slice(&raw).unwrap_or_default();
    match answer.get_mut("data").map(Value::take) {
        Some(data) if !data.is_null() => Ok(data),
        _ => Err(Error::Foreign {
            node: "the beacon node".to_owned(),
            what: format!("answers {path} with {}", message::excerpt(&raw)),
        }),
    }
}

/// Why a call has no result. Every text of a node is without secrets.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The node cannot be reached, or the connection breaks.
    #[error("{node} {what}")]
    Unreachable {
        /// The node: its URL without secrets.
        node: String,
        /// What happened, as a predicate.
        what: String,
    },
    /// The server is not a JSON-RPC node.
    #[error("{node} {what}")]
    Foreign {
        /// The node.
        node: String,
        /// Its answer, as a predicate.
        what: String,
    },
    /// The node requires a password, or another one.
    #[error("{node} {what}")]
    Denied {
        /// The node.
        node: String,
        /// Its answer, as a predicate.
        what: String,
    },
    /// The answer takes too long.
    #[error("{method} does not answer within {seconds} s")]
    Slow {
        /// The method.
        method: String,
        /// The limit.
        seconds: u64,
    },
    /// The answer is too long.
    #[error("{method} returns more than {limit} bytes")]
    TooLarge {
        /// The method.
        method: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The node refuses.
    #[error("{method}: the node returns error {code}: {message}")]
    Refused {
        /// The method.
        method: String,
        /// JSON-RPC's error code.
        code: i64,
        /// The node's message.
        message: String,
    },
}

/// JSON-RPC 2.0: "method not found".
const METHOD_NOT_FOUND: i64 = -32601;
/// geth: "request timed out".
const TIMED_OUT: i64 = -32002;
/// geth: "response too large".
const RESPONSE_TOO_LARGE: i64 = -32003;

impl Error {
    /// Whether the node has no such method.
    pub fn is_unknown_method(&self) -> bool {
        let Self::Refused { code, message, .. } = self else { return false };
        let message = message.to_ascii_lowercase();
        *code == METHOD_NOT_FOUND
            || message.contains("not found") && message.contains("method")
            || message.contains("does not exist") && message.contains("method")
            || message.contains("not supported") && message.contains("method")
            || message.contains("method not enabled")
    }

    /// Whether the node has pruned the requested state.
    pub fn is_about_lost_state(&self) -> bool {
        matches!(self, Self::Refused { message, .. } if is_about_lost_state(message))
    }

    /// Whether the node may answer a request for less.
    pub fn asks_for_less(&self) -> bool {
        match self {
            Self::Slow { .. } | Self::TooLarge { .. } => true,
            Self::Refused { code, .. } => matches!(*code, TIMED_OUT | RESPONSE_TOO_LARGE),
            _ => false,
        }
    }

    /// How to fix it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => {
                "check that the node runs, and that the port is its HTTP RPC port"
            }
            Self::Foreign { .. } => {
                "use the node's HTTP RPC port (not its Engine API, WebSocket or P2P port)"
            }
            Self::Denied { .. } => {
                "pass user and password (http://user:password@host:port); a port that requires a \
                 token is the Engine API, not the RPC"
            }
            Self::Slow { .. } => "allow it more time: --rpc-timeout",
            Self::TooLarge { .. } => "capture from a file: geth dump",
            Self::Refused { .. } if self.is_unknown_method() => {
                "start the node with the namespace open: geth --http.api eth,net,web3,debug"
            }
            Self::Refused { .. } if self.is_about_lost_state() => {
                "the node has pruned the state of that block: use --block latest, or run geth \
                 with --gcmode archive"
            }
            Self::Refused { .. } => "the node's log may say more",
        }
    }
}

/// geth's words for a state that it no longer has.
fn is_about_lost_state(message: &str) -> bool {
    ["missing trie node", "not available", "historical state", "state is not", "proof window"]
        .iter()
        .any(|words| message.contains(words))
}

//! Nodes and what is asked of them: JSON-RPC 2.0 of the execution layer, the beacon API of the other.

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

    /// The raw results of many calls, each with its own fate, in their order.
    ///
    /// # Errors
    /// The node cannot be reached, or takes no batches.
    fn batch_of_each(
        &self,
        calls: &[(&str, Value)],
        limit: u64,
    ) -> Result<Vec<Result<Vec<u8>, Error>>, Error>;

    /// The raw results of many calls, in their order.
    ///
    /// # Errors
    /// As [`Rpc::call`]; the first call that fails.
    fn batch(&self, calls: &[(&str, Value)], limit: u64) -> Result<Vec<Vec<u8>>, Error> {
        self.batch_of_each(calls, limit)?.into_iter().collect()
    }

    /// The whole answer to a call, as it comes.
    ///
    /// # Errors
    /// The node cannot be reached.
    fn stream(&self, method: &str, params: &Value) -> Result<Box<dyn Read + Send>, Error>;
}

/// The result of a method as a tree of values; `null` is none.
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
    /// The answer to a GET of `path`; at most `limit` bytes.
    ///
    /// # Errors
    /// The node cannot be reached, or answers with an error.
    fn get(&self, path: &str, limit: u64) -> Result<Vec<u8>, Error>;
}

/// `data` of a beacon node's answer.
///
/// # Errors
/// As [`Beacon::get`], or the answer has none.
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

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The node cannot be reached, or stops in the middle.
    #[error("{node} {what}")]
    Unreachable {
        /// The node, without anything secret of its URL.
        node: String,
        /// What happened.
        what: String,
    },
    /// What answers is no JSON-RPC node.
    #[error("{node} {what}")]
    Foreign {
        /// The node.
        node: String,
        /// What it answered.
        what: String,
    },
    /// The node wants a password, or another one.
    #[error("{node} {what}")]
    Denied {
        /// The node.
        node: String,
        /// What it answered.
        what: String,
    },
    /// The answer takes longer than is allowed.
    #[error("{method} takes longer than {seconds} s")]
    Slow {
        /// The method.
        method: String,
        /// What is allowed.
        seconds: u64,
    },
    /// The answer is longer than is allowed.
    #[error("{method} answers with more than {limit} bytes")]
    TooLarge {
        /// The method.
        method: String,
        /// What is allowed.
        limit: u64,
    },
    /// The node refuses.
    #[error("{method}: the node answers {code}: {message}")]
    Refused {
        /// The method.
        method: String,
        /// JSON-RPC's error code.
        code: i64,
        /// The node's words.
        message: String,
    },
}

/// "method not found", and what some nodes say instead.
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

    /// Whether the node has dropped the state that it is asked for.
    pub fn is_about_lost_state(&self) -> bool {
        matches!(self, Self::Refused { message, .. } if is_about_lost_state(message))
    }

    /// Whether a smaller question may be answered.
    pub fn asks_for_less(&self) -> bool {
        match self {
            Self::Slow { .. } | Self::TooLarge { .. } => true,
            Self::Refused { code, .. } => matches!(*code, TIMED_OUT | RESPONSE_TOO_LARGE),
            _ => false,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "is it running, and is the port that of its HTTP RPC?",
            Self::Foreign { .. } => {
                "is the port that of the node's HTTP RPC (not its Engine API, WebSocket or P2P port)?"
            }
            Self::Denied { .. } => {
                "give it user and password (http://user:password@host:port); the port that wants a \
                 token is the Engine API, not the RPC"
            }
            Self::Slow { .. } => "allow it more time: --rpc-timeout",
            Self::TooLarge { .. } => "capture from a file: geth dump",
            Self::Refused { .. } if self.is_unknown_method() => {
                "start the node with the namespace open: geth --http.api eth,net,web3,debug"
            }
            Self::Refused { .. } if self.is_about_lost_state() => {
                "the node has dropped the state of that block: use --block latest, or run geth \
                 with --gcmode archive"
            }
            Self::Refused { .. } => "the node's log may tell more",
        }
    }
}

/// What geth says of a state that it no longer has.
fn is_about_lost_state(message: &str) -> bool {
    ["missing trie node", "not available", "historical state", "state is not", "proof window"]
        .iter()
        .any(|words| message.contains(words))
}

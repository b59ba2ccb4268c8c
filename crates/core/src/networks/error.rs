//! Errors in a `networks.json`.

use std::fmt;

use alloy_primitives::Address;

use crate::placeholder;

/// An error with its place in the file. No message quotes a private key.
#[derive(Debug, thiserror::Error)]
pub struct Error {
    /// Line of the file, from 1.
    pub line: u64,
    /// The JSON path, for example `networks[0].l2_admin_address`; empty for the document itself.
    pub field: String,
    /// The problem there.
    pub problem: Problem,
}

/// The kinds of problems. In a message, the text follows the JSON path.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The text is not JSON.
    #[error("is not valid JSON: {0}")]
    Json(String),
    /// A required member is absent.
    #[error("is missing")]
    Missing,
    /// The list of networks is empty.
    #[error("has no network")]
    Empty,
    /// A member that the format does not have.
    #[error("is not known{}", meant.map_or(String::new(), |name| format!("; did you mean {name}?")))]
    Unknown {
        /// The known name that it resembles.
        meant: Option<&'static str>,
    },
    /// A member that is there twice.
    #[error("is there twice")]
    Repeated,
    /// A value of the wrong JSON type, form or range.
    #[error("is {value}, expected {expected}")]
    Invalid {
        /// The value in the file, if it cannot be a secret.
        value: String,
        /// What the field may have.
        expected: String,
    },
    /// An address of another length.
    #[error("is {value}, which has {}, expected 20 bytes: 0x and 40 hex digits", length(*digits))]
    Length {
        /// The value in the file.
        value: String,
        /// Its number of hex digits.
        digits: usize,
    },
    /// The text is not a private key.
    #[error("is not a private key, expected 0x and 64 hex digits")]
    NotAKey,
    /// A key whose address is not there.
    #[error("is the key of {address}, but {member} is missing")]
    NoAddress {
        /// Its address.
        address: Address,
        /// The member that must be there.
        member: String,
    },
    /// An address that is not that of its key.
    #[error("is {address}, but {member} is the key of {of_key}")]
    OtherKey {
        /// The address in the file.
        address: Address,
        /// The member with the key.
        member: String,
        /// The address of the key.
        of_key: Address,
    },
    /// The value of another network.
    #[error("is {value}, as in networks[{other}]")]
    Taken {
        /// The value.
        value: String,
        /// The index of the other network.
        other: usize,
    },
    /// A consensus that the sequencer cannot have.
    #[error("is {consensus}, but {sequencer} can have {possible} only")]
    Combination {
        /// The consensus.
        consensus: &'static str,
        /// The sequencer.
        sequencer: &'static str,
        /// What it can have.
        possible: String,
    },
}

impl Error {
    /// The remedy.
    pub fn hint(&self) -> &'static str {
        match &self.problem {
            Problem::Json(_) => "correct the syntax: the format is JSON, without comments",
            Problem::Missing => {
                "add it; every network has sequencer_type, consensus_type, deployment_suffix, \
                 l2_chain_id and network_id"
            }
            Problem::Empty => "describe at least one network",
            Problem::Unknown { meant: Some(_) } => "correct the name",
            Problem::Unknown { meant: None } => {
                "remove it: accounts are l2_ROLE_address and l2_ROLE_private_key, with the roles \
                 sequencer, aggregator, admin, dac, aggoracle, sovereignadmin and claimsponsor"
            }
            Problem::Repeated => "keep one of the two",
            Problem::Invalid { value, .. } => {
                placeholder::hint(value).unwrap_or("correct the value")
            }
            Problem::Length { .. } => {
                "copy the address again: cast wallet address prints that of a key"
            }
            Problem::NotAKey => "correct the private key: no message quotes it",
            Problem::NoAddress { .. } => "add the address of this key",
            Problem::OtherKey { .. } => {
                "correct one of the two: they must be an address and its private key"
            }
            Problem::Taken { .. } => {
                "give every network its own deployment_suffix, l2_chain_id and network_id"
            }
            Problem::Combination { .. } => "change consensus_type or sequencer_type",
        }
    }
}

/// A length in bytes, or in digits where it is not a number of bytes.
fn length(digits: usize) -> String {
    let plural =
        |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    if digits.is_multiple_of(2) { plural(digits / 2, "byte") } else { plural(digits, "hex digit") }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{} ", self.field)?;
        }
        write!(f, "{}", self.problem)
    }
}

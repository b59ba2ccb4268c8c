//! Operating the stacks of a machine: what runs, what a verb will do about it, and what it reports.
//!
//! Pure functions of what Docker and the clients answer. `regenesis up`, `status` and the like ask, call
//! these, and carry out the steps.

pub mod build;
pub mod compose_error;
pub mod containers;
pub mod disk;
pub mod doctor;
pub mod dotenv;
pub mod l2;
pub mod logs;
pub mod port;
pub mod settings;
pub mod stacks;
pub mod status;
pub mod up;

/// The services of every stack, in the order in which they start. Those of L2s ([`l2`]) and of a captured
/// enclave follow.
pub const SERVICES: [&str; 5] = ["init", "el", "cl", "vc", "watch"];
/// The services that must run for the chain to continue.
pub const CLIENTS: [&str; 3] = ["el", "cl", "vc"];
/// The volumes of every stack; one with L2s or captured services has one more: [`l2::VOLUME`].
pub const VOLUMES: [&str; 4] = ["runtime", "el", "cl", "vc"];

/// Docker's answer is not what it documents.
#[derive(Debug, thiserror::Error)]
#[error("{command}: {source}")]
pub struct Unexpected {
    /// The command.
    pub command: &'static str,
    /// The cause.
    pub source: serde_json::Error,
}

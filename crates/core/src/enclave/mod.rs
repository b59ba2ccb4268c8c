//! Enclaves of Kurtosis: from the labels of their containers to what a capture reads from which service.
//!
//! [`parse`] reads `docker inspect`, [`select`] finds an enclave by its name or UUID, and [`Plan::of`]
//! decides. [`sources`](sources()) names the files of the other services, and [`assemble`] turns them into
//! those of a snapshot; [`started`] reads from their manifest which of them a stack starts. Nothing here asks
//! Docker or a node.

mod accounts;
mod assemble;
pub mod document;
mod error;
mod file;
mod found;
mod funds;
mod hosts;
mod launch;
mod manifest;
mod plan;
mod role;
mod rules;
mod script;
mod service;
mod sources;
mod stack;
mod summary;
mod words;

pub use accounts::{Account, Keys, open};
pub use assemble::{Assembled, Enclave, Fetched, assemble};
pub use error::Error;
pub use file::File;
pub use found::{Found, suffix};
pub use funds::Funds;
pub use hosts::Hosts;
pub use launch::Launch;
pub use manifest::{MANIFEST, Manifest, ManifestError};
pub use plan::{Choice, L2, Plan, enclaves, select};
pub use role::Role;
pub use rules::{Change, Rule, hosts, rewrite};
pub use script::only_describes;
pub use service::{FILTER, Port, Service, parse};
pub use sources::{NamedKeystore, What, is_wanted, keystores, network, sources};
pub use stack::{Started, started};
pub use summary::Summary;
pub use words::{Start, Words};

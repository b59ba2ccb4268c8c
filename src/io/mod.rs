//! The operating system: files, clock, randomness, processes, signals, terminal, HTTP. This module
//! knows nothing of genesis files, snapshots or runtime directories.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the adapters to the operating system"
)]

pub mod access;
pub mod atomic_file;
mod bar;
pub mod clock;
pub mod console;
pub mod disk;
#[cfg(feature = "host")]
pub mod docker;
#[cfg(feature = "host")]
pub mod download;
pub mod environment;
pub mod fs;
#[cfg(feature = "host")]
pub mod host;
pub mod http;
pub mod identity;
#[cfg(feature = "host")]
pub mod kubectl;
pub mod list;
pub mod lock;
pub mod port;
pub mod process;
pub mod random;
#[cfg(feature = "host")]
pub mod registry;
pub mod rpc_client;
#[cfg(feature = "host")]
pub mod screen;
pub mod signal;
#[cfg(feature = "host")]
pub mod signing;
pub mod supervised;
pub mod tree;

pub(crate) mod free_space;
pub(crate) mod mark;
pub(crate) mod open;
pub mod owner;
pub(crate) mod platform;

//! An Ethereum devnet for a test, from a snapshot of [regenesis](https://docs.rs/regenesis).
//!
//! [`Builder::start`] returns a [`Devnet`] when the chain builds blocks. Each devnet has free ports, so that
//! several run side by side. Dropping it removes its containers, volumes and network:
//!
//! ```no_run
//! use regenesis_testcontainers::Devnet;
//!
//! // In a test:
//! let devnet = Devnet::snapshot("tests/my-snapshot").start()?;
//! let url = devnet.eth_rpc_url(); // http://127.0.0.1:PORT
//! # Ok::<(), regenesis_testcontainers::Error>(())
//! ```
//!
//! The crate requires Docker with Compose, and the program `regenesis`, in `PATH` or named with
//! [`Builder::program`]. The program does what a client library for Docker cannot: it renders the services
//! of the snapshot, gets or names a missing image, waits for blocks instead of open ports, and explains a
//! failed start. For that reason, this crate depends on neither a runtime nor a Docker library.
//!
//! A test that is killed, also by Ctrl-C, drops nothing, and a `static` is never dropped. Then
//! `regenesis list` shows a stack `regenesis-test-…`, and `regenesis purge NAME --yes` removes it.

#![expect(
    clippy::disallowed_methods,
    reason = "all of this crate is at the edge: it starts programs and finds ports"
)]

mod builder;
mod devnet;
mod program;

pub use builder::Builder;
pub use devnet::{Devnet, Rollup};
pub use program::Error;

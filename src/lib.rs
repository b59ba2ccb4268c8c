//! Execution and consensus genesis of Ethereum devnets, from a snapshot that never expires.
//!
//! A [`Snapshot`] is an execution alloc, a consensus `config.yaml` and validator mnemonics. With a time
//! and a seed it determines everything that geth and a consensus client start from:
//!
//! ```text
//! Snapshot ─▶ prepare  ─▶ Prepared    state root, validator registry, keys: independent of the time
//! time     ─▶ Stamp                   one clock for both layers
//!             validate                every error of the inputs, before anything is written
//!             assemble ─▶ Genesis     genesis.json, genesis.ssz, config.yaml … as OutFiles; a Summary
//! ```
//!
//! These are pure functions: files, clock, randomness and terminal are the caller's. The `regenesis`
//! program is one such caller.
//!
//! ```
//! use regenesis::{Entropy, Formats, InMemory, Request, Silent, Stamp, assemble, prepare, sample};
//!
//! let (snapshot, entropy) = (sample(), Entropy::new([7; 32]));
//! let prepared = prepare(&Request::new(&snapshot, &entropy), &InMemory, &Silent)?;
//! let stamp = Stamp::at(1_800_000_000, prepared.history_times());
//! let genesis = assemble(&prepared, stamp, &Formats::default(), &Silent)?;
//!
//! assert_eq!(genesis.summary.cl.genesis_time, 1_800_000_000);
//! assert!(genesis.files.iter().any(|file| file.path == "metadata/genesis.ssz"));
//! # Ok::<(), regenesis::Error>(())
//! ```
//!
//! The JWT secret and the keystores' passwords derive from [`Entropy`]: create it from 32 random bytes of
//! the operating system. A constant, as above, is for tests only.
//!
//! A snapshot on disk is read with [`read_snapshot`] and the [`Files`] reader. Keystores come from
//! [`Keystores::each_files`](pipeline::Keystores::each_files), the files' layouts for other clients from
//! [`FormatRequest`]. `examples/two_networks.rs` generates two networks in memory.

pub use regenesis_core::file::{
    Content, FileDigest, FilePart, InMemory, Input, InputReader, OutFile,
};
pub use regenesis_core::keys::{Entropy, Kdf};
pub use regenesis_core::pipeline::{
    Error, FormatRequest, Formats, Genesis, Prepared, Request, assemble, prepare, validate,
};
pub use regenesis_core::progress::{Progress, Silent};
pub use regenesis_core::snapshot::Snapshot;
pub use regenesis_core::stamp::{Lead, Stamp, Timestamp};
pub use regenesis_core::summary::Summary;

pub use io::fs::Files;
pub use sample::sample;
pub use snapshot_files::snapshot as read_snapshot;

pub use regenesis_core::{
    archive, capture, cl, compose, creation, el, enclave, file, forks, genesis_generator,
    geth_database, heal, health, keys, kube, l2, layout, networks, operate, pipeline, progress,
    schedule, services, snapshot, sort, stamp, summary,
};
#[doc(hidden)]
pub use regenesis_core::{
    datadir, digest, identity, placeholder, rpc, spelling, start_times, visible, yaml,
};

#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod command;
#[doc(hidden)]
pub mod exit;
#[doc(hidden)]
pub mod io;
pub(crate) mod runtime;
mod sample;
#[doc(hidden)]
pub mod snapshot_files;

//! The pure core of regenesis: execution and consensus genesis of Ethereum devnets, as functions.
//!
//! ```text
//!   file, progress, sort, yaml, spelling, visible    values, text
//!                          │
//!       el ─────────── keys ─────────── cl        the layers, by their specifications
//!        └───────┬───────┴───────┬──────┘
//!            snapshot         schedule, stamp     inputs; one clock and one fork schedule
//!                └───────┬───────┘
//!    genesis_generator   │   capture, enclave,    where snapshots come from
//!                        │   rpc
//!                     pipeline                    prepare ─▶ validate ─▶ assemble
//!                        │
//!            layout, summary, compose, kube,      the outputs
//!            health, geth_database, operate
//! ```
//!
//! Start at [`pipeline`]. Nothing here can open a file or read a clock: the crate's `std` is
//! `regenesis_std`, which has no `fs`, `net`, `process` or `env`, so the compiler refuses it. Lints forbid
//! printing. Times and [`Entropy`](keys::Entropy) are arguments, and an
//! [`InputReader`](file::InputReader) fetches bytes.

extern crate regenesis_std as std;

pub mod archive;
pub mod capture;
pub mod cl;
pub mod compose;
pub mod creation;
pub mod datadir;
pub mod digest;
pub mod el;
pub mod enclave;
pub mod file;
pub mod forks;
pub mod genesis_generator;
pub mod geth_database;
pub mod heal;
pub mod health;
pub mod identity;
pub mod keys;
pub mod kube;
pub mod l2;
pub mod layout;
pub mod networks;
pub mod operate;
pub mod pipeline;
pub mod placeholder;
pub mod progress;
pub mod rpc;
pub mod schedule;
pub mod services;
pub mod snapshot;
pub mod sort;
pub mod spelling;
pub mod stamp;
pub mod start_times;
pub mod summary;
pub mod visible;
pub mod yaml;

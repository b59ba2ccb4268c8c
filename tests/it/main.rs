//! Tests that need nothing but this repository: the library, the program, golden files.
//!
//! `cargo test --test it schedule::` runs one module.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "tests read files, start programs and measure time"
)]

mod archives;
mod bake;
mod blob_schedules;
mod cases;
mod changes;
mod cli;
mod compose;
mod crash;
mod datadir;
mod dialects;
mod differences;
mod docs;
mod edited;
mod egg;
mod egg_shadow_fork;
mod enclave;
mod foreign;
mod front_door;
mod geth_database;
mod golden;
mod health;
mod history;
mod hostile;
mod identity;
mod in_use;
mod keep;
mod keys;
mod kube;
mod l2;
mod l2_running;
mod layouts;
mod lead;
mod malformed;
mod mistakes;
mod networks;
mod new_chains;
mod oracle;
mod output;
mod placed;
mod properties;
mod public_genesis;
mod rooms;
mod schedule;
mod secrets;
mod shadow_fork;
mod spec;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod tools;
mod up_sh;
mod waits;
mod watch;

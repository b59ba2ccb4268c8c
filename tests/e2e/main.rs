//! Tests against real programs: geth, Lodestar, anvil, Docker. `.ci/run` installs them and runs each
//! module as a step; `cargo test --features e2e --test e2e engine::` runs one.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests read files, start programs, measure time and report progress"
)]

mod baked_database;
mod captured_chain;
mod captures;
mod continued_history;
mod crash;
mod engine;
mod geth_database;
mod heal;
mod keystores;
mod l2;
mod lodestar;
mod nodes;
mod operate;
mod random_files;
mod stack;
mod stopped_geth;
#[path = "../support/mod.rs"]
mod support;

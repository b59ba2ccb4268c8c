//! Captures of real nodes: geth in the ways in which people run it, and anvil. What is captured is
//! booted on another geth, and every account looks the same there.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests meet the world")]

#[path = "capture/anvil.rs"]
mod anvil;
#[path = "capture/files.rs"]
mod files;
#[path = "capture/genesis.rs"]
mod genesis;
#[path = "capture/geth.rs"]
mod geth;
#[path = "capture/history.rs"]
mod history;
#[path = "capture/node.rs"]
mod node;
#[path = "capture/past.rs"]
mod past;
mod support;
#[path = "support/tools.rs"]
mod tools;

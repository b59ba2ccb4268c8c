//! Real clients, and networks of them.

pub mod devnet;
pub mod history;
pub mod host;
pub mod http;
pub mod net;
pub mod process;
pub mod programs;
pub mod setting;
pub mod snapshot;
pub mod tools;

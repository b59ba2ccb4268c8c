//! The only code that touches the world: files, clock, entropy, signals, the terminal.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is where the world enters"
)]

pub mod access;
pub mod atomic_file;
pub mod clock;
pub mod console;
pub mod datadir;
pub mod disk;
pub mod entropy;
pub mod environment;
pub mod former;
pub mod fs;
pub mod http;
pub mod identity;
pub mod lease;
pub mod lock;
pub mod mark;
pub mod owner;
mod platform;
pub mod process;
pub mod rpc;
pub mod set_aside;
pub mod signal;
pub mod staging;
pub mod tree;
pub mod walk;
pub mod work;

mod open;
mod room;

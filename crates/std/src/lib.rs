//! The part of `std` that only computes.
//!
//! `regenesis-core` names this crate `std`, so that the compiler refuses any file, clock, process,
//! socket, detached thread or environment variable there:
//!
//! ```compile_fail,E0433
//! extern crate regenesis_std as std;
//!
//! fn read() {
//!     let _ = std::fs::read("genesis.json");
//! }
//! ```
//!
//! ```
//! extern crate regenesis_std as std;
//!
//! use std::io::Read;
//!
//! fn read(mut genesis: impl Read) -> std::io::Result<String> {
//!     let mut text = String::new();
//!     genesis.read_to_string(&mut text)?;
//!     Ok(text)
//! }
//! # assert_eq!(read(&b"{}"[..]).unwrap(), "{}");
//! ```

pub use std::{
    any, array, borrow, cmp, collections, convert, error, ffi, fmt, hash, io, iter, marker, mem,
    num, ops, slice, str, string, sync, vec,
};

/// Durations; the present is an argument.
pub mod time {
    pub use std::time::Duration;
}

/// Work side by side within a function; nothing that outlives it, and no sleep.
pub mod thread {
    pub use std::thread::scope;
}

/// A panic of such work, handed on.
pub mod panic {
    pub use std::panic::resume_unwind;
}

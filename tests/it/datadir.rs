//! `regenesis run` deletes files that an earlier run put into a data directory, and nothing else: not by
//! accident, not through links or mounts, not while another process uses them.
//!
//! The clients are small programs with the names of real ones: only their files matter.

mod copy;
mod database;
mod guard;
mod history;
mod kept;
mod locks;
mod marks;
mod mounts;
mod place;
mod steps;
mod supervise;

//! `regenesis run` deletes what an earlier run put into a data directory, and nothing else: not by
//! accident, not through links and mounts, not beside another process.
//!
//! The clients are small programs that bear the names of real ones: only what they write matters.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "tests meet the world"
)]

#[path = "datadir/copy.rs"]
mod copy;
#[path = "datadir/guard.rs"]
mod guard;
#[path = "datadir/kept.rs"]
mod kept;
#[path = "datadir/locks.rs"]
mod locks;
#[path = "datadir/marks.rs"]
mod marks;
#[path = "datadir/mounts.rs"]
mod mounts;
#[path = "datadir/place.rs"]
mod place;
#[path = "datadir/steps.rs"]
mod steps;

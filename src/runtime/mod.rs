//! The runtime directory that `init` writes, and the data directories of the clients that start from
//! it.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this module reads and writes both kinds of directories"
)]

pub(crate) mod aside;
pub mod claim;
pub mod client_data;
pub(crate) mod requests;
pub mod set_aside;
pub mod staging;
pub mod start_times;

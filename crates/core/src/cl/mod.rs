//! Consensus layer: config, preset, validators and execution block → `BeaconState`.

pub mod config;
pub mod config_file;
pub mod error;
pub mod fork;
pub mod fork_schedule;
pub mod inputs;
pub mod json;
pub mod operations;
pub mod preset;
pub mod shuffle;
pub mod ssz;
pub mod state;
pub mod sync_committee;
pub mod validator;

pub use error::Error;

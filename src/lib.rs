//! Ethereum devnet snapshots that never rot.
//!
//! A snapshot (an execution alloc, a consensus `config.yaml` and validator mnemonics) and the
//! present time give, by pure functions, everything that geth and a consensus client need to be
//! born:
//!
//! ```text
//! read ──▶ Snapshot
//! now  ──▶ stamp    ──▶ el_timestamp, genesis_time, fork schedule
//!          el       ──▶ state root ──▶ header ──▶ block hash
//!          keys     ──▶ signing keys ──▶ keystores
//!          cl       ──▶ BeaconState ──▶ genesis.ssz, roots
//!          layout   ──▶ files
//! commit ◀── one list of files, written atomically, the marker last
//! ```
//!
//! Everything between `read` and `commit` is pure: the time and the entropy are arguments. The
//! world is touched in [`rim`] alone.

pub mod capture;
pub mod cl;
pub mod cli;
pub mod command;
pub mod compose;
pub mod digest;
pub mod egg;
pub mod el;
pub mod exit;
pub mod health;
pub mod keys;
pub mod layout;
pub mod lease;
pub mod rim;
pub mod rpc;
pub mod schedule;
pub mod snapshot;
pub mod spelling;
pub mod stamp;
pub mod summary;
pub mod visible;
pub mod yaml;

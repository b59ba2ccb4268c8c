//! `regenesis push`, `pull` and `oci`: snapshots in an OCI registry.

mod cache;
mod check;
mod failure;
mod inspect;
mod list;
pub mod pull;
pub mod push;
mod remote;
mod sign;

use clap::Subcommand;

use super::Failure;
use crate::io::console::Console;
pub(in crate::command) use cache::{Cached, cached, is_reference};

const EXAMPLES: &str = "Examples:
  regenesis oci ls oci://ghcr.io/team/my-snapshot
  regenesis oci inspect oci://ghcr.io/team/my-snapshot:v1
  regenesis oci verify oci://ghcr.io/team/my-snapshot:v1 --key team.pub
  regenesis oci cache --clear";

/// Look at snapshots in a registry, and at those that init and up keep
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Ls(list::Args),
    Inspect(inspect::Args),
    Verify(check::Args),
    Cache(cache::Args),
}

/// Runs the verb.
///
/// # Errors
/// The registry cannot be reached, or a check fails.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    match &args.verb {
        Verb::Ls(args) => list::run(args, console),
        Verb::Inspect(args) => inspect::run(args, console),
        Verb::Verify(args) => check::run(args, console),
        Verb::Cache(args) => cache::run(args, console),
    }
}

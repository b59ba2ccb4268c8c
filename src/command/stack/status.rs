//! `regenesis status`: the heads of a stack, and whether it lives.

mod picture;
mod watch;

use super::super::{Failure, print, print_json};
use super::{named, observe};
use crate::exit;
use crate::io::console::Console;
use crate::io::docker;
use crate::operate::status::Status;

const EXAMPLES: &str = "Examples:
  regenesis status                   the only stack of this machine
  regenesis status my-chain --watch  a screen that is updated every two seconds, until q
  regenesis status --json | jq .execution.finalized

The exit code is 0 if the chain builds blocks, and 11 if not. docs/operate.md documents the JSON.";

/// Show the heads of a stack, its services, and what watch has done
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name of the stack [default: the only one]
    stack: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also measure the volumes, which takes Docker seconds
    #[arg(long)]
    disk: bool,
    /// Update it every two seconds: on a terminal as a screen until q or Ctrl-C, elsewhere as lines
    #[arg(long, conflicts_with = "json")]
    watch: bool,
}

/// Runs the verb.
///
/// # Errors
/// There is no such stack, or its chain does not build blocks.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let status = if args.watch {
        watch::watch(args, console)?
    } else {
        report(args.stack.as_deref(), args.disk, console)?
    };
    if args.json {
        print_json(&status)?;
    } else if !args.watch {
        print(status.text().as_bytes())?;
    }
    if status.alive {
        return Ok(());
    }
    let Some((last, others)) = status.findings.split_last() else {
        let hint = format!("regenesis up {}", status.name);
        return Err(Failure::new(exit::NO_BLOCKS, "the stack has no genesis", Some(&hint)));
    };
    others.iter().for_each(|finding| console.error(&finding.cause, Some(&finding.cure)));
    Err(Failure::new(exit::NO_BLOCKS, &last.cause, Some(&last.cure)))
}

/// The report of the stack with this name; without a name, of the only one.
fn report(name: Option<&str>, disk: bool, console: &Console) -> Result<Status, Failure> {
    let stacks = docker::all_stacks()?;
    let stack = named(&stacks, name)?;
    let mut status = observe::status(stack, console)?;
    if disk {
        status.disk = docker::disk(stack)?;
    }
    Ok(status)
}

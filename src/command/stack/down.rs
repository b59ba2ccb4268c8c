//! `regenesis down`: stops a stack and keeps its data.

use super::super::{Failure, steps::Steps};
use super::{blocks, locked, named};
use crate::io::console::Console;
use crate::io::docker;
use crate::operate::stacks::State;

const EXAMPLES: &str = "Examples:
  regenesis down                     the only stack of this machine
  regenesis down my-chain

Containers, logs and volumes stay: regenesis purge removes them. When Docker starts, so does the stack.";

/// Stop a stack: its data stays, and its ports are free
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name of the stack [default: the only one]
    stack: Option<String>,
}

/// Runs the verb.
///
/// # Errors
/// There is no such stack, or Docker cannot stop it.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let stacks = docker::all_stacks()?;
    let stack = named(&stacks, args.stack.as_deref())?;
    if matches!(stack.state(), State::Stopped | State::Removed)
        && stack.containers.iter().all(|container| !container.runs())
    {
        console.title(&format!("{}: {}", stack.name, stack.state().text()));
        return Ok(());
    }
    let (_lock, stack) = locked(&stack.name, console)?;
    let steps = Steps::start(console);
    console.work("stopping the services");
    blocks::stop(&stack)?;
    steps.done("stop", &stack.name);
    let renew = stack.container("init").and_then(|init| init.environment.get("REGENESIS_RENEW"));
    let next = if renew.is_some_and(|renew| renew == "stale") {
        "continues this chain within half an hour, and later starts a new genesis"
    } else {
        "starts a new genesis: blocks and transactions since this one are gone; regenesis capture keeps \
         them, while the chain runs"
    };
    console.note(&format!("regenesis up {} {next}", stack.name));
    Ok(())
}

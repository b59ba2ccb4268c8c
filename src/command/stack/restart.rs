//! `regenesis restart`: restarts clients and keeps the genesis.

use std::time::Duration;

use super::super::{Failure, health, steps::Steps};
use super::{blocks, locked, stack_and_services};
use crate::exit;
use crate::io::clock::{Stopwatch, pause};
use crate::io::console::Console;
use crate::io::docker;
use crate::operate::stacks::Stack;
use crate::operate::{l2, port};

const EXAMPLES: &str = "Examples:
  regenesis restart                  the clients one after the other: the chain continues
  regenesis restart my-chain vc
  regenesis restart my-rollup op-node op-batcher

For a new genesis: regenesis up --fresh.";

/// Restart clients: the genesis and its blocks stay
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = "regenesis restart [OPTIONS] [STACK] [SERVICE]...")]
pub struct Args {
    /// Name of the stack, unless there is only one, and services: el, cl, vc, watch, and those of L2s
    /// [default: all]
    #[arg(value_name = "STACK|SERVICE")]
    words: Vec<String>,
    /// Limit for the next block
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    wait: u64,
}

/// Runs the verb.
///
/// # Errors
/// There is no such stack, a client does not start, or no block follows.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let stacks = docker::all_stacks()?;
    let (stack, services) = stack_and_services(&stacks, &args.words)?;
    if services.contains(&"init") {
        let hint = format!("for a new genesis: regenesis up {} --fresh", stack.name);
        return Err(Failure::usage("init cannot restart: it writes a genesis and exits", &hint));
    }
    // One client at least holds the lock of the genesis, so that no other can replace it.
    let (_lock, stack) = locked(&stack.name, console)?;
    let steps = Steps::start(console);
    let all = || stack.services().split_off(1);
    for service in if services.is_empty() { all() } else { services } {
        let Some(container) = stack.container(service) else {
            let hint = format!("regenesis up {}", stack.name);
            return Err(Failure::usage(format!("{service} has no container"), &hint));
        };
        steps.console.work(&format!("restarting {service}"));
        docker::run(&["restart", "--time", blocks::GRACE, &container.id])?;
        steps.done("restart", service);
    }
    next_block(&stack, "http", args.wait, &steps)?;
    let l2s = stack.l2s();
    l2s.iter().try_for_each(|l2| next_block(&stack, &l2::execution(l2), args.wait, &steps))
}

/// Waits for a block after the head of this moment.
fn next_block(stack: &Stack, port: &str, seconds: u64, steps: &Steps<'_>) -> Result<(), Failure> {
    let url = port::named(port).and_then(|port| port.url(stack));
    let Some(url) = url else { return Ok(()) };
    let retry = crate::io::http::RetryPolicy::ONCE;
    let client = super::super::connect("the execution client", &url, retry, steps.console)?;
    steps.console.work(&format!("waiting for a block, {seconds} s at most"));
    let (watch, limit, mut first) = (Stopwatch::start(), Duration::from_secs(seconds), None);
    while watch.elapsed() < limit {
        if let Ok(answer) = health::execution(&client)
            && answer.number > *first.get_or_insert(answer.number)
        {
            steps.done("blocks", &format!("{url}: block {}", answer.number));
            return Ok(());
        }
        pause(Duration::from_millis(500));
    }
    let hint = format!("regenesis status {0}; regenesis logs {0}", stack.name);
    Err(Failure::new(exit::NO_BLOCKS, format!("{url}: no block within {seconds} s"), Some(&hint)))
}

//! `regenesis logs`: the logs of a stack by time, with known failures marked.

mod follow;

use clap::ValueEnum;

use super::super::{Failure, given, print};
use super::{observe, stack_and_services};
use crate::io::console::Console;
use crate::io::docker;
use crate::operate::l2;
use crate::operate::logs::{Level, shown};
use crate::operate::stacks::Stack;

const EXAMPLES: &str = "Examples:
  regenesis logs                     all services of the only stack, since its last start
  regenesis logs my-chain el cl --level warn
  regenesis logs my-rollup --network op --since 10m
  regenesis logs --follow            until Ctrl-C

A line that shows a known failure is followed by its cause and its cure.";

/// Print the logs of a stack by time, with the cure of known failures
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = "regenesis logs [OPTIONS] [STACK] [SERVICE]...")]
pub struct Args {
    /// Name of the stack, unless there is only one, and services: init, el, cl, vc, watch, and those of L2s
    /// [default: all]
    #[arg(value_name = "STACK|SERVICE")]
    words: Vec<String>,
    /// Print new lines as they come, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// Only the services of this network: l1, or the name of an L2
    #[arg(long, value_name = "NAME")]
    network: Option<String>,
    /// Only lines of this level and above
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "debug")]
    level: LevelName,
    /// Only lines since the last start (up), or as docker logs takes it: 10m, or an RFC 3339 time
    #[arg(long, value_name = "TIME", default_value = "up")]
    since: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LevelName {
    Debug,
    Info,
    Warn,
    Error,
}

/// Runs the verb.
///
/// # Errors
/// There is no such stack or service, or Docker does not answer.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let stacks = docker::all_stacks()?;
    let (stack, services) = stack_and_services(&stacks, &args.words)?;
    let mut services = if services.is_empty() { stack.services() } else { services };
    if let Some(name) = args.network.as_deref().and_then(given) {
        check_network(stack, name)?;
        services.retain(|service| l2::network(service).unwrap_or(l2::L1) == name);
    }
    let since = if args.since == "up" { last_start(stack) } else { Some(args.since.as_str()) };
    let least = match args.level {
        LevelName::Debug => Level::Debug,
        LevelName::Info => Level::Info,
        LevelName::Warn => Level::Warning,
        LevelName::Error => Level::Error,
    };
    if args.follow {
        return follow::run(&stack.name, &services, since, least);
    }
    let options: Vec<&str> = since.into_iter().flat_map(|since| ["--since", since]).collect();
    let lines = observe::lines(stack, &services, &options)?;
    let shown = shown(&lines, least);
    if shown.is_empty() {
        console.note("no such line");
    }
    print(shown.iter().flat_map(|line| [line, "\n"]).collect::<String>().as_bytes())
}

fn check_network(stack: &Stack, name: &str) -> Result<(), Failure> {
    let l2s = stack.l2s();
    if name == l2::L1 || l2s.contains(name) {
        return Ok(());
    }
    let known: Vec<_> = std::iter::once(l2::L1).chain(l2s).collect();
    let message = format!("--network is {name:?}, which is not a network of {}", stack.name);
    Err(Failure::usage(message, &format!("one of: {}", known.join(", "))))
}

/// When `init` last ran: every start begins with it.
pub(super) fn last_start(stack: &Stack) -> Option<&str> {
    let init = stack.container("init")?;
    (!init.started.starts_with("0001-")).then_some(init.started.as_str())
}

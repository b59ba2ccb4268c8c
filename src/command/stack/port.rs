//! `regenesis port`: the URL of a client.

use std::collections::BTreeSet;

use super::super::{Failure, print};
use super::named;
use crate::exit;
use crate::io::console::Console;
use crate::io::docker;
use crate::operate::port;

const EXAMPLES: &str = "Examples:
  regenesis port http                http://127.0.0.1:8545 of the only stack
  regenesis port my-chain ws
  regenesis port my-rollup op-http   of the L2 op; op-ws and op-node are its others
  cast block-number --rpc-url \"$(regenesis port http)\"";

/// Print the URL of a client: http and ws of the execution client, beacon of the beacon node, or of an L2
/// its name with -http, -ws or -node
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = "regenesis port [OPTIONS] [STACK] <PORT>")]
pub struct Args {
    /// Name of the stack, unless there is only one, and the port: http, ws, beacon, or of an L2 NAME-http,
    /// NAME-ws, NAME-node
    #[arg(value_name = "STACK|PORT", num_args = 1..=2, required = true)]
    words: Vec<String>,
}

/// Runs the verb.
///
/// # Errors
/// There is no such stack or port.
pub fn run(args: &Args, _: &Console) -> Result<(), Failure> {
    let (name, word) = match &args.words[..] {
        [name, word] => (Some(name.as_str()), word),
        [word] => (None, word),
        _ => return Err(Failure::usage("the port is missing", "name one: http, ws, beacon")),
    };
    let unknown = |l2s| {
        let names: Vec<_> = port::all(l2s).into_iter().map(|port| port.name).collect();
        let hint = format!("the ports are {}", names.join(", "));
        Failure::usage(format!("{word:?} is not a port"), &hint)
    };
    let port = port::named(word).ok_or_else(|| unknown(BTreeSet::new()))?;
    let stacks = docker::all_stacks()?;
    let stack = named(&stacks, name)?;
    if port::all(stack.l2s()).iter().all(|known| *known != port) {
        return Err(unknown(stack.l2s()));
    }
    let url = port.url(stack).ok_or_else(|| {
        let message = format!("{} does not publish the port {}", stack.name, port.name);
        Failure::new(exit::SOURCE, message, Some(&format!("regenesis up {}", stack.name)))
    })?;
    print(format!("{url}\n").as_bytes())
}

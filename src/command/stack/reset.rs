//! `regenesis reset`: a stack without its data, on a new genesis of its snapshot.

use super::super::{Failure, print, steps::Steps};
use super::blocks::{self, Run};
use super::removal::{changed, confirm, name_for, remove};
use super::target::{Request, Target, shell};
use super::{images, named, summary, up};
use crate::io::console::Console;
use crate::io::docker::{self, Compose};
use crate::operate::stacks::Stack;

const EXAMPLES: &str = "Examples:
  regenesis reset my-chain           lists what goes, and asks
  regenesis reset my-chain --yes

The snapshot is only read. For a new genesis that keeps the logs: regenesis up my-chain --fresh.";

/// Put a stack back to its snapshot: remove its containers and data, and start it on a new genesis
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name of the stack [default: the only one]
    stack: Option<String>,
    /// Do not ask: the name is then required
    #[arg(long)]
    yes: bool,
    /// Limit for the first block [default: WAIT, or 60]
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
}

/// Runs the verb.
///
/// # Errors
/// There is no such stack, the answer is not yes, what it starts from is missing, or no block comes.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let steps = Steps::start(console);
    let compose = Compose::find()?;
    let name = name_for(args.stack.as_deref(), args.yes)?;
    let stacks = docker::all_stacks()?;
    let stack = named(&stacks, name)?;
    let shown = listed(stack);
    print(shown.as_bytes())?;
    if !args.yes {
        confirm("Remove this data", &stack.name)?;
    }
    let request = Request { target: Some(&stack.name), ..Request::default() };
    let target = Target::of(&request, &stacks)?;
    let _locks = up::prepare(&target, console)?;
    let stacks = docker::all_stacks()?;
    let stack = named(&stacks, Some(&target.project.name))?;
    if listed(stack) != shown {
        return Err(changed(stack));
    }
    // The data goes when everything is there that the start needs.
    let mut variables = shell();
    variables.remove("SNAPSHOT");
    let (settings, _) =
        up::resolve(&target, Some(stack), variables, up::wait(args.wait).into_iter().collect())?;
    let missing = images::missing(&images::of(&target.stack, &settings)?)?;
    images::get(&missing, &steps)?;
    blocks::stop(stack)?;
    remove(&["rm", "--force", "--volumes"], stack.containers.iter().map(|one| one.id.as_str()))?;
    remove(&["volume", "rm"], stack.volumes.iter().map(|one| one.name.as_str()))?;
    steps.done("reset", &stack.name);
    up::announce(&stack.name);
    let mut run =
        Run { target: &target, compose: &compose, settings, steps: &steps, started: None };
    run.start()?;
    steps.done("start", "on a new genesis");
    let wait = run.settings.wait.0;
    blocks::wait(&mut run, wait)?;
    summary::print_of(&target, None, &steps)
}

/// What goes and what stays, a line each.
fn listed(stack: &Stack) -> String {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(stack.containers.iter().map(|one| format!("container {}", one.name)));
    lines.extend(stack.volumes.iter().map(|one| format!("volume {}", one.name)));
    let snapshot = stack.snapshot().unwrap_or("the sample");
    lines.push(format!("kept: the snapshot, from which it starts again: {snapshot}"));
    lines.join("\n") + "\n"
}

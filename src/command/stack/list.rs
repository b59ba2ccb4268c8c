//! `regenesis list`: the stacks of this machine.

use serde::Serialize;

use super::super::{Failure, print, print_json};
use crate::io::console::Console;
use crate::io::docker;
use crate::operate::port;
use crate::operate::stacks::{Stack, State};

const EXAMPLES: &str = "Examples:
  regenesis list
  regenesis list --json | jq -r '.stacks[].name'

Stacks that up.sh or docker compose started count, too.";

/// List the stacks of this machine
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct List<'a> {
    format: u8,
    stacks: Vec<Row<'a>>,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    name: &'a str,
    state: State,
    snapshot: Option<&'a str>,
    execution: Option<String>,
    beacon: Option<String>,
}

/// Runs the verb.
///
/// # Errors
/// Docker does not answer.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let stacks = docker::all_stacks()?;
    let rows: Vec<_> = stacks.iter().map(row).collect();
    if args.json {
        return print_json(&List { format: 1, stacks: rows });
    }
    if rows.is_empty() {
        console.note("no stack: regenesis up starts one");
    }
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
    let line = |row: &Row<'_>| {
        let url = row.execution.as_deref().unwrap_or("-");
        let snapshot = row.snapshot.unwrap_or("");
        format!("{:<width$}  {:<14}  {url:<22}  {snapshot}", row.name, row.state.text())
    };
    let text: String = rows.iter().map(|row| line(row).trim_end().to_owned() + "\n").collect();
    print(text.as_bytes())
}

fn row(stack: &Stack) -> Row<'_> {
    let url = |name| {
        let port = port::named(name)?;
        stack.running(&port.service).and_then(|_| port.url(stack))
    };
    Row {
        name: &stack.name,
        state: stack.state(),
        snapshot: stack.snapshot(),
        execution: url("http"),
        beacon: url("beacon"),
    }
}

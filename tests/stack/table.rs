//! docs/lifecycle.md: what the suite saw.

use std::fmt::Write as _;
use std::path::Path;

use crate::events::Outcome;

/// What was seen in one stack: events, with their outcomes.
pub struct Column {
    pub title: String,
    /// What the user had to do, where there was something to do.
    pub cure: &'static str,
    /// `None`: it was not tried.
    pub cells: Vec<(&'static str, Option<Result<Outcome, String>>)>,
}

const BEFORE: &str = "\
# Whatever happens to the stack

Written by the suite (`scripts/e2e_stack.sh`): each cell is what it saw, and how many seconds after the
last command there were three blocks more, of the genesis in the runtime volume. The promise is 30, or one line that
says what to do. A new genesis has its first block `--lead` and a slot after `init`, which are part of the seconds.

The stack is the shipped one with geth 1.17.4. No registry of packages has Lighthouse, so the beacon node and the
validator client are the suite's own (`e2e/consensus`, on the sample: fulu) or Lodestar 1.5.1 (capella). What is *told* is
`docker compose stop`, then `up -d`: Lodestar without peers cannot go on from its own data, nor after an epoch without blocks.
An empty cell was not tried.

The last column is another stack (`e2e/docker/embed.yml`), which has of ours the init image alone: see [embed.md](embed.md).
";

const AFTER: &str = "
Frozen (`docker pause`) is what the clients see of a machine that sleeps. A machine or a Docker daemon that restarts starts the
clients in any order and without `init` (`restart: unless-stopped`); data that stood still for longer than `--max-idle` wait for
a new genesis.
";

/// Writes the table of stacks to which the same happened.
pub fn write(columns: &[Column]) {
    let mut text = String::from(BEFORE);
    let titles: Vec<&str> = columns.iter().map(|column| column.title.as_str()).collect();
    writeln!(text, "\n| event | {} |", titles.join(" | ")).unwrap();
    writeln!(text, "|---|{}", "---|".repeat(columns.len())).unwrap();
    for (row, (name, _)) in columns[0].cells.iter().enumerate() {
        let cells: Vec<String> = columns.iter().map(|column| cell(column, row)).collect();
        writeln!(text, "| {name} | {} |", cells.join(" | ")).unwrap();
    }
    text.push_str(AFTER);
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lifecycle.md"), text).unwrap();
}

fn cell(column: &Column, row: usize) -> String {
    match &column.cells[row].1 {
        None => String::new(),
        Some(Ok(Outcome { same, told, seconds })) => {
            let told = if *told { column.cure } else { "" };
            let genesis = if *same { "same" } else { "new" };
            format!("{told}{genesis} genesis, {seconds} s")
        }
        Some(Err(_)) => "**fails**".to_owned(),
    }
}

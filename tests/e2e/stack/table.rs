//! Writes docs/lifecycle.md.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::plan::{root, without_healing};

const BEFORE: &str = "\
# Lifecycle

The test suite (`scripts/e2e_stack.sh`) writes this page. Each cell is what it observed: whether the chain
continued with the same genesis or started a new one, and the seconds from the last command until three more
blocks. The limit is 30 s, and 40 s for Lodestar. Several stacks share two cores, so the suite repeats an
event that exceeds the limit, or that ends with another genesis than promised, with one stack alone. A new
genesis has its first block one lead and one slot after `init`; the seconds include both.

The stack is the shipped one with geth 1.17.4. No package registry has Lighthouse or Prysm, so the beacon node
and the validator client are the suite's own (`e2e/consensus`, on the sample: fulu). Only a cell that names a
command or says *reported* needs you. The suite's client [imitates both](../e2e/consensus/main.rs):

- **lagging head**, like Lighthouse 8: up after 7 s; after `kill -9`, its head is one to five blocks older
  than geth's;
- **finalized head**, like Prysm without `--sync-from=head`: up after 3.3 s; at every start, its head is the
  finalized block, or genesis;
- both refuse to sign what could be slashed.

Lodestar is the real one, 1.5.1 (capella). *Reported* means that the program asks you to run
`docker compose stop`, then `up -d`: Lodestar without peers cannot resume from its own data, nor after an
epoch without blocks.

*Baked database* has the lagging head, and a snapshot with [geth's database](geth-import.md) in `baked/`:
`init` copies it for each new genesis, and geth imports none. In the other columns, `init` computes it. The
column has the events after which `init` copies it, or geth opens it again.

*Only init and watch* is the stack that [embed.md](embed.md) prints, in which only these two services are
ours. Nothing locks its genesis, so that `down`, then `up -d`, is the remedy where the cell says so.
";

const AFTER: &str = "
After a restart of the machine or of the Docker daemon, the clients start in any order and without `init`.
They have `restart: always`: after `kill -9` of its daemon, Docker 20.10 stops the containers that survived,
and treats those with `restart: unless-stopped` as stopped by the user.

*Not run*: restored and damaged volumes, and `REGENESIS_RENEW=stale` in `.env`, do not depend on the version
of Compose. Lodestar and the stack of embed.md skip what differs in one container only, and what concerns
volumes that they do not have. Lodestar cannot resume after a restart of the daemon, as after `restart cl`,
nor after finality.

The rows about clocks shift the clock of all containers (`e2e/docker/clock.c`). Random sequences of these
events: [random-events.md](random-events.md).
";

const WITHOUT_WATCH: &str = "\
# Lifecycle without `watch`

`STACK_HEAL=never scripts/e2e_stack.sh blocks_resume_after_every_event` writes this page: of the events of
[lifecycle.md](lifecycle.md), those after which the chain stands still, or starts late, if `watch` only reports
(`REGENESIS_HEAL=never`). The columns are the same.
";

/// `STACK_EVENTS`: the events of a partial run.
pub fn part() -> Option<String> {
    std::env::var("STACK_EVENTS").ok()
}

/// Whether this run tries the column: `STACK_COLUMNS` chooses those whose title contains it.
pub fn has_column(title: &str) -> bool {
    std::env::var("STACK_COLUMNS").map_or(true, |part| title.contains(&part))
}

/// Whether this run has only a part of the cells.
fn is_partial() -> bool {
    part().is_some() || std::env::var_os("STACK_COLUMNS").is_some()
}

/// The cells that were observed, by column and event.
struct Cells(Map<String, Value>);

impl Cells {
    fn path() -> PathBuf {
        let name = match (is_partial(), without_healing()) {
            (true, _) => "lifecycle-partial.json",
            (false, Some(_)) => "lifecycle-without-watch.json",
            (false, None) => "lifecycle.json",
        };
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
    }

    fn read() -> Self {
        let text = std::fs::read(Self::path()).unwrap_or_default();
        Self(serde_json::from_slice(&text).unwrap_or_default())
    }
}

/// Forgets the cells of earlier runs.
pub fn clear() {
    let _ = std::fs::remove_file(Cells::path());
}

/// Records a cell.
pub fn record(column: &str, event: &str, cell: &str) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let Cells(mut cells) = Cells::read();
    cells.entry(column).or_insert_with(|| json!({}))[event] = json!(cell);
    std::fs::write(Cells::path(), Value::from(cells).to_string()).unwrap();
}

/// Writes the page from all recorded cells, or prints it after a partial run.
pub fn write(columns: &[String], events: &[&str]) {
    let Cells(cells) = Cells::read();
    let rows = events.iter().map(|event| {
        let cell = |column| cells.get(column)?.get(event)?.as_str();
        let row = columns.iter().map(|column| cell(column).unwrap_or("not run"));
        (*event, row.collect::<Vec<_>>())
    });
    let (page, text) = if without_healing().is_some() {
        let dead = rows.filter(|(_, row)| row.iter().any(|cell| cell.starts_with("**")));
        ("lifecycle-without-watch.md", format!("{WITHOUT_WATCH}{}", table(columns, dead)))
    } else {
        ("lifecycle.md", format!("{BEFORE}{}{AFTER}", table(columns, rows)))
    };
    if is_partial() {
        println!("{text}");
    } else {
        std::fs::write(root().join("docs").join(page), text).unwrap();
    }
}

fn table<'a>(columns: &[String], rows: impl Iterator<Item = (&'a str, Vec<&'a str>)>) -> String {
    let mut text = format!("\n| event | {} |\n", columns.join(" | "));
    writeln!(text, "|---|{}", "---|".repeat(columns.len())).unwrap();
    for (event, row) in rows {
        writeln!(text, "| {event} | {} |", row.join(" | ")).unwrap();
    }
    text
}

//! `regenesis diff`: two snapshots, or files with a state, by account and slot.

mod side;
mod written;

use std::path::PathBuf;

use super::Failure;
use crate::capture::compare::{chain, compare};
use crate::exit;
use crate::io::console::Console;
use crate::snapshot_files::geth_database::Writer;
use side::Read;
use written::Written;

const EXAMPLES: &str = "Examples:
  regenesis diff my-snapshot other-snapshot
  regenesis diff my-snapshot genesis.json
  regenesis diff before after --json | jq 'select(.address)'

-  only the first has it    +  only the second has it    ~  both, with other values

With --json, each difference is one JSON object on a line. The exit code is 0 without a difference,
and 5 with one; 1 is for bugs. A snapshot has no genesis time, so a genesis.json that a boot wrote
also differs in its timestamp.";

/// Compare two snapshots or genesis files: accounts, slots, chain config, consensus config, validators
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Snapshot directory, or a file with a state: genesis.json, alloc, dump
    #[arg(value_name = "A")]
    first: PathBuf,
    /// The same, to compare with
    #[arg(value_name = "B")]
    second: PathBuf,
    /// Print one JSON object per line to stdout
    #[arg(long)]
    json: bool,
}

/// Runs the verb; returns the exit code.
///
/// # Errors
/// One of the two cannot be read, or is not valid.
pub fn run(args: &Args, console: &Console) -> Result<u8, Failure> {
    let temporary = std::env::temp_dir();
    let space = Writer { directory: &temporary };
    let first = Read::of(&args.first, &space, console)?;
    let second = Read::of(&args.second, &space, console)?;
    let mut written = Written::new(args.json);
    for setting in chain::genesis(&first.head, &second.head) {
        written.setting("genesis", &setting)?;
    }
    if let (Some(one), Some(other)) = (&first.config, &second.config) {
        for setting in chain::consensus(one, other) {
            written.setting("config", &setting)?;
        }
    }
    for path in side::files_that_differ(first.snapshot.as_ref(), second.snapshot.as_ref())? {
        written.file(&path)?;
    }
    let counts = (first.side.counts, second.side.counts);
    let mut closed = None;
    let compared = compare(first.side, second.side, &mut |address, difference| {
        written.difference(address, &difference).inspect_err(|error| closed = Some(error.kind()))
    });
    compared.map_err(|error| {
        let hint = "set TMPDIR to a directory with free space that this user can write to";
        Failure::new(exit::OUTPUT, error.to_string(), closed.is_none().then_some(hint))
    })?;
    let found = written.finish()?;
    let (one, other) = counts;
    let shown = format!(
        "{} and {} accounts, {} and {} slots",
        one.accounts, other.accounts, one.storage_slots, other.storage_slots
    );
    if found == 0 {
        console.title(&format!("equal: {shown}"));
        return Ok(exit::DONE);
    }
    let plural = if found == 1 { "difference" } else { "differences" };
    console.title(&format!("{found} {plural}: {shown}"));
    Ok(exit::VERIFICATION)
}

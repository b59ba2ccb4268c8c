//! `regenesis compose`: writes the stack for a snapshot.

use std::path::{Path, PathBuf};

use super::prepare::inputs;
use super::{Failure, access, snapshot_directory};
use crate::compose::{self, FILE, Source, Stack, UP, UP_FILE, seal};
use crate::exit;
use crate::rim::atomic_file::replace;
use crate::rim::console::Console;
use crate::rim::{disk, former};

const EXAMPLES: &str = "Examples:
  regenesis compose my-snapshot && my-snapshot/up.sh
  regenesis compose > docker-compose.yml     for the sample, or $SNAPSHOT

An edited docker-compose.yml or up.sh is never overwritten: settings belong in .env.";

/// Write docker-compose.yml and up.sh into a snapshot: geth, Lighthouse and the init image
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub struct Args {
    /// Snapshot directory [default: print the compose file of the sample to stdout]
    #[arg(env = "REGENESIS_SNAPSHOT", hide_env_values = true)]
    snapshot: Option<PathBuf>,
}

/// Runs the verb.
///
/// # Errors
/// There is no snapshot, its directory cannot be written, or somebody edited the files there.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let directory = args.snapshot.as_ref().filter(|path| !path.as_os_str().is_empty());
    let Some(directory) = directory else {
        let text = compose::file(Stack { snapshot: Source::Variable, fulu: true });
        return super::print(text.as_bytes());
    };
    write(directory)?;
    access::give(directory, console);
    console.title(&format!("{}: {FILE} and {UP_FILE}", directory.display()));
    Ok(())
}

/// Writes both into the snapshot in `directory`; neither if somebody edited one of them.
pub(super) fn write(directory: &Path) -> Result<(), Failure> {
    let snapshot = snapshot_directory(directory)?;
    let (_, config) = inputs::read_config(&snapshot)?;
    let stack = Stack::in_snapshot(&config);
    let stack = stack.map_err(|error| Failure::config(&snapshot.config, &error))?;
    for path in [FILE, UP_FILE].map(|name| directory.join(name)) {
        if !former::may_replace(&path)? {
            return Err(disk::Error::Unsealed(path).into());
        }
    }
    let text = compose::file(stack);
    replace(&directory.join(FILE), seal::seal(&text).as_bytes(), 0o644)?;
    Ok(replace(&directory.join(UP_FILE), seal::seal(UP).as_bytes(), 0o755)?)
}

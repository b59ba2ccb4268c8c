//! `regenesis compose`: writes the stack for a snapshot.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::prepare::inputs;
use super::{Failure, snapshot_directory};
use crate::compose::{self, FILE, Source, Stack, UP, seal};
use crate::exit;
use crate::rim::atomic_file::replace;
use crate::rim::console::Console;
use crate::rim::{disk, fs};

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
    console.title(&format!("{}: {FILE} and up.sh", directory.display()));
    Ok(())
}

/// The files of a stack, with their modes.
pub(super) const FILES: [(&str, u32); 2] = [(FILE, 0o644), (UP_FILE, 0o755)];
const UP_FILE: &str = "up.sh";

/// Writes both into the snapshot in `directory`; neither if somebody edited one of them.
pub(super) fn write(directory: &Path) -> Result<(), Failure> {
    let snapshot = snapshot_directory(directory)?;
    let (_, config) = inputs::read_config(&snapshot)?;
    let fulu = config.optional_u64("FULU_FORK_EPOCH");
    let fulu = fulu.map_err(|error| Failure::config(&snapshot.config, &error))?;
    let scheduled = fulu.is_some_and(|epoch| epoch != crate::cl::config::FAR_FUTURE_EPOCH);
    for (name, _) in FILES {
        let path = directory.join(name);
        if !may_replace(&path)? {
            return Err(disk::Error::Unsealed(path).into());
        }
    }
    for (name, mode) in FILES {
        let text = match name {
            FILE => compose::file(Stack { snapshot: Source::Here, fulu: scheduled }),
            _ => UP.to_owned(),
        };
        replace(&directory.join(name), seal::seal(&text).as_bytes(), mode)?;
    }
    Ok(())
}

/// Whether a file of the stack may be written: nothing is there, or what regenesis wrote.
pub(super) fn may_replace(path: &Path) -> Result<bool, Failure> {
    disk::check_file(path)?;
    if !fs::exists(path) {
        return Ok(true);
    }
    let found = fs::read_file(path)?;
    let name = path.file_name().unwrap_or_default();
    Ok(std::str::from_utf8(&found).is_ok_and(|text| seal::is_unedited(text) || is_plain(name, text)))
}

/// Whether `text` is what this version writes, without a seal, as its first release did.
fn is_plain(name: &OsStr, text: &str) -> bool {
    if name == UP_FILE {
        return text == UP;
    }
    let stacks = [Source::Here, Source::Variable].into_iter().flat_map(|snapshot| {
        [false, true].map(|fulu| Stack { snapshot, fulu })
    });
    stacks.into_iter().any(|stack| text == compose::file(stack))
}

//! `regenesis purge`: removes a stack with its data.

use std::cmp::Reverse;
use std::path::Path;
use std::time::Duration;

use super::super::{Failure, print, steps::Steps};
use super::removal::{changed, confirm, name_for, remove};
use super::target::SNAPSHOT;
use super::{STATE_FILES, blocks, lock, locked, named, now, state_directory};
use crate::io::clock::{Stopwatch, pause};
use crate::io::console::Console;
use crate::io::{docker, fs, host};
use crate::operate::stacks::Stack;
use crate::sample::Sample;

const EXAMPLES: &str = "Examples:
  regenesis purge my-chain           lists what goes, and asks
  regenesis purge my-chain --yes

Snapshots and images stay, and so do services that you added to the project.";

/// How long the daemon may take to release a network.
const RELEASE: Duration = Duration::from_secs(10);

/// Remove a stack: its containers, volumes and network
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Name of the stack [default: the only one]
    stack: Option<String>,
    /// Do not ask: the name is then required
    #[arg(long)]
    yes: bool,
}

/// Runs the verb.
///
/// # Errors
/// There is no such stack, the answer is not yes, or Docker cannot remove something.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let name = name_for(args.stack.as_deref(), args.yes)?;
    let stacks = docker::all_stacks()?;
    let stack = named(&stacks, name)?;
    let shown = listed(stack, &networks(stack)?)?;
    print(shown.as_bytes())?;
    if !args.yes {
        confirm("Remove all of this", &stack.name)?;
    }
    let (_lock, stack) = locked(&stack.name, console)?;
    let networks = networks(&stack)?;
    let now = listed(&stack, &networks)?;
    if now != shown {
        if !args.yes {
            return Err(changed(&stack));
        }
        print(now.as_bytes())?;
    }
    let steps = Steps::start(console);
    blocks::stop(&stack)?;
    remove_all(&stack, &networks)?;
    steps.done("purge", &stack.name);
    Ok(())
}

/// Removes a stack and its data at once: its clients are not stopped first.
pub(super) fn discard(name: &str, console: &Console) -> Result<(), Failure> {
    let _lock = lock(name, console)?;
    // Compose may have created no more than its network.
    let stack = now(name)?;
    remove_all(&stack, &networks(&stack)?)
}

/// Removes the containers, volumes and networks of a stack, and the files that regenesis keeps for it.
fn remove_all(stack: &Stack, networks: &[(String, String)]) -> Result<(), Failure> {
    // An image may declare volumes. Their names do not show the stack, so the list of volumes lacks them.
    remove(&["rm", "--force", "--volumes"], stack.containers.iter().map(|one| one.id.as_str()))?;
    remove(&["volume", "rm"], stack.volumes.iter().map(|one| one.name.as_str()))?;
    let started = Stopwatch::start();
    while let Err(failure) = remove(&["network", "rm"], networks.iter().map(|(id, _)| id.as_str()))
    {
        // The daemon may still see the containers in the network that it has just removed.
        if started.elapsed() > RELEASE {
            return Err(failure);
        }
        pause(Duration::from_millis(500));
    }
    let state = state_directory(&stack.name)?;
    remove_sample(&state.join(SNAPSHOT))?;
    host::remove_state(&state, &STATE_FILES)?;
    Ok(())
}

/// What goes and what stays, a line each.
fn listed(stack: &Stack, networks: &[(String, String)]) -> Result<String, Failure> {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(stack.containers.iter().map(|one| format!("container {}", one.name)));
    lines.extend(stack.volumes.iter().map(|one| format!("volume {}", one.name)));
    lines.extend(networks.iter().map(|(_, name)| format!("network {name}")));
    let sample = state_directory(&stack.name)?.join(SNAPSHOT);
    if fs::exists(&sample) {
        lines.push(format!("the sample's files in {}, except edited ones", sample.display()));
    }
    let snapshot = stack.snapshot().filter(|path| Path::new(path) != sample);
    lines.extend(snapshot.map(|path| format!("kept: the snapshot {path}")));
    if !stack.others.is_empty() {
        let others: Vec<_> = stack.others.iter().map(String::as_str).collect();
        lines.push(format!("kept: the services {}, which are not ours", others.join(", ")));
    }
    Ok(lines.join("\n") + "\n")
}

/// Removes the files of a sample that `up` has written; a file that differs is the user's.
fn remove_sample(directory: &Path) -> Result<(), Failure> {
    let is_same = |path: &str, bytes: &[u8]| {
        fs::read_file(&directory.join(path)).is_ok_and(|found| found == bytes)
    };
    let files = Sample::Op.files();
    let same: Vec<_> =
        files.iter().filter(|(path, bytes)| is_same(path, bytes)).map(|(path, _)| *path).collect();
    // The directories above a file, the inner ones first.
    let above = |path: &'static str| Path::new(path).ancestors().skip(1);
    let mut directories: Vec<_> = files.iter().map(|(path, _)| *path).flat_map(above).collect();
    directories.sort_unstable_by_key(|path| (Reverse(path.components().count()), *path));
    directories.dedup();
    for inner in directories {
        let here = same.iter().map(Path::new).filter(|path| path.parent() == Some(inner));
        let names: Vec<_> = here.filter_map(|path| path.file_name()?.to_str()).collect();
        host::remove_state(&directory.join(inner), &names)?;
    }
    Ok(())
}

/// The network that Compose created for the stack: its id and its name. One that another service uses stays.
fn networks(stack: &Stack) -> Result<Vec<(String, String)>, Failure> {
    if !stack.others.is_empty() {
        return Ok(Vec::new());
    }
    let project = format!("label=com.docker.compose.project={}", stack.name);
    let default = "label=com.docker.compose.network=default";
    let format = "{{.ID}} {{.Name}}";
    let arguments =
        ["network", "ls", "--filter", &project, "--filter", default, "--format", format];
    let found = docker::run(&arguments)?.stdout();
    let pair = |line: &str| line.split_once(' ').map(|(id, name)| (id.to_owned(), name.to_owned()));
    Ok(found.lines().filter_map(pair).collect())
}

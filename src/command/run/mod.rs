//! `regenesis run`: what client containers start by. Takes the genesis into use, sees to it that
//! the client's data are of this genesis, and becomes the client.

mod ready;

use std::ffi::OsString;
use std::path::PathBuf;

use super::Failure;
use crate::exit;
use crate::layout::OWNED;
use crate::lease::POLL;
use crate::lease::clients::program;
use crate::rim::clock::pause;
use crate::rim::console::Console;
use crate::rim::datadir::{self, Datadir};
use crate::rim::fs;
use crate::rim::lease::{self, Lease};
use crate::rim::lock::Wait;
use crate::rim::process;
use crate::summary::Finished;
use ready::{Outcome, Preparation};

const EXAMPLES: &str = "Examples:
  regenesis run -- lighthouse vc --testnet-dir ./runtime/metadata …
  regenesis run --datadir /data --once geth init --datadir /data /runtime/metadata/genesis.json \\; \\
      -- geth --datadir /data …

  … --once geth … init … \\; --import geth … import /runtime/metadata/chain.rlp \\; -- geth …
                                               the same, for genesis that keep their past too
  … --datadir /data --copy validator-keys -- lighthouse vc --datadir /data …
                                               with keys of its own, from a read-only runtime

While the client runs, regenesis init keeps its genesis; when all clients of a runtime directory have
ended, in whatever way, it makes a new one, and the next start wipes their chain data. Only what an
earlier run put into the data directory is deleted, and never keys; what may be yours stays, or moves
to DIR/.regenesis-set-aside.";

/// Start a client: take the genesis into use, wipe chain data of another run, and become CMD
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub struct Args {
    /// The directory that regenesis init writes; it may be mounted read-only
    #[arg(
        long,
        value_name = "DIR",
        default_value = "./runtime",
        env = "REGENESIS_RUNTIME",
        hide_env_values = true
    )]
    runtime: PathBuf,
    /// The client's own data directory, empty at its first start: chain data of another run are wiped
    #[arg(long, value_name = "DIR", env = "REGENESIS_DATADIR", hide_env_values = true)]
    datadir: Option<PathBuf>,
    /// Wipe the client's chain data also where the mark is damaged or of another directory, or where
    /// an older version ran: a volume that was restored, for instance. Nothing else is wiped
    #[arg(
        long,
        env = "REGENESIS_TAKE_OVER",
        hide_env_values = true,
        value_parser = crate::command::switch()
    )]
    take_over: bool,
    /// Copy this directory of the runtime, such as validator-keys, to DIR for new data
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        env = "REGENESIS_COPY",
        hide_env_values = true
    )]
    copy: Vec<String>,
    /// When the client's data stood still for so many seconds, wait for a new genesis: it would never
    /// catch up with the clock. 0 for a client that cannot go on with its data at all
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 1800,
        requires = "datadir",
        env = "REGENESIS_MAX_IDLE",
        hide_env_values = true
    )]
    max_idle: u64,
    /// A command for new data, run to its end before CMD; it ends with a semicolon of its own
    #[arg(
        long,
        value_name = "CMD",
        num_args = 1..,
        value_terminator = ";",
        env = "REGENESIS_ONCE",
        hide_env_values = true,
        allow_hyphen_values = true,
        requires = "datadir"
    )]
    once: Vec<OsString>,
    /// A command for new data of a genesis that keeps its past: it imports the blocks, after --once
    #[arg(
        long,
        value_name = "CMD",
        num_args = 1..,
        value_terminator = ";",
        env = "REGENESIS_IMPORT",
        hide_env_values = true,
        allow_hyphen_values = true,
        requires = "datadir"
    )]
    import: Vec<OsString>,
    /// The client, with its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

impl Args {
    /// What is to be copied.
    fn copies(&self) -> Result<Vec<String>, Failure> {
        let names: Vec<_> = super::given_list(&self.copy).map(str::to_owned).collect();
        if let Some(name) = names.iter().find(|name| !OWNED.contains(&name.as_str())) {
            let message = format!("--copy {name:?} is no directory that regenesis init writes");
            return Err(Failure::usage(message, &format!("one of {}", OWNED.join(", "))));
        }
        if !names.is_empty() && self.datadir.is_none() {
            return Err(Failure::usage(
                "--copy needs --datadir",
                "name the client's data directory",
            ));
        }
        Ok(names)
    }

    /// The names of the steps' programs, and of the client's.
    fn programs(&self) -> (Vec<String>, Vec<String>) {
        let steps = [&self.once, &self.import].into_iter().filter(|line| !line.is_empty());
        let steps: Vec<_> = steps.map(|line| program(line)).collect();
        let all = steps.iter().cloned().chain([program(&self.command)]).collect();
        (steps, all)
    }
}

/// Runs the verb; returns only if it fails.
///
/// # Errors
/// The directories cannot be read or written, or a program does not start.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let copies = args.copies()?;
    let (steps, programs) = args.programs();
    let preparation = Preparation { args, copies, steps, programs, console };
    if let Some(datadir) = &args.datadir {
        datadir::check(datadir, &args.runtime)?;
    }
    let mut given_up = None;
    let mut turn = Wait::new(ready::PATIENCE);
    // Until the client ends, its data are locked.
    let (lease, _data): (Lease, Option<Datadir>) = loop {
        let (lease, finished) = wait(args, given_up.as_deref(), console)?;
        let Some(datadir) = &args.datadir else {
            console.title(&format!("run {}", finished.run_id));
            break (lease, None);
        };
        match preparation.of(datadir, &finished)? {
            Outcome::Ready(data) => break (lease, Some(data)),
            Outcome::Stale => given_up = Some(finished.run_id),
            Outcome::Busy(lock, path) => {
                // Who waits holds no genesis.
                drop(lease);
                turn.pause(&lock, &path, console).map_err(datadir::Error::Held)?;
            }
        }
    };
    lease
        .outlive_exec()
        .map_err(|error| Failure::bug(format!("the lease cannot be inherited: {error}")))?;
    Err(process::exec(&args.command).into())
}

/// Waits for a genesis other than `given_up`, and takes it into use.
fn wait(
    args: &Args,
    given_up: Option<&str>,
    console: &Console,
) -> Result<(Lease, Finished), Failure> {
    let usable = |marker: &[u8]| {
        let finished = Finished::parse(marker);
        finished.map(|finished| Some(finished).filter(|new| given_up != Some(&*new.run_id)))
    };
    let (mut said, mut lacking) = (false, false);
    loop {
        // Not held before it is wanted: init keeps what is held.
        let there = lease::marker(&args.runtime)?;
        match there.as_deref().map(usable) {
            Some(Ok(Some(_))) => {
                if let Some(lease) = lease::hold(&args.runtime, console)?
                    && let Ok(Some(finished)) = usable(&lease.marker)
                {
                    return Ok((lease, finished));
                }
                if !lacking && lease::lacks_lock(&args.runtime) {
                    lacking = true;
                    let runtime = args.runtime.display();
                    console.warning(&format!(
                        "{runtime} holds a genesis, but no {runtime}/.regenesis/lock: it is a copy \
                         without its hidden files; waiting for them"
                    ));
                    console.note(&format!("run regenesis init --out {runtime}, or copy all of it"));
                }
            }
            Some(Err(error)) if !said => {
                let marker = args.runtime.join(crate::layout::MARKER);
                let marker = marker.display();
                console.warning(&format!("{marker}: {error}; waiting until init replaces it"));
            }
            None if !said => {
                let runtime = args.runtime.display();
                console.title(&format!("waiting for a genesis in {runtime}"));
                if !fs::exists(&args.runtime) {
                    console.note(&format!(
                        "no such directory yet: check --runtime, or run regenesis init --out {runtime}"
                    ));
                }
            }
            _ => {}
        }
        said = true;
        pause(POLL);
    }
}

/// A step of `regenesis run`.
#[derive(Debug, clap::Args)]
pub struct StepArgs {
    /// The process to end with
    parent: u32,
    /// The program, with its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// Becomes the program of a step; returns only if that fails.
///
/// # Errors
/// It does not start.
pub fn step(args: &StepArgs) -> Result<(), Failure> {
    Err(process::become_step(args.parent, &args.command).into())
}

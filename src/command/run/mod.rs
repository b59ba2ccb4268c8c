//! `regenesis run`, the entry point of client containers: locks the genesis, makes sure that the client's
//! data belongs to it, and becomes the client, or supervises it.

mod ready;
mod secrets;
mod supervise;

use std::ffi::OsString;
use std::path::PathBuf;

use super::Failure;
use crate::datadir::clients::program;
use crate::io::clock::pause;
use crate::io::console::Console;
use crate::io::fs;
use crate::io::lock::{POLL, Wait};
use crate::io::process;
use crate::layout::OWNED;
use crate::runtime::claim::{self, GenesisLock};
use crate::runtime::client_data::{self, DataDirectory};
use crate::runtime::requests;
use crate::summary::Finished;
use ready::{Outcome, Preparation};
use supervise::{End, Supervise};

const USAGE: &str =
    "regenesis run [OPTIONS] [--once <CMD>... \\;] [--import <CMD>... \\;] -- <CMD>...";

const EXAMPLES: &str = "Examples:
  regenesis run -- lighthouse vc --testnet-dir ./runtime/metadata …
  regenesis run --datadir /data \\
      --once geth init --datadir /data /runtime/metadata/genesis.json \\; \\
      -- geth --datadir /data …
  … --once geth … init … \\; --import geth … import /runtime/metadata/chain.rlp \\; -- geth …
                                               the same, also for a genesis with history
  … --datadir /data --copy validator-keys -- lighthouse vc --datadir /data …
                                               with its own copy of the runtime directory's keys
  … --secret OP_BATCHER_PRIVATE_KEY=/runtime/l2/op/batcher.key -- op-batcher …

While a client runs, regenesis init keeps its genesis. Once all clients of a runtime directory have
exited, for whatever reason, init generates a new genesis, and the next start of each client wipes
its chain data. Only files that an earlier run wrote to the data directory are deleted, never keys;
files that may be yours stay, or move to DIR/.regenesis-set-aside.";

/// Start a client on the current genesis: wipe chain data of an earlier run, then run CMD
#[derive(Debug, clap::Args)]
#[command(override_usage = USAGE, after_help = EXAMPLES)]
pub struct Args {
    /// Runtime directory that regenesis init writes; it may be mounted read-only
    #[arg(long, value_name = "DIR", default_value = "./runtime")]
    runtime: PathBuf,
    /// The client's own data directory, empty at its first start; chain data from an earlier run is
    /// wiped
    #[arg(long, value_name = "DIR")]
    datadir: Option<PathBuf>,
    /// Also wipe the client's chain data if its marker is damaged, belongs to another directory or
    /// comes from an older version, for example in a restored volume. Nothing else is wiped
    #[arg(long)]
    take_over: bool,
    /// Directory of the runtime, such as validator-keys, to copy into a new data directory
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    copy: Vec<String>,
    /// Wait for a new genesis if the client's data is older than SECONDS: it would never catch up with
    /// the clock. 0 waits every time, for a client that cannot resume from its data
    #[arg(long, value_name = "SECONDS", default_value_t = 1800, requires = "datadir")]
    max_idle: u64,
    /// Command for new data, run to completion before CMD; a separate ; argument ends it
    #[arg(
        long,
        value_name = "CMD",
        num_args = 1..,
        value_terminator = ";",
        allow_hyphen_values = true,
        requires = "datadir"
    )]
    once: Vec<OsString>,
    /// Command that imports the blocks of a genesis with history into new data, after --once
    #[arg(
        long,
        value_name = "CMD",
        num_args = 1..,
        value_terminator = ";",
        allow_hyphen_values = true,
        requires = "datadir"
    )]
    import: Vec<OsString>,
    /// Variable of the client's environment whose value is in FILE, such as a private key: neither a
    /// command line nor a compose file shows it. Repeatable, or comma-separated
    #[arg(long, value_name = "NAME=FILE", value_delimiter = ',')]
    secret: Vec<String>,
    /// Stay as the parent of this client, so that regenesis watch can restart it and start it on a new
    /// genesis. Signals reach the client, and its exit code is kept. To stop it, it gets SIGTERM, and
    /// SIGKILL after 10 s
    #[arg(long, value_name = "el|cl|vc|l2", value_enum, default_value = "no")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    supervise: Supervise,
    /// Client and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

impl Args {
    /// Whether the client has a supervisor, which receives its signals.
    pub fn supervises(&self) -> bool {
        self.supervise.client().is_some()
    }

    /// The directories to copy.
    fn copies(&self) -> Result<Vec<String>, Failure> {
        let names: Vec<_> = super::given_list(&self.copy).map(str::to_owned).collect();
        if let Some(name) = names.iter().find(|name| !OWNED.contains(&name.as_str())) {
            let message = format!("--copy {name:?}: regenesis init writes no such directory");
            let hint = format!("choose one of {}", OWNED.join(", "));
            return Err(Failure::usage(message, &hint));
        }
        if !names.is_empty() && self.datadir.is_none() {
            return Err(Failure::usage(
                "--copy requires --datadir",
                "add --datadir DIR, the client's data directory",
            ));
        }
        Ok(names)
    }

    /// The names of the steps' programs, and of all programs.
    fn programs(&self) -> (Vec<String>, Vec<String>) {
        let steps = [&self.once, &self.import].into_iter().filter(|line| !line.is_empty());
        let steps: Vec<_> = steps.map(|line| program(line)).collect();
        let all = steps.iter().cloned().chain([program(&self.command)]).collect();
        (steps, all)
    }
}

/// Runs the verb. Returns the exit code of a supervised client; otherwise only on failure.
///
/// # Errors
/// The directories cannot be read or written, or a program does not start.
pub fn run(args: &Args, console: &Console) -> Result<u8, Failure> {
    let copies = args.copies()?;
    let places = secrets::places(&args.secret)?;
    let (steps, programs) = args.programs();
    let preparation = Preparation { args, copies, steps, programs, console };
    if let Some(datadir) = &args.datadir {
        client_data::check(datadir, &args.runtime)?;
    }
    loop {
        // Both stay locked until the client ends.
        let Held { genesis, data, run_id } = hold(&preparation)?;
        genesis
            .outlive_exec()
            .map_err(|error| Failure::bug(format!("exec cannot inherit the lock: {error}")))?;
        // init writes them, so that they are read with the lock.
        let secrets = secrets::read(&places)?;
        let variables: Vec<_> =
            secrets.iter().map(|(name, value)| (name.as_str(), &**value)).collect();
        let Some(client) = args.supervise.client() else {
            return Err(process::exec(&args.command, &variables).into());
        };
        match supervise::supervise(args, client, &run_id, data.as_ref(), &variables, console)? {
            End::Ended(code) => return Ok(code),
            End::Again => {}
        }
    }
}

/// A genesis and the data that belongs to it, locked.
struct Held {
    genesis: GenesisLock,
    data: Option<DataDirectory>,
    run_id: String,
}

/// Locks a genesis and the data directory, and prepares the data.
fn hold(preparation: &Preparation<'_>) -> Result<Held, Failure> {
    let Preparation { args, console, .. } = *preparation;
    let mut stale = None;
    let mut turn = Wait::new(ready::DATADIR_LIMIT);
    loop {
        let (genesis, finished) = wait(args, stale.as_deref(), console)?;
        let Some(datadir) = &args.datadir else {
            console.title(&format!("run {}", finished.run_id));
            return Ok(Held { genesis, data: None, run_id: finished.run_id });
        };
        match preparation.of(datadir, &finished)? {
            Outcome::Ready(data) => {
                return Ok(Held { genesis, data: Some(data), run_id: finished.run_id });
            }
            Outcome::Stale => stale = Some(finished.run_id),
            Outcome::Busy(lock, path) => {
                // init may replace the genesis while this client waits.
                drop(genesis);
                turn.pause(&lock, &path, console).map_err(client_data::Error::Held)?;
            }
        }
    }
}

/// Waits for a genesis other than that of the run `stale`, and locks it. A supervised client also leaves
/// a genesis alone that `watch` is replacing.
fn wait(
    args: &Args,
    stale: Option<&str>,
    console: &Console,
) -> Result<(GenesisLock, Finished), Failure> {
    let usable = |marker: &[u8]| {
        let finished = Finished::parse(marker);
        finished.map(|finished| Some(finished).filter(|new| stale != Some(&*new.run_id)))
    };
    // Checked again with the lock: `watch` requests first, and looks at the lock then.
    let is_replaced = |run_id: &str| {
        args.supervises()
            && requests::read(&args.runtime).is_some_and(|request| request.renews(run_id))
    };
    let (mut announced, mut warned) = (false, false);
    loop {
        // Read without the lock, which would make init keep this genesis.
        let marker = claim::marker(&args.runtime)?;
        match marker.as_deref().map(usable) {
            Some(Ok(Some(finished))) if is_replaced(&finished.run_id) => {
                announce_replaced(announced, &finished.run_id, console);
            }
            Some(Ok(Some(_))) => {
                if let Some(genesis) = claim::lock_genesis(&args.runtime, console)?
                    && let Ok(Some(finished)) = usable(&genesis.marker)
                    && !is_replaced(&finished.run_id)
                {
                    return Ok((genesis, finished));
                }
                if !warned && claim::lacks_lock(&args.runtime) {
                    warned = true;
                    let runtime = args.runtime.display();
                    console.warning(&format!(
                        "{runtime} contains a genesis but no {runtime}/.regenesis/lock: it was copied \
                         without its hidden files; waiting for them"
                    ));
                    console.note(&format!(
                        "run regenesis init --out {runtime}, or copy the hidden files too"
                    ));
                }
            }
            Some(Err(error)) if !announced => {
                let marker = args.runtime.join(crate::layout::MARKER);
                let marker = marker.display();
                console.warning(&format!("{marker}: {error}; waiting for init to replace it"));
            }
            None if !announced => {
                let runtime = args.runtime.display();
                console.title(&format!("waiting for a genesis in {runtime}"));
                if !fs::exists(&args.runtime) {
                    console.note(&format!(
                        "it does not exist: check --runtime, or run regenesis init --out {runtime}"
                    ));
                }
            }
            _ => {}
        }
        announced = true;
        pause(POLL);
    }
}

fn announce_replaced(announced: bool, run_id: &str, console: &Console) {
    if announced {
        return;
    }
    console.title(&format!("waiting for a new genesis: watch is replacing run {run_id}"));
    console.note("without watch: docker compose stop, then docker compose up -d");
}

/// A step of `regenesis run`.
#[derive(Debug, clap::Args)]
pub struct StepArgs {
    /// Process that this one ends with
    parent: u32,
    /// Program and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// Becomes the program of a step. Returns only on failure.
///
/// # Errors
/// It does not start.
pub fn step(args: &StepArgs) -> Result<(), Failure> {
    Err(process::become_step(args.parent, &args.command).into())
}

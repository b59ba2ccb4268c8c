//! `regenesis run`: what client containers start by. Takes the genesis into use, sees to it that
//! the client's data are of this genesis, and becomes the client.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::Failure;
use crate::exit;
use crate::lease::{Decision, POLL, UNREADY, decide};
use crate::rim::clock::{Stopwatch, pause};
use crate::rim::console::Console;
use crate::rim::lease::{self, Lease};
use crate::rim::{datadir, process};
use crate::summary::{Finished, History};

const EXAMPLES: &str = "Examples:
  regenesis run -- lighthouse vc --testnet-dir ./runtime/metadata …
  regenesis run --datadir /data --once geth init --datadir /data /runtime/metadata/genesis.json \\; \\
      -- geth --datadir /data …

  … --once geth … init … \\; --import geth … import /runtime/metadata/chain.rlp \\; -- geth …
                                               the same, for genesis that keep their past too

While the client runs, regenesis init keeps its genesis; when all clients of a runtime directory have
ended, in whatever way, it makes a new one, and the next start wipes their data.";

/// Start a client: take the genesis into use, wipe data of another run, and become CMD
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
    /// The client's data directory: data of another run are wiped
    #[arg(long, value_name = "DIR", env = "REGENESIS_DATADIR", hide_env_values = true)]
    datadir: Option<PathBuf>,
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

/// Runs the verb; returns only if it fails.
///
/// # Errors
/// The directories cannot be read or written, or a program does not start.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    if let Some(datadir) = &args.datadir
        && datadir::contains(datadir, &args.runtime)
    {
        let message = format!(
            "--datadir {} contains the runtime directory {}",
            datadir.display(),
            args.runtime.display()
        );
        return Err(Failure::usage(message, "give the client a directory of its own"));
    }
    let mut given_up = None;
    let lease = loop {
        let (lease, finished) = wait(args, given_up.as_deref(), console)?;
        if ready(args, &finished, console)? {
            break lease;
        }
        given_up = Some(finished.run_id);
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
    let mut said = false;
    loop {
        // Not held before it is wanted: init keeps what is held.
        let there = lease::marker(&args.runtime)?;
        match there.as_deref().map(usable) {
            Some(Ok(Some(_))) => {
                if let Some(lease) = lease::hold(&args.runtime)?
                    && let Ok(Some(finished)) = usable(&lease.marker)
                {
                    return Ok((lease, finished));
                }
            }
            Some(Err(error)) if !said => {
                let marker = args.runtime.join(crate::layout::MARKER);
                let marker = marker.display();
                console.warning(&format!("{marker}: {error}; waiting until init replaces it"));
            }
            None if !said => {
                console.title(&format!("waiting for a genesis in {}", args.runtime.display()));
            }
            _ => {}
        }
        said = true;
        pause(POLL);
    }
}

/// Makes the data directory ready for the client; whether it can go on with this genesis.
fn ready(args: &Args, finished: &Finished, console: &Console) -> Result<bool, Failure> {
    let run_id = &finished.run_id;
    let Some(directory) = &args.datadir else {
        console.title(&format!("run {run_id}"));
        return Ok(true);
    };
    let shown = directory.display();
    match decide(run_id, &datadir::look(directory)?, Duration::from_secs(args.max_idle)) {
        Decision::Resume => {
            console.title(&format!("run {run_id}: {shown} goes on"));
            return Ok(true);
        }
        Decision::Stale(idle) => {
            console.warning(&format!(
                "run {run_id}: {shown} stood still for {} s: the client cannot catch up",
                idle.as_secs()
            ));
            console.note("for a new genesis: docker compose stop, then up -d; waiting for it");
            return Ok(false);
        }
        Decision::Foreign(entry) => {
            let message = format!(
                "{shown} holds {entry:?}, and no record that regenesis may wipe it for a new run"
            );
            let hint = "empty it, or docker compose down -v";
            return Err(Failure::new(exit::OUTPUT, message, Some(hint)));
        }
        Decision::Begin => console.title(&format!("run {run_id}: {shown} is new")),
        Decision::Wipe => {
            console.title(&format!("run {run_id}: {shown} held another run's data, wiped"));
        }
    }
    // Until the end the data are nobody's: whatever ends this early, the next start begins anew.
    datadir::record(directory, UNREADY)?;
    datadir::wipe(directory)?;
    if !args.once.is_empty() {
        process::run(&args.once)?;
    }
    if let Some(History { blocks, bytes: Some(bytes), .. }) = finished.history
        && !args.import.is_empty()
    {
        import(&args.import, blocks, bytes, console)?;
    }
    datadir::record(directory, run_id)?;
    Ok(true)
}

/// Has the client import the past.
fn import(line: &[OsString], blocks: u64, bytes: u64, console: &Console) -> Result<(), Failure> {
    console.title(&format!("importing the past: {blocks} blocks, {bytes} bytes"));
    let mut watch = Stopwatch::start();
    process::run(line)?;
    let took = watch.lap().as_secs_f64();
    console.title(&format!("{blocks} blocks, {bytes} bytes imported in {took:.1} s"));
    Ok(())
}

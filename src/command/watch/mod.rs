//! `regenesis watch`: restarts a stalled chain, without a new genesis if it can.

mod act;
mod observe;
mod orphans;
mod supervisors;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;

use super::init::path_or_empty;
use super::start_times::Observer;
use super::{Failure, connect};
use crate::heal::{BUILDS, Decision, EXECUTION_BUILDS, Healer, Mode, Renewal, Settings, Stage};
use crate::io::clock::{Stopwatch, now, pause};
use crate::io::console::Console;
use crate::io::fs;
use crate::io::http::RetryPolicy;
use crate::io::rpc_client::Client;
use crate::runtime::{claim, requests, start_times};
use act::Action;
use observe::{Ours, Seen};
use supervisors::Supervisors;

const EXAMPLES: &str = "Examples:
  regenesis watch                           clients of this machine, with the genesis in ./runtime
  regenesis watch --el http://el:8545 --cl http://cl:5052 --engine http://el:8551
                                            in a compose file, beside the clients
  regenesis watch --heal never              only report

After a hard stop (power cut, docker kill, crash), the consensus client may restart with an older
or newer head than the execution client. Without peers, the chain is then stalled. watch brings the
heads together with a forkchoice update, debug_setHead, or the missing payloads from the beacon
node. It never acts while the head of either client grows, and takes each action at most once
before the next block.

With --client-data it also restarts clients that are stuck. With --heal renew, its last resort is a
new genesis: it stops all clients, runs regenesis init, and they start on it. init then has the
environment of watch: set the same REGENESIS_* variables for both. A client that the user has
stopped is left alone.";

/// Watch the chain; if it stalls, bring the heads of both clients together, or start a new genesis
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Runtime directory that regenesis init wrote
    #[arg(long, value_name = "DIR", default_value = "./runtime")]
    runtime: PathBuf,
    /// JSON-RPC of the execution client; for geth, with its debug namespace
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    el: String,
    /// Beacon API of the beacon node
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:5052")]
    cl: String,
    /// Engine API of the execution client; the JWT secret is read from the runtime directory
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8551")]
    engine: String,
    /// Actions that watch may take
    #[arg(long, value_name = "MODE", value_enum, default_value = "keep")]
    heal: Heal,
    /// Data directories of the clients, each started by regenesis run --supervise with this --datadir;
    /// repeatable, or comma-separated
    #[arg(long, value_name = "DIR", value_delimiter = ',', value_parser = path_or_empty())]
    client_data: Vec<PathBuf>,
}

impl Args {
    fn client_data(&self) -> impl Iterator<Item = &PathBuf> {
        self.client_data.iter().filter(|path| !path.as_os_str().is_empty())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Heal {
    /// Only report the failure
    Never,
    /// Act, but keep the genesis
    Keep,
    /// Also generate a new genesis if nothing else helps; needs --client-data
    Renew,
}

impl Heal {
    fn mode(self) -> Mode {
        match self {
            Self::Never => Mode::Never,
            Self::Keep => Mode::Keep,
            Self::Renew => Mode::Renew,
        }
    }
}

/// The pause between two observations: half a slot, within these limits.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(5);

/// The watched nodes.
struct Nodes<'a> {
    execution: Client<'a>,
    beacon: Client<'a>,
}

/// Runs the verb until a signal ends it.
///
/// # Errors
/// A URL is not valid, or the options contradict each other.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    if args.heal == Heal::Renew && args.client_data().next().is_none() {
        return Err(Failure::usage(
            "--heal renew needs --client-data",
            "name the data directories of all clients, which run under regenesis run --supervise; or use \
             --heal keep",
        ));
    }
    let nodes = Nodes {
        execution: connect("--el", &args.el, RetryPolicy::ONCE, console)?,
        beacon: connect("--cl", &args.cl, RetryPolicy::ONCE, console)?,
    };
    connect("--engine", &args.engine, RetryPolicy::ONCE, console)?;
    let mut reporter = Reporter { console, last: String::new() };
    loop {
        let ours = genesis(args, &mut reporter);
        console.title(&format!("watching run {}", ours.run_id));
        watch(args, &nodes, &ours, &mut reporter);
    }
}

/// Waits for a finished genesis.
fn genesis(args: &Args, reporter: &mut Reporter<'_>) -> Ours {
    let (runtime, supervisors) = (&args.runtime, Supervisors { args, console: reporter.console });
    let mut is_completed = false;
    loop {
        match Ours::read(runtime) {
            Ok(Some(ours)) => return ours,
            Ok(None) if !is_completed && supervisors.complete() => is_completed = true,
            Ok(None) => {
                let shown = runtime.display();
                let is_new = reporter.once(&format!("waiting for a genesis in {shown}"));
                if is_new && !fs::exists(runtime) {
                    reporter.console.note(&format!(
                        "it does not exist: check --runtime, or run regenesis init --out {shown}"
                    ));
                }
            }
            Err(failure) => {
                reporter.once(&failure.message);
            }
        }
        pause(SHORTEST);
    }
}

/// Watches the chain of a genesis until another genesis replaces it.
fn watch(args: &Args, nodes: &Nodes<'_>, ours: &Ours, reporter: &mut Reporter<'_>) {
    let supervisors = Supervisors { args, console: reporter.console };
    supervisors.resume(&ours.run_id);
    let watch = Stopwatch::start();
    let settings = settings(args, ours);
    let rest = Duration::from_secs(ours.expected.slot / 2).clamp(SHORTEST, LONGEST);
    let mut healer = Healer::new(settings, watch.elapsed());
    let mut action = Action::new(args, nodes, &ours.run_id, reporter.console);
    let mut observer = Observer::of(&args.runtime, &ours.expected);
    // While init writes another genesis there is no marker; afterwards it has another run id.
    while ours.is_current(&args.runtime) {
        match Seen::look(nodes, ours, now()) {
            Ok(mut seen) => {
                seen.observation.clients = supervisors.states(&ours.run_id);
                let decision = healer.decide(watch.elapsed(), &seen.observation);
                reporter.report(&decision);
                action.take(&decision, &seen);
                let (ready, builds) = seen.start(ours);
                let over = observer.as_mut().is_some_and(|observer| {
                    observer.see(ready, builds, &nodes.execution, reporter.console)
                });
                if over {
                    observer = None;
                }
            }
            Err(foreign) => {
                reporter.once(&foreign);
            }
        }
        pause(if observer.is_some() { SHORTEST } else { rest });
    }
}

/// A genesis whose time was further than this before its `init` has a fixed time.
const FIXED: u64 = 1800;

fn settings(args: &Args, ours: &Ours) -> Settings {
    let latest = requests::read(&args.runtime);
    let renewal = latest.map(|request| request.renewal(&ours.run_id, ours.replaces.as_deref()));
    let stamped = start_times::stamped(&args.runtime).unwrap_or_default();
    Settings {
        mode: args.heal.mode(),
        genesis_time: ours.expected.genesis_time,
        slot: ours.expected.slot,
        supervised: args.client_data().next().is_some(),
        first: ours.expected.first,
        starts_now: stamped <= ours.expected.genesis_time.saturating_add(FIXED),
        renewal: renewal.unwrap_or(Renewal::Untried),
    }
}

/// Prints each message once.
struct Reporter<'a> {
    console: &'a Console,
    last: String,
}

impl Reporter<'_> {
    /// Whether the text is new; a change of numbers alone does not count.
    fn is_news(&mut self, text: &str) -> bool {
        let text = text.replace(|c: char| c.is_ascii_digit(), "");
        let news = text != self.last;
        self.last = text;
        news
    }

    /// Prints a text that is new; returns whether it is.
    fn once(&mut self, text: &str) -> bool {
        let is_new = self.is_news(text);
        if is_new {
            self.console.warning(text);
        }
        is_new
    }

    /// [`Action`] reports actions, with their results.
    fn report(&mut self, decision: &Decision) {
        let Decision { stage, reason } = decision;
        if let Stage::GiveUp(cure) = stage
            && self.is_news(reason)
        {
            self.console.error(reason, Some(cure));
        }
        let is_reported = [BUILDS, EXECUTION_BUILDS].contains(&reason.as_str());
        if *stage == Stage::Wait && is_reported && self.is_news(reason) {
            self.console.note(reason);
        }
    }
}

impl Ours {
    /// Whether the runtime directory still has this genesis.
    fn is_current(&self, runtime: &Path) -> bool {
        claim::marker(runtime).is_ok_and(|marker| marker.as_ref() == Some(&self.marker))
    }
}

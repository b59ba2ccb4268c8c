//! `regenesis health`: health checks of containers, and diagnosis of failures.

mod l2;
mod logs;
mod ports;
mod query;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

use super::start_times::Observer;
use super::{Failure, connect, print_json};
use crate::exit;
use crate::health::{self, Execution, Expected, Finding, Health};
use crate::io::clock::{now, pause};
use crate::io::console::Console;
use crate::io::fs;
use crate::io::http::RetryPolicy;
use crate::io::rpc_client::Client;
use crate::layout::MARKER;
pub(super) use query::{beacon, execution};

const EXAMPLES: &str = "Examples:
  regenesis health el                       as the health check of a container, in exec form
  regenesis health cl --cl http://127.0.0.1:4000
  regenesis health --wait 60                until both clients have a new block
  regenesis health l2 --el http://127.0.0.1:9545 --wait 60
                                            until an L2 has a block
  regenesis health port --port 9545         whether something listens in this container
  docker compose logs | regenesis health --explain --log -

Before the first block, clients that respond and have the expected genesis are healthy.";

/// Check that clients run on the expected genesis and build blocks, and diagnose failures
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Client to check [default: all]
    #[arg(value_enum)]
    client: Option<ClientKind>,
    /// Runtime directory that regenesis init wrote
    #[arg(long, value_name = "DIR", default_value = "./runtime")]
    runtime: PathBuf,
    /// JSON-RPC of the execution client
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    el: String,
    /// Beacon API of the beacon node
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:5052")]
    cl: String,
    /// Ports of the service in this container, separated by commas: healthy if one of them is open
    #[arg(long, value_name = "NUMBER", value_delimiter = ',', required_if_eq("client", "port"))]
    port: Vec<u16>,
    /// Wait up to SECONDS for the first new block, counted from genesis if it is still ahead; with port,
    /// for an open port
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
    /// Also search the state of both clients and --log for known failures
    #[arg(long, conflicts_with = "client")]
    explain: bool,
    /// Log to search for known failures; - is stdin
    #[arg(long, value_name = "FILE", requires = "explain")]
    log: Vec<PathBuf>,
    /// Print the result as JSON to stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ClientKind {
    /// The execution client
    El,
    /// The beacon node
    Cl,
    /// The validator client, judged by the blocks that reach the beacon node
    Vc,
    /// The execution client of an L2, recognised by its chain id; --el is its address
    L2,
    /// Any service of this container, by --port
    Port,
}

#[derive(Debug, Default, Serialize)]
struct Report {
    healthy: bool,
    /// The execution client's.
    #[serde(skip_serializing_if = "Option::is_none")]
    chain_id: Option<u64>,
    /// Blocks that a new genesis would discard; `null` if uncertain.
    own_blocks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    el: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cl: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    l2: Option<String>,
    findings: Vec<Finding>,
    /// Failures in the logs that are over, because both clients have new blocks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    over: Vec<Finding>,
}

/// Runs the verb.
///
/// # Errors
/// A client is unhealthy, or a log shows a failure.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    if args.client != Some(ClientKind::Port) && !args.port.is_empty() {
        let message = "--port requires `health port`";
        return Err(Failure::usage(message, "regenesis health port --port 9545"));
    }
    let mut report = Report::default();
    let logged = logs::read(&args.log)?;
    // Logs alone are enough where no runtime directory is mounted or exists.
    let builds = if args.client == Some(ClientKind::L2) {
        l2::check(args, &mut report, console)?;
        None
    } else if args.client == Some(ClientKind::Port) {
        ports::check(&args.port, args.wait, &mut report);
        None
    } else if args.log.is_empty() || fs::exists(&args.runtime.join(MARKER)) {
        Some(check_clients(args, &mut report, console)?)
    } else {
        None
    };
    logs::report(logged, builds, &mut report, console);
    report.healthy = report.findings.is_empty();
    if args.json {
        print_json(&report)?;
    }
    for (name, text) in [("execution", &report.el), ("beacon", &report.cl), ("l2", &report.l2)] {
        if let Some(text) = text {
            console.title(&format!("{name}: healthy, {text}"));
        }
    }
    // The last finding is the error that ends the program.
    let Some((last, others)) = report.findings.split_last() else { return Ok(()) };
    others.iter().for_each(|finding| console.error(&finding.cause, Some(&finding.cure)));
    Err(Failure::new(exit::VERIFICATION, &last.cause, Some(&last.cure)))
}

/// Queries the clients and judges their answers; returns whether both have new blocks.
fn check_clients(args: &Args, report: &mut Report, console: &Console) -> Result<bool, Failure> {
    let expected = expected(&args.runtime)?;
    let clients = Clients {
        el: connect("--el", &args.el, RetryPolicy::ONCE, console)?,
        cl: connect("--cl", &args.cl, RetryPolicy::ONCE, console)?,
        checked: args.client,
    };
    let wait = |seconds: &u64| !wait(&clients, &expected, *seconds, &args.runtime, console);
    let late = args.wait.filter(wait);
    let (el, cl) = clients.query(args.explain);
    let mut check = |health: Health| match health {
        Ok(text) => Some(text),
        Err(finding) => {
            report.findings.push(finding);
            None
        }
    };
    let (to_el, to_cl) = (answered(el.as_ref()), answered(cl.as_ref()));
    report.own_blocks = health::own_blocks(&expected, to_el, to_cl);
    report.chain_id = to_el.map(|el| el.chain_id);
    if let (Some(el), Some(cl)) = (to_el, to_cl)
        && let Err(finding) = health::together(&expected, el, cl, now())
    {
        // Alone, each client shows only that the chain is stalled.
        check(Err(finding));
        return Ok(false);
    }
    let has_new_blocks = matches!((to_el, to_cl), (Some(el), Some(cl))
        if health::has_new_blocks(&expected, el, cl, now()));
    let el = el.and_then(|el| check(el.and_then(|el| health::execution(&expected, &el, now()))));
    let cl = cl.and_then(|cl| check(cl.and_then(|cl| health::beacon(&expected, &cl, now()))));
    (report.el, report.cl) = (el, cl);
    // The queries after the wait may have seen it.
    if let Some(seconds) = late
        && report.findings.is_empty()
        && !has_new_blocks
    {
        let cause = format!("no new block on both clients within {seconds} s");
        report.findings.push(Finding::new(cause, "check their logs, or wait longer"));
    }
    Ok(has_new_blocks)
}

/// The clients, and the one to check; `None`: all.
struct Clients<'a> {
    el: Client<'a>,
    cl: Client<'a>,
    checked: Option<ClientKind>,
}

type Answer<T> = Option<Result<T, Finding>>;

impl Clients<'_> {
    fn query(&self, payload: bool) -> (Answer<Execution>, Answer<health::Beacon>) {
        (
            (!matches!(self.checked, Some(ClientKind::Cl | ClientKind::Vc)))
                .then(|| execution(&self.el)),
            (self.checked != Some(ClientKind::El)).then(|| beacon(&self.cl, payload)),
        )
    }
}

fn answered<T>(answer: Option<&Result<T, Finding>>) -> Option<&T> {
    answer.and_then(|answer| answer.as_ref().ok())
}

/// Waits until the chain builds, and returns whether it does. The check that follows reports why not.
fn wait(
    clients: &Clients<'_>,
    expected: &Expected,
    seconds: u64,
    runtime: &Path,
    console: &Console,
) -> bool {
    let end = now().max(expected.genesis_time).saturating_add(seconds);
    let mut shown = String::new();
    // One client alone does not show that all of them are ready.
    let mut observer = clients.checked.is_none().then(|| Observer::of(runtime, expected)).flatten();
    while now() < end {
        let (el, cl) = clients.query(false);
        let built = health::builds(expected, answered(el.as_ref()), answered(cl.as_ref()));
        let states = [
            el.map(|el| el.and_then(|el| health::execution(expected, &el, now()))),
            cl.map(|cl| cl.and_then(|cl| health::beacon(expected, &cl, now()))),
        ];
        let states: Result<Vec<String>, Finding> = states.into_iter().flatten().collect();
        if let Some(observer) = &mut observer {
            observer.see(states.is_ok(), states.is_ok() && built, &clients.el, console);
        }
        let state = match states {
            Ok(_) if built => return true,
            Ok(states) => states.into_iter().next().unwrap_or_default(),
            // A refused connection is normal here.
            Err(_) if shown.is_empty() => "the clients are starting".to_owned(),
            Err(_) => shown.clone(),
        };
        // A countdown prints one line.
        let digits = |c: char| c.is_ascii_digit();
        if state.replace(digits, "") != shown.replace(digits, "") {
            console.note(&state);
        }
        shown = state;
        pause(Duration::from_secs(1));
    }
    false
}

/// The genesis that `init` wrote to this runtime directory.
pub(super) fn expected(runtime: &Path) -> Result<Expected, Failure> {
    let read = |path: &str| read(&runtime.join(path));
    let expected = Expected::parse(&read(MARKER)?, &read("metadata/config.yaml")?);
    expected.map_err(|error| damaged(runtime, &error.to_string()))
}

/// A file that `init` wrote.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read_file(path).map_err(|error| {
        let hint = "set --runtime to the directory that regenesis init wrote; in the stack: docker \
                    compose exec el /runtime/bin/regenesis health --cl http://cl:5052";
        Failure::new(exit::INPUT, error.to_string(), Some(hint))
    })
}

fn damaged(runtime: &Path, error: &str) -> Failure {
    let message = format!("{}: {error}", runtime.display());
    Failure::new(exit::INPUT, message, Some("run regenesis init again"))
}

//! `regenesis health`: container health checks, and the diagnosis of what is wrong.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Failure, connect};
use crate::exit;
use crate::health::{self, Execution, Expected, Finding, Health, known};
use crate::layout::MARKER;
use crate::rim::clock::{now, pause};
use crate::rim::console::Console;
use crate::rim::fs;
use crate::rim::http::Patience;
use crate::rim::rpc::Client;
use crate::rpc::{self, Rpc, data, value};

const EXAMPLES: &str = "Examples:
  regenesis health el                       for a health check, in exec form
  regenesis health cl --cl http://127.0.0.1:4000
  regenesis health --wait 60                until both clients have a new block
  docker compose logs | regenesis health --explain --log -

Before the first block, clients that answer and have our genesis are healthy.";

/// Check that clients live on our genesis and that blocks come; name cause and cure if not
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub struct Args {
    /// Whom to check [default: all]
    #[arg(value_enum)]
    who: Option<Who>,
    /// The directory that regenesis init wrote
    #[arg(
        long,
        value_name = "DIR",
        default_value = "./runtime",
        env = "REGENESIS_RUNTIME",
        hide_env_values = true
    )]
    runtime: PathBuf,
    /// JSON-RPC of the execution client
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:8545",
        env = "REGENESIS_EL",
        hide_env_values = true
    )]
    el: String,
    /// REST interface of the beacon node
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:5052",
        env = "REGENESIS_CL",
        hide_env_values = true
    )]
    cl: String,
    /// Wait until the clients have a new block, up to SECONDS after now or after a later genesis
    #[arg(long, value_name = "SECONDS", env = "REGENESIS_WAIT", hide_env_values = true)]
    wait: Option<u64>,
    /// Also look for known failures, in the state of both clients and in logs
    #[arg(
        long,
        conflicts_with = "who",
        env = "REGENESIS_EXPLAIN",
        hide_env_values = true,
        value_parser = crate::command::switch()
    )]
    explain: bool,
    /// Logs to look for known failures in; - is stdin
    #[arg(
        long,
        value_name = "FILE",
        requires = "explain",
        env = "REGENESIS_LOG",
        hide_env_values = true
    )]
    log: Vec<PathBuf>,
    /// Print the result to stdout
    #[arg(
        long,
        env = "REGENESIS_JSON",
        hide_env_values = true,
        value_parser = crate::command::switch()
    )]
    json: bool,
}

/// No answer that is asked for here is longer.
const LONGEST: u64 = 16 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Who {
    /// The execution client
    El,
    /// The beacon node
    Cl,
    /// The validator client, by what reaches the beacon node
    Vc,
}

#[derive(Debug, Default, Serialize)]
struct Report {
    healthy: bool,
    /// Of the execution client.
    #[serde(skip_serializing_if = "Option::is_none")]
    chain_id: Option<u64>,
    /// Blocks that a new genesis would lose; `null` where that is not certain.
    own_blocks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    el: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cl: Option<String>,
    findings: Vec<Finding>,
}

/// Runs the verb.
///
/// # Errors
/// Something is not healthy.
pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let mut report = Report::default();
    for log in &args.log {
        report.findings.extend(known::in_logs(&String::from_utf8_lossy(&fs::read_log(log)?)));
    }
    // Logs can be explained where no runtime directory is mounted, or none was made.
    if args.log.is_empty() || fs::exists(&args.runtime.join(MARKER)) {
        check_clients(args, &mut report, console)?;
    }
    report.healthy = report.findings.is_empty();
    if args.json {
        let mut json = serde_json::to_vec_pretty(&report).unwrap_or_default();
        json.push(b'\n');
        super::print(&json)?;
    }
    for (name, text) in [("execution", &report.el), ("beacon", &report.cl)] {
        if let Some(text) = text {
            console.title(&format!("{name}: healthy, {text}"));
        }
    }
    // The last one is the error that ends the program.
    let Some((last, others)) = report.findings.split_last() else { return Ok(()) };
    others.iter().for_each(|finding| console.error(&finding.cause, Some(&finding.cure)));
    Err(Failure::new(exit::VERIFICATION, &last.cause, Some(&last.cure)))
}

/// Asks the clients, and judges what they answer.
fn check_clients(args: &Args, report: &mut Report, console: &Console) -> Result<(), Failure> {
    let expected = expected(&args.runtime)?;
    let clients = Clients {
        el: connect("--el", &args.el, Patience::SHORT, console)?,
        cl: connect("--cl", &args.cl, Patience::SHORT, console)?,
        who: args.who,
    };
    let late = args.wait.filter(|&seconds| !wait(&clients, &expected, seconds, console));
    let (el, cl) = clients.ask(args.explain);
    let mut check = |health: Health| match health {
        Ok(text) => Some(text),
        Err(finding) => {
            report.findings.push(finding);
            None
        }
    };
    if let (Some(Ok(el)), Some(Ok(cl))) = (&el, &cl)
        && let Err(finding) = health::together(&expected, el, cl, now())
    {
        check(Err(finding));
    }
    let (to_el, to_cl) = (answered(el.as_ref()), answered(cl.as_ref()));
    report.own_blocks = health::own_blocks(&expected, to_el, to_cl);
    report.chain_id = to_el.map(|el| el.chain_id);
    let el = el.and_then(|el| check(el.and_then(|el| health::execution(&expected, &el, now()))));
    let cl = cl.and_then(|cl| check(cl.and_then(|cl| health::beacon(&expected, &cl, now()))));
    (report.el, report.cl) = (el, cl);
    if let Some(seconds) = late
        && report.findings.is_empty()
    {
        let cause = format!("no new block on both clients within {seconds} s");
        report.findings.push(Finding::new(cause, "see their logs, or wait longer"));
    }
    Ok(())
}

/// The clients that are asked; `None` for one that is not.
struct Clients<'a> {
    el: Client<'a>,
    cl: Client<'a>,
    who: Option<Who>,
}

type Answer<T> = Option<Result<T, Finding>>;

impl Clients<'_> {
    fn ask(&self, payload: bool) -> (Answer<Execution>, Answer<health::Beacon>) {
        (
            (!matches!(self.who, Some(Who::Cl | Who::Vc))).then(|| execution(&self.el)),
            (self.who != Some(Who::El)).then(|| beacon(&self.cl, payload)),
        )
    }
}

fn answered<T>(answer: Option<&Result<T, Finding>>) -> Option<&T> {
    answer.and_then(|answer| answer.as_ref().ok())
}

/// Waits for a chain that builds, and returns whether it does; the check that follows says what is wrong.
fn wait(clients: &Clients<'_>, expected: &Expected, seconds: u64, console: &Console) -> bool {
    let end = now().max(expected.genesis_time).saturating_add(seconds);
    let mut shown = String::new();
    while now() < end {
        let (el, cl) = clients.ask(false);
        let built = health::builds(expected, answered(el.as_ref()), answered(cl.as_ref()));
        let states = [
            el.map(|el| el.and_then(|el| health::execution(expected, &el, now()))),
            cl.map(|cl| cl.and_then(|cl| health::beacon(expected, &cl, now()))),
        ];
        let states: Result<Vec<String>, Finding> = states.into_iter().flatten().collect();
        let state = match states {
            Ok(_) if built => return true,
            Ok(states) => states.into_iter().next().unwrap_or_default(),
            // Its address and the system's words for "not yet" are of no use here.
            Err(_) if shown.is_empty() => "the clients start".to_owned(),
            Err(_) => shown.clone(),
        };
        // A countdown is one line.
        let digits = |c: char| c.is_ascii_digit();
        if state.replace(digits, "") != shown.replace(digits, "") {
            console.note(&state);
        }
        shown = state;
        pause(Duration::from_secs(1));
    }
    false
}

/// How the chain should have begun that `init` wrote here.
pub(super) fn expected(runtime: &Path) -> Result<Expected, Failure> {
    let (marker, config) = (runtime.join(MARKER), runtime.join("metadata/config.yaml"));
    let read = |path: &Path| {
        fs::read_file(path).map_err(|error| {
            let hint = "--runtime names the directory that regenesis init wrote; in the stack: docker \
                        compose exec el /runtime/bin/regenesis health --cl http://cl:5052";
            Failure::new(exit::INPUT, error.to_string(), Some(hint))
        })
    };
    Expected::parse(&read(&marker)?, &read(&config)?).map_err(|error| {
        let message = format!("{}: {error}", runtime.display());
        Failure::new(exit::INPUT, message, Some("run regenesis init again"))
    })
}

fn unreachable(who: &str, error: &rpc::Error) -> Finding {
    Finding::new(
        format!("the {who} does not answer: {error}"),
        "check that it runs (docker compose logs) and that --el and --cl are its addresses",
    )
}

/// What an execution client answers.
pub(super) fn execution(client: &dyn Rpc) -> Result<Execution, Finding> {
    let ask = || {
        let block = |which| value(client, "eth_getBlockByNumber", &json!([which, false]), LONGEST);
        let (first, head) = (block("0x0")?, block("latest")?);
        Ok(Execution {
            chain_id: quantity(&value(client, "eth_chainId", &json!([]), LONGEST)?),
            genesis_hash: text(&first["hash"]),
            number: quantity(&head["number"]),
            timestamp: quantity(&head["timestamp"]),
        })
    };
    ask().map_err(|error| unreachable("execution client", &error))
}

/// What a beacon node answers; `payload`: also which execution block it has.
pub(super) fn beacon(client: &dyn rpc::Beacon, payload: bool) -> Result<health::Beacon, Finding> {
    let genesis = data(client, "/eth/v1/beacon/genesis", LONGEST)
        .map_err(|error| unreachable("beacon node", &error))?;
    // What follows may not be there yet, or not in every client.
    let ask = |path| data(client, path, LONGEST).unwrap_or(Value::Null);
    let syncing = ask("/eth/v1/node/syncing");
    let header = ask("/eth/v1/beacon/headers/genesis");
    let block = if payload { ask("/eth/v2/beacon/blocks/head") } else { Value::Null };
    let number = &block["message"]["body"]["execution_payload"]["block_number"];
    Ok(health::Beacon {
        genesis_time: decimal(&genesis["genesis_time"]).unwrap_or_default(),
        genesis_validators_root: text(&genesis["genesis_validators_root"]),
        block_root: header["root"].as_str().map(str::to_owned),
        head_slot: decimal(&syncing["head_slot"]).unwrap_or_default(),
        is_optimistic: syncing["is_optimistic"] == true,
        el_offline: syncing["el_offline"] == true,
        payload_number: decimal(number),
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn decimal(value: &Value) -> Option<u64> {
    value.as_str().and_then(|text| text.parse().ok())
}

/// A JSON-RPC quantity; 0 for what is none.
fn quantity(value: &Value) -> u64 {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x"));
    digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

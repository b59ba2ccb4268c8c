//! `capture --enclave`: the services of a Kurtosis enclave become the sources of a capture.

mod services;
mod stop;
mod stopped;
mod table;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::super::{Failure, connect, given, given_list};
use super::Args;
use super::agglayer::Agglayer;
use super::l2::FoundL2;
use super::settings::Sources;
use crate::capture;
use crate::capture::chain::SMALL_LIMIT;
use crate::enclave::{self, Choice, L2, Plan, Service};
use crate::exit;
use crate::file::Input;
use crate::io::console::Console;
use crate::io::docker;
use crate::io::http::RetryPolicy;
use crate::l2::Rollup;
use crate::rpc::{self, Rpc as _};
use crate::snapshot::metadata::Mode;
pub(super) use services::Services;
use stop::Running;
pub(super) use stopped::Copied;
use stopped::Stopped;
pub(super) use table::list;

/// ethereum-package's `--datadir` of geth. Source: its `src/el/geth/geth_launcher.star`.
const GETH_DATADIR: &str = "/data/geth/execution-data";

/// `--enclave` without a name. No enclave is called so: names have letters, digits and `-`.
pub(super) const LIST: &str = "?";

/// Names of the RPC port of an execution client, and of the API of a beacon node.
const RPC: [&str; 3] = ["rpc", "ws-rpc", "http"];
const BEACON: [&str; 1] = ["http"];

impl From<enclave::Error> for Failure {
    fn from(error: enclave::Error) -> Self {
        Self::usage(error.to_string(), &error.hint())
    }
}

/// The sources of a capture without an enclave.
pub(super) fn without(args: &Args) -> Result<Sources, Failure> {
    let is = |text: &Option<String>| text.as_deref().and_then(given).is_some();
    let op_node = given_list(&args.op_node).next().is_some();
    for (flag, is_given) in [("--el", is(&args.el)), ("--cl", is(&args.cl)), ("--op-node", op_node)]
    {
        if is_given {
            let message = format!("{flag} names a service, and --enclave is missing");
            return Err(Failure::usage(
                message,
                "pass --enclave NAME, or a node with --el-rpc URL",
            ));
        }
    }
    Ok(Sources::of(args))
}

/// What an enclave has for a capture.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Its L1.
    pub(super) sources: Sources,
    /// Its L2s.
    pub(super) l2: Vec<FoundL2>,
    /// Its agglayer.
    pub(super) agglayer: Option<Agglayer>,
    /// What `--stop` stops.
    pub(super) running: Running,
    /// Its other services.
    pub(super) services: Option<Services>,
    /// Its execution client, if that does not run.
    pub(super) stopped: Option<Stopped>,
}

/// What an enclave has for a capture; flags have precedence.
pub(super) fn find(name: &str, args: &Args, console: &Console) -> Result<Found, Failure> {
    if args.state.as_ref().is_some_and(|path| !path.as_os_str().is_empty()) {
        let message = "--state cannot be used with --enclave";
        return Err(Failure::usage(message, "leave out one of the two sources"));
    }
    let services = docker::services()?;
    let services = enclave::select(&services, name)?;
    let named: Vec<_> = given_list(&args.op_node).collect();
    let op_nodes: Vec<_> = named.iter().copied().filter(|name| *name != "none").collect();
    let choice = Choice {
        el: args.el.as_deref().and_then(given),
        cl: args.cl.as_deref().and_then(given),
        op_nodes: (!named.is_empty()).then_some(&op_nodes),
    };
    let plan = Plan::of(&services, choice)?;
    console.title(&format!("enclave {name}: {} services", services.len()));
    table::lines(&services, &plan).iter().for_each(|line| console.note(line));

    let flags = Sources::of(args);
    let retry = RetryPolicy::persistent(Duration::from_secs(args.rpc_timeout.max(1)));
    let nodes = Nodes { retry, console };
    let is_named = flags.datadir.is_some() || flags.el_rpc.is_some();
    let stopped = if is_named { None } else { Stopped::of(plan.execution) };
    // A copy takes its place once the capture needs it.
    let datadir = flags.datadir.or(stopped.as_ref().map(|stopped| stopped.label().into()));
    let el_rpc = match flags.el_rpc {
        None if datadir.is_none() => Some(rpc_of(plan.execution)?),
        url => url,
    };
    let beacon = plan.beacon.and_then(|beacon| beacon.published(&BEACON)).map(str::to_owned);
    let cl_rpc = flags.cl_rpc.or(beacon);
    let genesis = match flags.genesis {
        Some(genesis) => Some(genesis),
        None => fetch(&plan.l1_files("genesis.json"))?,
    };
    // A running beacon node knows its config better.
    let config = match cl_rpc {
        Some(_) => None,
        None => fetch(&plan.l1_files("config.yaml"))?,
    };
    let mnemonics = match flags.mnemonics {
        Some(mnemonics) => Some(mnemonics),
        None => fetch(&plan.l1_files("mnemonics.yaml"))?,
    };
    let mode = match (flags.mode.as_str(), &el_rpc) {
        ("" | "auto", Some(el_rpc)) => nodes.mode(&plan, el_rpc)?,
        ("" | "auto", None) if !args.alloc => {
            if stopped.is_some() {
                console.note(&format!("--mode history: {} is stopped", plan.execution.name));
            }
            "history".to_owned()
        }
        ("" | "auto", None) => "state".to_owned(),
        ("state", None) if !args.alloc => return Err(no_state(stopped.as_ref())),
        (mode, _) => mode.to_owned(),
    };
    let mut chains = BTreeSet::new();
    let mut found = Vec::new();
    for l2 in &plan.l2 {
        let l2 = nodes.l2(l2)?;
        if !chains.insert(l2.name.clone()) {
            let message = format!("two op-nodes of {} are captured", l2.name);
            return Err(Failure::usage(message, "choose one of them with --op-node SERVICE"));
        }
        found.push(l2);
    }
    let names: Vec<_> = found.iter().map(|l2| l2.name.clone()).collect();
    let kept = if mode == "history" { Mode::History } else { Mode::State };
    let l2: Vec<_> = plan.l2.iter().zip(&found).collect();
    let agglayer = Agglayer::find(&services, &l2, args.force, console)?;
    let running = if args.stop { Running::of(&services) } else { Running::default() };
    let services = Services::read(&services, &plan, &names, kept, console)?;
    let sources = Sources { el_rpc, cl_rpc, datadir, genesis, config, mnemonics, mode };
    Ok(Found { sources, l2: found, agglayer, running, services, stopped })
}

/// The address of the L1's execution client on this machine.
fn rpc_of(execution: &Service) -> Result<String, Failure> {
    if let Some(url) = execution.published(&RPC) {
        return Ok(url.to_owned());
    }
    let Service { name, state, .. } = execution;
    if execution.runs() {
        let message = format!("{name} publishes no RPC port on this machine");
        return Err(Failure::new(exit::SOURCE, message, Some("pass its address: --el-rpc URL")));
    }
    let message = format!("{name} does not run: it is {state}");
    Err(Failure::new(exit::SOURCE, message, Some("start its container with docker start")))
}

/// `--mode state`, and no node that returns its state.
fn no_state(stopped: Option<&Stopped>) -> Failure {
    match stopped {
        Some(stopped) => Failure::usage(
            format!("--mode state requires a running node, and {} is stopped", stopped.service),
            &format!(
                "omit --mode to capture its blocks; for its state: docker cp {} DIR, then --datadir DIR --alloc",
                stopped.source()
            ),
        ),
        None => Failure::usage(
            "--mode state with --enclave and --datadir requires --alloc",
            "omit --mode to capture the blocks in the directory; or add --alloc",
        ),
    }
}

/// The first file that is in one of these places.
pub(super) fn fetch(places: &[(&Service, String)]) -> Result<Option<Input>, Failure> {
    for (service, path) in places {
        let copied = docker::file(&service.container, Path::new(path));
        if let Some(bytes) = copied.map_err(|error| gone(&service.name, path, error))? {
            return Ok(Some(Input::memory(&format!("{}:{path}", service.name), bytes)));
        }
    }
    Ok(None)
}

/// The failure of a copy from a container.
fn gone(service: &str, path: &str, error: docker::Error) -> Failure {
    const HINT: &str = "run the capture again while the containers of the enclave are there";
    let failed = |what: &str, hint| {
        let message = format!("{service}: {path} cannot be copied: {what}");
        Failure::new(exit::SOURCE, message, hint)
    };
    match error {
        docker::Error::Failed { message, .. } => failed(&message, Some(HINT)),
        docker::Error::TooLarge { .. } | docker::Error::Archive { .. } => {
            failed(&error.to_string(), error.hint())
        }
        error => error.into(),
    }
}

/// How the nodes of an enclave are asked.
struct Nodes<'a> {
    retry: RetryPolicy,
    console: &'a Console,
}

impl Nodes<'_> {
    /// Whether a node returns its state in pages.
    fn has_dump(&self, url: &str) -> Result<bool, Failure> {
        let node = connect("--el-rpc", url, self.retry, self.console)?;
        let parameters = json!(["latest", "0x", 1, true, true, true]);
        match node.call("debug_accountRange", &parameters, SMALL_LIMIT) {
            Ok(answer) => Ok(answer != b"null"),
            Err(rpc::Error::Refused { .. }) => Ok(false),
            Err(error) => Err(capture::Error::from(error).into()),
        }
    }

    /// What `--mode auto` means here.
    fn mode(&self, plan: &Plan<'_>, el_rpc: &str) -> Result<String, Failure> {
        let (mode, why) = if let Some(reader) = plan.reads_history {
            ("history", format!("{} reads logs since the first block", reader.name))
        } else if self.has_dump(el_rpc)? {
            ("state", "no service of the enclave reads old logs".to_owned())
        } else {
            ("history", format!("{} returns no dump of its state", plan.execution.name))
        };
        self.console.note(&format!("--mode {mode}: {why}"));
        Ok(mode.to_owned())
    }

    /// The files and the node of an L2.
    fn l2(&self, l2: &L2<'_>) -> Result<FoundL2, Failure> {
        let Some(rollup) = fetch(&[(l2.node, l2.rollup.clone())])? else {
            let message = format!("{} has no {}", l2.node.name, l2.rollup);
            let hint = "--op-node names the L2s to capture; --op-node none leaves out all";
            return Err(Failure::new(exit::SOURCE, message, Some(hint)));
        };
        let bytes = crate::io::fs::read(&rollup)?;
        let parsed = Rollup::parse(&bytes).map_err(|error| {
            Failure::from(capture::Error::L2 { input: rollup.clone(), error: Box::new(error) })
        })?;
        let chain_id = parsed.l2_chain_id;
        let name = format!("op-{chain_id}");
        let genesis = fetch(&l2.genesis_files(chain_id))?;
        let as_deployed = |why: &str| {
            self.console.warning(&format!(
                "{name}: its state is not captured, because {why}: it starts as deployed, and accounts \
                 that its transactions funded are empty; l2/{name}/fund.json can give them ETH"
            ));
        };
        let rpc = match l2.execution.map(|service| (service, service.published(&RPC))) {
            None => {
                as_deployed("no execution client of it was found");
                None
            }
            Some((service, None)) => {
                let what = if service.runs() { "publishes no RPC port" } else { "does not run" };
                as_deployed(&format!("{} {what}", service.name));
                None
            }
            Some((service, Some(url))) => {
                let has_dump = self.has_dump(url)?;
                if !has_dump {
                    as_deployed(&format!("{} returns no dump of it", service.name));
                }
                has_dump.then(|| url.to_owned())
            }
        };
        let batcher_key = l2.batcher_key().map(|key| key.to_owned().into());
        Ok(FoundL2 { name, l2_chain_id: chain_id, rpc, rollup, genesis, batcher_key })
    }
}

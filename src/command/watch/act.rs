//! Carries out a stage.

use std::path::Path;

use serde_json::{Value, json};

use super::observe::Seen;
use super::orphans::Orphans;
use super::supervisors::Supervisors;
use super::{Args, Nodes};
use crate::command::Failure;
use crate::heal::engine::{Call, authorization, check_status, forkchoice_updated, new_payload};
use crate::heal::{Decision, Stage};
use crate::io::clock::{Stopwatch, now};
use crate::io::console::Console;
use crate::io::fs;
use crate::io::http::{Endpoint, RetryPolicy};
use crate::io::rpc_client::Client;
use crate::keys::jwt;
use crate::rpc::{Rpc, secrets};

/// Longest answer.
const LONGEST: u64 = 1 << 20;
/// For the execution of one payload, or for `debug_setHead`.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// Takes actions on the chain of one genesis.
pub(super) struct Action<'a> {
    args: &'a Args,
    nodes: &'a Nodes<'a>,
    console: &'a Console,
    run_id: &'a str,
    /// Those of the last action, until the next block.
    orphans: Orphans,
}

impl<'a> Action<'a> {
    pub(super) fn new(
        args: &'a Args,
        nodes: &'a Nodes<'a>,
        run_id: &'a str,
        console: &'a Console,
    ) -> Self {
        Self { args, nodes, console, run_id, orphans: Orphans::default() }
    }

    /// Carries out a decision, and reports the result in one line.
    pub(super) fn take(&mut self, decision: &Decision, seen: &Seen) {
        let watch = Stopwatch::start();
        let supervisors = Supervisors { args: self.args, console: self.console };
        let (name, done) = match &decision.stage {
            Stage::Confirm => ("confirm", self.confirm(seen)),
            Stage::SetHead(number) => ("set head", self.set_head(*number, seen)),
            Stage::Replay(_) => ("replay", self.replay(seen)),
            Stage::Recovered(_) => {
                self.console.step("healed", &decision.reason, watch.elapsed());
                self.orphans.settle(&self.nodes.execution, self.console);
                return;
            }
            Stage::Wait | Stage::GiveUp(_) => return,
            Stage::Restart(client) => ("restart", supervisors.restart(self.run_id, *client)),
            Stage::Renew => ("renew", supervisors.renew(self.run_id)),
        };
        match done {
            Ok(done) => {
                let text = format!("{}: {done}", decision.reason);
                self.console.step(name, &text, watch.elapsed());
            }
            Err(error) => self.console.warning(&format!("{name}: {}: {error}", decision.reason)),
        }
    }

    /// Marks geth as synced, so that it follows the beacon node's next forkchoice update.
    fn confirm(&mut self, seen: &Seen) -> Result<String, String> {
        let fork = seen.blocks.last().map(|block| block.fork.as_str()).unwrap_or_default();
        self.collect(seen);
        let call = forkchoice_updated(fork, &seen.execution_hash).map_err(|e| e.to_string())?;
        self.engine(&call)?;
        Ok("sent the execution client a forkchoice update to its own head".to_owned())
    }

    fn set_head(&mut self, number: u64, seen: &Seen) -> Result<String, String> {
        self.collect(seen);
        let params = json!([format!("{number:#x}")]);
        let node = super::connect("--el", &self.args.el, retry(), self.console)
            .map_err(|failure| failure.message)?;
        node.call("debug_setHead", &params, LONGEST).map_err(|error| {
            let open = "it needs debug in geth's --http.api";
            if error.is_unknown_method() { format!("{error}: {open}") } else { error.to_string() }
        })?;
        Ok(format!("set geth's head to block {number}"))
    }

    /// Sends the execution client the blocks that it lacks.
    fn replay(&self, seen: &Seen) -> Result<String, String> {
        let Some(head) = seen.blocks.last() else { return Err("no block".to_owned()) };
        for block in &seen.blocks {
            let call = new_payload(&block.fork, &block.message).map_err(|e| e.to_string())?;
            self.engine(&call).map_err(|error| format!("block {}: {error}", block.number))?;
        }
        let update = forkchoice_updated(&head.fork, &head.hash).map_err(|e| e.to_string())?;
        self.engine(&update)?;
        Ok(format!("sent the execution client {} payloads", seen.blocks.len()))
    }

    fn collect(&mut self, seen: &Seen) {
        let (Some(execution), Some(beacon)) =
            (&seen.observation.execution, &seen.observation.beacon)
        else {
            return;
        };
        // After the largest number there is no block.
        if let Some(first) = beacon.number.checked_add(1) {
            self.orphans.collect(&self.nodes.execution, first..=execution.number);
        }
    }

    /// An Engine API call, which must return `VALID`.
    fn engine(&self, call: &Call) -> Result<(), String> {
        let node = engine(&self.args.engine, &self.args.runtime, self.console)
            .map_err(|failure| failure.message)?;
        let answer = node.call(&call.method, &call.parameters, LONGEST);
        let answer = answer.map_err(|error| error.to_string())?;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        check_status(&answer).map_err(|status| format!("{}: {status}", call.method))
    }
}

fn retry() -> RetryPolicy {
    RetryPolicy { timeout: TIMEOUT, attempts: 1 }
}

/// The Engine API, with a fresh token.
fn engine<'a>(url: &str, runtime: &Path, console: &'a Console) -> Result<Client<'a>, Failure> {
    let path = runtime.join("jwt/jwtsecret");
    let text = fs::read_file(&path)?;
    let secret = jwt::parse(&String::from_utf8_lossy(&text))
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display()), "run init"))?;
    let mut endpoint = Endpoint::new(url, retry(), console)
        .map_err(|error| Failure::usage(format!("--engine {error}"), error.hint()))?;
    let token = authorization(&secret, now());
    secrets::add(vec![token.clone()]);
    endpoint.address.authorization = Some(token);
    Ok(Client::new(endpoint))
}

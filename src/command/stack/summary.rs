//! What `regenesis up` prints at its end.

use std::path::Path;

use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;

use super::super::{Failure, print, print_json, steps::Steps};
use super::events::{self, Event};
use super::observe;
use super::target::Target;
use crate::exit;
use crate::io::{docker, fs};
use crate::operate::port;
use crate::operate::stacks::Stack;
use crate::snapshot::METADATA;

/// The phrase of the sample's accounts, which anvil and Hardhat use, and its first account.
const PHRASE: &str = "test test test test test test test test test test test junk";
const ACCOUNT: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// The form of the output.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Form {
    /// Lines `KEY=VALUE` for a shell
    Env,
    /// JSON
    Json,
    /// The last line of `--json`
    #[value(skip)]
    Event,
}

/// What a program needs to use the chain.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    stack: String,
    chain_id: Option<u64>,
    run_id: Option<String>,
    eth_rpc_url: Option<String>,
    eth_ws_url: Option<String>,
    beacon_url: Option<String>,
    /// An account with ether and its key, for the samples: the key is public.
    account: Option<&'static str>,
    private_key: Option<&'static str>,
    l2: Vec<Rollup>,
}

/// The same for an L2.
#[derive(Debug, Serialize)]
struct Rollup {
    name: String,
    chain_id: Option<u64>,
    eth_rpc_url: Option<String>,
    eth_ws_url: Option<String>,
    node_url: Option<String>,
}

/// Prints how to use a stack that builds blocks.
pub(super) fn print_of(
    target: &Target,
    form: Option<Form>,
    steps: &Steps<'_>,
) -> Result<(), Failure> {
    let name = &target.project.name;
    let stacks = docker::all_stacks()?;
    let Some(stack) = stacks.iter().find(|stack| stack.name == *name) else {
        return Err(Failure::new(exit::TOOL, format!("the stack {name} is gone"), None));
    };
    let runtime = observe::runtime(stack)?;
    let genesis = runtime.as_ref().map(|runtime| runtime.genesis(0));
    let url = |name: &str| port::named(name).and_then(|port| port.url(stack));
    let rollup = |l2: &str| Rollup {
        name: l2.to_owned(),
        chain_id: runtime.as_ref().and_then(|runtime| runtime.chain_id_of(l2)),
        eth_rpc_url: url(&format!("{l2}-http")),
        eth_ws_url: url(&format!("{l2}-ws")),
        node_url: url(&format!("{l2}-node")),
    };
    let is_sample = is_sample(target, stack);
    let summary = Summary {
        stack: name.clone(),
        chain_id: genesis.as_ref().map(|genesis| genesis.chain_id),
        run_id: genesis.map(|genesis| genesis.run_id),
        eth_rpc_url: url("http"),
        eth_ws_url: url("ws"),
        beacon_url: url("beacon"),
        account: is_sample.then_some(ACCOUNT),
        private_key: is_sample.then_some(KEY),
        l2: target.l2s().into_iter().map(rollup).collect(),
    };
    match form {
        Some(Form::Json) => print_json(&summary),
        Some(Form::Event) => events::send(Event::Ready(&summary)),
        Some(Form::Env) => print(summary.variables()?.as_bytes()),
        None => {
            steps.console.title(&format!("{name} builds blocks"));
            print(summary.text().as_bytes())
        }
    }
}

/// Whether the snapshot is one of the samples.
fn is_sample(target: &Target, stack: &Stack) -> bool {
    let Some(directory) = target.snapshot.as_deref().or(stack.snapshot().map(Path::new)) else {
        return true;
    };
    let metadata = fs::read_file(&directory.join(METADATA)).unwrap_or_default();
    let metadata: Value = serde_json::from_slice(&metadata).unwrap_or_default();
    metadata["source"]["kind"] == "embedded"
}

/// Lines `ETH_RPC_URL=…` with this before their names: no value needs quotes.
fn variables(before: &str, value: &impl Serialize) -> Result<String, Failure> {
    let json = serde_json::to_value(value).map_err(|error| Failure::bug(error.to_string()))?;
    let line = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::Null | Value::Array(_) => return None,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some(format!("{before}{}={value}\n", name.to_uppercase()))
    };
    Ok(json.as_object().into_iter().flatten().filter_map(line).collect())
}

impl Summary {
    /// Those of an L2 begin with its name: `L2_OP_ETH_RPC_URL=…`.
    fn variables(&self) -> Result<String, Failure> {
        let mut lines = variables("", self)?;
        for l2 in &self.l2 {
            let name = l2.name.to_uppercase().replace('-', "_");
            lines += &variables(&format!("L2_{name}_"), l2)?;
        }
        Ok(lines)
    }

    fn text(&self) -> String {
        let Self { stack, chain_id, eth_rpc_url, eth_ws_url, beacon_url, .. } = self;
        let chain_id = chain_id.map(|id| id.to_string());
        let l2 = if self.l2.is_empty() { "" } else { ", and 10,000 ETH on the L2" };
        let accounts =
            self.account.map(|_| format!("20 with 1,000,000 ETH{l2}: mnemonic \"{PHRASE}\""));
        let rows = [
            ("chain ID", &chain_id),
            ("execution", eth_rpc_url),
            ("websocket", eth_ws_url),
            ("beacon", beacon_url),
            ("accounts", &accounts),
        ];
        let set = rows.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let mut lines: Vec<_> = set.map(|(name, value)| format!("{name:<9}  {value}")).collect();
        for l2 in &self.l2 {
            let id = l2.chain_id.map_or_else(String::new, |id| format!(", chain ID {id}"));
            lines.push(format!("L2 {}{id}", l2.name));
            let rows = [
                ("execution", &l2.eth_rpc_url),
                ("websocket", &l2.eth_ws_url),
                ("op-node", &l2.node_url),
            ];
            let set = rows.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
            lines.extend(set.map(|(name, value)| format!("  {name:<9}  {value}")));
        }
        lines.push(format!("status     regenesis status {stack}"));
        lines.push(format!("stop       regenesis down {stack}"));
        lines.join("\n") + "\n"
    }
}

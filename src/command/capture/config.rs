//! The configs of both layers, from whoever knows them.

use serde_json::json;

use super::super::Failure;
use super::settings::{Settings, Target};
use super::state::Collected;
use crate::capture::beacon::Spec;
use crate::capture::block::Block;
use crate::capture::chain::SMALL_LIMIT;
use crate::capture::chain_config::{self, Flattened, Members};
use crate::capture::consensus::template;
use crate::el::chain_config::{ChainConfig, Hardfork};
use crate::el::genesis;
use crate::exit;
use crate::rim::fs;
use crate::rim::rpc::Client;
use crate::rpc::Rpc;

/// The members of the genesis that the chain had: the file itself, or `--genesis`.
pub(super) fn old_genesis(collected: &Collected, settings: &Settings) -> Result<Members, Failure> {
    if collected.genesis != Members::default() {
        return Ok(collected.genesis.clone());
    }
    let Some(input) = &settings.genesis else { return Ok(Members::default()) };
    let (document, _) = genesis::read(fs::open(input)?, &|_| ())
        .map_err(|error| Failure::genesis(input, &error))?;
    Ok(Members::of(&document.head))
}

/// The execution config: of the given genesis, the node, or what the block tells.
pub(super) fn execution(
    collected: &Collected,
    node: Option<&Client<'_>>,
    old: &Members,
    target: &Target,
) -> Result<(Flattened, &'static str), Failure> {
    let ask = |method: &str| node.and_then(|node| node.call(method, &json!([]), SMALL_LIMIT).ok());
    let given = old.get("config").and_then(|config| Members::parse(config.as_bytes()).ok());
    let block = collected.block.as_ref();
    let latest = Hardfork::Osaka;
    let (members, from) = given
        .map(|members| (members, "the genesis"))
        .or_else(|| {
            let members = ask("admin_nodeInfo").and_then(|raw| chain_config::in_node_info(&raw));
            members.map(|members| (members, "admin_nodeInfo"))
        })
        .or_else(|| {
            let members = ask("eth_config").and_then(|raw| chain_config::in_eth_config(&raw));
            members.map(|members| (members, "eth_config"))
        })
        .unwrap_or_else(|| match block {
            Some(block) => (chain_config::up_to(block.hardfork), "the block's fields"),
            None => (chain_config::up_to(Some(latest)), "the template"),
        });
    let told = members.get("chainId").and_then(|id| id.parse().ok());
    let Some(chain_id) = target.chain_id.or(told) else {
        return Err(Failure::usage(
            "the chain id is not known: the file does not tell it",
            "give --chain-id NUMBER, --genesis FILE, or --el-rpc URL",
        ));
    };
    if let Some(told) = told.filter(|told| *told != chain_id) {
        return Err(Failure::usage(
            format!("the chain id is {chain_id}, but {from} is of chain {told}"),
            "give the genesis of the chain that is captured",
        ));
    }
    let flat = chain_config::flatten(members, chain_id, block)
        .map_err(|error| Failure::new(exit::INPUT, format!("{from}: {error}"), error.hint()))?;
    Ok((flat, from))
}

/// `config.yaml`: the beacon node's, or that of the template.
pub(super) fn consensus(
    block: Option<&Block>,
    beacon: Option<&Client<'_>>,
    execution: &ChainConfig,
    chain_id: u64,
    target: &Target,
    settings: &Settings,
) -> Result<String, Failure> {
    let slot_time = settings.slot_time;
    let Some(node) = beacon else {
        return template(&target.name, chain_id, slot_time, execution, block)
            .map_err(|error| Failure::bug(format!("the template: {error}")));
    };
    let failed = |error| Failure::capture(&error);
    let spec = Spec::ask(node).map_err(failed)?;
    if let Some(other) = spec.chain_id().filter(|id| *id != chain_id) {
        let message =
            format!("--cl-rpc is a beacon node of chain {other}, not of chain {chain_id}");
        return Err(Failure::usage(message, "both nodes must be of the same chain"));
    }
    let timestamp = block.map_or(spec.genesis_time, |block| block.timestamp);
    spec.config(timestamp, slot_time).map_err(failed)
}

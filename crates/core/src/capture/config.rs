//! The configs of both layers, each from the first source that has it.

use serde_json::json;

use super::Error;
use super::beacon::Spec;
use super::block::Block;
use super::chain::SMALL_LIMIT;
use super::chain_config::{self, Flattened};
use super::collected::CollectedState;
use super::consensus::template;
use super::context::{CaptureContext, Node};
use super::members::Members;
use crate::cl::config::Config;
use crate::cl::fork::Fork;
use crate::el::chain_config::ChainConfig;
use crate::el::genesis;
use crate::file::Input;

/// Everything that an execution config can be read from.
struct Known<'a> {
    /// Members of the chain's genesis.
    genesis: &'a Members,
    node: Option<Node<'a>>,
    block: Option<&'a Block>,
}

/// Reads an execution config; `None` if this source does not have one.
type Source = fn(&Known<'_>) -> Option<Members>;

/// The sources of an execution config, in order of precedence.
///
/// To add one, add its line here.
const SOURCES: [(&str, Source); 4] = [
    ("the genesis", |known| Members::parse(known.genesis.get("config")?.as_bytes()).ok()),
    ("admin_nodeInfo", |known| chain_config::in_node_info(&known.answer_to("admin_nodeInfo")?)),
    ("eth_config", |known| chain_config::in_eth_config(&known.answer_to("eth_config")?)),
    ("the block's fields", |known| Some(chain_config::up_to(known.block?.hardfork))),
];

/// The config where no source has one.
fn fallback() -> (&'static str, Members) {
    ("the template", chain_config::up_to(Fork::latest().hardfork))
}

impl Known<'_> {
    /// A node's answer; many nodes do not have the method.
    fn answer_to(&self, method: &str) -> Option<Vec<u8>> {
        self.node?.rpc.call(method, &json!([]), SMALL_LIMIT).ok()
    }
}

/// The execution config of the new chain, and its source.
pub(super) struct ExecutionConfig {
    pub(super) flat: Flattened,
    pub(super) from: &'static str,
    pub(super) chain_id: u64,
}

/// Members of the chain's genesis: those of the captured file, else of [`Request::genesis`].
///
/// [`Request::genesis`]: super::context::Request::genesis
pub(super) fn own_genesis(
    context: &CaptureContext<'_>,
    collected: &CollectedState,
) -> Result<Members, Error> {
    if collected.genesis != Members::default() {
        return Ok(collected.genesis.clone());
    }
    let Some(input) = &context.request.genesis else { return Ok(Members::default()) };
    let (document, _) = genesis::read(context.open(input)?, &|_| ())
        .map_err(|error| Error::Genesis { input: input.clone(), error: Box::new(error) })?;
    Ok(Members::of(&document.head))
}

/// The execution config from the first of [`SOURCES`], with the captured block as block 0.
pub(super) fn execution(
    context: &CaptureContext<'_>,
    genesis: &Members,
    node: Option<Node<'_>>,
    block: Option<&Block>,
) -> Result<ExecutionConfig, Error> {
    let known = Known { genesis, node, block };
    let found = SOURCES.iter().find_map(|(from, source)| Some((*from, source(&known)?)));
    let (from, members) = found.unwrap_or_else(fallback);
    let named = members.get("chainId").and_then(|id| id.parse().ok());
    let requested = node.map(|node| node.chain.id).or(context.request.chain_id);
    let chain_id = requested.or(named).ok_or(Error::NoChainId)?;
    if let Some(named) = named.filter(|named| *named != chain_id) {
        return Err(Error::ConfigOfAnotherChain { chain_id, from, named });
    }
    let flat = chain_config::flatten(members, chain_id, block)
        .map_err(|error| Error::ExecutionConfig { from, error: Box::new(error) })?;
    Ok(ExecutionConfig { flat, from, chain_id })
}

/// `config.yaml`: the beacon node's, else that of [`Request::config`], else the template's.
///
/// [`Request::config`]: super::context::Request::config
pub(super) fn consensus(
    context: &CaptureContext<'_>,
    execution: &ChainConfig,
    chain_id: u64,
    block: Option<&Block>,
) -> Result<String, Error> {
    let slot_seconds = context.request.slot_seconds;
    let (spec, from) = match (context.beacon, &context.request.config) {
        (Some(node), _) => (Spec::fetch(node)?, "--cl-rpc".to_owned()),
        (None, Some(input)) => (own_config(context, input)?, input.label()),
        (None, None) => {
            return template(&context.request.name, chain_id, slot_seconds, execution, block)
                .map_err(|error| Error::Template(Box::new(error)));
        }
    };
    if let Some(beacon) = spec.chain_id().filter(|id| *id != chain_id) {
        return Err(Error::BeaconOfAnotherChain { from, beacon, chain_id });
    }
    let timestamp = block.map_or(spec.genesis_time, |block| block.timestamp);
    spec.config(timestamp, slot_seconds)
}

/// The config in a file of the chain.
fn own_config(context: &CaptureContext<'_>, input: &Input) -> Result<Spec, Error> {
    let text = context.inputs.read(input)?;
    let config = Config::parse(&text).and_then(|config| Spec::of(&config));
    config.map_err(|error| Error::ConfigFile { input: input.clone(), error: Box::new(error) })
}

/// The source of [`consensus`], as progress lines name it.
pub(super) fn consensus_source(context: &CaptureContext<'_>) -> &'static str {
    match (context.beacon, &context.request.config) {
        (Some(_), _) => "the beacon node",
        (None, Some(_)) => "its config.yaml",
        (None, None) => "the sample",
    }
}

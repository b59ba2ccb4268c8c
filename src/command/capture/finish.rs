//! From the collected accounts to a snapshot that is proven.

use std::collections::BTreeMap;

use alloy_primitives::B256;
use serde_json::json;

use super::super::Failure;
use super::super::prepare::Steps;
use super::node::Node;
use super::settings::{Settings, Target};
use super::state::Collected;
use super::validators::{self, Validators};
use crate::capture::beacon::{Beacon, Spec};
use crate::capture::chain::{Chain, SMALL_LIMIT};
use crate::capture::chain_config::{self, Flattened, Members};
use crate::capture::consensus;
use crate::capture::rpc::Rpc;
use crate::el::edit::Piece;
use crate::el::genesis;
use crate::el::proof;
use crate::exit;
use crate::layout::{Content, OutFile};
use crate::rim::fs;
use crate::rim::staging::Written;
use crate::rim::work::Work;
use crate::snapshot::metadata::{self, Metadata, Source, SourceBlock};
use crate::snapshot::{self, Input};

/// Where the rest is asked for.
#[derive(Debug)]
pub(super) struct Nodes<'a> {
    pub(super) execution: Option<&'a Node<'a>>,
    pub(super) beacon: Option<&'a Node<'a>>,
}

/// Writes and proves the snapshot in the work directory; returns its metadata.
pub(super) fn make(
    collected: Collected,
    nodes: &Nodes<'_>,
    chain: Option<Chain>,
    target: &Target,
    settings: &Settings,
    work: &Work,
    steps: &mut Steps<'_>,
) -> Result<Vec<u8>, Failure> {
    if collected.counts.accounts == 0 {
        let what = format!("{} gives no account at all", collected.kind);
        return Err(Failure::new(
            exit::SOURCE,
            what,
            Some("a chain without accounts is of no use"),
        ));
    }
    let old = old_genesis(&collected, settings)?;
    let (config, from) = chain_config(&collected, nodes.execution, &old, target)?;
    config.warnings.iter().for_each(|warning| steps.console.warning(warning));
    let chain_id = config.config.chain_id.and_then(|id| u64::try_from(id).ok()).unwrap_or_default();
    let head = chain_config::head(&config, collected.block.as_ref(), &old)
        .map_err(|error| Failure::capture(&error))?;
    let config_yaml =
        consensus_config(&collected, nodes.beacon, &config, chain_id, target, settings)?;
    let consensus = if nodes.beacon.is_some() { "the beacon node" } else { "the sample" };
    steps.done(
        "config",
        &format!("chain {chain_id}: execution from {from}, consensus from {consensus}"),
    );
    let beacon = nodes.beacon.map(|node| &node.client as &dyn Beacon);
    let Validators { mnemonics, count } = validators::choose(beacon, settings, steps)?;

    let alloc = work.alloc();
    let length = fs::length(&alloc)?;
    let pieces = vec![
        Piece::Text(b"{\n  \"alloc\": {\n    ".to_vec()),
        Piece::Source(0..length),
        Piece::Text(format!("\n  }},\n{head}\n}}\n").into_bytes()),
    ];
    let file = |path: &str, content, secret| OutFile { path: path.to_owned(), content, secret };
    let files = [
        file(snapshot::GENESIS, Content::Pieces(pieces, alloc, None), false),
        file(snapshot::CONFIG, Content::Bytes(config_yaml.into_bytes()), false),
        file(snapshot::MNEMONICS, Content::Bytes(mnemonics), true),
    ];
    let (directory, written) = work.stage(&files)?;
    let root = prove(&Input::File(directory.join(snapshot::GENESIS)), steps)?;
    let proven = check_root(root, &collected, steps)?;
    let mut metadata = describe(&collected, chain, target, chain_id, &written);
    metadata.counts.insert("validators".to_owned(), count);
    metadata.proven = Some(proven);
    metadata.state_root = Some(root);
    metadata.warnings().iter().for_each(|warning| steps.console.warning(warning));
    Ok(metadata.to_json())
}

/// The state root of what was written, read as `init` reads it.
fn prove(genesis: &Input, steps: &Steps<'_>) -> Result<B256, Failure> {
    enum Fault {
        Content(crate::el::Error),
        File(fs::Error),
    }
    impl From<crate::el::Error> for Fault {
        fn from(error: crate::el::Error) -> Self {
            Self::Content(error)
        }
    }
    let size = fs::length(genesis)?;
    let progress = |offset: u64| {
        let percent = offset * 100 / size.max(1);
        steps.console.progress(|| format!("proving: {percent} %"));
    };
    proof::state_root(|| fs::open(genesis).map_err(Fault::File), &progress).map_err(|fault| {
        match fault {
            Fault::Content(error) => {
                Failure::bug(format!("what was captured cannot be read: {error}"))
            }
            Fault::File(error) => error.into(),
        }
    })
}

/// Whether the root is proven.
fn check_root(root: B256, collected: &Collected, steps: &mut Steps<'_>) -> Result<bool, Failure> {
    match collected.expected {
        None => {
            steps.done("root", &format!("{root}, not proven"));
            Ok(false)
        }
        Some(expected) if expected == root => {
            steps.done("root", &format!("{root}, proven"));
            Ok(true)
        }
        Some(expected) => {
            let accounts = collected.counts.accounts;
            let message = format!(
                "{} gave {accounts} accounts with the state root {root}, but it must be {expected}: \
                 the capture is not whole",
                collected.kind
            );
            let hint = if collected.kind == "eth_getProof" {
                "accounts that no block names are unknown here: give the chain's --genesis FILE, \
                 or open the debug namespace (geth --http.api eth,net,web3,debug)"
            } else if collected.kind.contains("anvil") {
                "state that was set without a transaction is in no block yet: mine one (evm_mine)"
            } else if accounts == 256 {
                "exactly 256 accounts are one page of a dump, not the state"
            } else {
                "the source leaves something out: use geth dump, or another source"
            };
            Err(Failure::new(exit::VERIFICATION, message, Some(hint)))
        }
    }
}

/// The members of the genesis that the chain had: the file itself, or `--genesis`.
fn old_genesis(collected: &Collected, settings: &Settings) -> Result<Members, Failure> {
    if collected.genesis != Members::default() {
        return Ok(collected.genesis.clone());
    }
    let Some(input) = &settings.genesis else { return Ok(Members::default()) };
    let (document, _) = genesis::read(fs::open(input)?, &|_| ())
        .map_err(|error| Failure::genesis(input, &error))?;
    Ok(Members::of(&document.head))
}

/// The execution config: of the given genesis, the node, or what the block tells.
fn chain_config(
    collected: &Collected,
    node: Option<&Node<'_>>,
    old: &Members,
    target: &Target,
) -> Result<(Flattened, &'static str), Failure> {
    let ask =
        |method: &str| node.and_then(|node| node.client.call(method, &json!([]), SMALL_LIMIT).ok());
    let given = old.get("config").and_then(|config| Members::parse(config.as_bytes()).ok());
    let block = collected.block.as_ref();
    let latest = crate::el::chain_config::Hardfork::Osaka;
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
fn consensus_config(
    collected: &Collected,
    beacon: Option<&Node<'_>>,
    execution: &Flattened,
    chain_id: u64,
    target: &Target,
    settings: &Settings,
) -> Result<String, Failure> {
    let block = collected.block.as_ref();
    let slot_time = settings.slot_time;
    let Some(node) = beacon else {
        return consensus::template(&target.name, chain_id, slot_time, &execution.config, block)
            .map_err(|error| Failure::bug(format!("the template: {error}")));
    };
    let failed = |error| Failure::capture(&error);
    let spec = Spec::ask(&node.client).map_err(failed)?;
    if let Some(other) = spec.chain_id().filter(|id| *id != chain_id) {
        let message =
            format!("--cl-rpc is a beacon node of chain {other}, not of chain {chain_id}");
        return Err(Failure::usage(message, "both nodes must be of the same chain"));
    }
    let timestamp = block.map_or(spec.genesis_time, |block| block.timestamp);
    spec.config(timestamp, slot_time).map_err(failed)
}

fn describe(
    collected: &Collected,
    chain: Option<Chain>,
    target: &Target,
    chain_id: u64,
    written: &[Written],
) -> Metadata {
    let block = collected.block.as_ref().map(|block| SourceBlock {
        number: block.number,
        hash: block.hash,
        state_root: block.state_root,
        timestamp: block.timestamp,
    });
    let (client, genesis_hash) =
        chain.map_or((None, None), |chain| (chain.client, Some(chain.genesis)));
    let file = |file: &Written| {
        let (size, sha256) = (file.size, hex::encode(file.sha256));
        (file.path.clone(), metadata::File { size, sha256 })
    };
    let counts = &collected.counts;
    let counts = [
        ("accounts", counts.accounts),
        ("contracts", counts.contracts),
        ("storage_slots", counts.storage_slots),
    ];
    let counts: BTreeMap<_, _> =
        counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
    Metadata {
        format: metadata::FORMAT,
        name: target.name.clone(),
        chain_id,
        regenesis: Some(env!("CARGO_PKG_VERSION").to_owned()),
        source: Some(Source {
            kind: collected.kind.clone(),
            description: None,
            client,
            genesis_hash,
            block,
        }),
        obtained: collected.obtained.clone(),
        counts,
        files: written.iter().map(file).collect(),
        ..Metadata::default()
    }
}

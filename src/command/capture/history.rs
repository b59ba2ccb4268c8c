//! A past: all blocks up to one, and the chain's own genesis.

use std::io::{BufReader, Write};

use super::super::Failure;
use super::super::prepare::Steps;
use super::super::prepare::inputs::read_genesis;
use super::finish::{Made, Nodes, metadata_of};
use super::settings::{Settings, Target, WHERE_GENESIS_IS};
use super::{config, validators};
use crate::capture::Error;
use crate::capture::block::Block;
use crate::capture::chain::{self, Chain};
use crate::capture::history::{self, Links, SHARE, Source};
use crate::el::chain_config::ChainConfig;
use crate::el::edit::Piece;
use crate::el::header::make_genesis_header;
use crate::layout::{Content, OutFile};
use crate::rim::atomic_file::replace;
use crate::rim::console::Console;
use crate::rim::fs;
use crate::rim::rpc::Client;
use crate::rim::work::{Appending, Work};
use crate::rpc::Beacon;
use crate::snapshot::metadata::{self, Mode, SourceBlock};
use crate::snapshot::{self, Input};
use crate::{el, exit};

/// Where blocks are collected.
const COLLECTED: &str = "chain.rlp";
/// That an interrupted run has left blocks: they themselves tell the rest.
const CHECKPOINT: &[u8] = b"{\"mode\": \"history\"}\n";

fn failed(error: Error) -> Failure {
    Failure::capture(&error)
}

/// Writes the snapshot of a past into the work directory.
pub(super) fn make(
    nodes: &Nodes<'_>,
    chain: &Chain,
    target: &Target,
    settings: &Settings,
    work: &Work,
    steps: &mut Steps<'_>,
) -> Result<Made, Failure> {
    let (Some(node), Some(genesis)) = (nodes.execution, &settings.genesis) else {
        return Err(Failure::bug("a history without a node, or without a genesis"));
    };
    let execution = own_genesis(genesis, chain, steps)?;
    let Collected { kind, block, head, transactions, length } =
        collect(node, chain, settings, work, steps)?;
    let config_yaml =
        config::consensus(Some(&block), nodes.beacon, &execution, chain.id, target, settings)?;
    let consensus = if nodes.beacon.is_some() { "the beacon node" } else { "the sample" };
    steps.done("config", &format!("chain {}: consensus from {consensus}", chain.id));
    let beacon = nodes.beacon.map(|node| node as &dyn Beacon);
    let validators = validators::choose(beacon, settings, steps)?;

    let whole = |input: &Input, length| {
        Content::Pieces(vec![Piece::Source(0..length)], input.clone(), None)
    };
    let (directory, written) = work.stage(&[
        OutFile::new(snapshot::OWN_GENESIS, whole(genesis, fs::length(genesis)?), false),
        OutFile::new(snapshot::CHAIN, whole(&work.file(COLLECTED), length), false),
        OutFile::new(snapshot::HEAD, Content::Bytes(alloy_rlp::encode(&head)), false),
        OutFile::new(snapshot::CONFIG, Content::Bytes(config_yaml.into_bytes()), false),
        OutFile::new(snapshot::MNEMONICS, Content::Bytes(validators.mnemonics), validators.secret),
    ])?;
    let Block { number, hash, state_root, timestamp, .. } = block;
    let source = metadata::Source {
        kind: kind.to_owned(),
        client: chain.client.clone(),
        genesis_hash: Some(chain.genesis),
        block: Some(SourceBlock { number, hash, state_root, timestamp }),
        ..metadata::Source::default()
    };
    let counts =
        [("blocks", number), ("transactions", transactions), ("validators", validators.count)];
    let mut metadata = metadata_of(target, chain.id, source, &counts, &written);
    metadata.mode = Mode::History;
    metadata.proven = Some(true);
    metadata.state_root = Some(state_root);
    replace(&directory.join(snapshot::METADATA), &metadata.to_json(), 0o644)?;
    Ok(Made { directory, metadata })
}

/// The blocks in the work directory.
struct Collected {
    /// The way in which the node gave them.
    kind: &'static str,
    /// The last one, with the root and the time that are proven.
    block: Block,
    head: el::block::Block,
    transactions: u64,
    /// Bytes of all.
    length: u64,
}

/// Collects all blocks up to the one that is asked for.
fn collect(
    node: &Client<'_>,
    chain: &Chain,
    settings: &Settings,
    work: &Work,
    steps: &mut Steps<'_>,
) -> Result<Collected, Failure> {
    let pinned = chain::pin(node, settings.block).map_err(failed)?;
    let (last, hash) = (pinned.number, pinned.hash.unwrap_or_default());
    steps.done("block", &format!("{last} {hash}"));
    if last == 0 {
        let hint = "keep the state alone: --mode state";
        return Err(Failure::usage("block 0 has no past that could be kept", hint));
    }
    let source = history::open(node).map_err(failed)?;
    let mut run = Run::begin(node, chain, &pinned, work, steps)?;
    work.keep_on_signal(true);
    let fetched = run.fetch(node, &*source, last, work, steps.console);
    if matches!(fetched, Ok(()) | Err(Error::WrongBlock { .. })) {
        // Blocks that do not fit together may be those of two chains.
        chain::still(node, chain, &pinned).map_err(failed)?;
    }
    fetched.map_err(failed)?;
    let Run { links, out } = run;
    let Some(head) = links.head.filter(|_| links.hash == hash) else {
        let what = format!("is {}, but it was called {hash}", links.hash);
        return Err(failed(Error::WrongBlock { number: last, what }));
    };
    let (length, transactions) = (out.length, links.transactions);
    let text = format!(
        "blocks 1 to {last}, {transactions} transactions, {length} bytes: every hash is proven"
    );
    steps.done("capture", &text);
    let (state_root, timestamp) = (head.header.state_root, head.header.timestamp);
    let block = Block { state_root, timestamp, ..pinned };
    Ok(Collected { kind: source.name(), block, head, transactions, length })
}

/// Checks that a genesis is the chain's own; returns its config, which no hash is of.
fn own_genesis(
    input: &Input,
    chain: &Chain,
    steps: &mut Steps<'_>,
) -> Result<ChainConfig, Failure> {
    let fault = |error| Failure::genesis(input, &error);
    let (document, state, _) = read_genesis(input, steps.console)?;
    let genesis = document.checked_genesis().map_err(fault)?;
    let wrong = |what: String| Failure {
        exit: exit::VERIFICATION,
        ..Failure::input(input, None, &what, Some(WHERE_GENESIS_IS))
    };
    let Some(timestamp) = genesis.timestamp else {
        return Err(wrong("is a template: it has no timestamp of its own".to_owned()));
    };
    let hash = make_genesis_header(&genesis, state.root(), timestamp).hash();
    if hash != chain.genesis {
        return Err(wrong(format!("gives block 0 {hash}, but the node has {}", chain.genesis)));
    }
    let id = genesis.config.chain_id_64().map_err(fault)?;
    if id != chain.id {
        return Err(wrong(format!("has the chain id {id}, but the node has {}", chain.id)));
    }
    steps.done("genesis", &format!("{}: block 0 {hash}, the node's", input.label()));
    Ok(genesis.config)
}

/// A capture on its way.
struct Run {
    links: Links,
    out: Appending,
}

impl Run {
    /// Takes up the blocks that an earlier run has left, if they are still of the chain.
    fn begin(
        node: &Client<'_>,
        chain: &Chain,
        pinned: &Block,
        work: &Work,
        steps: &mut Steps<'_>,
    ) -> Result<Self, Failure> {
        let mut links = Links::new(chain.genesis);
        let mut length = 0;
        if work.checkpoint().is_some_and(|left| left == CHECKPOINT) {
            let mut reader = BufReader::new(fs::open(&work.file(COLLECTED))?);
            let (last, console) = (pinned.number, steps.console);
            let progress = |number| console.progress(|| format!("blocks {number}, from before"));
            length = history::resume(&mut reader, &mut links, last, &progress)
                .map_err(|error| failed(Error::Read(error)))?;
        }
        let kept = links.number();
        match chain::check_canonical(node, kept, links.hash) {
            Ok(()) if kept > 0 => steps.done("resume", &format!("at block {kept}")),
            Err(Error::Reorganised { .. }) => {
                steps.console.note(&format!(
                    "block {kept} was reorganised since: all blocks are asked for again"
                ));
                (links, length) = (Links::new(chain.genesis), 0);
            }
            checked => checked.map_err(failed)?,
        }
        let out = work.appending(COLLECTED, length)?;
        let out = out.ok_or_else(|| Failure::bug("the collected blocks have become shorter"))?;
        Ok(Self { links, out })
    }

    /// All blocks that are still to come.
    fn fetch(
        &mut self,
        node: &Client<'_>,
        source: &dyn Source,
        last: u64,
        work: &Work,
        console: &Console,
    ) -> Result<(), Error> {
        while self.links.number() < last {
            let first = self.links.number() + 1;
            let numbers = first..(first + SHARE).min(last + 1);
            for block in history::blocks(source, node, numbers)? {
                let rlp = alloy_rlp::encode(&block);
                self.links.add(block)?;
                self.out.write_all(&rlp).map_err(Error::Write)?;
            }
            self.out.flush().map_err(Error::Write)?;
            let kept = work.set_checkpoint(CHECKPOINT);
            kept.map_err(|error| Error::Write(std::io::Error::other(error)))?;
            console.progress(|| format!("blocks {} of {last}", self.links.number()));
        }
        Ok(())
    }
}

//! The OP-stack L2s of a snapshot, and their files on the new L1.

use std::collections::BTreeMap;

use super::baked::read_head;
use super::{ChainHistory, Error, Prepared};
use crate::el::alloc::BoundedState;
use crate::el::block::Block;
use crate::el::genesis::{Document, Genesis};
use crate::file::{Content, Input, InputReader, OutFile};
use crate::l2::{self, Anchor, Chain, Fund, Part, Problem, Rollup, SystemConfig};
use crate::layout;
use crate::progress::Progress;
use crate::snapshot::bake::BakedL2;
use crate::snapshot::{BATCHER_KEY, L2Files, PROPOSER_KEY, Snapshot};
use crate::stamp::Stamp;
use crate::summary;

/// An L2 of a snapshot.
#[derive(Debug)]
pub struct L2Chain {
    /// The chain.
    pub chain: Chain,
    /// The file that the ranges of its genesis are in.
    pub genesis: Input,
}

/// Reads the `rollup.json` of all L2s.
///
/// # Errors
/// A file cannot be read, or op-node refuses it.
pub(super) fn rollups(snapshot: &Snapshot, reader: &dyn InputReader) -> Result<Vec<Rollup>, Error> {
    let read = |files: &L2Files| {
        let rollup = Rollup::parse(&reader.read(&files.rollup)?);
        rollup.map_err(|error| of(files, error, reader))
    };
    snapshot.l2.iter().map(read).collect()
}

/// The genesis of an L2: its own file, or the text that op-deployer's state stands for.
fn genesis(files: &L2Files, rollup: &Rollup, reader: &dyn InputReader) -> Result<Input, Error> {
    if !files.deployed {
        return Ok(files.genesis.clone());
    }
    let label = files.genesis.label();
    let genesis = l2::deployed_genesis(rollup, &reader.read(&files.genesis)?, &label);
    let genesis = genesis.map_err(|error| of(files, error, reader))?;
    Ok(Input::memory(&label, genesis))
}

/// Reads all L2s, and checks that they belong to the L1, with its values and state, and differ from each
/// other.
///
/// # Errors
/// A file cannot be read, op-node or op-geth refuses it, or it belongs to another chain.
pub(super) fn read(
    snapshot: &Snapshot,
    rollups: Vec<Rollup>,
    (l1, state): (&Genesis, &BoundedState<'_>),
    history: Option<&ChainHistory>,
    reader: &dyn InputReader,
    progress: &dyn Progress,
) -> Result<Vec<L2Chain>, Error> {
    let mut chains = Vec::new();
    for (files, rollup) in snapshot.l2.iter().zip(rollups) {
        let (name, fund) = (&files.name, fund(files, reader)?);
        let genesis = genesis(files, &rollup, reader)?;
        let size = reader.length(&genesis)?;
        let advance = |offset: u64| {
            let (read, all) = (offset / 1_000_000, size / 1_000_000);
            progress.advance(&|| format!("reading {}: {read} of {all} MB", genesis.label()));
        };
        // The alloc of a history is the state of block 0, not of the anchor.
        let contract = rollup.system_config_contract().filter(|_| history.is_none());
        let entry = contract.and_then(|address| state.entry(address));
        let system_config = entry.and_then(|entry| SystemConfig::of_entry(&entry.text));
        let changes = system_config.as_ref().map(|config| rollup.changes(config));
        let unknown: Vec<String> = rollup.unknown_forks().map(str::to_owned).collect();
        let chain = l2::read(rollup, reader.open(&genesis)?, size, &fund, &advance);
        let mut chain = chain.map_err(|error| of(files, error, reader))?;
        chain.state.system_config = system_config;
        add_keys(files, &mut chain, reader)?;
        let (accounts, root) = (chain.state.accounts, chain.state.root);
        progress.step("l2", &format!("{name}: {accounts} accounts, state root {root}"));
        if !unknown.is_empty() {
            let keys = unknown.join(", ");
            progress.note(&format!("forks that are not known here move with the others: {keys}"));
        }
        if let Some(changes) = changes.filter(|changes| !changes.is_empty()) {
            let changes = changes.join(", ");
            progress.note(&format!("system_config as in the contract on the L1: {changes}"));
        }
        chains.push(L2Chain { chain, genesis });
    }
    check(snapshot, &chains, l1, history, reader)?;
    Ok(chains)
}

/// The L2s of a bake, whose states were read before; `None` if they are not those of the snapshot.
///
/// # Errors
/// As [`read`].
pub(super) fn baked(
    snapshot: &Snapshot,
    baked: &BTreeMap<String, BakedL2>,
    l1: &Genesis,
    history: Option<&ChainHistory>,
    reader: &dyn InputReader,
) -> Result<Option<Vec<L2Chain>>, Error> {
    let mut chains = Vec::new();
    for (files, rollup) in snapshot.l2.iter().zip(rollups(snapshot, reader)?) {
        let Some(BakedL2 { alloc, empty, state }) = baked.get(&files.name) else { return Ok(None) };
        let genesis = genesis(files, &rollup, reader)?;
        let size = reader.length(&genesis)?;
        if alloc.start >= alloc.end || alloc.end > size || state.file_size != size {
            return Ok(None);
        }
        let document = read_head(&genesis, alloc, *empty, size, reader)?;
        let Some(document) = document else { return Ok(None) };
        let chain = l2::with_state(rollup, document, state.clone());
        let mut chain = chain.map_err(|error| of(files, error, reader))?;
        add_keys(files, &mut chain, reader)?;
        chains.push(L2Chain { chain, genesis });
    }
    check(snapshot, &chains, l1, history, reader)?;
    Ok(Some(chains))
}

/// The L2s for the record of a bake.
///
/// # Errors
/// A genesis has more than one alloc.
pub(super) fn record(prepared: &Prepared) -> Result<BTreeMap<String, BakedL2>, Error> {
    let record = |(files, L2Chain { chain, .. }): (&L2Files, &L2Chain)| {
        let [alloc] = &chain.document.alloc[..] else {
            let message = "has more than one alloc";
            return Err(Error::snapshot(&files.genesis, message, "merge them into one"));
        };
        let (alloc, empty, state) = (alloc.range.clone(), alloc.empty, chain.state.clone());
        Ok((files.name.clone(), BakedL2 { alloc, empty, state }))
    };
    prepared.snapshot.l2.iter().zip(&prepared.l2).map(record).collect()
}

/// The files of all L2s.
#[derive(Debug)]
pub(super) struct Anchored {
    pub(super) files: Vec<OutFile>,
    pub(super) summary: Vec<summary::L2>,
}

/// The files of all L2s on the L1 whose genesis is `document`, and which continues `block`.
///
/// Source: optimism `op-chain-ops/genesis`, `L2GenesisTime`: an L2 starts at the time of its anchor. The
/// last block of a history is older than the new beacon chain, so there it starts with that chain.
///
/// # Errors
/// A time does not fit, or op-node cannot read the L1's config.
pub(super) fn files(
    prepared: &Prepared,
    document: &Document,
    block: &Block,
    stamp: Stamp,
) -> Result<Anchored, Error> {
    let (mut files, mut all) = (Vec::new(), Vec::new());
    let l1_config = document.chain_config().unwrap_or_default();
    let l1_time = block.header.timestamp;
    let anchor = Anchor {
        l1_number: block.header.number,
        l1_hash: block.header.hash(),
        l1_time,
        l2_time: if prepared.history.is_some() { stamp.genesis_time } else { l1_time },
    };
    for (source, L2Chain { chain, genesis }) in prepared.snapshot.l2.iter().zip(&prepared.l2) {
        let anchored = chain.anchored(&anchor, l1_config);
        let anchored = anchored.map_err(|error| at(source, error, None))?;
        let genesis = Content::Parts(anchored.genesis, genesis.clone(), None);
        let path = |file: &str| layout::l2(&source.name, file);
        files.push(OutFile::new(path("genesis.json"), genesis, false));
        files.push(OutFile::public(path("rollup.json"), anchored.rollup));
        files.push(OutFile::public(path("l1-chain-config.json"), anchored.l1_chain_config));
        for (file, key) in [(BATCHER_KEY, &chain.batcher_key), (PROPOSER_KEY, &chain.proposer_key)]
        {
            files.extend(key.as_ref().map(|key| OutFile::secret(path(file), &**key)));
        }
        all.push(summary::L2 {
            name: source.name.clone(),
            chain_id: chain.rollup.l2_chain_id,
            timestamp: anchor.l2_time,
            state_root: anchored.header.state_root.to_string(),
            block_hash: anchored.header.hash().to_string(),
            accounts: chain.state.accounts,
            l1_block: anchor.l1_number,
        });
    }
    Ok(Anchored { files, summary: all })
}

fn fund(files: &L2Files, reader: &dyn InputReader) -> Result<Fund, Error> {
    let Some(input) = &files.fund else { return Ok(Fund::new()) };
    l2::read_fund(&reader.read(input)?).map_err(|error| of(files, error, reader))
}

fn add_keys(files: &L2Files, chain: &mut Chain, reader: &dyn InputReader) -> Result<(), Error> {
    let failed = |error| of(files, error, reader);
    if let Some(input) = &files.batcher_key {
        let key = l2::read_batcher_key(&reader.read(input)?, chain.batcher());
        chain.batcher_key = Some(key.map_err(failed)?);
    }
    if let Some(input) = &files.proposer_key {
        let key = l2::read_proposer_key(&reader.read(input)?);
        chain.proposer_key = Some(key.map_err(failed)?);
    }
    Ok(())
}

/// Checks the L2s against the L1 and each other.
fn check(
    snapshot: &Snapshot,
    chains: &[L2Chain],
    l1: &Genesis,
    history: Option<&ChainHistory>,
    reader: &dyn InputReader,
) -> Result<(), Error> {
    let Some(first) = snapshot.l2.first() else { return Ok(()) };
    let l1_chain_id = l1.config.chain_id_64();
    let l1_chain_id =
        l1_chain_id.map_err(|error| Error::genesis(&snapshot.genesis, error, reader))?;
    for (index, (files, L2Chain { chain, .. })) in snapshot.l2.iter().zip(chains).enumerate() {
        let rollup = &chain.rollup;
        let error =
            |field: &str, problem| at(files, l2::Error::new(Part::Rollup, field, problem), None);
        let differs = |value: u64, other: &Input, other_field, found: u64| Problem::Contradiction {
            value: value.to_string(),
            other: other.label(),
            other_field,
            found: found.to_string(),
        };
        if rollup.l1_chain_id != l1_chain_id {
            let (named, genesis) = (rollup.l1_chain_id, &snapshot.genesis);
            let problem = differs(named, genesis, "config.chainId", l1_chain_id);
            return Err(error("l1_chain_id", problem));
        }
        let twin =
            chains[..index].iter().position(|c| c.chain.rollup.l2_chain_id == rollup.l2_chain_id);
        if let Some(twin) = twin {
            let other = snapshot.l2.get(twin).unwrap_or(first);
            let id = rollup.l2_chain_id;
            return Err(error("l2_chain_id", differs(id, &other.rollup, "l2_chain_id", id)));
        }
        if let Some(history) = history {
            let (anchor, end) = (rollup.l1_number, history.head.header.number);
            if anchor != end {
                return Err(error("genesis.l1.number", Problem::OldAnchor { anchor, end }));
            }
        }
    }
    Ok(())
}

/// An error in a file of an L2, with its line where that is known.
fn of(files: &L2Files, error: l2::Error, reader: &dyn InputReader) -> Error {
    let offset = match &error.problem {
        Problem::Genesis(error) => error.offset,
        _ => None,
    };
    let offset = offset.filter(|_| !files.deployed);
    let line = offset.and_then(|offset| reader.line_of(&files.genesis, offset).ok());
    at(files, error, line)
}

fn at(files: &L2Files, source: l2::Error, line: Option<u64>) -> Error {
    let input = match source.part {
        Part::Rollup => &files.rollup,
        Part::Genesis | Part::State => &files.genesis,
        Part::Fund => files.fund.as_ref().unwrap_or(&files.rollup),
        Part::BatcherKey => files.batcher_key.as_ref().unwrap_or(&files.rollup),
        Part::ProposerKey => files.proposer_key.as_ref().unwrap_or(&files.rollup),
        Part::GameFactory => files.game_factory.as_ref().unwrap_or(&files.rollup),
    };
    Error::L2 { input: input.clone(), line, source: Box::new(source) }
}

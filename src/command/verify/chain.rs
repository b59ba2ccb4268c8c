//! A running chain: it has the expected genesis and state, and its head advances.

use std::path::Path;
use std::time::Duration;

use alloy_primitives::B256;
use serde::Serialize;

use super::super::Failure;
use super::super::health as query;
use super::super::steps::Steps;
use super::history::{self, ChainHistory};
use super::snapshot::genesis_block;
use crate::capture::block::Block;
use crate::capture::chain::{self, BlockId};
use crate::capture::client::ClientKind;
use crate::capture::sample::{self, Compared, Sample};
use crate::capture::{self, file};
use crate::el::genesis;
use crate::el::header::make_genesis_header;
use crate::exit;
use crate::file::Input;
use crate::health::{self, Expected, Finding};
use crate::io::clock::{now, pause};
use crate::io::fs;
use crate::io::http::RetryPolicy;
use crate::io::rpc_client::Client;
use crate::layout;
use crate::pipeline::{self, Prepared};
use crate::rpc;
use crate::snapshot::Snapshot;
use crate::summary::Finished;

/// The policy for each answer.
pub(super) const RETRY_POLICY: RetryPolicy =
    RetryPolicy { timeout: Duration::from_secs(15), attempts: 3 };

/// What the chain is compared with.
pub(super) enum Reference<'a> {
    /// A snapshot, at any genesis time.
    Snapshot(&'a Snapshot, &'a Prepared),
    /// The runtime directory that `init` wrote.
    Runtime(&'a Path),
}

/// The start that the chain should have.
struct Start {
    expected: Expected,
    state_root: B256,
    genesis: Input,
    history: Option<ChainHistory>,
}

#[derive(Debug, Serialize)]
pub(super) struct Verified {
    genesis_hash: String,
    state_root: String,
    /// `null`: the node has pruned the state of block 0.
    compared: Option<Compared>,
    /// How much of the history was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<history::Compared>,
    /// Number of the head.
    head: u64,
    /// Slot of the beacon node's head.
    #[serde(skip_serializing_if = "Option::is_none")]
    head_slot: Option<u64>,
}

fn failed(finding: Finding) -> Failure {
    Failure::new(exit::VERIFICATION, finding.cause, Some(&finding.cure))
}

/// Compares the chain with `reference`.
pub(super) fn verify(
    reference: &Reference<'_>,
    el: &Client<'_>,
    cl: Option<&Client<'_>>,
    steps: &Steps<'_>,
) -> Result<Verified, Failure> {
    let zero = chain::pin(el, BlockId::Number(0)).map_err(|error| Failure::capture(&error))?;
    // An unreachable node is reported as such, before any comparison.
    if let Some(cl) = cl {
        let answer = rpc::data(cl, "/eth/v1/beacon/genesis", chain::SMALL_LIMIT);
        answer.map_err(|error| Failure::capture(&error.into()))?;
    }
    let mut start = match reference {
        Reference::Snapshot(snapshot, prepared) => of_snapshot(snapshot, prepared, &zero)?,
        Reference::Runtime(runtime) => of_runtime(runtime)?,
    };
    let first = query::execution(el).map_err(failed)?;
    // Compared before the hash: another state explains another hash better than data of another run.
    if matches!(reference, Reference::Snapshot(..)) && zero.state_root != start.state_root {
        let message = format!(
            "block 0 of {} has state root {}, but the snapshot has {}",
            el.label(),
            zero.state_root,
            start.state_root
        );
        let hint = "the chain started from another snapshot, or with --add-system-contracts";
        return Err(Failure::new(exit::VERIFICATION, message, Some(hint)));
    }
    let health = health::execution(&start.expected, &first, now()).map_err(failed)?;
    steps.done("genesis", &format!("{}, {health}", first.genesis_hash));
    let beacon = cl.map(|cl| beacon(cl, reference, &mut start, steps)).transpose()?;
    let compared = compare(&start, el, &zero, steps)?;
    let history = start.history.as_ref().map(|history| history.compare(el, steps)).transpose()?;

    let expected = &start.expected;
    let wait = expected.genesis_time.saturating_sub(now()).saturating_add(expected.patience());
    let number = || query::execution(el).map(|el| el.number);
    let head = advance(first.number, wait, "execution node", steps, number)?;
    let mut head_slot = None;
    if let (Some(cl), Some(first)) = (cl, beacon) {
        let slot = || query::beacon(cl, false).map(|cl| cl.head_slot);
        head_slot = Some(advance(first, wait, "beacon node", steps, slot)?);
    }
    Ok(Verified {
        genesis_hash: first.genesis_hash,
        state_root: zero.state_root.to_string(),
        compared,
        history,
        head,
        head_slot,
    })
}

/// Compares the genesis of the beacon node; returns the slot of its head.
fn beacon(
    cl: &Client<'_>,
    reference: &Reference<'_>,
    start: &mut Start,
    steps: &Steps<'_>,
) -> Result<u64, Failure> {
    let mut first = query::beacon(cl, false).map_err(failed)?;
    if matches!(reference, Reference::Snapshot(..)) {
        // A snapshot fixes neither the genesis time nor what depends on it.
        start.expected.genesis_time = first.genesis_time;
        first.block_root = None;
    }
    let health = health::beacon(&start.expected, &first, now()).map_err(failed)?;
    steps.done("beacon", &format!("validators root {}, {health}", first.genesis_validators_root));
    Ok(first.head_slot)
}

/// Waits until the head is after `first`.
fn advance(
    first: u64,
    wait: u64,
    who: &str,
    steps: &Steps<'_>,
    ask: impl Fn() -> Result<u64, Finding>,
) -> Result<u64, Failure> {
    let end = now().saturating_add(wait);
    loop {
        let head = ask().map_err(failed)?;
        if head > first {
            steps.done("head", &format!("{who}: {first}, then {head}"));
            return Ok(head);
        }
        if now() > end {
            let cause = format!("the head of the {who} stays at {head} for {wait} s");
            return Err(failed(Finding::new(
                cause,
                "regenesis health --explain looks for the cause",
            )));
        }
        steps.console.progress(|| format!("{who}: waiting for a head after {first}"));
        pause(Duration::from_millis(200));
    }
}

/// Compares a sample of the accounts of the genesis with those of block 0.
fn compare(
    start: &Start,
    el: &Client<'_>,
    zero: &Block,
    steps: &Steps<'_>,
) -> Result<Option<Compared>, Failure> {
    let mut sample = Sample::new(zero.hash.unwrap_or_default());
    let open = || {
        fs::open(&start.genesis).map_err(|error| capture::Error::Read(std::io::Error::other(error)))
    };
    let mut show = |account| {
        sample.show(account);
        Ok(())
    };
    file::read(&open, &mut show).map_err(|error| Failure::state_file(&start.genesis, &error))?;
    match sample.compare(el, "0x0") {
        Ok(compared) => {
            let Compared { accounts, codes, slots } = compared;
            let text =
                format!("{accounts} accounts, {codes} codes and {slots} slots as in the genesis");
            steps.done("sample", &text);
            Ok(Some(compared))
        }
        Err(sample::Error::Rpc(error @ rpc::Error::Refused { .. })) => {
            let client = ClientKind::of(chain::client_version(el).as_deref());
            steps.console.warning(&format!(
                "no account was compared: the node does not return the state of block 0 ({error}): {}",
                client.how_to_keep_state()
            ));
            Ok(None)
        }
        Err(sample::Error::Rpc(error)) => Err(Failure::capture(&error.into())),
        Err(sample::Error::Answer(error)) => Err(Failure::capture(&error)),
        Err(sample::Error::Differs(what)) => {
            let hint = "the node's database is damaged: start it with an empty one";
            Err(Failure::new(exit::VERIFICATION, what, Some(hint)))
        }
    }
}

fn of_snapshot(snapshot: &Snapshot, prepared: &Prepared, zero: &Block) -> Result<Start, Failure> {
    let (header, _) = genesis_block(prepared, zero.timestamp)?;
    let slot = prepared.config.slot_duration_ms();
    let slot = slot.map_err(|error| Failure::config(&snapshot.config, &error))? / 1000;
    let registry = pipeline::registry_root(prepared)?;
    Ok(Start {
        expected: Expected {
            block_hash: header.hash().to_string(),
            first: prepared.history.as_ref().map_or(0, |history| history.head.header.number),
            genesis_time: zero.timestamp,
            genesis_validators_root: registry.to_string(),
            block_root: String::new(),
            slot,
        },
        state_root: prepared.state_root,
        genesis: snapshot.genesis.clone(),
        history: ChainHistory::of(snapshot, prepared),
    })
}

/// The start in the files of a runtime directory, which must match the summary of `init`.
fn of_runtime(runtime: &Path) -> Result<Start, Failure> {
    let expected = query::expected(runtime)?;
    let input = Input::file(runtime.join("metadata/genesis.json"));
    let in_file = |error: crate::el::Error| Failure::genesis(&input, &error);
    let marker = Input::file(runtime.join(layout::MARKER));
    let finished = Finished::parse(&fs::read(&marker)?);
    if finished.is_ok_and(|finished| finished.el.is_some_and(|el| el.only_database)) {
        let message = format!("{}: the genesis is in geth's database alone", input.label());
        let hint =
            "compare with the snapshot instead of --runtime: regenesis verify SNAPSHOT --el-rpc …";
        return Err(Failure::new(exit::USAGE, message, Some(hint)));
    }
    let (document, state) = genesis::read(fs::open(&input)?, &|_| ()).map_err(in_file)?;
    let genesis = document.checked_genesis().map_err(in_file)?;
    let (state_root, time) = (state.root(), genesis.timestamp.unwrap_or_default());
    let genesis_hash = make_genesis_header(&genesis, state_root, time).hash();
    if genesis_hash.to_string() != expected.block_hash {
        let message = format!(
            "{} has block hash {genesis_hash}, but regenesis.json has {}",
            input.label(),
            expected.block_hash
        );
        let hint = "the file was edited after init: run regenesis init again";
        return Err(Failure::new(exit::VERIFICATION, message, Some(hint)));
    }
    let marker = Input::file(runtime.join(layout::MARKER));
    let damaged = |error: &dyn std::fmt::Display| {
        let hint = Some("run regenesis init again");
        Failure::input(&marker, None, &error.to_string(), hint)
    };
    let finished = Finished::parse(&fs::read(&marker)?).map_err(|error| damaged(&error))?;
    let kept = finished.history.filter(|history| history.bytes.is_some());
    let history = kept.map(|history| {
        let head = history.block_hash.parse().map_err(|error| damaged(&error))?;
        Ok::<_, Failure>(ChainHistory {
            chain: Input::file(runtime.join("metadata/chain.rlp")),
            genesis_hash,
            head: (history.blocks, head),
        })
    });
    let history = history.transpose()?;
    Ok(Start { expected, state_root, genesis: input, history })
}

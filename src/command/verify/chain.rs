//! A running chain: it began as it should, its state is there, and its head advances.

use std::path::Path;
use std::time::Duration;

use alloy_primitives::B256;
use serde::Serialize;

use super::super::health as asking;
use super::super::prepare::{Prepared, Steps};
use super::super::{Failure, bake};
use super::history::{self, Past};
use super::snapshot::genesis_block;
use crate::capture::block::Block;
use crate::capture::chain::{self, BlockId};
use crate::capture::sample::{self, Compared, Sample};
use crate::capture::{self, file};
use crate::el::genesis;
use crate::el::header::make_genesis_header;
use crate::exit;
use crate::health::{self, Expected, Finding};
use crate::layout;
use crate::rim::clock::{now, pause};
use crate::rim::fs;
use crate::rim::http::Patience;
use crate::rim::rpc::Client;
use crate::rpc;
use crate::snapshot::{Input, Snapshot};
use crate::summary::Finished;

/// For each answer.
pub(super) const PATIENCE: Patience = Patience { timeout: Duration::from_secs(15), attempts: 3 };
/// Slots in which a head must come that is later than the first that was seen.
const SLOTS: u64 = 8;

/// What the chain should have been made of.
pub(super) enum Source<'a> {
    /// This snapshot, at whatever time.
    Snapshot(&'a Snapshot, &'a Prepared),
    /// What `init` wrote here.
    Runtime(&'a Path),
}

/// How the chain should have begun.
struct Claim {
    expected: Expected,
    state_root: B256,
    genesis: Input,
    past: Option<Past>,
}

#[derive(Debug, Serialize)]
pub(super) struct Verified {
    genesis_hash: String,
    state_root: String,
    /// `null`: the node no longer has the state of block 0.
    compared: Option<Compared>,
    /// What of a past was compared.
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

/// Compares the chain with its source.
pub(super) fn verify(
    source: &Source<'_>,
    el: &Client<'_>,
    cl: Option<&Client<'_>>,
    steps: &mut Steps<'_>,
) -> Result<Verified, Failure> {
    let zero = chain::pin(el, BlockId::Number(0)).map_err(|error| Failure::capture(&error))?;
    // A node that is not there is told as such, before anything is compared.
    if let Some(cl) = cl {
        let answer = rpc::data(cl, "/eth/v1/beacon/genesis", chain::SMALL_LIMIT);
        answer.map_err(|error| Failure::capture(&error.into()))?;
    }
    let mut claim = match source {
        Source::Snapshot(snapshot, prepared) => of_snapshot(snapshot, prepared, &zero)?,
        Source::Runtime(runtime) => of_runtime(runtime)?,
    };
    let first = asking::execution(el).map_err(failed)?;
    // A state that differs explains a hash that does; data of another run do not have this one.
    if matches!(source, Source::Snapshot(..)) && zero.state_root != claim.state_root {
        let message = format!(
            "block 0 of {} has the state root {}, but the snapshot {}",
            el.label(),
            zero.state_root,
            claim.state_root
        );
        let hint = "the chain was made of another snapshot, or with --add-system-contracts";
        return Err(Failure::new(exit::VERIFICATION, message, Some(hint)));
    }
    let health = health::execution(&claim.expected, &first, now()).map_err(failed)?;
    steps.done("genesis", &format!("{}, {health}", first.genesis_hash));
    let beacon = cl.map(|cl| beacon(cl, source, &mut claim, steps)).transpose()?;
    let compared = compare(&claim, el, &zero, steps)?;
    let history = claim.past.as_ref().map(|past| past.compare(el, steps)).transpose()?;

    let slots = SLOTS.saturating_mul(claim.expected.slot.max(1));
    let wait = claim.expected.genesis_time.saturating_sub(now()).saturating_add(slots);
    let number = || asking::execution(el).map(|el| el.number);
    let head = advance(first.number, wait, "execution node", steps, number)?;
    let mut head_slot = None;
    if let (Some(cl), Some(first)) = (cl, beacon) {
        let slot = || asking::beacon(cl, false).map(|cl| cl.head_slot);
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
    source: &Source<'_>,
    claim: &mut Claim,
    steps: &mut Steps<'_>,
) -> Result<u64, Failure> {
    let mut first = asking::beacon(cl, false).map_err(failed)?;
    if matches!(source, Source::Snapshot(..)) {
        // A snapshot does not say when its chains begin, and what of it follows.
        claim.expected.genesis_time = first.genesis_time;
        first.block_root = None;
    }
    let health = health::beacon(&claim.expected, &first, now()).map_err(failed)?;
    steps.done("beacon", &format!("registry {}, {health}", first.genesis_validators_root));
    Ok(first.head_slot)
}

/// Waits until the head is a later one.
fn advance(
    first: u64,
    wait: u64,
    who: &str,
    steps: &mut Steps<'_>,
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
            return Err(failed(Finding::new(cause, "regenesis health --explain tells more")));
        }
        steps.console.progress(|| format!("{who}: waiting for a head behind {first}"));
        pause(Duration::from_millis(200));
    }
}

/// Draws accounts from the genesis, and compares them with those of block 0.
fn compare(
    claim: &Claim,
    el: &Client<'_>,
    zero: &Block,
    steps: &mut Steps<'_>,
) -> Result<Option<Compared>, Failure> {
    let mut sample = Sample::new(zero.hash.unwrap_or_default());
    let open = || {
        fs::open(&claim.genesis).map_err(|error| capture::Error::Read(std::io::Error::other(error)))
    };
    let mut show = |account| {
        sample.show(account);
        Ok(())
    };
    file::read(&open, &mut show).map_err(|error| Failure::state_file(&claim.genesis, &error))?;
    match sample.compare(el, "0x0") {
        Ok(compared) => {
            let Compared { accounts, codes, slots } = compared;
            let text =
                format!("{accounts} accounts, {codes} codes, {slots} slots as in the genesis");
            steps.done("sample", &text);
            Ok(Some(compared))
        }
        Err(sample::Error::Rpc(error @ rpc::Error::Refused { .. })) => {
            steps.console.warning(&format!(
                "no account was compared: the node does not give the state of block 0 ({error}); \
                 geth --gcmode archive keeps it"
            ));
            Ok(None)
        }
        Err(sample::Error::Rpc(error)) => Err(Failure::capture(&error.into())),
        Err(sample::Error::Answer(error)) => Err(Failure::capture(&error)),
        Err(sample::Error::Differs(what)) => {
            let hint = "the node's database is damaged: start it on an empty one";
            Err(Failure::new(exit::VERIFICATION, what, Some(hint)))
        }
    }
}

fn of_snapshot(snapshot: &Snapshot, prepared: &Prepared, zero: &Block) -> Result<Claim, Failure> {
    let (header, _) = genesis_block(snapshot, prepared, zero.timestamp)?;
    let slot = prepared.config.slot_duration_ms();
    let slot = slot.map_err(|error| Failure::config(&snapshot.config, &error))? / 1000;
    let registry = bake::registry_root(snapshot, prepared)?;
    Ok(Claim {
        expected: Expected {
            block_hash: header.hash().to_string(),
            first: prepared.past.as_ref().map_or(0, |past| past.head.header.number),
            genesis_time: zero.timestamp,
            genesis_validators_root: format!("0x{}", hex::encode(registry)),
            block_root: String::new(),
            slot,
        },
        state_root: prepared.state_root,
        genesis: snapshot.genesis.clone(),
        past: Past::of(snapshot, prepared),
    })
}

/// As its files say, which must say what `init` did.
fn of_runtime(runtime: &Path) -> Result<Claim, Failure> {
    let expected = asking::expected(runtime)?;
    let input = Input::File(runtime.join("metadata/genesis.json"));
    let in_file = |error: crate::el::Error| Failure::genesis(&input, &error);
    let (document, state) = genesis::read(fs::open(&input)?, &|_| ()).map_err(in_file)?;
    let genesis = document.checked_genesis().map_err(in_file)?;
    let (state_root, time) = (state.root(), genesis.timestamp.unwrap_or_default());
    let genesis_hash = make_genesis_header(&genesis, state_root, time).hash();
    if genesis_hash.to_string() != expected.block_hash {
        let message = format!(
            "{} gives block {genesis_hash}, but regenesis.json says {}",
            input.label(),
            expected.block_hash
        );
        let hint = "the file was changed after init: run regenesis init again";
        return Err(Failure::new(exit::VERIFICATION, message, Some(hint)));
    }
    let marker = Input::File(runtime.join(layout::MARKER));
    let damaged = |error: &dyn std::fmt::Display| {
        let hint = Some("run regenesis init again");
        Failure::input(&marker, None, &error.to_string(), hint)
    };
    let finished = Finished::parse(&fs::read(&marker)?).map_err(|error| damaged(&error))?;
    let kept = finished.history.filter(|past| past.bytes.is_some());
    let past = kept.map(|past| {
        let head = past.block_hash.parse().map_err(|error| damaged(&error))?;
        Ok::<_, Failure>(Past {
            chain: Input::File(runtime.join("metadata/chain.rlp")),
            genesis_hash,
            head: (past.blocks, head),
        })
    });
    let past = past.transpose()?;
    Ok(Claim { expected, state_root, genesis: input, past })
}

//! A running L2: it has the genesis and the config that `init` wrote, and its heads advance.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::super::Failure;
use super::super::steps::Steps;
use crate::capture::block::Block;
use crate::capture::chain::{BLOCK_LIMIT, Chain, SMALL_LIMIT};
use crate::exit;
use crate::file::Input;
use crate::io::clock::{now, pause};
use crate::io::fs;
use crate::io::rpc_client::Client;
use crate::l2::{Rollup, differences};
use crate::layout;
use crate::rpc::{self, Rpc as _};

/// The number of blocks within which the unsafe head must advance.
const BLOCKS: u64 = 8;
/// Seconds within which it must advance at least, as for an L1.
const LEAST: u64 = 30;
/// Seconds within which the safe and the finalized head must advance: batches are posted every few
/// minutes, and an L1 with the minimal preset finalizes after 4 epochs.
const CONFIRMED: u64 = 180;
/// The oldest head of a chain that keeps pace, in blocks and in seconds at least.
const OLDEST: (u64, u64) = (30, 60);

/// A head of an L2.
struct Head {
    name: &'static str,
    /// Its name for `eth_getBlockByNumber`.
    label: &'static str,
    /// Why it may stay.
    hint: &'static str,
}

const UNSAFE: Head = Head {
    name: "unsafe",
    label: "latest",
    hint: "op-node does not sequence: its log has the reason; check --sequencer.enabled",
};
const SAFE: Head = Head {
    name: "safe",
    label: "safe",
    hint: "op-batcher posts no batch: its log has the reason; check its ether on the L1",
};
const FINALIZED: Head = Head {
    name: "finalized",
    label: "finalized",
    hint: "the L1 does not finalize, or op-node does not notice: check --l1.epoch-poll-interval",
};

#[derive(Debug, Serialize)]
pub(super) struct Verified {
    name: String,
    genesis_hash: String,
    /// How many fields of op-node's config were compared; `null` without `--l2-node`.
    config_fields: Option<usize>,
    #[serde(rename = "unsafe")]
    latest: u64,
    safe: u64,
    finalized: u64,
    /// Seconds since the unsafe head.
    head_age: u64,
}

fn differs(message: String, hint: &str) -> Failure {
    Failure::new(exit::VERIFICATION, message, Some(hint))
}

/// `rollup.json` of the L2 `name` in `runtime`.
pub(super) fn in_runtime(runtime: &Path, name: &str) -> Result<(Input, Vec<u8>), Failure> {
    let file = Input::file(runtime.join(layout::l2(name, "rollup.json")));
    let bytes = fs::read(&file)?;
    Ok((file, bytes))
}

/// Compares the L2 `name` with the contents of `file`, its `rollup.json`.
pub(super) fn verify(
    (file, bytes): &(Input, Vec<u8>),
    name: &str,
    el: &Client<'_>,
    node: Option<&Client<'_>>,
    steps: &Steps<'_>,
) -> Result<Verified, Failure> {
    let rollup = Rollup::parse(bytes).map_err(|error| {
        Failure::input(file, None, &error.to_string(), Some("run regenesis init again"))
    })?;
    let chain = Chain::fetch(el).map_err(|error| Failure::capture(&error))?;
    let label = file.label();
    if chain.id != rollup.l2_chain_id {
        let (found, id) = (chain.id, rollup.l2_chain_id);
        let message =
            format!("{name}: the chain id of {} is {found}, but {label} has {id}", el.label());
        return Err(differs(message, "pass the op-geth of this L2: --l2-rpc"));
    }
    if chain.genesis != rollup.l2_hash {
        let (found, hash) = (chain.genesis, rollup.l2_hash);
        let message =
            format!("{name}: block 0 of {} is {found}, but {label} has {hash}", el.label());
        let hint = "op-geth has the data of an earlier genesis: remove its data directory, and run \
                    op-geth init with genesis.json beside that file";
        return Err(differs(message, hint));
    }
    let config_fields = node.map(|node| compare(name, &rollup, &label, node)).transpose()?;
    let config = config_fields.map_or_else(String::new, |count| {
        format!(", {count} fields of op-node's config as in rollup.json")
    });
    steps.done("l2", &format!("{name}: block 0 {}{config}", chain.genesis));

    // All three before any wait: most then have advanced when their turn comes.
    let (safe, finalized) = (SAFE.number(el)?, FINALIZED.number(el)?);
    let started = rollup.l2_time.saturating_sub(now());
    let soon = BLOCKS.saturating_mul(rollup.block_time).max(LEAST).saturating_add(started);
    let confirmed = CONFIRMED.saturating_add(started);
    let latest = UNSAFE.advance(UNSAFE.number(el)?, soon, name, el, steps)?;
    let head_age = now().saturating_sub(latest.timestamp);
    if head_age > OLDEST.0.saturating_mul(rollup.block_time).max(OLDEST.1) {
        let message = format!("{name}: the unsafe head {} is {head_age} s old", latest.number);
        let hint =
            "after a pause, the L2 catches up: verify it again; else op-node's log has the reason";
        return Err(differs(message, hint));
    }
    let safe = SAFE.advance(safe, confirmed, name, el, steps)?;
    let finalized = FINALIZED.advance(finalized, confirmed, name, el, steps)?;
    Ok(Verified {
        name: name.to_owned(),
        genesis_hash: chain.genesis.to_string(),
        config_fields,
        latest: latest.number,
        safe: safe.number,
        finalized: finalized.number,
        head_age,
    })
}

/// Compares op-node's config with `rollup`; the number of fields.
fn compare(name: &str, rollup: &Rollup, label: &str, node: &Client<'_>) -> Result<usize, Failure> {
    let method = "optimism_rollupConfig";
    let failed = |error: rpc::Error| {
        let hint = match &error {
            rpc::Error::Refused { .. } => "pass the RPC of op-node: its --rpc.port",
            error => error.hint(),
        };
        Failure::new(exit::SOURCE, format!("{name}: {error}"), Some(hint))
    };
    let answer = node.call(method, &json!([]), SMALL_LIMIT).map_err(failed)?;
    let (found, compared) = differences(rollup, &answer).map_err(|error| {
        let message = format!("{name}: {method} of {}: the answer {error}", node.label());
        Failure::new(exit::SOURCE, message, Some("pass the RPC of op-node: its --rpc.port"))
    })?;
    let Some(first) = found.first() else { return Ok(compared) };
    let more = match found.len() {
        1 => String::new(),
        count => format!(", and {} other fields differ", count - 1),
    };
    let message = format!(
        "{name}: {} of {} is {}, but {label} has {}{more}",
        first.field,
        node.label(),
        first.node,
        first.file
    );
    Err(differs(message, "restart op-node with this file: --rollup.config"))
}

impl Head {
    /// The block, once it exists.
    fn block(&self, el: &Client<'_>) -> Result<Option<Block>, Failure> {
        match el.call("eth_getBlockByNumber", &json!([self.label, false]), BLOCK_LIMIT) {
            // geth's answer before there is a safe or a finalized block.
            Err(rpc::Error::Refused { .. }) => Ok(None),
            Err(error) => Err(Failure::capture(&error.into())),
            Ok(raw) if raw == b"null" => Ok(None),
            Ok(raw) => Block::parse(&raw).map(Some).map_err(|error| Failure::capture(&error)),
        }
    }

    /// The number of the block; 0 before it exists.
    fn number(&self, el: &Client<'_>) -> Result<u64, Failure> {
        Ok(self.block(el)?.map_or(0, |block| block.number))
    }

    /// Waits at most `wait` seconds until it is after block `first`.
    fn advance(
        &self,
        first: u64,
        wait: u64,
        name: &str,
        el: &Client<'_>,
        steps: &Steps<'_>,
    ) -> Result<Block, Failure> {
        let (head, end) = (self.name, now().saturating_add(wait));
        loop {
            if let Some(block) = self.block(el)?.filter(|block| block.number > first) {
                steps.done("head", &format!("{name}, {head}: {first}, then {}", block.number));
                return Ok(block);
            }
            if now() > end {
                let message = format!("{name}: the {head} head stays at {first} for {wait} s");
                return Err(differs(message, self.hint));
            }
            steps.console.progress(|| format!("{name}: waiting for a {head} head after {first}"));
            pause(Duration::from_millis(200));
        }
    }
}

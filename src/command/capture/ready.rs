//! `--wait-finalized` and `--min-blocks`: the capture waits for the chain.

use std::time::Duration;

use super::super::Failure;
use super::super::steps::Steps;
use crate::capture::chain::{BlockId, pin};
use crate::capture::readiness::{Goal, Heads, Patience};
use crate::exit;
use crate::io::clock::{Stopwatch, pause};
use crate::rpc::Rpc;

/// Between two requests for the heads.
const INTERVAL: Duration = Duration::from_secs(1);

/// What to wait for.
#[derive(Debug, clap::Args)]
pub(super) struct Ready {
    /// Wait until the current head is final, and capture the finalized block; with --block NUMBER or
    /// HASH, until that block is final
    #[arg(long)]
    wait_finalized: bool,
    /// Wait until the chain has block N; with --wait-finalized or --block finalized, until that block
    /// is final
    #[arg(long, value_name = "N")]
    min_blocks: Option<u64>,
}

impl Ready {
    /// Refuses flags that need a node, without one; `stopped` is the service that would be asked if it ran.
    pub(super) fn check(&self, has_node: bool, stopped: Option<&str>) -> Result<(), Failure> {
        for (flag, is_given) in
            [("--wait-finalized", self.wait_finalized), ("--min-blocks", self.min_blocks.is_some())]
        {
            if is_given && !has_node {
                let hint = "files do not change: leave it out, or pass a node with --el-rpc URL";
                let stopped = stopped.map(|stopped| format!(", and {stopped} is stopped"));
                let message = format!("{flag} requires a node{}", stopped.unwrap_or_default());
                return Err(Failure::usage(message, hint));
            }
        }
        Ok(())
    }

    /// Waits until the node is ready, and returns the block to capture. A signal ends the program.
    pub(super) fn wait(
        &self,
        node: &dyn Rpc,
        block: BlockId,
        steps: &Steps<'_>,
    ) -> Result<BlockId, Failure> {
        if !self.wait_finalized && self.min_blocks.is_none() {
            return Ok(block);
        }
        let mut heads = Heads::fetch(node)?;
        let (is_one, number) = match block {
            BlockId::Number(number) => (true, number),
            BlockId::Hash(_) => (true, pin(node, block)?.number),
            BlockId::Finalized | BlockId::Latest if self.wait_finalized => (false, heads.latest),
            BlockId::Finalized | BlockId::Latest => (false, 0),
        };
        let least = self.min_blocks.unwrap_or_default();
        if is_one && number < least {
            let message = format!("--block is block {number}, before --min-blocks {least}");
            return Err(Failure::usage(message, "capture a later block, or omit --min-blocks"));
        }
        let goal = Goal {
            number: number.max(least),
            finalized: self.wait_finalized || block == BlockId::Finalized,
        };
        let (watch, mut patience) = (Stopwatch::start(), Patience::new(heads));
        while !heads.have(goal) {
            steps.console.heartbeat(None, || progress(heads, goal));
            pause(INTERVAL);
            heads = Heads::fetch(node)?;
            patience.check(heads, goal, watch.elapsed()).map_err(|stalled| {
                Failure::new(exit::NO_BLOCKS, stalled.to_string(), Some(stalled.hint()))
            })?;
        }
        let is = if goal.finalized { "final" } else { "there" };
        steps.done("wait", &format!("block {} is {is}, the head is {}", goal.number, heads.latest));
        Ok(if self.wait_finalized && !is_one { BlockId::Finalized } else { block })
    }
}

fn progress(heads: Heads, goal: Goal) -> String {
    let finalized = match heads.finalized {
        Some(number) => format!("block {number}"),
        None => "no block".to_owned(),
    };
    let is = if goal.finalized { "is final" } else { "is there" };
    let Heads { latest, .. } = heads;
    format!(
        "the head is block {latest}, {finalized} is final: waiting until block {} {is}",
        goal.number
    )
}

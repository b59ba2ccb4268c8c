//! `regenesis health l2`.

use std::time::Duration;

use super::{Args, Report, damaged, execution, read};
use crate::command::{Failure, connect};
use crate::health;
use crate::io::clock::{now, pause};
use crate::io::console::Console;
use crate::io::http::RetryPolicy;
use crate::layout::MARKER;

/// Queries the execution client of an L2 and judges its answers, with `--wait` until it has a block.
pub(super) fn check(args: &Args, report: &mut Report, console: &Console) -> Result<(), Failure> {
    let marker = read(&args.runtime.join(MARKER))?;
    let chains = health::expected_l2s(&marker)
        .map_err(|error| damaged(&args.runtime, &format!("{MARKER}: {error}")))?;
    let client = connect("--el", &args.el, RetryPolicy::ONCE, console)?;
    let start = chains.iter().map(|chain| chain.timestamp).max().unwrap_or_default();
    let end = args.wait.map(|seconds| now().max(start).saturating_add(seconds));
    loop {
        let answer = execution(&client);
        let is_over = end.is_none_or(|end| now() >= end);
        if is_over || answer.as_ref().is_ok_and(|el| el.number > 0) {
            report.chain_id = answer.as_ref().ok().map(|el| el.chain_id);
            let has_block = answer.as_ref().is_ok_and(|el| el.number > 0);
            match answer.and_then(|el| health::l2(&chains, &el, now())) {
                Ok(text) if end.is_none() || has_block => report.l2 = Some(text),
                Ok(text) => {
                    let cure = "see the logs of op-node and of the L1, or wait longer";
                    report.findings.push(health::Finding::new(format!("no block: {text}"), cure));
                }
                Err(finding) => report.findings.push(finding),
            }
            return Ok(());
        }
        pause(Duration::from_secs(1));
    }
}

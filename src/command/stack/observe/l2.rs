//! What the L2s of a stack do now.

use serde_json::{Value, json};

use super::super::super::{Failure, connect, health as checks};
use super::super::blocks::runtime_file;
use super::{LIMIT, execution, url};
use crate::el::quantity;
use crate::health::{self, ExpectedL2};
use crate::io::console::Console;
use crate::io::http::RetryPolicy;
use crate::io::rpc_client::Client;
use crate::operate::stacks::Stack;
use crate::operate::status::{Head, L2, Status};
use crate::rpc::value;

/// The blocks of the L1 in which the last batch is looked for. A batcher posts one every few blocks.
const BLOCKS: u64 = 32;

/// Asks the execution client of every L2, and the L1 for the last batch.
pub(super) fn ask(
    stack: &Stack,
    chains: &[ExpectedL2],
    now: u64,
    console: &Console,
    status: &mut Status,
) -> Result<(), Failure> {
    for chain in chains {
        let name = &chain.name;
        // That it does not run is a finding already.
        let Some(http) = url(stack, &format!("{name}-http")) else { continue };
        let client = connect("the L2", &http, RetryPolicy::ONCE, console)?;
        let answer = match checks::execution(&client) {
            Ok(answer) => answer,
            Err(finding) => {
                status.findings.push(finding);
                continue;
            }
        };
        status.findings.extend(health::l2(chains, &answer, now).err());
        status.l2.push(L2 {
            name: name.clone(),
            chain_id: answer.chain_id,
            execution: execution(&client, http, &answer, now),
            node_url: url(stack, &format!("{name}-node")),
            last_batch: last_batch(stack, name, now, console)?,
        });
    }
    Ok(())
}

/// The last block of the L1 with a transaction of the batcher to the inbox.
fn last_batch(
    stack: &Stack,
    name: &str,
    now: u64,
    console: &Console,
) -> Result<Option<Head>, Failure> {
    let Some(rollup) = runtime_file(stack, &format!("l2/{name}/rollup.json"))? else {
        return Ok(None);
    };
    let rollup: Value = serde_json::from_slice(&rollup).unwrap_or_default();
    let inbox = address(&rollup["batch_inbox_address"]);
    let batcher = address(&rollup["genesis"]["system_config"]["batcherAddr"]);
    let (Some(inbox), Some(batcher), Some(http)) = (inbox, batcher, url(stack, "http")) else {
        return Ok(None);
    };
    let client = connect("the execution client", &http, RetryPolicy::ONCE, console)?;
    let Some(latest) = block(&client, "latest") else { return Ok(None) };
    let last: u64 = quantity(&latest["number"]).unwrap_or_default();
    let posts = |block: &Value| {
        let mut transactions = block["transactions"].as_array().into_iter().flatten();
        transactions.any(|one| {
            address(&one["to"]).as_ref() == Some(&inbox)
                && address(&one["from"]).as_ref() == Some(&batcher)
        })
    };
    let mut blocks = (last.saturating_sub(BLOCKS)..=last).rev();
    let found = blocks.find_map(|number| {
        let block = block(&client, &format!("{number:#x}"))?;
        posts(&block).then_some((number, block))
    });
    Ok(found.and_then(|(number, block)| {
        let age = now.saturating_sub(quantity(&block["timestamp"])?);
        Some(Head { number, age })
    }))
}

/// A block with its transactions.
fn block(client: &Client<'_>, tag: &str) -> Option<Value> {
    value(client, "eth_getBlockByNumber", &json!([tag, true]), LIMIT).ok()
}

/// An address in lower case: clients write its checksum, or not.
fn address(value: &Value) -> Option<String> {
    value.as_str().map(str::to_ascii_lowercase)
}

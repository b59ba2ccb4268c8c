//! What clients answer about their chain.

use serde_json::{Value, json};

use crate::el::quantity;
use crate::health::{Beacon, Execution, Finding};
use crate::rpc::{self, Rpc, data, value};

/// The limit of every answer, in bytes.
const ANSWER_LIMIT: u64 = 16 << 20;

fn unreachable(client: &str, error: &rpc::Error) -> Finding {
    Finding::new(
        format!("the {client} does not answer: {error}"),
        "check that it runs (its log; in the stack: docker compose logs), and that --el and --cl are \
         the right addresses",
    )
}

/// Queries an execution client.
pub(in super::super) fn execution(client: &dyn Rpc) -> Result<Execution, Finding> {
    let query = || {
        let block =
            |which| value(client, "eth_getBlockByNumber", &json!([which, false]), ANSWER_LIMIT);
        let (first, head) = (block("0x0")?, block("latest")?);
        Ok(Execution {
            chain_id: quantity(&value(client, "eth_chainId", &json!([]), ANSWER_LIMIT)?)
                .unwrap_or(0),
            genesis_hash: text(&first["hash"]),
            number: quantity(&head["number"]).unwrap_or(0),
            timestamp: quantity(&head["timestamp"]).unwrap_or(0),
        })
    };
    query().map_err(|error| unreachable("execution client", &error))
}

/// Queries a beacon node; with `payload`, also for the execution block in its head.
pub(in super::super) fn beacon(client: &dyn rpc::Beacon, payload: bool) -> Result<Beacon, Finding> {
    let genesis = data(client, "/eth/v1/beacon/genesis", ANSWER_LIMIT)
        .map_err(|error| unreachable("beacon node", &error))?;
    // Optional: not every client has these, or has them yet.
    let optional = |path| data(client, path, ANSWER_LIMIT).unwrap_or(Value::Null);
    let syncing = optional("/eth/v1/node/syncing");
    let header = optional("/eth/v1/beacon/headers/genesis");
    let block = if payload { optional("/eth/v2/beacon/blocks/head") } else { Value::Null };
    let number = &block["message"]["body"]["execution_payload"]["block_number"];
    Ok(Beacon {
        genesis_time: decimal(&genesis["genesis_time"]).unwrap_or_default(),
        genesis_validators_root: text(&genesis["genesis_validators_root"]),
        block_root: header["root"].as_str().map(str::to_owned),
        head_slot: decimal(&syncing["head_slot"]).unwrap_or_default(),
        is_optimistic: syncing["is_optimistic"] == true,
        el_offline: syncing["el_offline"] == true,
        payload_number: decimal(number),
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn decimal(value: &Value) -> Option<u64> {
    value.as_str().and_then(|text| text.parse().ok())
}

//! A beacon block as `/eth/v2/beacon/blocks/{block_id}` shows it, made from what the Engine API returned.

use serde_json::{Map, Value, json};

use crate::chain::Block;
use crate::engine::versioned_hashes;

/// The signed block. Its signature is a placeholder: no client checks it.
pub fn signed_block(block: &Block) -> Value {
    let zero = |bytes: usize| format!("0x{}", "00".repeat(bytes));
    let mut body = json!({
        "randao_reveal": zero(96), "graffiti": zero(32), "proposer_slashings": [],
        "execution_payload": execution_payload(&block.payload["executionPayload"]),
        "blob_kzg_commitments": block.payload["blobsBundle"]["commitments"].clone(),
    });
    if body["blob_kzg_commitments"].is_null() {
        body["blob_kzg_commitments"] = json!([]);
    }
    if let Some(requests) = block.payload["executionRequests"].as_array() {
        body["execution_requests"] = execution_requests(requests);
    }
    json!({
        "message": {
            "slot": block.slot.to_string(), "proposer_index": "0",
            "parent_root": block.parent_root, "state_root": zero(32), "body": body,
        },
        "signature": zero(96),
    })
}

/// `data` of `/eth/v1/beacon/blobs/{block_id}`: the blobs of a block, or those whose hashes the query lists.
pub fn blobs(block: &Block, query: &str) -> Vec<Value> {
    let wanted: Vec<&str> =
        query.split('&').filter_map(|pair| pair.strip_prefix("versioned_hashes=")).collect();
    let bundle = &block.payload["blobsBundle"];
    let all = bundle["blobs"].as_array().into_iter().flatten();
    let hashes = versioned_hashes(bundle);
    let is_wanted = |hash: &String| wanted.is_empty() || wanted.contains(&hash.as_str());
    let found = all.zip(&hashes).filter(|(_, hash)| is_wanted(hash));
    found.map(|(blob, _)| blob.clone()).collect()
}

/// Fields that the Engine API writes in hex and the beacon API in decimal.
const QUANTITIES: [&str; 10] = [
    "blockNumber",
    "gasLimit",
    "gasUsed",
    "timestamp",
    "baseFeePerGas",
    "blobGasUsed",
    "excessBlobGas",
    "index",
    "validatorIndex",
    "amount",
];

/// Names in snake case, quantities in decimal. The genesis block has the default payload.
fn execution_payload(payload: &Value) -> Value {
    if payload.is_null() {
        let zero = format!("0x{}", "00".repeat(32));
        return json!({"block_number": "0", "block_hash": zero, "transactions": [], "withdrawals": []});
    }
    let mut fields = Map::new();
    for (name, value) in payload.as_object().unwrap() {
        let value = match value {
            Value::Array(items) if name == "withdrawals" => {
                items.iter().map(execution_payload).collect()
            }
            Value::String(text) if QUANTITIES.contains(&name.as_str()) => {
                json!(u128::from_str_radix(&text[2..], 16).unwrap().to_string())
            }
            other => other.clone(),
        };
        fields.insert(snake_case(name), value);
    }
    Value::Object(fields)
}

fn snake_case(name: &str) -> String {
    name.chars().fold(String::new(), |mut snake, letter| {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
        snake
    })
}

/// EIP-7685: a type, then its requests as SSZ: EIP-6110, EIP-7002, EIP-7251.
fn execution_requests(requests: &[Value]) -> Value {
    type Fields = &'static [(&'static str, usize)];
    const KINDS: [(&str, Fields); 3] = [
        (
            "deposits",
            &[
                ("pubkey", 48),
                ("withdrawal_credentials", 32),
                ("amount", 8),
                ("signature", 96),
                ("index", 8),
            ],
        ),
        ("withdrawals", &[("source_address", 20), ("validator_pubkey", 48), ("amount", 8)]),
        ("consolidations", &[("source_address", 20), ("source_pubkey", 48), ("target_pubkey", 48)]),
    ];
    let mut all = Map::new();
    for (number, (name, fields)) in (0_u8..).zip(KINDS) {
        let of_kind = |request: &Value| {
            let bytes = hex::decode(&request.as_str().unwrap()[2..]).unwrap();
            (bytes[0] == number).then(|| bytes[1..].to_vec())
        };
        let bytes = requests.iter().find_map(of_kind).unwrap_or_default();
        let size = fields.iter().map(|(_, size)| size).sum();
        let items = bytes.chunks_exact(size).map(|item| -> Value {
            let mut rest = item;
            let field = |&(field, size): &(&str, usize)| {
                let (value, after) = rest.split_at(size);
                rest = after;
                let value = match value.try_into() {
                    Ok(number) => u64::from_le_bytes(number).to_string(),
                    Err(_) => format!("0x{}", hex::encode(value)),
                };
                (field.to_owned(), json!(value))
            };
            fields.iter().map(field).collect::<Map<_, _>>().into()
        });
        all.insert(name.to_owned(), items.collect());
    }
    Value::Object(all)
}

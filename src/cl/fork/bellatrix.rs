//! Source: consensus-specs `specs/bellatrix/beacon-chain.md`.

use alloy_primitives::Bytes;

use super::{Fields, Fork, Inputs};
use crate::cl::ssz::{bytes, empty_list, list_of, list_uint8, uint64, uint256};

pub(super) const FORK: Fork = Fork {
    name: "bellatrix",
    hardfork: None,
    state,
    body,
    progressive: false,
    experimental: false,
};

/// `MAX_BYTES_PER_TRANSACTION`, of every preset.
const MAX_BYTES_PER_TRANSACTION: u64 = 1 << 30;

fn state(state: &mut Fields, g: &Inputs<'_>) {
    state.push("latest_execution_payload_header", payload_header(g).container());
}

fn body(body: &mut Fields, g: &Inputs<'_>) {
    body.push("execution_payload", payload(g).container());
}

/// `ExecutionPayloadHeader` of the execution block.
pub(super) fn payload_header(g: &Inputs<'_>) -> Fields {
    let h = &g.block.header;
    let mut fields = Fields::default();
    fields.push("parent_hash", bytes(h.parent_hash.0));
    fields.push("fee_recipient", bytes(h.coinbase.into_array()));
    fields.push("state_root", bytes(h.state_root.0));
    fields.push("receipts_root", bytes(h.receipts_root.0));
    fields.push("logs_bloom", bytes(*h.logs_bloom.0));
    // eth-beacon-genesis writes zeros, whatever the block's mix hash is.
    fields.push("prev_randao", bytes([0; 32]));
    fields.push("block_number", uint64(h.number));
    fields.push("gas_limit", uint64(h.gas_limit));
    fields.push("gas_used", uint64(h.gas_used));
    fields.push("timestamp", uint64(h.timestamp));
    fields.push("extra_data", list_uint8(h.extra_data.to_vec(), g.preset.max_extra_data_bytes));
    fields.push("base_fee_per_gas", uint256(h.base_fee_per_gas.unwrap_or_default().to_le_bytes()));
    fields.push("block_hash", bytes(g.block_hash));
    // The root of the SSZ list, not that of the trie in the execution header.
    let root = |one: &Bytes| list_uint8(one.to_vec(), MAX_BYTES_PER_TRANSACTION).root();
    let roots = g.block.transactions.iter().map(root).collect();
    let transactions = list_of(Vec::new(), roots, g.preset.max_transactions_per_payload);
    fields.push("transactions_root", bytes(transactions.root()));
    fields
}

/// The default `ExecutionPayload`.
pub(super) fn payload(g: &Inputs<'_>) -> Fields {
    let limit = g.preset.max_extra_data_bytes;
    let mut fields = Fields::default();
    fields.push("parent_hash", bytes([0; 32]));
    fields.push("fee_recipient", bytes([0; 20]));
    fields.push("state_root", bytes([0; 32]));
    fields.push("receipts_root", bytes([0; 32]));
    fields.push("logs_bloom", bytes([0; 256]));
    fields.push("prev_randao", bytes([0; 32]));
    for name in ["block_number", "gas_limit", "gas_used", "timestamp"] {
        fields.push(name, uint64(0));
    }
    fields.push("extra_data", list_uint8(Vec::new(), limit));
    fields.push("base_fee_per_gas", uint256([0; 32]));
    fields.push("block_hash", bytes([0; 32]));
    fields.push("transactions", empty_list(g.preset.max_transactions_per_payload));
    fields
}

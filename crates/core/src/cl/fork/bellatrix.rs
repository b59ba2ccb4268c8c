//! Source: consensus-specs `specs/bellatrix/beacon-chain.md`.

use alloy_primitives::Bytes;

use super::{Edits, Fields, Inputs};
use crate::cl::ssz::{address, byte_list, bytes, bytes32, empty_list, list_root, uint64, uint256};

pub(super) const EDITS: Edits = Edits { state, body, ..Edits::NONE };

/// `MAX_BYTES_PER_TRANSACTION`, the same in every preset.
const MAX_BYTES_PER_TRANSACTION: u64 = 1 << 30;

fn state(state: &mut Fields, g: &Inputs<'_>) {
    state.push("latest_execution_payload_header", execution_payload_header(g).container());
}

fn body(body: &mut Fields, g: &Inputs<'_>) {
    body.push("execution_payload", execution_payload(g).container());
}

/// `ExecutionPayloadHeader` of the execution block.
pub(super) fn execution_payload_header(g: &Inputs<'_>) -> Fields {
    let h = &g.block.header;
    let mut fields = Fields::default();
    fields.push("parent_hash", bytes32(h.parent_hash));
    fields.push("fee_recipient", address(h.coinbase.into_array()));
    fields.push("state_root", bytes32(h.state_root));
    fields.push("receipts_root", bytes32(h.receipts_root));
    fields.push("logs_bloom", bytes(*h.logs_bloom.0));
    // Zero, like eth-beacon-genesis, even if the block has a mix hash.
    fields.push("prev_randao", bytes([0; 32]));
    fields.push("block_number", uint64(h.number));
    fields.push("gas_limit", uint64(h.gas_limit));
    fields.push("gas_used", uint64(h.gas_used));
    fields.push("timestamp", uint64(h.timestamp));
    fields.push("extra_data", byte_list(h.extra_data.to_vec(), g.preset.max_extra_data_bytes));
    fields.push("base_fee_per_gas", uint256(h.base_fee_per_gas.unwrap_or_default().to_le_bytes()));
    fields.push("block_hash", bytes32(g.block_hash));
    // The root of the SSZ list; the execution header has the root of a trie.
    let root =
        |transaction: &Bytes| byte_list(transaction.to_vec(), MAX_BYTES_PER_TRANSACTION).root();
    let roots = g.block.transactions.iter().map(root).collect();
    let transactions_root = list_root(roots, g.preset.max_transactions_per_payload);
    fields.push("transactions_root", bytes32(transactions_root));
    fields
}

/// The default `ExecutionPayload`.
pub(super) fn execution_payload(g: &Inputs<'_>) -> Fields {
    let mut fields = Fields::default();
    fields.push("parent_hash", bytes([0; 32]));
    fields.push("fee_recipient", address([0; 20]));
    fields.push("state_root", bytes([0; 32]));
    fields.push("receipts_root", bytes([0; 32]));
    fields.push("logs_bloom", bytes([0; 256]));
    fields.push("prev_randao", bytes([0; 32]));
    fields.push("block_number", uint64(0));
    fields.push("gas_limit", uint64(0));
    fields.push("gas_used", uint64(0));
    fields.push("timestamp", uint64(0));
    fields.push("extra_data", byte_list(Vec::new(), g.preset.max_extra_data_bytes));
    fields.push("base_fee_per_gas", uint256([0; 32]));
    fields.push("block_hash", bytes([0; 32]));
    fields.push("transactions", empty_list(g.preset.max_transactions_per_payload));
    fields
}

//! The genesis state as JSON: the form of the Beacon API (numbers as texts, bytes as hex), in
//! which ethereum-genesis-generator leaves it in `parsed/`.
//!
//! Source: `ethereum/beacon-APIs`, `types/`; the fields' types are the specification's.

use alloy_primitives::{Address, U256};

use super::ssz::Value;

/// The type of a value, as far as its JSON form depends on it.
#[derive(Debug, Clone, Copy)]
enum Type {
    /// `uintN` of this many bytes.
    Uint(usize),
    Boolean,
    /// `ByteVector`, `ByteList`, bits: of this many bytes where it is an element.
    Hex(usize),
    /// `ExecutionAddress`, with the capitals of EIP-55.
    ExecutionAddress,
    /// `List` or `Vector` of elements of a fixed size.
    List(&'static Type),
    Container(&'static [(&'static str, Type)]),
}

use Type::{Boolean, Container, ExecutionAddress, Hex, List, Uint};

const UINT64: Type = Uint(8);
const ROOT: Type = Hex(32);
const PUBKEY: Type = Hex(48);

const CHECKPOINT: Type = Container(&[("epoch", UINT64), ("root", ROOT)]);
const ETH1_DATA: Type =
    Container(&[("deposit_root", ROOT), ("deposit_count", UINT64), ("block_hash", ROOT)]);
const VALIDATOR: Type = Container(&[
    ("pubkey", PUBKEY),
    ("withdrawal_credentials", ROOT),
    ("effective_balance", UINT64),
    ("slashed", Boolean),
    ("activation_eligibility_epoch", UINT64),
    ("activation_epoch", UINT64),
    ("exit_epoch", UINT64),
    ("withdrawable_epoch", UINT64),
]);
/// A fork before deneb has the first members only.
const PAYLOAD_HEADER: Type = Container(&[
    ("parent_hash", ROOT),
    ("fee_recipient", ExecutionAddress),
    ("state_root", ROOT),
    ("receipts_root", ROOT),
    ("logs_bloom", Hex(256)),
    ("prev_randao", ROOT),
    ("block_number", UINT64),
    ("gas_limit", UINT64),
    ("gas_used", UINT64),
    ("timestamp", UINT64),
    ("extra_data", Hex(0)),
    ("base_fee_per_gas", Uint(32)),
    ("block_hash", ROOT),
    ("transactions_root", ROOT),
    ("withdrawals_root", ROOT),
    ("blob_gas_used", UINT64),
    ("excess_blob_gas", UINT64),
]);
const PENDING_PAYMENT: Type = Container(&[
    ("weight", UINT64),
    (
        "withdrawal",
        Container(&[
            ("fee_recipient", ExecutionAddress),
            ("amount", UINT64),
            ("builder_index", UINT64),
        ]),
    ),
    ("proposer_index", UINT64),
]);
const PAYLOAD_BID: Type = Container(&[
    ("parent_block_hash", ROOT),
    ("parent_block_root", ROOT),
    ("block_hash", ROOT),
    ("prev_randao", ROOT),
    ("fee_recipient", ExecutionAddress),
    ("gas_limit", UINT64),
    ("builder_index", UINT64),
    ("slot", UINT64),
    ("value", UINT64),
    ("execution_payment", UINT64),
    ("blob_kzg_commitments", List(&PUBKEY)),
    ("execution_requests_root", ROOT),
]);
const SYNC_COMMITTEE: Type = Container(&[("pubkeys", List(&PUBKEY)), ("aggregate_pubkey", PUBKEY)]);

/// The type of a field of the state, whichever fork it is of.
fn type_of(field: &str) -> Type {
    match field {
        "genesis_validators_root" | "latest_block_hash" => ROOT,
        "fork" => Container(&[
            ("previous_version", Hex(4)),
            ("current_version", Hex(4)),
            ("epoch", UINT64),
        ]),
        "latest_block_header" => Container(&[
            ("slot", UINT64),
            ("proposer_index", UINT64),
            ("parent_root", ROOT),
            ("state_root", ROOT),
            ("body_root", ROOT),
        ]),
        "block_roots"
        | "state_roots"
        | "historical_roots"
        | "randao_mixes"
        // These are empty at genesis, whatever their elements are.
        | "eth1_data_votes"
        | "previous_epoch_attestations"
        | "current_epoch_attestations"
        | "historical_summaries"
        | "pending_deposits"
        | "pending_partial_withdrawals"
        | "pending_consolidations"
        | "builders"
        | "builder_pending_withdrawals"
        | "payload_expected_withdrawals" => List(&ROOT),
        "eth1_data" => ETH1_DATA,
        "validators" => List(&VALIDATOR),
        "balances" | "slashings" | "inactivity_scores" | "proposer_lookahead" => List(&UINT64),
        "previous_epoch_participation" | "current_epoch_participation" => List(&Uint(1)),
        "justification_bits" | "execution_payload_availability" => Hex(0),
        "previous_justified_checkpoint"
        | "current_justified_checkpoint"
        | "finalized_checkpoint" => CHECKPOINT,
        "current_sync_committee" | "next_sync_committee" => SYNC_COMMITTEE,
        "latest_execution_payload_header" => PAYLOAD_HEADER,
        "latest_execution_payload_bid" => PAYLOAD_BID,
        "builder_pending_payments" => List(&PENDING_PAYMENT),
        "ptc_window" => List(&List(&UINT64)),
        _ => UINT64,
    }
}

impl Type {
    /// Bytes of an element of this type.
    fn size(self) -> usize {
        match self {
            Uint(size) | Hex(size) => size,
            Boolean => 1,
            ExecutionAddress => 20,
            Container(members) => members.iter().map(|(_, member)| member.size()).sum(),
            // No list has such elements.
            List(_) => 0,
        }
    }
}

/// The state as JSON: `fields` are its fields' names, `state` its value.
pub fn state_json(fields: &[&str], state: &Value) -> Vec<u8> {
    let mut out = b"{".to_vec();
    for (index, (name, value)) in fields.iter().zip(state.members()).enumerate() {
        key(&mut out, index, name);
        write(&mut out, type_of(name), value);
    }
    out.extend_from_slice(b"}\n");
    out
}

fn key(out: &mut Vec<u8>, index: usize, name: &str) {
    let comma = if index == 0 { "" } else { "," };
    out.extend_from_slice(format!("{comma}\"{name}\":").as_bytes());
}

fn write(out: &mut Vec<u8>, as_type: Type, value: &Value) {
    let members = value.members();
    match as_type {
        // Members of variable size do not lie one behind the other.
        Container(types) if !members.is_empty() => {
            out.push(b'{');
            for (index, ((name, member), value)) in types.iter().zip(members).enumerate() {
                key(out, index, name);
                write(out, *member, value);
            }
            out.push(b'}');
        }
        List(element @ List(_)) => {
            out.push(b'[');
            for (index, value) in members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(out, *element, value);
            }
            out.push(b']');
        }
        _ => write_bytes(out, as_type, &value.to_bytes()),
    }
}

fn write_bytes(out: &mut Vec<u8>, as_type: Type, mut bytes: &[u8]) {
    match as_type {
        Uint(_) => {
            let number = U256::from_le_slice(bytes);
            out.extend_from_slice(format!("\"{number}\"").as_bytes());
        }
        Boolean => out.extend_from_slice(if bytes == [0] { b"false" } else { b"true" }),
        ExecutionAddress => {
            let address = Address::from_slice(bytes);
            out.extend_from_slice(format!("\"{address}\"").as_bytes());
        }
        Hex(_) => out.extend_from_slice(format!("\"0x{}\"", hex::encode(bytes)).as_bytes()),
        List(element) => {
            out.push(b'[');
            for (index, element_bytes) in bytes.chunks(element.size()).enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_bytes(out, *element, element_bytes);
            }
            out.push(b']');
        }
        Container(members) => {
            out.push(b'{');
            for (index, (name, member)) in members.iter().enumerate() {
                let (head, rest) = bytes.split_at(member.size());
                bytes = rest;
                key(out, index, name);
                write_bytes(out, *member, head);
            }
            out.push(b'}');
        }
    }
}

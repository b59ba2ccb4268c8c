//! Transactions of every type, blocks and receipts, compared with alloy-consensus.

use alloy_consensus::proofs::calculate_receipt_root;
use alloy_consensus::{
    Block as AlloyBlock, BlockBody, Header as AlloyHeader, Receipt, ReceiptEnvelope,
    SignableTransaction, TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxEnvelope, TxLegacy, TxType,
};
use alloy_eips::eip2718::Encodable2718;
use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_eips::eip4895::{Withdrawal, Withdrawals};
use alloy_eips::eip7702::{Authorization, SignedAuthorization};
use alloy_primitives::{Address, B256, Bytes, Log, LogData, Signature, TxKind, U256};
use proptest::prelude::*;
use serde_json::json;

use super::encode;
use crate::capture::history::rpc_block;
use crate::capture::receipts;

/// Short and long byte strings: the RLP of a single byte and of 56 bytes is special.
fn bytes() -> impl Strategy<Value = Bytes> {
    let length = prop_oneof![0..3_usize, 54..58_usize, 250..260_usize];
    length.prop_flat_map(|length| prop::collection::vec(any::<u8>(), length)).prop_map(Bytes::from)
}

fn word() -> impl Strategy<Value = U256> {
    (any::<[u8; 32]>(), 0..=32_usize)
        .prop_map(|(bytes, length)| U256::from_be_slice(&bytes[..length]))
}

fn address() -> impl Strategy<Value = Address> {
    any::<[u8; 20]>().prop_map(Address::from)
}

fn kind() -> impl Strategy<Value = TxKind> {
    prop_oneof![Just(TxKind::Create), address().prop_map(TxKind::Call)]
}

fn hashes() -> impl Strategy<Value = Vec<B256>> {
    prop::collection::vec(any::<[u8; 32]>().prop_map(B256::from), 0..3)
}

/// Everything that a transaction of some type may have.
#[derive(Debug, Clone)]
struct Parts {
    chain_id: Option<u64>,
    nonce: u64,
    gas: u64,
    fees: [u128; 3],
    to: TxKind,
    value: U256,
    input: Bytes,
    access: Vec<(Address, Vec<B256>)>,
    hashes: Vec<B256>,
    signature: Signature,
}

prop_compose! {
    fn parts()(
        chain_id in any::<Option<u64>>(), nonce in any::<u64>(), gas in any::<u64>(),
        fees in any::<[u64; 3]>(), to in kind(), value in word(), input in bytes(),
        access in prop::collection::vec((address(), hashes()), 0..3), hashes in hashes(),
        (r, s, parity) in (word(), word(), any::<bool>()),
    ) -> Parts {
        let fees = fees.map(u128::from);
        Parts { chain_id, nonce, gas, fees, to, value, input, access, hashes,
            signature: Signature::new(r, s, parity) }
    }
}

/// The transaction of each type with these parts.
fn transactions(parts: Parts) -> [TxEnvelope; 5] {
    let Parts { nonce, gas: gas_limit, fees, to, value, input, signature, .. } = parts;
    let chain_id = parts.chain_id.unwrap_or_default();
    let [gas_price, max_priority_fee_per_gas, max_fee_per_blob_gas] = fees;
    let max_fee_per_gas = gas_price;
    let address = *to.to().unwrap_or(&Address::ZERO);
    let item = |(address, storage_keys)| AccessListItem { address, storage_keys };
    let access_list = AccessList(parts.access.into_iter().map(item).collect());
    let authorization = Authorization { chain_id: value, address, nonce };
    let authorization =
        SignedAuthorization::new_unchecked(authorization, signature.v().into(), value, value);
    let legacy = TxLegacy {
        chain_id: parts.chain_id,
        nonce,
        gas_price,
        gas_limit,
        to,
        value,
        input: input.clone(),
    };
    let access_listed = TxEip2930 {
        chain_id,
        nonce,
        gas_price,
        gas_limit,
        to,
        value,
        access_list: access_list.clone(),
        input: input.clone(),
    };
    let dynamic_fee = TxEip1559 {
        chain_id,
        nonce,
        gas_limit,
        max_fee_per_gas,
        max_priority_fee_per_gas,
        to,
        value,
        access_list: access_list.clone(),
        input: input.clone(),
    };
    let blob = TxEip4844 {
        chain_id,
        nonce,
        gas_limit,
        max_fee_per_gas,
        max_priority_fee_per_gas,
        to: address,
        value,
        access_list: access_list.clone(),
        blob_versioned_hashes: parts.hashes,
        max_fee_per_blob_gas,
        input: input.clone(),
    };
    let set_code = TxEip7702 {
        chain_id,
        nonce,
        gas_limit,
        max_fee_per_gas,
        max_priority_fee_per_gas,
        to: address,
        value,
        access_list,
        authorization_list: vec![authorization],
        input,
    };
    [
        legacy.into_signed(signature).into(),
        access_listed.into_signed(signature).into(),
        dynamic_fee.into_signed(signature).into(),
        blob.into_signed(signature).into(),
        set_code.into_signed(signature).into(),
    ]
}

/// A header with some of the optional fields: those of the first `forks` forks.
fn header(seed: &Parts, forks: u8) -> AlloyHeader {
    let word = B256::from(seed.value);
    let since = |fork: u8| forks >= fork;
    AlloyHeader {
        parent_hash: word,
        beneficiary: *seed.to.to().unwrap_or(&Address::ZERO),
        state_root: word,
        transactions_root: word,
        difficulty: seed.value,
        number: seed.nonce,
        gas_limit: seed.gas,
        timestamp: seed.gas,
        extra_data: seed.input.clone(),
        base_fee_per_gas: since(1).then_some(seed.nonce),
        withdrawals_root: since(2).then_some(word),
        blob_gas_used: since(3).then_some(seed.gas),
        excess_blob_gas: since(3).then_some(seed.nonce),
        parent_beacon_block_root: since(3).then_some(word),
        requests_hash: since(4).then_some(word),
        ..AlloyHeader::default()
    }
}

proptest! {
    #[test]
    fn transactions_of_every_type_are_those_of_alloy(parts in parts()) {
        for (kind, transaction) in (0..).zip(transactions(parts)) {
            let mut answer = serde_json::to_value(&transaction).unwrap();
            prop_assert_eq!(&answer["type"], &json!(format!("{kind:#x}")));
            let expected = transaction.encoded_2718();
            prop_assert_eq!(&encode(&answer).unwrap()[..], &expected[..]);
            let members = answer.as_object_mut().unwrap();
            if kind == 0 {
                // Nodes from before EIP-2718.
                members.remove("type");
            } else {
                // Nodes that call the parity `v`.
                let parity = members.remove("yParity").unwrap();
                members.insert("v".to_owned(), parity);
            }
            prop_assert_eq!(&encode(&answer).unwrap()[..], &expected[..]);
        }
    }

    #[test]
    fn blocks_are_those_of_alloy(parts in parts(), forks in 0..5_u8) {
        let withdrawal = Withdrawal {
            index: parts.nonce,
            validator_index: parts.gas,
            address: Address::ZERO,
            amount: parts.nonce,
        };
        let withdrawals = (forks >= 2).then(|| Withdrawals::new(vec![withdrawal]));
        let header = header(&parts, forks);
        let mut answer = serde_json::to_value(&header).unwrap();
        answer["hash"] = json!(header.hash_slow());
        answer["withdrawals"] = json!(withdrawals);
        let transactions = transactions(parts).to_vec();
        let bytes = transactions.iter().map(|one| one.encoded_2718().into()).collect();
        let ours = rpc_block::with_transactions(0, &answer, bytes).unwrap();
        let body = BlockBody { transactions, ommers: Vec::<AlloyHeader>::new(), withdrawals };
        let theirs = AlloyBlock { header, body };
        prop_assert_eq!(alloy_rlp::encode(ours), alloy_rlp::encode(theirs));
    }

    #[test]
    fn receipts_roots_are_those_of_alloy(parts in parts(), status in any::<bool>()) {
        let address = *parts.to.to().unwrap_or(&Address::ZERO);
        let data = LogData::new_unchecked(parts.hashes.clone(), parts.input.clone());
        let cumulative_gas_used = parts.gas;
        let receipt =
            Receipt { status: status.into(), cumulative_gas_used, logs: vec![Log { address, data }] };
        let receipt = receipt.with_bloom();
        let log = json!({"blockNumber": "0x1", "transactionHash": B256::ZERO, "logIndex": "0x0",
            "address": address, "topics": parts.hashes, "data": parts.input});
        let types =
            [TxType::Legacy, TxType::Eip2930, TxType::Eip1559, TxType::Eip4844, TxType::Eip7702];
        let answer = types.map(|kind| json!({
            "type": format!("{:#x}", kind as u8), "status": format!("{:#x}", u8::from(status)),
            "cumulativeGasUsed": format!("{cumulative_gas_used:#x}"),
            "logsBloom": receipt.logs_bloom, "logs": [log],
        }));
        let theirs = types.map(|kind| match kind {
            TxType::Legacy => ReceiptEnvelope::Legacy(receipt.clone()),
            TxType::Eip2930 => ReceiptEnvelope::Eip2930(receipt.clone()),
            TxType::Eip1559 => ReceiptEnvelope::Eip1559(receipt.clone()),
            TxType::Eip4844 => ReceiptEnvelope::Eip4844(receipt.clone()),
            TxType::Eip7702 => ReceiptEnvelope::Eip7702(receipt.clone()),
        });
        let ours = receipts::parse(json!(answer).to_string().as_bytes()).unwrap();
        prop_assert_eq!(receipts::root(&ours), calculate_receipt_root(&theirs));
    }
}

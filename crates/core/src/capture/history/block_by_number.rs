//! `eth_getBlockByNumber`, for nodes without the debug namespace: the header and the withdrawals
//! come from the answer, each transaction's bytes from a call of its own. The hashes show whether
//! anything is missing. Source: execution-apis `eth/block.yaml`, `eth/transaction.yaml`.

use std::ops::Range;

use alloy_primitives::{B256, Bytes};
use serde_json::{Value, json};

use super::rpc_block::{list, with_transactions};
use super::{LIMIT, Source, answer_of, bytes, each};
use crate::capture::Error;
use crate::capture::chain::BLOCK_LIMIT;
use crate::el::block::Block;
use crate::rpc::{self, Rpc};

const METHOD: &str = "eth_getBlockByNumber";
/// Transactions in a batch.
const BATCH: usize = 100;
/// EIP-4844.
const BLOB_TX_TYPE: u8 = 3;

/// The method that returns a transaction's bytes; clients have one or both.
#[derive(Debug, Clone, Copy)]
enum RawTransaction {
    ByIndex,
    ByHash,
}

impl RawTransaction {
    fn call(self, block: u64, index: usize, hash: &Value) -> (&'static str, Value) {
        match self {
            Self::ByIndex => (
                "eth_getRawTransactionByBlockNumberAndIndex",
                json!([format!("{block:#x}"), format!("{index:#x}")]),
            ),
            Self::ByHash => ("eth_getRawTransactionByHash", json!([hash])),
        }
    }
}

struct BlockByNumber(RawTransaction);

/// Requests a transaction that need not exist: only a node without the method refuses.
pub(super) fn open(rpc: &dyn Rpc) -> Result<Box<dyn Source>, Error> {
    let mut first = None;
    for method in [RawTransaction::ByIndex, RawTransaction::ByHash] {
        let (name, params) = method.call(1, 0, &json!(B256::ZERO));
        match rpc.call(name, &params, BLOCK_LIMIT) {
            Err(error) if error.is_unknown_method() => first = first.or(Some(error)),
            Err(
                error @ (rpc::Error::Unreachable { .. }
                | rpc::Error::Denied { .. }
                | rpc::Error::Foreign { .. }),
            ) => {
                return Err(error.into());
            }
            _ => return Ok(Box::new(BlockByNumber(method))),
        }
    }
    Err(first.map_or(Error::NoDump { method: METHOD }, Error::from))
}

impl Source for BlockByNumber {
    fn name(&self) -> &'static str {
        METHOD
    }

    fn blocks(&self, rpc: &dyn Rpc, numbers: Range<u64>) -> Result<Vec<Block>, Error> {
        let call = |number: u64| (METHOD, json!([format!("{number:#x}"), false]));
        let answers = each(rpc, numbers.clone(), call)?;
        let calls = numbers.clone().zip(&answers).flat_map(|(block, answer)| {
            let hashes = list(answer, "transactions").iter().enumerate();
            hashes.map(move |(index, hash)| (block, self.0.call(block, index, hash)))
        });
        let mut transactions = transactions(rpc, &calls.collect::<Vec<_>>())?.into_iter();
        let mut blocks = Vec::new();
        for (number, answer) in numbers.zip(&answers) {
            let count = list(answer, "transactions").len();
            let own = transactions.by_ref().take(count).collect();
            blocks.push(with_transactions(number, answer, own)?);
        }
        Ok(blocks)
    }
}

/// The bytes of transactions, each as its block has it. Each call comes with the number of its
/// block.
fn transactions(
    rpc: &dyn Rpc,
    calls: &[(u64, (&'static str, Value))],
) -> Result<Vec<Bytes>, Error> {
    let mut transactions = Vec::new();
    for batch in calls.chunks(BATCH) {
        let calls: Vec<_> = batch.iter().map(|(_, call)| call.clone()).collect();
        for ((block, _), answer) in batch.iter().zip(rpc.batch_of_each(&calls, LIMIT)?) {
            transactions.push(in_block(bytes(*block, &answer_of(*block, answer)?)?));
        }
    }
    Ok(transactions)
}

/// A blob transaction as its block has it, without the blobs that it travels with (EIP-4844):
/// `0x03 || rlp([transaction, …])`.
fn in_block(transaction: Vec<u8>) -> Bytes {
    let Some((&BLOB_TX_TYPE, mut rlp)) = transaction.split_first() else {
        return transaction.into();
    };
    let inner = |rlp: &mut &[u8]| {
        let mut payload = alloy_rlp::Header::decode_bytes(rlp, true)?;
        let start = payload;
        let first = alloy_rlp::Header::decode(&mut payload)?;
        let length = start.len() - payload.len() + first.payload_length;
        Ok::<_, alloy_rlp::Error>(first.list.then(|| start[..length].to_vec()))
    };
    match inner(&mut rlp) {
        Ok(Some(list)) => [&[BLOB_TX_TYPE][..], &list].concat().into(),
        _ => transaction.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blob_transactions_lose_their_blobs() {
        let fields: Vec<Bytes> = vec![vec![1].into(), vec![2; 60].into()];
        let inner = alloy_rlp::encode(&fields);
        let blobs = alloy_rlp::encode(vec![Bytes::from(vec![7; 500])]);
        let in_a_block = [&[3], &inner[..]].concat();
        for version in [&[][..], &[1]] {
            let payload = [&inner, version, &blobs, &blobs, &blobs].concat();
            let mut sent = vec![3];
            let list = alloy_rlp::Header { list: true, payload_length: payload.len() };
            list.encode(&mut sent);
            sent.extend(payload);
            assert_eq!(in_block(sent)[..], in_a_block);
        }
        for other in [in_a_block, [&[2], &inner[..]].concat(), inner, vec![3], vec![]] {
            assert_eq!(in_block(other.clone())[..], other);
        }
    }
}
